/** What operations on bulk rotations give (`operations.ts`), as schemas. */
import { z } from 'zod';
import type { BulkState } from '../kasp/bulk.ts';
import { instant } from './shapes.ts';

const STATES = ['running', 'stopped', 'cancelled', 'done'] as const satisfies readonly BulkState[];

const jobFields = {
  id: z.string(),
  type: z.string(),
  /** How the zones were chosen: `all`, `policy NAME`, `match GLOB`. */
  chosen: z.string(),
  /** running: zones are begun. stopped: too many failed. In every state, what was begun goes on. */
  state: z.enum(STATES),
  startedAt: instant,
  endedAt: instant.nullable(),
  /** Seconds. */
  spread: z.number(),
  maxParallel: z.number(),
  stopAfter: z.number(),
  zones: z.object({
    total: z.number(),
    pending: z.number(),
    running: z.number(),
    done: z.number(),
    failed: z.number(),
  }),
};

export const jobSummary = z.object(jobFields);

export const jobDetail = z.object({
  ...jobFields,
  /** The first thousand of each. */
  running: z.array(z.object({ zone: z.string(), step: z.string(), stalled: z.boolean() })),
  failed: z.array(z.object({ zone: z.string(), code: z.string(), message: z.string() })),
  pending: z.array(z.string()),
});

export const jobList = z.object({ jobs: z.array(jobSummary) });

export const jobStart = z.object({
  /** Null in a dry run. */
  job: jobSummary.nullable(),
  /** Zones that are rolled, or would be. */
  zones: z.number(),
  /** Seconds from the first beginning to the last, if no limit of rollovers at a time holds it up. */
  lasts: z.number(),
  /** Chosen zones that are left out, as the request does not fit their keys; and those that would be refused now. */
  leftOut: z.array(z.object({ code: z.string(), zones: z.number(), example: z.string() })),
  refusedNow: z.array(z.object({ code: z.string(), zones: z.number(), example: z.string() })),
});

export type JobSummary = z.infer<typeof jobSummary>;
export type JobDetail = z.infer<typeof jobDetail>;
export type JobStart = z.infer<typeof jobStart>;
