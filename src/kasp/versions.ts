/**
 * Keeps the publication logs (ROLLOVER 1.1, 1.7): a version is appended when what the key states imply
 * differs from the newest, before it is served, and it is closed when every server is known to serve a newer
 * one. What a closed version leaves in caches is written down at that instant, from the TTLs that were
 * served then: a TTL that is lowered later shortens nothing (ROLLOVER 1.6).
 *
 * Every function hands back the state it got if there is nothing to change.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { isShown, type Key, RECORD_KINDS, withRecord } from './key.ts';
import type { Policy } from './policy.ts';
import { cdsRequest, cdsSigners, dnskeySigners, zoneSigners } from './records.ts';
import type { Facts } from './step.ts';
import type { CdsVersion, DnskeyVersion, DsVersion, Span, ZoneState, ZoneVersion } from './zonestate.ts';

// ---- Spans ----

/**
 * First instant at which no cache has the version, with `r` seconds of propagation; null while it is open.
 */
export function endOf(span: Span, r: number): UnixSeconds | null {
  return span.last === null ? null : plus(span.last, r + span.ttl);
}

/** True if the version can be obtained from a server or a cache at `at`: within `[first, last + r + ttl)`. */
export function isAliveAt(span: Span, r: number, at: UnixSeconds): boolean {
  const end = endOf(span, r);
  return span.first <= at && (end === null || at < end);
}

/** Whether there was no DNSKEY, or nobody signed: what a zone looked like before it was signed. */
export function isUnsigned(version: DnskeyVersion | ZoneVersion): boolean {
  return version.signers.length === 0;
}

// ---- Content ----

/** What the key states imply now; `ttl` is the TTL of the RRset, 0 where none is published. */
export interface Content {
  readonly dnskey: Omit<DnskeyVersion, 'first' | 'last'>;
  readonly zone: Omit<ZoneVersion, 'first' | 'last'>;
  readonly cds: Omit<CdsVersion, 'first' | 'last'>;
}

/** The versions of DNSKEY, signers of zone data and CDS that the states of the zone's keys imply. */
export function contentOf(
  state: Pick<ZoneState, 'keys' | 'goal' | 'rollover'>,
  policy: Pick<Policy, 'cds' | 'cdsTtl' | 'digests' | 'dnskeyTtl'>,
): Content {
  const keys = idsOf(state.keys.filter((key) => isShown(key, 'dnskey')));
  const hasDnskey = keys.length > 0;
  const request = cdsRequest(state, policy);
  const hasCds = request.isDelete || request.keys.length > 0;
  return {
    dnskey: {
      keys,
      signers: hasDnskey ? idsOf(dnskeySigners(state.keys)) : [],
      ttl: hasDnskey ? policy.dnskeyTtl : 0,
    },
    zone: { signers: idsOf(zoneSigners(state.keys)), ttl: 0 },
    cds: {
      keys: idsOf(request.keys),
      isDelete: request.isDelete,
      signers: hasCds ? idsOf(cdsSigners(state)) : [],
      ttl: hasCds ? policy.cdsTtl : 0,
      ...(request.keys.length > 0 && { digests: policy.digests }),
    },
  };
}

/**
 * Takes the TTLs of the zone data that is served into account: a larger one counts at once, a smaller one
 * when all servers have acknowledged it.
 */
export function noteZoneTtl(state: ZoneState, { maxTtl }: Facts, now: UnixSeconds): ZoneState {
  const { current, horizon } = state.zoneTtl;
  if (maxTtl > current) return { ...state, zoneTtl: { current: maxTtl, horizon } };
  return maxTtl < current && state.pendingSince === null ? { ...state, pendingSince: now } : state;
}

/**
 * Appends what differs from the newest versions, first served at `now`, and has the zone wait for
 * acknowledgement. Where nothing differs there is nothing to wait for: every edge so far is done.
 */
export function recordContent(before: ZoneState, policy: Policy, facts: Facts, now: UnixSeconds): ZoneState {
  const state = noteZoneTtl(before, facts, now);
  const content = contentOf(state, policy);
  const { logs } = state;
  const open = { first: now, last: null };
  const dnskey = withNewest(logs.dnskey, { ...content.dnskey, ...open });
  const zone = withNewest(logs.zone, { ...content.zone, ...open });
  const cds = withNewest(logs.cds, { ...content.cds, ...open });
  const isNew = dnskey !== logs.dnskey || zone !== logs.zone || cds !== logs.cds;
  if (isNew) return { ...state, pendingSince: now, logs: { ...logs, dnskey, zone, cds } };
  return state.pendingSince === null ? withDone(state, now) : state;
}

function withNewest<V extends Span>(log: readonly V[], content: V): readonly V[] {
  return isSame(log.at(-1), content) ? log : [...log, content];
}

type Comparable = Span & Partial<CdsVersion>;

/** Same keys, signers, digests and TTL. The newest version of a log is open, so that its TTL is that of the RRset. */
function isSame(newest: Comparable | undefined, content: Comparable): boolean {
  return (
    newest !== undefined &&
    hasSameIds(newest.keys ?? [], content.keys ?? []) &&
    hasSameIds(newest.signers ?? [], content.signers ?? []) &&
    (newest.isDelete ?? false) === (content.isDelete ?? false) &&
    hasSameDigests(newest.digests, content.digests) &&
    newest.ttl === content.ttl
  );
}

/** Also where it was not written down which there were. */
function hasSameDigests(newest: CdsVersion['digests'], content: CdsVersion['digests']): boolean {
  if (newest === undefined || content === undefined) return true;
  return newest.length === content.length && newest.every((digest) => content.includes(digest));
}

// ---- Acknowledgement ----

/**
 * All servers have switched to the newest content: older versions of DNSKEY, zone data and CDS are closed,
 * every edge so far is done (tDone), and a lowered TTL of zone data counts, with a horizon for what was
 * cached before.
 */
export function acknowledge(state: ZoneState, facts: Facts, policy: Policy, now: UnixSeconds): ZoneState {
  if (state.pendingSince === null) return state;
  const { logs, zoneTtl } = state;
  const ttlOfZone = Math.max(zoneTtl.horizon - now, zoneTtl.current);
  // A negative TTL that was lowered before is remembered as far as it was the largest TTL of the zone.
  const ttlOfDenial = Math.max(zoneTtl.horizon - now, facts.negativeTtl);
  const dnskeyTtl = (version: DnskeyVersion) =>
    isUnsigned(version) ? unsignedTtl(version, ttlOfDenial, facts, policy) : version.ttl;
  const zoneVersionTtl = (version: ZoneVersion) =>
    isUnsigned(version)
      ? unsignedTtl(version, Math.max(ttlOfZone, facts.negativeTtl), facts, policy)
      : ttlOfZone;
  const isLowered = facts.maxTtl < zoneTtl.current;
  const closed: ZoneState = {
    ...state,
    pendingSince: null,
    zoneTtl: {
      current: facts.maxTtl,
      horizon: isLowered ? latest(zoneTtl.horizon, plus(now, zoneTtl.current)) : zoneTtl.horizon,
    },
    logs: {
      ...logs,
      dnskey: closeOlder(logs.dnskey, now, dnskeyTtl),
      zone: closeOlder(logs.zone, now, zoneVersionTtl),
      cds: closeOlder(logs.cds, now, (version) => version.ttl),
    },
  };
  return withDone(closed, now);
}

/**
 * For how long caches know that the zone is unsigned: the operator's word, or nothing if nobody ever saw it
 * so.
 */
function unsignedTtl(version: Span, ttl: number, facts: Facts, policy: Policy): number {
  if (policy.bootstrapHold !== 'auto') return policy.bootstrapHold;
  const isFromStart = version.first === 0;
  return isFromStart && facts.hadUnsignedBefore === false ? 0 : ttl;
}

function closeOlder<V extends Span>(log: readonly V[], now: UnixSeconds, ttlOf: (version: V) => number): V[] {
  return log.map((version, index) =>
    version.last !== null || index === log.length - 1
      ? version
      : { ...version, last: latest(version.first, now), ttl: ttlOf(version) },
  );
}

/** The state with tDone of every record that had none. */
function withDone(state: ZoneState, now: UnixSeconds): ZoneState {
  const keys = state.keys.map((key) => keyDone(key, now));
  return keys.some((key, index) => key !== state.keys[index]) ? { ...state, keys } : state;
}

function keyDone(key: Key, now: UnixSeconds): Key {
  let done = key;
  for (const record of RECORD_KINDS) {
    const times = key.states[record];
    if (times !== null && times.doneAt === null) done = withRecord(done, record, { ...times, doneAt: now });
  }
  return done;
}

// ---- DS at the parent ----

/**
 * Largest TTL that a DS RRset of the zone was seen with, of those in the log; `policy.parent.dsTtl` if none
 * was.
 */
export function knownDsTtl(state: Pick<ZoneState, 'logs'>, policy: Policy): number {
  const seen = state.logs.ds.filter(({ isConfirmed, keys }) => isConfirmed && keys.length > 0);
  return seen.length === 0 ? policy.parent.dsTtl : Math.max(...seen.map(({ ttl }) => ttl));
}

/** The version with a TTL that was seen or, for one that nobody saw, that must be reckoned with. */
export function withKnownTtl(version: DsVersion, knownTtl: number): DsVersion {
  return version.isConfirmed ? version : { ...version, ttl: Math.max(version.ttl, knownTtl) };
}

/**
 * What CDS ask for may be at the parent from now on: an open version that nobody has confirmed. A zone known
 * to have no DS asks in vain until one is seen.
 */
export function requestDs(state: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  const keys = idsOf(state.keys.filter((key) => isShown(key, 'ds')));
  if (hasSameIds(state.logs.ds.at(-1)?.keys ?? [], keys)) return state;
  if (state.delegation === 'none') return state;
  const ttl = knownDsTtl(state, policy);
  const asked: DsVersion = { first: now, last: null, ttl, keys, isConfirmed: false };
  return { ...state, logs: { ...state.logs, ds: [...state.logs.ds, asked] } };
}

type DsState = Pick<ZoneState, 'delegation' | 'logs'>;

/** True if a validator may have a DS of the zone: the parent has one, or caches may. */
export function hasLiveDs(state: DsState, policy: Policy, now: UnixSeconds): boolean {
  if (state.delegation === 'secure') return true;
  return state.logs.ds.some(
    (version) =>
      version.isConfirmed && version.keys.length > 0 && isAliveAt(version, policy.parent.propagation, now),
  );
}

/** True if no validator has a DS of the zone, so that nothing about DS is worth a wait. */
export function isDsWaived(state: DsState, policy: Policy, now: UnixSeconds): boolean {
  return state.delegation === 'none' && !hasLiveDs(state, policy, now);
}

// ---- Pruning ----

/** Drops closed versions that are dead, margins and all; the newest of each log stays. */
export function prune(state: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  const margin = Math.max(policy.publishSafety, policy.retireSafety);
  const knownTtl = knownDsTtl(state, policy);
  const isKept = (version: Span, r: number) => {
    const end = endOf(version, r + margin);
    return end === null || now < end;
  };
  const { dnskey, zone, cds, ds } = state.logs;
  const logs = {
    dnskey: kept(dnskey, (version) => isKept(version, policy.propagation)),
    zone: kept(zone, (version) => isKept(version, policy.propagation)),
    cds: kept(cds, (version) => isKept(version, policy.propagation)),
    ds: kept(ds, (version) => isKept(withKnownTtl(version, knownTtl), policy.parent.propagation)),
  };
  const isPruned = logs.dnskey !== dnskey || logs.zone !== zone || logs.cds !== cds || logs.ds !== ds;
  return isPruned ? { ...state, logs } : state;
}

function kept<V>(log: readonly V[], isKept: (version: V) => boolean): readonly V[] {
  const rest = log.filter((version, index) => index === log.length - 1 || isKept(version));
  return rest.length === log.length ? log : rest;
}

// ---- Small things ----

function idsOf(keys: readonly Key[]): string[] {
  return keys.map(({ id }) => id);
}

function hasSameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

function latest(a: UnixSeconds, b: UnixSeconds): UnixSeconds {
  return a > b ? a : b;
}
