/**
 * Parameters of operations, as schemas that take what a command line and a query give: texts. `value` in their
 * metadata names what stands after an option, if not its own name; a flag has none. The table adds what each means.
 */
import { z } from 'zod';
import { parseDuration } from '../base/time.ts';
import { parseName } from '../wire/name.ts';

const MAX_SECONDS = 2_147_483_647;
/** A name of 255 octets, each as \DDD. */
export const MAX_NAME_CHARACTERS = 1_100;

const NAME_ERROR = 'a domain name is written in ASCII: other octets as \\DDD, other scripts as xn--...';
const LENGTH_ERROR = `a domain name has 1 to ${MAX_NAME_CHARACTERS} characters`;

/** Why a text is no domain name; undefined if it is one. */
function nameFault(text: string): string | undefined {
  if (!/^[ -~]+$/.test(text)) return NAME_ERROR;
  const name = parseName(text);
  return typeof name === 'string' ? `this is no domain name: ${name}` : undefined;
}

export const zone = z
  .string()
  .min(1, { error: LENGTH_ERROR, abort: true })
  .max(MAX_NAME_CHARACTERS, { error: LENGTH_ERROR, abort: true })
  .refine((text) => nameFault(text) === undefined, { error: ({ input }) => nameFault(String(input)) ?? '' })
  .meta({ value: 'ZONE' });
export const optionalZone = zone.optional();

/** A yes or no. */
export const flag = z.union([z.boolean(), z.stringbool()]).meta({ value: 'FLAG' });

const DURATION_ERROR = 'a duration is written 300, 300s, 5m, 1h or 1d, and is less than 68 years';

/** Seconds: a number, or a text like `5m`. */
export const seconds = z
  .union([z.number(), z.string().max(32)], { error: DURATION_ERROR })
  .transform((given) => (typeof given === 'number' ? given : (parseDuration(given) ?? -1)))
  .pipe(z.number().int({ error: DURATION_ERROR }).min(0, DURATION_ERROR).max(MAX_SECONDS, DURATION_ERROR))
  .meta({ value: 'DURATION' });

/** A whole number in a range, also as a text. */
export function whole(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  const text = z
    .string()
    .regex(/^\d{1,10}$/, { error })
    .transform(Number);
  return z
    .union([z.number(), text], { error })
    .pipe(z.number({ error }).int({ error }).min(min, { error }).max(max, { error }))
    .meta({ value: 'N' });
}

export const tag = whole(0, 65_535).meta({ value: 'TAG' });

/** A text that can be shown and logged as it is: no control characters, nothing that is no character. */
export function plainText(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'a text without control characters');
}

const MAX_REASON_CHARACTERS = 1_000;

/** Why somebody does what safety rules are against, for the audit trail. */
export const reason = plainText(3, MAX_REASON_CHARACTERS)
  .refine((text) => text.trim().length >= 3, 'a reason that tells something')
  .meta({ value: 'REASON' });

/** A short text that other code makes sense of. */
export const word = plainText(1, 64);
