/** Operations that watch the server: whether it is well, what happens, how much it logs. */
import { z } from 'zod';
import { LOG_LEVELS } from '../store/words.ts';
import { operation } from './operation.ts';
import { flag, optionalZone, seconds, whole } from './params.ts';
import { eventLine, health, logLevel } from './watch-shapes.ts';

const MAX_EVENTS = 1_000_000;
const DEFAULT_EVENTS = 100;

/** Number of an event: it has more digits than other whole numbers. */
const sequence = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,16}$/)
        .transform(Number),
    ],
    { error: 'the number of an event' },
  )
  .pipe(z.number().int().min(0).max(Number.MAX_SAFE_INTEGER))
  .meta({ value: 'SEQ' });

export const WATCH_OPERATIONS = {
  health: operation({
    summary: 'say whether anything needs a person, and what',
    params: z.strictObject({}),
    result: health,
    danger: 'reads',
    cli: 'health',
    http: { method: 'GET', path: '/v1/health' },
  }),
  events: operation({
    summary: 'show what happened lately, and with --follow what happens, a JSON object a line',
    params: z.strictObject({
      follow: flag.default(false).describe('go on until interrupted'),
      zone: optionalZone.describe('only what is about this zone'),
      since: sequence.optional().describe('only what came after the event with this number'),
      limit: whole(0, MAX_EVENTS).default(DEFAULT_EVENTS).describe('the newest N; with --since the next N'),
    }),
    result: null,
    line: eventLine,
    danger: 'reads',
    cli: 'events',
    http: { method: 'GET', path: '/v1/events' },
  }),
  'log.level': operation({
    summary: 'change how much is logged, for a while or until the server ends',
    params: z.strictObject({
      level: z.enum(LOG_LEVELS).describe('error, warn, info, debug or trace'),
      for: seconds.optional().describe('go back after this time'),
    }),
    result: logLevel,
    danger: 'acts',
    cli: 'log level LEVEL',
    http: { method: 'POST', path: '/v1/log/level' },
  }),
} as const;
