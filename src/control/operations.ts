/**
 * Every operation of the control plane, in one table: command line, control socket and (later) the HTTP API follow
 * from it. To add one: a row here, a handler in `handlers.ts`, words for its output in `cli/`.
 *
 * JSON is camelCase, but for `schema_version`; instants are ISO 8601 in UTC.
 */
import { z } from 'zod';

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

function operation<P extends z.ZodType, R extends z.ZodType | null>(row: Operation<P, R>): Operation<P, R> {
  return row;
}

// ---- Shapes ----

const instant = z.string();
const zone = z.string().min(1).max(1_100);
const flag = z.union([z.boolean(), z.stringbool()]);

const diagnostic = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  sourceLine: z.string().optional(),
  fix: z.string().optional(),
});

const key = z.object({
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

const waiting = z.object({
  tag: z.number(),
  record: z.string(),
  reason: z.string(),
  until: instant.nullable(),
  because: z.string(),
});

const zoneSummary = z.object({
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
});

const zoneDetail = zoneSummary.extend({
  file: z.string(),
  includes: z.array(z.string()),
  servedSince: instant.nullable(),
  signaturesRenewedAt: instant.nullable(),
  delegation: z.string().nullable(),
  waiting: z.array(waiting),
  diagnostics: z.array(diagnostic),
});

const reloaded = z.object({
  zone: z.string(),
  outcome: z.enum(['loaded', 'unchanged', 'failed']),
  serial: z.number().nullable(),
  effect: z.string(),
  diagnostics: z.array(diagnostic),
});

const dsRecord = z.object({
  keyTag: z.number(),
  algorithm: z.number(),
  algorithmName: z.string(),
  digestType: z.number(),
  digest: z.string(),
});

const dsResult = z.object({
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
  /** From when on the parent may have the DS; null if it may now. */
  notBefore: instant.nullable(),
  caution: z.string().nullable(),
});

const status = z.object({
  version: z.string(),
  pid: z.number(),
  startedAt: instant,
  listen: z.array(z.string()),
  zonesDirectory: z.string(),
  keysDirectory: z.string(),
  zones: z.object({
    total: z.number(),
    served: z.number(),
    stale: z.number(),
    failed: z.number(),
    held: z.number(),
  }),
  alarms: z.array(z.object({ code: z.string(), message: z.string(), fix: z.string() })),
  problems: z.array(z.object({ zone: z.string(), code: z.string(), message: z.string() })),
  threads: z.array(z.object({ name: z.string(), running: z.boolean(), restarts: z.number() })),
  counters: z.record(z.string(), z.number()),
  due: z.array(z.object({ what: z.string(), at: instant })),
});

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
