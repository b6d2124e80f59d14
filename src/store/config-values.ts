/** Kinds of values that several parts of the configuration have. */
import { z } from 'zod';
import { parseDuration } from '../base/time.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { parseListen } from './listen.ts';

const CENTURY = 100 * 365 * 86_400;

/** A duration, in seconds. */
export const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const seconds = parseDuration(String(value));
    if (seconds !== undefined && seconds <= CENTURY) return seconds;
    context.addIssue({ code: 'custom', message: `"${value}" is no duration, write 90s, 5m, 1h, 7d or 1y` });
    return z.NEVER;
  })
  .meta({ unit: 'duration' });

/** A literal address and a port. */
export const listenAddress = z.string().transform((text, context) => {
  const listen = parseListen(text);
  if (typeof listen !== 'string') return listen;
  context.addIssue({ code: 'custom', message: `"${text}" ${listen}` });
  return z.NEVER;
});

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
export const addressPrefix = z.string().transform((text, context) => {
  const found = parsePrefix(text);
  if (typeof found !== 'string') return found;
  context.addIssue({ code: 'custom', message: `"${text}" ${found}` });
  return z.NEVER;
});

/** Of a file or directory. */
export const path = z.string().min(1, 'a path is not empty');
