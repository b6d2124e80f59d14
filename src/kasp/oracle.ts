/**
 * The second, independent guard (ROLLOVER 1.7, 6.2): it knows no key states, only what was published, and asks of all
 * versions that can be in caches at the same time whether a resolver that holds just these could validate.
 *
 * A version is alive during `[first, last + r + ttl)`; an open one, as far as is known, for ever. Versions are alive
 * together if their windows overlap, so every combination is judged once, for the whole of its common window.
 *
 * A `DsVersion` names keys, and every key has a DS of each digest type of the policy: the set of the strongest digest,
 * which P2 speaks of, is the whole version.
 */
import type { UnixSeconds } from '../base/time.ts';
import type {
  CdsVersion,
  DnskeyVersion,
  DsVersion,
  PublicationLogs,
  Span,
  ZoneVersion,
} from './zonestate.ts';

export type Property = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6' | 'P7';

/** What each property asks for (ROLLOVER 6.2), for messages. */
export const PROPERTIES: Readonly<Record<Property, string>> = {
  P1: 'every DS RRset leads through every DNSKEY RRset to a signature of the data',
  P2: 'for every algorithm in the DS RRset, a chain and a signature of that algorithm',
  P3: 'for every algorithm in the DNSKEY RRset, a signature of that algorithm',
  P4: 'a zone that is to be secure keeps a DS',
  P5: 'CDS are signed by a key of the DNSKEY RRset and verifiable through the DS RRset',
  P6: 'what is served is signed with every algorithm of its DNSKEY RRset (RFC 4035 §2.2)',
  P7: 'a DS RRset made from any CDS that can be obtained leads to a signature of the data',
};

/** The versions that do not go together; null for logs that have no part in it. */
export interface Versions {
  readonly ds: DsVersion | null;
  readonly dnskey: DnskeyVersion | null;
  readonly zone: ZoneVersion | null;
  readonly cds: CdsVersion | null;
}

export interface Violation {
  readonly property: Property;
  readonly versions: Versions;
  /** Window in which the versions meet, from now on; `until` null: as long as nothing else is published. */
  readonly from: UnixSeconds;
  readonly until: UnixSeconds | null;
}

export interface OracleOptions {
  /** Algorithm of every key that the logs name, by id. */
  readonly algorithms: ReadonlyMap<string, number>;
  /** Seconds of propagation to the zone's servers that acknowledgements do not cover. */
  readonly r: number;
  /** The same for the servers of the parent. */
  readonly rp: number;
  /** Check P3: no rollover runs that takes the liberty of signing late. */
  readonly isKeyStrict: boolean;
  /** Check P4: once the parent has had a DS, the zone shall have one. */
  readonly mustBeSecure: boolean;
}

/** A version with the window in which it is alive, cut at now. */
interface Alive<V extends Span> {
  readonly version: V;
  readonly from: number;
  readonly until: number;
}

interface AliveLogs {
  readonly ds: readonly Alive<DsVersion>[];
  readonly dnskey: readonly Alive<DnskeyVersion>[];
  readonly zone: readonly Alive<ZoneVersion>[];
  readonly cds: readonly Alive<CdsVersion>[];
}

const NO_VERSIONS: Versions = { ds: null, dnskey: null, zone: null, cds: null };

/** All that is wrong with what can be in caches, now and until all windows close. */
export function violations(logs: PublicationLogs, options: OracleOptions, now: UnixSeconds): Violation[] {
  const alive: AliveLogs = {
    ds: aliveOf(logs.ds, options.rp, now),
    dnskey: aliveOf(logs.dnskey, options.r, now),
    zone: aliveOf(logs.zone, options.r, now),
    cds: aliveOf(logs.cds, options.r, now),
  };
  return [
    ...chainViolations(alive, options),
    ...(options.mustBeSecure ? missingDs(alive.ds, logs.ds) : []),
    ...cdsSignatures(alive),
    ...unverifiableCds(logs, now),
    ...servedEpoch(logs, options, now),
    ...futureDs(alive),
  ];
}

/**
 * What a change of the logs makes worse, `before ⇒ after` as in ROLLOVER 1.4: a violation counts unless the versions
 * that the new ones take the place of were in it already, and for as long. A broken zone can thus be repaired.
 */
export function contradictions(
  before: PublicationLogs,
  after: PublicationLogs,
  options: OracleOptions,
  now: UnixSeconds,
): Violation[] {
  const known = new Map<string, number>();
  for (const old of violations(before, options, now)) {
    for (const property of IMPLIED[old.property] ?? [old.property]) {
      known.set(identityOf({ ...old, property }), untilOf(old));
    }
  }
  return violations(after, options, now).filter((violation) => {
    const { ds, dnskey, zone, cds } = violation.versions;
    const versions = {
      ds: predecessorIn(before.ds, ds),
      dnskey: predecessorIn(before.dnskey, dnskey),
      zone: predecessorIn(before.zone, zone),
      cds: predecessorIn(before.cds, cds),
    };
    const until = known.get(identityOf({ ...violation, versions }));
    return until === undefined || until < untilOf(violation);
  });
}

/** Of the chain, the worst is reported: what it leaves unsaid is broken too. */
const IMPLIED: Readonly<Partial<Record<Property, readonly Property[]>>> = {
  P1: ['P1', 'P2', 'P3'],
  P2: ['P2', 'P3'],
};

/** The version itself if the log has it, else the newest one of the log. */
function predecessorIn<V extends Span>(log: readonly V[], version: V | null): V | null {
  if (version === null || log.some((old) => contentOf(old) === contentOf(version))) return version;
  return log.at(-1) ?? null;
}

function untilOf({ until }: Violation): number {
  return until ?? Number.POSITIVE_INFINITY;
}

/** P1, and only where that holds, P2 and P3, over all (DS, DNSKEY, data). */
function chainViolations(alive: AliveLogs, options: OracleOptions): Violation[] {
  const found: Violation[] = [];
  for (const ds of alive.ds) {
    if (ds.version.keys.length === 0) continue;
    for (const dnskey of alive.dnskey) {
      for (const zone of alive.zone) {
        const property = brokenChain(ds.version, dnskey.version, zone.version, options);
        if (property === null) continue;
        const versions = { ds: ds.version, dnskey: dnskey.version, zone: zone.version };
        found.push(...meeting(property, versions, [ds, dnskey, zone]));
      }
    }
  }
  return found;
}

function brokenChain(
  ds: DsVersion,
  dnskey: DnskeyVersion,
  zone: ZoneVersion,
  options: OracleOptions,
): Property | null {
  if (!isLenient(ds, dnskey, zone)) return 'P1';
  if (!isDsStrict(ds, dnskey, zone, options)) return 'P2';
  return options.isKeyStrict && !isKeyStrict(dnskey, zone, options) ? 'P3' : null;
}

/** P4: an alive "no DS" that began after a DS was seen. */
function missingDs(alive: readonly Alive<DsVersion>[], log: readonly DsVersion[]): Violation[] {
  const secured = Math.min(
    ...log.filter((ds) => ds.isConfirmed && ds.keys.length > 0).map((ds) => ds.first as number),
  );
  return alive
    .filter((ds) => ds.version.keys.length === 0 && ds.version.first > secured)
    .flatMap((ds) => meeting('P4', { ds: ds.version }, [ds]));
}

/** P5, first half: sig(k, c) over all (DNSKEY, CDS). Before there are keys, nobody verifies CDS. */
function cdsSignatures(alive: AliveLogs): Violation[] {
  const found: Violation[] = [];
  for (const cds of alive.cds) {
    if (isNoCds(cds.version)) continue;
    for (const dnskey of alive.dnskey) {
      if (dnskey.version.keys.length === 0 || shares(dnskey.version.keys, cds.version.signers)) continue;
      found.push(...meeting('P5', { dnskey: dnskey.version, cds: cds.version }, [dnskey, cds]));
    }
  }
  return found;
}

/**
 * P5, second half: a key that is in the newest DNSKEY RRset and in each DS RRset that the parent may have now signs
 * the newest CDS (RFC 7344 §4.1).
 */
function unverifiableCds(logs: PublicationLogs, now: UnixSeconds): Violation[] {
  const cds = logs.cds.at(-1);
  const dnskey = logs.dnskey.at(-1);
  if (cds === undefined || dnskey === undefined || isNoCds(cds) || cds.last !== null) return [];
  const usable = cds.signers.filter((id) => dnskey.keys.includes(id));
  return logs.ds
    .filter((ds) => ds.last === null && ds.keys.length > 0 && !shares(ds.keys, usable))
    .map((ds) => ({
      property: 'P5',
      versions: { ...NO_VERSIONS, ds, dnskey, cds },
      from: latest(now, ds, dnskey, cds),
      until: null,
    }));
}

/** P6: the newest DNSKEY RRset, its signatures and those of the data. Older epochs were judged when they were new. */
function servedEpoch(logs: PublicationLogs, options: OracleOptions, now: UnixSeconds): Violation[] {
  const dnskey = logs.dnskey.at(-1);
  const zone = logs.zone.at(-1);
  if (dnskey === undefined || zone === undefined) return [];
  if (isKeyStrict(dnskey, zone, options) && isKeyStrict(dnskey, dnskey, options)) return [];
  const versions = { ...NO_VERSIONS, dnskey, zone };
  return [{ property: 'P6', versions, from: latest(now, dnskey, zone), until: null }];
}

/** P7: each CDS that can be obtained, as if it were the DS RRset, over all (DNSKEY, data) that live beside it. */
function futureDs(alive: AliveLogs): Violation[] {
  const found: Violation[] = [];
  for (const cds of alive.cds) {
    if (cds.version.keys.length === 0) continue;
    for (const dnskey of alive.dnskey) {
      for (const zone of alive.zone) {
        if (isLenient(cds.version, dnskey.version, zone.version)) continue;
        const versions = { cds: cds.version, dnskey: dnskey.version, zone: zone.version };
        found.push(...meeting('P7', versions, [cds, dnskey, zone]));
      }
    }
  }
  return found;
}

/** lenient(d, k, z) for a DS RRset that is not empty: link(d, k) and sig(k, z). */
function isLenient(ds: Pick<DsVersion, 'keys'>, dnskey: DnskeyVersion, zone: ZoneVersion): boolean {
  return (
    dnskey.signers.some((id) => dnskey.keys.includes(id) && ds.keys.includes(id)) &&
    shares(dnskey.keys, zone.signers)
  );
}

function isDsStrict(
  ds: DsVersion,
  dnskey: DnskeyVersion,
  zone: ZoneVersion,
  options: OracleOptions,
): boolean {
  return algorithmsOf(ds.keys, options).every((algorithm) => {
    const keys = dnskey.keys.filter((id) => options.algorithms.get(id) === algorithm);
    const isLinked = keys.some((id) => dnskey.signers.includes(id) && ds.keys.includes(id));
    return isLinked && shares(keys, zone.signers);
  });
}

/** keyStrict: whatever `signed` stands for has a signature of each algorithm in the DNSKEY RRset. */
function isKeyStrict(
  dnskey: DnskeyVersion,
  signed: Pick<ZoneVersion, 'signers'>,
  options: OracleOptions,
): boolean {
  const signers = signed.signers.filter((id) => dnskey.keys.includes(id));
  const algorithms = algorithmsOf(signers, options);
  return algorithmsOf(dnskey.keys, options).every((algorithm) => algorithms.includes(algorithm));
}

function algorithmsOf(ids: readonly string[], options: OracleOptions): number[] {
  return [...new Set(ids.map((id) => options.algorithms.get(id)))].filter(
    (algorithm) => algorithm !== undefined,
  );
}

function aliveOf<V extends Span>(log: readonly V[], r: number, now: UnixSeconds): Alive<V>[] {
  return log
    .map((version) => ({
      version,
      from: Math.max(now, version.first),
      until: version.last === null ? Number.POSITIVE_INFINITY : version.last + r + version.ttl,
    }))
    .filter(({ from, until }) => from < until);
}

/** The violation, if there is an instant at which all of `alive` are. */
function meeting(
  property: Property,
  versions: Partial<Versions>,
  alive: readonly Alive<Span>[],
): Violation[] {
  const from = Math.max(...alive.map((one) => one.from));
  const until = Math.min(...alive.map((one) => one.until));
  if (from >= until) return [];
  return [
    {
      property,
      versions: { ...NO_VERSIONS, ...versions },
      from: from as UnixSeconds,
      until: Number.isFinite(until) ? (until as UnixSeconds) : null,
    },
  ];
}

function latest(now: UnixSeconds, ...spans: readonly Span[]): UnixSeconds {
  return Math.max(now, ...spans.map((span) => span.first)) as UnixSeconds;
}

function isNoCds(cds: CdsVersion): boolean {
  return cds.keys.length === 0 && !cds.isDelete;
}

function shares(a: readonly string[], b: readonly string[]): boolean {
  return a.some((id) => b.includes(id));
}

/** Property and content of the versions: what a violation is known by, whatever its window. */
function identityOf({ property, versions }: Pick<Violation, 'property' | 'versions'>): string {
  const { ds, dnskey, zone, cds } = versions;
  return [property, ...[ds, dnskey, zone, cds].map(contentOf)].join(' ');
}

/** A version without what changes when it is closed. */
function contentOf(version: Span | null): string {
  return version === null ? '-' : JSON.stringify({ ...version, last: null, ttl: 0, isConfirmed: true });
}
