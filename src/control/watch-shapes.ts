/** What operations give that watch the server: health, events, the level of the log. */
import { z } from 'zod';
import { EVENT_KINDS } from '../ops/events.ts';
import { LOG_LEVELS } from '../store/words.ts';
import { instant, need, zoneCounts } from './shapes.ts';

export const HEALTH_LEVELS = ['ok', 'warning', 'critical'] as const;

/** Something that a person must see to. */
export const finding = z.object({
  level: z.enum(['warning', 'critical']),
  /** Explained by `keyturn explain`. */
  code: z.string(),
  /** Null if it is about the server as a whole. */
  zone: z.string().nullable(),
  message: z.string(),
  fix: z.string(),
});

export const health = z.object({
  /** The worst level of the findings. */
  level: z.enum(HEALTH_LEVELS),
  checkedAt: instant,
  zones: zoneCounts,
  /** Rollovers that run, and those among them that are stalled. */
  rollovers: z.object({ running: z.number(), stalled: z.number() }),
  /** Seconds until the first signature that is served expires; null if none is made ahead. */
  signaturesLeft: z.number().nullable(),
  /** What waits for a person, though nothing is wrong yet; `status` lists the same. */
  needs: z.array(need),
  /** The worst first. */
  findings: z.array(finding),
  /** Findings that are left out of the list. */
  more: z.number(),
});

export const logLevel = z.object({
  level: z.enum(LOG_LEVELS),
  /** When it goes back to the usual level; null if it does not. */
  until: instant.nullable(),
  usual: z.enum(LOG_LEVELS),
});

/** A line of `events`: this, or a note that some are missing. */
export const eventLine = z.union([
  z.looseObject({
    seq: z.number(),
    at: instant,
    kind: z.enum(EVENT_KINDS),
    zone: z.string().nullable(),
    message: z.string(),
  }),
  z.object({ kind: z.literal('missed'), missed: z.number() }),
]);

export type HealthResult = z.infer<typeof health>;
export type Finding = z.infer<typeof finding>;
export type LogLevelResult = z.infer<typeof logLevel>;
export type EventLine = z.infer<typeof eventLine>;
