/**
 * Every operation of the control plane, in one table: command line, control socket and (later) the HTTP API follow
 * from it. To add one: a row here, a handler in `handlers.ts`, words for its output in `cli/`.
 */
import { z } from 'zod';
import { failures, glob, job, jobDetail, jobList, jobStart, jobSummary, parallel } from './job-shapes.ts';
import {
  dsResult,
  flag,
  history,
  type key,
  type need,
  reloaded,
  type rollover,
  rolloverChange,
  rolloverList,
  rolloverPlan,
  rolloverStatus,
  seconds,
  status,
  type waiting,
  zone,
  zoneDetail,
  zoneSummary,
} from './shapes.ts';

/** Version of all results; grows when a field changes its meaning or goes. */
export const SCHEMA_VERSION = 1;

/** reads: changes nothing. acts: changes what is served or stored, can be done again. removes: takes something away. */
export type Danger = 'reads' | 'acts' | 'removes';

/** One row of the table. */
export interface Operation<P extends z.ZodType = z.ZodType, R extends z.ZodType | null = z.ZodType | null> {
  readonly summary: string;
  readonly params: P;
  /** Null for an operation whose result is text. */
  readonly result: R;
  readonly danger: Danger;
  /** The words of the command line in front of the zone. */
  readonly cli: string;
  readonly http: { readonly method: 'GET' | 'POST'; readonly path: string };
}

/** Types of `rollover start`; going insecure is `zone unsign`. */
export const STARTED_TYPES = ['zsk', 'ksk', 'csk', 'algorithm', 'scheme'] as const;
export type StartedType = (typeof STARTED_TYPES)[number];
/** Methods that an operator may choose (ROLLOVER 2.2, 2.3, 2.5). */
export const METHODS = ['additive', 'swap', 'double-ds', 'conservative', 'liberal'] as const;
const MAX_DAYS = 3_650;
const days = z.coerce.number().int().min(1).max(MAX_DAYS);

function operation<P extends z.ZodType, R extends z.ZodType | null>(row: Operation<P, R>): Operation<P, R> {
  return row;
}

// ---- The table ----

export const OPERATIONS = {
  status: operation({
    summary: 'show what the server does and what needs you',
    params: z.strictObject({}),
    result: status,
    danger: 'reads',
    cli: 'status',
    http: { method: 'GET', path: '/v1/status' },
  }),
  'zone.list': operation({
    summary: 'list all zones',
    params: z.strictObject({}),
    result: z.object({ zones: z.array(zoneSummary) }),
    danger: 'reads',
    cli: 'zone list',
    http: { method: 'GET', path: '/v1/zones' },
  }),
  'zone.show': operation({
    summary: 'show one zone: file, keys, what is waited for',
    params: z.strictObject({ zone }),
    result: zoneDetail,
    danger: 'reads',
    cli: 'zone show',
    http: { method: 'GET', path: '/v1/zones/:zone' },
  }),
  'zone.reload': operation({
    summary: 'load one zone (or all) from its file now, and wait for the outcome',
    params: z.strictObject({ zone: zone.optional() }),
    result: z.object({ zones: z.array(reloaded) }),
    danger: 'acts',
    cli: 'zone reload',
    http: { method: 'POST', path: '/v1/reload' },
  }),
  'zone.export': operation({
    summary: 'print a zone as it is served',
    params: z.strictObject({ zone, signed: flag.default(false) }),
    result: null,
    danger: 'reads',
    cli: 'zone export',
    http: { method: 'GET', path: '/v1/zones/:zone/export' },
  }),
  'zone.forget': operation({
    summary: 'confirm that zones whose files are gone shall no longer be served',
    params: z.strictObject({ zone: zone.optional() }),
    result: z.object({ zones: z.array(z.string()) }),
    danger: 'removes',
    cli: 'zone forget',
    http: { method: 'POST', path: '/v1/forget' },
  }),
  'ds.show': operation({
    summary: 'show the DS records that the parent zone shall have',
    params: z.strictObject({ zone }),
    result: dsResult,
    danger: 'reads',
    cli: 'ds',
    http: { method: 'GET', path: '/v1/zones/:zone/ds' },
  }),
  'zone.sign': operation({
    summary: 'sign a zone that is served unsigned, and ask its parent for a DS',
    params: z.strictObject({ zone }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'zone sign',
    http: { method: 'POST', path: '/v1/zones/:zone/sign' },
  }),
  'zone.unsign': operation({
    summary: 'have the DS removed at the parent, then serve the zone without signatures',
    params: z.strictObject({ zone }),
    result: rolloverChange,
    danger: 'removes',
    cli: 'zone unsign',
    http: { method: 'POST', path: '/v1/zones/:zone/unsign' },
  }),
  'rollover.start': operation({
    summary: 'replace keys of a zone, or say with --dry-run what that would do',
    params: z.strictObject({
      zone,
      type: z.enum(STARTED_TYPES).optional(),
      to: z.string().max(64).optional(),
      method: z.enum(METHODS).optional(),
      emergency: z.enum(['continuity', 'containment']).optional(),
      dryRun: flag.default(false),
    }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover start',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover' },
  }),
  'rollover.status': operation({
    summary: 'show the rollover of a zone: what is waited for, until when, and who must act',
    params: z.strictObject({ zone }),
    result: rolloverStatus,
    danger: 'reads',
    cli: 'rollover status',
    http: { method: 'GET', path: '/v1/zones/:zone/rollover' },
  }),
  'rollover.confirm-ds': operation({
    summary: 'say that every server of the parent has the DS of a key, or that none has it',
    params: z.strictObject({
      zone,
      key: z.coerce.number().int().min(0).max(65_535).optional(),
      observed: z.enum(['seen', 'gone', 'none']),
      ttl: seconds.optional(),
    }),
    result: rolloverChange,
    danger: 'acts',
    cli: 'rollover confirm-ds',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/confirm-ds' },
  }),
  'rollover.cancel': operation({
    summary: 'undo the rollover of a zone, as safely as it went',
    params: z.strictObject({ zone }),
    result: rolloverChange,
    danger: 'removes',
    cli: 'rollover cancel',
    http: { method: 'POST', path: '/v1/zones/:zone/rollover/cancel' },
  }),
  'rollover.plan': operation({
    summary: 'show the dated future of a zone, and change nothing',
    params: z.strictObject({ zone, parentDelay: seconds.optional(), days: days.default(400) }),
    result: rolloverPlan,
    danger: 'reads',
    cli: 'rollover plan',
    http: { method: 'GET', path: '/v1/zones/:zone/rollover/plan' },
  }),
  'rollover.list': operation({
    summary: 'list the rollovers that run',
    params: z.strictObject({ zone: zone.optional() }),
    result: rolloverList,
    danger: 'reads',
    cli: 'rollover list',
    http: { method: 'GET', path: '/v1/rollovers' },
  }),
  'rollover.history': operation({
    summary: 'show what happened to the keys of a zone, and why',
    params: z.strictObject({ zone, limit: z.coerce.number().int().min(1).default(1_000) }),
    result: history,
    danger: 'reads',
    cli: 'rollover history',
    http: { method: 'GET', path: '/v1/zones/:zone/history' },
  }),
  'job.start': operation({
    summary: 'replace the keys of many zones, paced, or say with --dry-run of which',
    params: z.strictObject({
      all: flag.default(false),
      policy: z.string().max(64).optional(),
      match: glob.optional(),
      type: z.enum(STARTED_TYPES),
      to: z.string().max(64).optional(),
      method: z.enum(METHODS).optional(),
      // Containment breaks zones: that is told and done one zone at a time.
      emergency: z.enum(['continuity']).optional(),
      spread: seconds.default(0),
      maxParallel: parallel.default(100),
      stopAfter: failures.default(10),
      dryRun: flag.default(false),
    }),
    result: jobStart,
    danger: 'acts',
    cli: 'rollover start --all',
    http: { method: 'POST', path: '/v1/jobs' },
  }),
  'job.list': operation({
    summary: 'list the bulk rotations',
    params: z.strictObject({}),
    result: jobList,
    danger: 'reads',
    cli: 'job list',
    http: { method: 'GET', path: '/v1/jobs' },
  }),
  'job.show': operation({
    summary: 'show a bulk rotation: zones that run, zones that failed and why',
    params: z.strictObject({ job }),
    result: jobDetail,
    danger: 'reads',
    cli: 'job show',
    http: { method: 'GET', path: '/v1/jobs/:job' },
  }),
  'job.cancel': operation({
    summary: 'begin no other zone of a bulk rotation; rollovers that run go on',
    params: z.strictObject({ job }),
    result: jobSummary,
    danger: 'removes',
    cli: 'job cancel',
    http: { method: 'POST', path: '/v1/jobs/:job/cancel' },
  }),
  'clock.confirm': operation({
    summary: 'say that the clock, which was set forward, is right',
    params: z.strictObject({}),
    result: z.object({ confirmed: z.boolean() }),
    danger: 'acts',
    cli: 'clock confirm',
    http: { method: 'POST', path: '/v1/clock/confirm' },
  }),
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type Params<N extends OperationName> = z.infer<(typeof OPERATIONS)[N]['params']>;
/** What callers hand in: defaults may be left out. */
export type ParamsIn<N extends OperationName> = z.input<(typeof OPERATIONS)[N]['params']>;
export type Result<N extends OperationName> = (typeof OPERATIONS)[N]['result'] extends z.ZodType
  ? z.infer<(typeof OPERATIONS)[N]['result']>
  : Iterable<string>;

export type ZoneSummary = z.infer<typeof zoneSummary>;
export type ZoneDetail = z.infer<typeof zoneDetail>;
export type KeySummary = z.infer<typeof key>;
export type Need = z.infer<typeof need>;
export type RolloverSummary = z.infer<typeof rollover>;
export type WaitingSummary = z.infer<typeof waiting>;
export type RolloverStatus = z.infer<typeof rolloverStatus>;
export type RolloverChange = z.infer<typeof rolloverChange>;
export type RolloverPlan = z.infer<typeof rolloverPlan>;
export type RolloverList = z.infer<typeof rolloverList>;
export type HistoryResult = z.infer<typeof history>;
export type JobSummary = z.infer<typeof jobSummary>;
export type JobDetail = z.infer<typeof jobDetail>;
export type JobList = z.infer<typeof jobList>;
export type JobStart = z.infer<typeof jobStart>;
export type DsResult = z.infer<typeof dsResult>;
export type StatusResult = z.infer<typeof status>;

// ---- Errors ----

/** Kinds of failure, with HTTP status and exit code (DESIGN §8). */
export const FAILURE = {
  DATA_WRONG: { http: 422, exit: 1 },
  USAGE_WRONG: { http: 400, exit: 2 },
  UNREACHABLE: { http: 503, exit: 3 },
  NO_SUCH_OBJECT: { http: 404, exit: 4 },
  REFUSED: { http: 409, exit: 5 },
  NOT_YET: { http: 425, exit: 6 },
  MISMATCH: { http: 412, exit: 7 },
} as const;
export type FailureKind = keyof typeof FAILURE;

/** An operation failed: what, with which effect, and what to do. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly kind: FailureKind;
  /** Stable, for tools: `NO_SUCH_ZONE`. */
  readonly code: string;
  readonly fix: string | undefined;
  constructor(kind: FailureKind, code: string, message: string, fix?: string) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.fix = fix;
  }
}
