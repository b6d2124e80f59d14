/**
 * Publication logs (ROLLOVER 1.1) of what another signer served: its key states and the instants of their changes say
 * which version was followed by which. Caches may hold any of them, and the waits are computed from these logs as
 * from our own.
 */
import type { UnixSeconds } from '../base/time.ts';
import { type Key, type RecordKind, stateOf } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import type { DsVersion, PublicationLogs, Span } from '../kasp/zonestate.ts';

const EVER = 0 as UnixSeconds;

/** For how long the other signer's records stay in caches, in seconds. */
export interface ForeignTtls {
  readonly dnskey: number;
  readonly zone: number;
  readonly ds: number;
}

/** The TTLs to reckon with: what is known, and of DNSKEY, where nothing is, the largest of any data. */
export function foreignTtls(policy: Policy, known: readonly (number | null)[]): ForeignTtls {
  const told = known.filter((ttl) => ttl !== null);
  const dnskey = Math.max(policy.dnskeyTtl, ...(told.length === 0 ? [policy.maxZoneTtl] : told));
  return { dnskey, zone: policy.maxZoneTtl, ds: policy.parent.dsTtl };
}

/**
 * The logs that the states of `keys` imply, newest versions open. What changes at `now` is not in them: that is our own
 * first content, which is recorded when it is served.
 */
export function foreignLogs(keys: readonly Key[], ttls: ForeignTtls, now: UnixSeconds): PublicationLogs {
  const shown = (record: RecordKind, at: UnixSeconds) =>
    idsOf(keys.filter((key) => isShownAt(key, record, at)));
  const dnskey = history(keys, { records: ['dnskey', 'krrsig'], now }, (at) => {
    const published = shown('dnskey', at);
    return { keys: published, signers: published.length === 0 ? [] : shown('krrsig', at), ttl: ttls.dnskey };
  });
  const zone = history(keys, { records: ['zrrsig'], now }, (at) => ({
    signers: shown('zrrsig', at),
    ttl: ttls.zone,
  }));
  const cds = history(keys, { records: ['ds', 'krrsig'], now }, (at) => {
    const named = shown('ds', at);
    const signers = named.length === 0 ? [] : shown('krrsig', at);
    return { keys: named, isDelete: false, signers, ttl: named.length === 0 ? 0 : ttls.dnskey };
  });
  return {
    dnskey: withOpenTtl(dnskey, (version) => (version.keys.length === 0 ? 0 : version.ttl)),
    zone: withOpenTtl(zone, () => 0),
    cds,
    ds: dsLog(keys, ttls.ds),
  };
}

/** Whether a record was served at an instant, as far as its last change tells. */
function isShownAt(key: Key, record: RecordKind, at: UnixSeconds): boolean {
  const times = key.states[record];
  if (times === null || times.state === 'hidden') return false;
  if (times.state === 'omnipresent') return true;
  return times.state === 'rumoured' ? at >= times.since : at < times.since;
}

/** The versions of a content that changes when records become rumoured or unretentive. */
function history<V extends { readonly ttl: number }>(
  keys: readonly Key[],
  { records, now }: { readonly records: readonly RecordKind[]; readonly now: UnixSeconds },
  contentAt: (at: UnixSeconds) => V,
): (V & Span)[] {
  const changes = keys.flatMap((key) =>
    records.flatMap((record) => {
      const times = key.states[record];
      const isMoving = times?.state === 'rumoured' || times?.state === 'unretentive';
      return isMoving && times.since < now ? [times.since] : [];
    }),
  );
  const instants = [EVER, ...[...new Set(changes)].sort((a, b) => a - b)];
  const versions: (V & Span)[] = [];
  for (const at of instants) {
    const content = contentAt(at);
    const newest = versions.at(-1);
    if (newest !== undefined && isSame(newest, content)) continue;
    if (newest !== undefined) versions[versions.length - 1] = { ...newest, last: at };
    versions.push({ ...content, first: at, last: null });
  }
  return versions;
}

function isSame(version: object, content: object): boolean {
  return (
    JSON.stringify({ ...version, first: 0, last: null }) ===
    JSON.stringify({ ...content, first: 0, last: null })
  );
}

function withOpenTtl<V extends Span>(log: readonly V[], ttlOf: (version: V) => number): V[] {
  return log.map((version) => (version.last === null ? { ...version, ttl: ttlOf(version) } : version));
}

// ---- DS ----

function dsLog(keys: readonly Key[], ttl: number): DsVersion[] {
  const inState = (state: string) => keys.filter((key) => stateOf(key, 'ds') === state);
  const [known, coming, leaving] = [inState('omnipresent'), inState('rumoured'), inState('unretentive')];
  const before = idsOf([...known, ...leaving]);
  const version = (ids: string[], span: Partial<DsVersion> = {}): DsVersion => ({
    ...{ first: EVER, last: null, ttl: ids.length === 0 ? 0 : ttl, keys: ids, isConfirmed: ids.length > 0 },
    ...span,
  });
  const changed = changeOf(coming, leaving);
  if (changed === null) return [version(before)];
  const still = leaving.filter(({ dsObservation }) => dsObservation.goneAllAt === null);
  const asked = idsOf([...known, ...coming]);
  if (changed.isSeen) {
    const now = idsOf([...known, ...coming, ...still]);
    return [
      version(before, { last: changed.at, ttl }),
      version(now, { first: changed.at, isConfirmed: true }),
    ];
  }
  return [version(before), version(asked, { first: changed.at, isConfirmed: false })];
}

/** When the DS RRset changed or was asked to; null if it is as it was. */
function changeOf(
  coming: readonly Key[],
  leaving: readonly Key[],
): { readonly at: UnixSeconds; readonly isSeen: boolean } | null {
  if (coming.length + leaving.length === 0) return null;
  const since = [...coming, ...leaving].map(({ states }) => states.ds!.since);
  const seen = [
    ...coming.map(({ dsObservation }) => dsObservation.seenAllAt),
    ...(coming.length > 0 ? [] : leaving.map(({ dsObservation }) => dsObservation.goneAllAt)),
  ];
  const isSeen = seen.every((at) => at !== null);
  const instants = isSeen ? (seen as UnixSeconds[]) : since;
  return { at: Math.max(...instants) as UnixSeconds, isSeen };
}

function idsOf(keys: readonly Key[]): string[] {
  return keys.map(({ id }) => id);
}
