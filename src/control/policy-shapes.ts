/** What operations on policies give, as schemas. Durations are seconds, with their words beside them. */
import { z } from 'zod';
import { instant, plannedFields } from './shapes.ts';

/** A part of a rollover, from one step to the next. */
const policyStep = z.object({
  step: z.string(),
  /** What it waits for, in words. */
  words: z.string(),
  /** Zero if the parent must act, for that has no bound. */
  seconds: z.number(),
  parent: z.boolean(),
  /** The numbers that it is the sum of. */
  because: z.string(),
});

/** How long a rollover takes at least: a sum of waits, the parent's time not among them. */
const policyRollover = z.object({
  type: z.string(),
  method: z.string(),
  seconds: z.number(),
  /** How often the parent must act meanwhile. */
  parentActs: z.number(),
  steps: z.array(policyStep),
});

const policyFinding = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  /** Key of the policy that is meant: `lifetime.zsk`. */
  key: z.string(),
  /** The zone that is meant; null if it is the policy itself. */
  zone: z.string().nullable(),
  message: z.string(),
});

const policyValue = z.object({
  /** `lifetime.zsk` */
  key: z.string(),
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.number(), z.string()]))]),
  text: z.string(),
  /** set: the configuration says otherwise than the default. */
  origin: z.enum(['default', 'set']),
  /** The default, in words. */
  fallback: z.string(),
  meaning: z.string(),
  /** False if nothing follows from it as the other values are. */
  used: z.boolean(),
});

export const policyList = z.object({
  policies: z.array(
    z.object({
      policy: z.string(),
      /** How many zones follow it. */
      zones: z.number(),
      values: z.array(policyValue),
      rollovers: z.array(policyRollover),
    }),
  ),
});

export const policyCheck = z.object({
  ok: z.boolean(),
  policies: z.array(
    z.object({
      policy: z.string(),
      /** How many zones follow it. */
      zones: z.number(),
      rollovers: z.array(policyRollover),
      findings: z.array(policyFinding),
    }),
  ),
});

const simulatedRow = z.object({
  at: instant,
  /** Until the next row; null if nothing is planned that ends the last one. */
  until: instant.nullable(),
  ...plannedFields,
  /** What the row waits for. */
  because: z.array(z.string()),
});

export const policySimulation = z.object({
  policy: z.string(),
  /** Null: a new zone is imagined. */
  zone: z.string().nullable(),
  /** What was changed of the policy, as it was written: `lifetime.zsk=30d`. */
  set: z.array(z.string()),
  from: instant,
  until: instant,
  /** Assumed: how long the parent takes to do what it is asked for, in seconds. */
  parentDelay: z.number(),
  /** The largest TTL of zone data: of the zone, or maxZoneTtl of the policy. */
  zoneTtl: z.number(),
  rows: z.array(simulatedRow),
  rollovers: z.array(
    z.object({ type: z.string(), startedAt: instant, doneAt: instant.nullable(), parentActs: z.number() }),
  ),
  /** What does not follow from the policy by itself, and what follows from it at a cost. */
  notes: z.array(z.string()),
});

export type PolicyRollover = z.infer<typeof policyRollover>;
export type PolicyFindingSummary = z.infer<typeof policyFinding>;
export type PolicyValue = z.infer<typeof policyValue>;
export type PolicyList = z.infer<typeof policyList>;
export type PolicyCheck = z.infer<typeof policyCheck>;
export type PolicySimulation = z.infer<typeof policySimulation>;
