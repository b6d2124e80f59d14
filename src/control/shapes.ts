/**
 * What operations give (`operations.ts`), as schemas. JSON is camelCase, but for `schema_version`; instants
 * are ISO 8601 in UTC, durations seconds.
 */
import { z } from 'zod';
import { serverMemory, zoneMemory } from './memory-shapes.ts';

export const instant = z.string();
export const diagnostic = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  sourceLine: z.string().optional(),
  fix: z.string().optional(),
});

export const key = z.object({
  id: z.string(),
  tag: z.number(),
  algorithm: z.number(),
  flags: z.number(),
  roles: z.array(z.string()),
  goal: z.enum(['IN', 'OUT']),
  dnskey: z.string().nullable(),
  krrsig: z.string().nullable(),
  zrrsig: z.string().nullable(),
  ds: z.string().nullable(),
});

export const waiting = z.object({
  tag: z.number(),
  record: z.string(),
  to: z.string(),
  reason: z.string(),
  until: instant.nullable(),
  because: z.string(),
});

/** What only a person can do. */
export const need = z.object({
  zone: z.string(),
  what: z.string(),
  /** What to type, when it is done. */
  command: z.string(),
});

export const rollover = z.object({
  id: z.string(),
  type: z.string(),
  method: z.string(),
  emergency: z.string().nullable(),
  step: z.string(),
  /** All steps, in their order. */
  steps: z.array(z.string()),
  startedAt: instant,
  stepSince: instant,
  cancelledAt: instant.nullable(),
  stalled: z.boolean(),
  /** Tags of keys that come and of keys that go. */
  incoming: z.array(z.number()),
  outgoing: z.array(z.number()),
  waiting: z.array(waiting),
});

export const zoneSummary = z.object({
  zone: z.string(),
  /** served: as the file is. stale: an older state, the file has errors. failed: not served. held: the file is gone. */
  state: z.enum(['served', 'stale', 'failed', 'held', 'loading']),
  serial: z.number().nullable(),
  records: z.number().nullable(),
  signed: z.boolean(),
  policy: z.string(),
  keys: z.array(key),
  /** Whether the zone asks its parent for a DS by CDS and CDNSKEY, and from when on it does. */
  cds: z.object({ published: z.boolean(), from: instant.nullable() }),
  problem: z.object({ code: z.string(), message: z.string(), effect: z.string() }).nullable(),
  /** Only where it was asked for. */
  memory: zoneMemory.optional(),
});

export const zoneDetail = zoneSummary.extend({
  file: z.string(),
  includes: z.array(z.string()),
  servedSince: instant.nullable(),
  signaturesRenewedAt: instant.nullable(),
  delegation: z.string().nullable(),
  goal: z.string().nullable(),
  rollover: rollover.nullable(),
  overlapping: rollover.nullable(),
  waiting: z.array(waiting),
  needs: z.array(need),
  /** What resolvers reported to us of names in the zone (RFC 9567), the newest last. */
  errorReports: z.array(
    z.object({
      name: z.string(),
      types: z.string(),
      /** Info-code of an extended error (RFC 8914). */
      infoCode: z.number(),
      count: z.number(),
      firstAt: instant,
      lastAt: instant,
    }),
  ),
  diagnostics: z.array(diagnostic),
});

export const reloaded = z.object({
  zone: z.string(),
  outcome: z.enum(['loaded', 'unchanged', 'failed']),
  serial: z.number().nullable(),
  effect: z.string(),
  /** What came, went, and got another TTL; null if nothing was loaded, or nothing was served before. */
  changes: z.object({ added: z.number(), removed: z.number(), retimed: z.number() }).nullable(),
  diagnostics: z.array(diagnostic),
});

const dsRecord = z.object({
  keyTag: z.number(),
  algorithm: z.number(),
  algorithmName: z.string(),
  digestType: z.number(),
  digest: z.string(),
});

const leavingDs = z.object({
  keyTag: z.number(),
  algorithm: z.number(),
  algorithmName: z.string(),
  /** It was seen at the parent; false if nobody could say. */
  seen: z.boolean(),
  /** When it may be removed: `replaced`: not before the DS records that shall be there are there; `later`: not yet. */
  when: z.enum(['now', 'replaced', 'later']),
  /** The soonest instant, if it is later; null if time alone does not end the wait. */
  from: instant.nullable(),
  because: z.string(),
});

export const dsResult = z.object({
  zone: z.string(),
  ds: z.array(dsRecord),
  dnskey: z.array(
    z.object({
      keyTag: z.number(),
      flags: z.number(),
      protocol: z.literal(3),
      algorithm: z.number(),
      publicKey: z.string(),
    }),
  ),
  /** Keys that go while the parent has, or may have, a DS of them. */
  leaving: z.array(leavingDs),
  /** From when on the parent may have the DS; null if it may now. */
  notBefore: instant.nullable(),
  caution: z.string().nullable(),
});

/** Why a zone that waits for its parent still waits. */
export const parentReason = z.object({
  /** Explained by `keyturn explain`. */
  code: z.string(),
  /** Address of the server that it is about; null if it is about the parent as a whole. */
  address: z.string().nullable(),
  since: instant.nullable(),
  because: z.string(),
});

/** How looks at the parents of all zones do; what is counted is counted since the start. */
const parents = z.object({
  /** Messages in any second: the limit, those of the last second, the most in any. */
  rate: z.number(),
  perSecond: z.number(),
  mostPerSecond: z.number(),
  /** Messages that were sent, those of them in datagrams, and TCP connections that were opened. */
  questions: z.number(),
  datagrams: z.number(),
  connections: z.number(),
  answers: z.number(),
  timeouts: z.number(),
  faults: z.number(),
  /** Not sent, since the server was silent to those before. */
  spared: z.number(),
  open: z.number(),
  waiting: z.number(),
  /** Zones that are watched, and those of them of which no look was complete yet. */
  zones: z.number(),
  unseen: z.number(),
  looks: z.number(),
  looking: z.number(),
  /** Looks that are due and wait, and for how many seconds the first of them does. */
  queued: z.number(),
  lateSeconds: z.number(),
  /** Zones that wait for their parents, each with its first reason. */
  awaiting: z.array(parentReason.extend({ zone: z.string() })),
  /** Zones that are left out of the list. */
  more: z.number(),
});

/** How many zones stand how; those that load are in the total alone. */
export const zoneCounts = z.object({
  total: z.number(),
  served: z.number(),
  stale: z.number(),
  failed: z.number(),
  held: z.number(),
});

export const status = z.object({
  version: z.string(),
  pid: z.number(),
  startedAt: instant,
  listen: z.array(z.string()),
  zonesDirectory: z.string(),
  keysDirectory: z.string(),
  zones: zoneCounts,
  alarms: z.array(z.object({ code: z.string(), message: z.string(), fix: z.string() })),
  /** What is wrong with zones, the worst first: what `health` finds of them. */
  problems: z.array(
    z.object({
      ...{ zone: z.string(), code: z.string(), message: z.string() },
      level: z.enum(['warning', 'critical']),
      fix: z.string(),
    }),
  ),
  /** What waits for a person, a zone at a time. */
  needs: z.array(need),
  threads: z.array(z.object({ name: z.string(), running: z.boolean(), restarts: z.number() })),
  counters: z.record(z.string(), z.number()),
  memory: serverMemory,
  due: z.array(z.object({ what: z.string(), at: instant })),
  /** Null if nobody looks at parents. */
  parents: parents.nullable(),
});

// ---- Rollovers ----

const rolloverState = {
  zone: z.string(),
  rollover: rollover.nullable(),
  overlapping: rollover.nullable(),
  delegation: z.enum(['unconfirmed', 'none', 'secure']),
  /** Whether the zone shall be signed. */
  goal: z.enum(['secure', 'insecure']),
  /** Since when an operator lets nothing be changed. */
  pausedSince: instant.nullable(),
  keys: z.array(key),
  /** All that the zone waits for, rollover or not. */
  waiting: z.array(waiting),
  needs: z.array(need),
  /** Why what waits for the parent still waits, as looks at it show; empty if nothing does, or nobody looks. */
  parent: z.array(parentReason),
  /** When something changes next by time alone; null if that does not lead on. */
  nextAt: instant.nullable(),
};

export const rolloverStatus = z.object(rolloverState);

/** What is served at one time of a plan, and what the parent has. */
export const plannedFields = {
  step: z.string().nullable(),
  dnskey: z.array(z.string()),
  signers: z.array(z.string()),
  zoneSigners: z.array(z.string()),
  cds: z.array(z.string()),
  ds: z.array(z.string()),
};

const planRow = z.object({ at: instant, ...plannedFields, waitingFor: z.array(z.string()) });

export const rolloverPlan = z.object({
  zone: z.string(),
  /** Assumed: how long the parent takes to do what it is asked for, in seconds. */
  parentDelay: z.number(),
  rows: z.array(planRow),
  doneAt: instant.nullable(),
  /** What validators would find wrong meanwhile; only an emergency may accept that. */
  forecast: z.array(
    z.object({ property: z.string(), from: instant, until: instant.nullable(), message: z.string() }),
  ),
});

/** What became of an order: what changed, and what follows. */
export const rolloverChange = z.object({
  ...rolloverState,
  changed: z.array(z.string()),
  next: z.array(z.string()),
  /** A line to type next. */
  command: z.string().nullable(),
  /** With `dryRun`, nothing was changed and this is what would follow. */
  plan: rolloverPlan.nullable(),
});

export const rolloverList = z.object({
  rollovers: z.array(
    z.object({
      zone: z.string(),
      type: z.string(),
      step: z.string(),
      startedAt: instant,
      stalled: z.boolean(),
      cancelled: z.boolean(),
      nextAt: instant.nullable(),
      needs: z.array(need),
    }),
  ),
});

export const history = z.object({
  zone: z.string(),
  /** Lines of the audit trail that are not whole, and when the first was written that breaks its chain. */
  trail: z.object({ torn: z.number(), brokenAt: instant.nullable() }),
  entries: z.array(z.looseObject({ at: instant, generation: z.number(), kind: z.string() })),
});

export type ReloadedZone = z.infer<typeof reloaded>;
export type ZoneCounts = z.infer<typeof zoneCounts>;
export type ZoneSummary = z.infer<typeof zoneSummary>;
export type ZoneDetail = z.infer<typeof zoneDetail>;
export type KeySummary = z.infer<typeof key>;
export type ParentReasonView = z.infer<typeof parentReason>;
export type Need = z.infer<typeof need>;
export type RolloverSummary = z.infer<typeof rollover>;
export type WaitingSummary = z.infer<typeof waiting>;
export type RolloverStatus = z.infer<typeof rolloverStatus>;
export type RolloverChange = z.infer<typeof rolloverChange>;
export type RolloverPlan = z.infer<typeof rolloverPlan>;
export type RolloverList = z.infer<typeof rolloverList>;
export type HistoryResult = z.infer<typeof history>;
export type DsResult = z.infer<typeof dsResult>;
export type LeavingDs = z.infer<typeof leavingDs>;
export type StatusResult = z.infer<typeof status>;
