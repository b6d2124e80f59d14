/** What `zone.diff` gives. */
import { z } from 'zod';
import { diagnostic } from './shapes.ts';

const side = z.object({ serial: z.number(), records: z.number() });

export const zoneDiff = z.object({
  zone: z.string(),
  /** same, different, or rejected: the file cannot be loaded. */
  outcome: z.enum(['same', 'different', 'rejected']),
  /** Null if nothing is served. */
  served: side.nullable(),
  /** Null if the file is rejected. */
  file: side.nullable(),
  added: z.number(),
  removed: z.number(),
  /** RRsets whose TTL differs. */
  retimed: z.number(),
  changes: z.array(
    z.object({
      change: z.enum(['added', 'removed', 'retimed']),
      name: z.string(),
      type: z.string(),
      ttl: z.number(),
      /** Of an RRset that is retimed. */
      ttlBefore: z.number().nullable(),
      /** RDATA of a record that is added or removed. */
      data: z.string().nullable(),
    }),
  ),
  /** Changes that are left out of the list. */
  more: z.number(),
  /** What should be thought of before the file is loaded. */
  notes: z.array(z.string()),
  diagnostics: z.array(diagnostic),
});

export type ZoneDiff = z.infer<typeof zoneDiff>;
export type ZoneChange = ZoneDiff['changes'][number];
