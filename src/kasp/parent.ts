/**
 * What was seen at the parent becomes part of the state (ROLLOVER 1.1, 2.9, 3.4): by the operator's word or by the
 * monitor, which say "on every server" or "on none". Time alone never makes a DS appear or disappear.
 *
 * The log of DS versions keeps what may be in caches. Its newest version may be one that is only asked for: that one
 * stays open whatever is seen, because the parent may publish it at any time.
 */
import type { UnixSeconds } from '../base/time.ts';
import { type Key, type RecordKind, type RecordTimes, stateOf, withRecord } from './key.ts';
import type { Policy } from './policy.ts';
import { absenceLastsFrom, presenceLastsFrom } from './proof.ts';
import { goInsecure } from './start.ts';
import { type DsVersion, type DsWord, findKey, withKeys, type ZoneState } from './zonestate.ts';

export interface DsSighting {
  readonly keyId: string;
  /** The DS is on all servers of the parent; false: on none. */
  readonly seen: boolean;
  /** TTL of the DS RRset, the largest of all servers; null if nobody looked: the policy's `parent.dsTtl`. */
  readonly ttl: number | null;
}

/** The state after one key's DS was found on every server of the parent, or on none. Unknown keys change nothing. */
export function observeDs(
  state: ZoneState,
  sighting: DsSighting,
  policy: Policy,
  now: UnixSeconds,
): ZoneState {
  const key = findKey(state, sighting.keyId);
  if (key === undefined || key.states.ds === null) return state;
  // Who looks later knows better than what was said before.
  const isOutdated = ({ keyId, seen }: DsWord) => keyId === key.id && seen !== sighting.seen;
  const heard = { ...state, dsWords: state.dsWords.filter((word) => !isOutdated(word)) };
  return sighting.seen
    ? observeSeen(heard, key, sighting, { policy, now })
    : observeGone(heard, key, policy, now);
}

/**
 * The state after a DS that was found to be gone was seen again on some server of the parent: it is in caches from there,
 * and not gone any more, though it is not on all servers either (ROLLOVER 3.5).
 */
export function observeDsSomewhere(
  state: ZoneState,
  sighting: Omit<DsSighting, 'seen'>,
  policy: Policy,
  now: UnixSeconds,
): ZoneState {
  const seen = observeDs(state, { ...sighting, seen: true }, policy, now);
  const keys = seen.keys
    .filter(({ id }) => id === sighting.keyId)
    .map((key) => ({ ...key, dsObservation: { ...key.dsObservation, seenAllAt: null } }));
  return withKeys(seen, keys);
}

/** The state after the parent was found to have no DS of the zone at all, on any server. */
export function observeNoDs(state: ZoneState, policy: Policy, now: UnixSeconds): ZoneState {
  const context = { state, policy, now };
  const keys = state.keys.filter(({ states }) => states.ds !== null).map((key) => withoutDs(key, context));
  const closed = state.logs.ds.map((version) =>
    version.keys.length > 0 ? closedAt(version, now, policy.parent.dsTtl) : version,
  );
  const ds = confirmed(closed, [], { ttl: believed(state, policy).ttl, first: now });
  // A DS that is on its way out may be back for as long as somebody can get a CDS that names it.
  const isLasting = keys.every(
    ({ states, dsObservation }) => states.ds?.state !== 'unretentive' || dsObservation.goneAllAt !== null,
  );
  const delegation = isLasting ? 'none' : state.delegation;
  return { ...withKeys(state, keys), delegation, logs: { ...state.logs, ds } };
}

// ---- Seen on all ----

function observeSeen(
  state: ZoneState,
  key: Key,
  { ttl }: DsSighting,
  { policy, now }: { policy: Policy; now: UnixSeconds },
): ZoneState {
  const from = presenceLastsFrom(state, key, policy);
  const observed = {
    ...key,
    dsObservation: {
      seenAllAt: lasting(key.dsObservation.seenAllAt, from, now),
      goneAllAt: null,
      lastSeenAnywhereAt: now,
    },
  };
  const before = believed(state, policy);
  const asked = state.logs.ds.filter(({ last, keys }) => last === null && keys.includes(key.id));
  const first = Math.min(now, ...asked.map((version) => version.first)) as UnixSeconds;
  const log = confirmed(state.logs.ds, withId(before.keys, key.id), { ttl: ttl ?? before.ttl, first });
  const isPending = askIn(log, state);
  const ds = log.map((version) =>
    version.keys.includes(key.id) || version === isPending
      ? version
      : closedAt(version, now, policy.parent.dsTtl),
  );
  const shown = withKeys(state, [observed]);
  return { ...reappeared(shown, key, observed, now), delegation: 'secure', logs: { ...state.logs, ds } };
}

/** A DS that nobody counts on: it is there, so its key must be (ROLLOVER 2.9), and its removal is asked for again. */
function reappeared(state: ZoneState, before: Key, key: Key, now: UnixSeconds): ZoneState {
  const ds = stateOf(key, 'ds');
  const { goneAllAt, lastSeenAnywhereAt } = before.dsObservation;
  const cameBack =
    ds === 'unretentive' && key.goal === 'OUT' && (goneAllAt !== null || lastSeenAnywhereAt === null);
  if (ds !== 'hidden' && !cameBack) return state;
  const entered = entering(key, ['ds'], now);
  if (key.goal === 'IN') return withKeys(state, [entered]);
  const served = withKeys(state, [entering(entered, ['dnskey', 'krrsig'], now)]);
  return unsigningAgain(signedAgain(served, key.algorithm, now), key, now);
}

/** A zone that had gone unsigned does so again; the rollover is named after the key for which it must. */
function unsigningAgain(state: ZoneState, { id }: Key, now: UnixSeconds): ZoneState {
  return state.goal === 'insecure' && state.rollover === null ? goInsecure(state, { id, now }) : state;
}

/** An algorithm that has a DS signs the zone (RFC 4035 §2.2): the newest key that can does, if none does. */
function signedAgain(state: ZoneState, algorithm: number, now: UnixSeconds): ZoneState {
  const able = state.keys.filter((key) => key.algorithm === algorithm && key.states.zrrsig !== null);
  const isSigned = able.some((key) => ['rumoured', 'omnipresent'].includes(stateOf(key, 'zrrsig')));
  const [signer] = able.toSorted((one, other) => other.createdAt - one.createdAt);
  if (isSigned || signer === undefined) return state;
  return withKeys(state, [entering(signer, ['dnskey', 'zrrsig'], now)]);
}

/** The key with these records shown again, where they are not. */
function entering(key: Key, records: readonly RecordKind[], now: UnixSeconds): Key {
  const rumoured: RecordTimes = { state: 'rumoured', since: now, doneAt: null, notBefore: null };
  const hidden = records.filter((kind) => ['hidden', 'unretentive'].includes(stateOf(key, kind)));
  return hidden.reduce(
    (moved, kind) => (key.states[kind] === null ? moved : withRecord(moved, kind, rumoured)),
    key,
  );
}

// ---- Gone from all ----

function observeGone(state: ZoneState, key: Key, policy: Policy, now: UnixSeconds): ZoneState {
  const gone = withKeys(state, [withoutDs(key, { state, policy, now })]);
  const before = believed(state, policy);
  const pending = askIn(state.logs.ds, state);
  const closed = state.logs.ds.map((version) =>
    version.keys.includes(key.id) && version !== pending
      ? closedAt(version, now, policy.parent.dsTtl)
      : version,
  );
  const rest = before.keys.filter((id) => id !== key.id);
  const isNews = rest.length < before.keys.length;
  const ds = isNews ? confirmed(closed, rest, { ttl: before.ttl, first: now }) : closed;
  return { ...gone, logs: { ...state.logs, ds }, delegation: delegationOf(gone) };
}

/** None if every key that has or may get a DS was found to have none, since that was asked for; else as it was. */
function delegationOf({ keys, delegation }: ZoneState): ZoneState['delegation'] {
  const isGone = ({ states, goal, dsObservation: { goneAllAt } }: Key) =>
    states.ds === null ||
    (goal === 'OUT' && states.ds.state === 'hidden') ||
    (goneAllAt !== null && goneAllAt >= states.ds.since);
  return keys.every(isGone) ? 'none' : delegation;
}

/**
 * A DS that every cache was sure to know is not there: caches learn so, and it must be seen again. Of one that shall go
 * it counts only if it lasts.
 */
function withoutDs(
  key: Key,
  { state, policy, now }: { state: ZoneState; policy: Policy; now: UnixSeconds },
): Key {
  const { goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  const isLeaving = key.goal === 'OUT';
  const from = isLeaving ? absenceLastsFrom(state, key, policy) : key.states.ds!.since;
  const known = goneAllAt !== null && goneAllAt >= key.states.ds!.since ? goneAllAt : null;
  const observed = {
    ...key,
    dsObservation: { seenAllAt: null, goneAllAt: lasting(known, from, now), lastSeenAnywhereAt },
  };
  if (isLeaving || stateOf(key, 'ds') !== 'omnipresent') return observed;
  return withRecord(observed, 'ds', { state: 'rumoured', since: now, doneAt: now, notBefore: null });
}

/** Since when the parent shows what it shows now, as far as that lasts; null if it does not yet (`proof.ts`). */
function lasting(known: UnixSeconds | null, from: UnixSeconds | null, now: UnixSeconds): UnixSeconds | null {
  if (from === null || now < from) return null;
  return known !== null && known >= from ? known : now;
}

// ---- The log ----

/** The DS RRset that the parent is believed to have: the newest open version that was observed. */
function believed({ logs }: ZoneState, policy: Policy): Pick<DsVersion, 'keys' | 'ttl'> {
  const found = logs.ds.findLast(({ last, isConfirmed }) => last === null && isConfirmed);
  return found ?? { keys: [], ttl: policy.parent.dsTtl };
}

/** The version that was asked for last and has not been observed. */
function askIn(log: readonly DsVersion[], { goal }: ZoneState): DsVersion | undefined {
  const newest = log.at(-1);
  if (newest === undefined || newest.isConfirmed || newest.last !== null) return undefined;
  return newest.keys.length > 0 || goal === 'insecure' ? newest : undefined;
}

/**
 * The log with an open, observed version of exactly these keys: one that was asked for becomes that, or it is put
 * before the newest if that is still asked for. A TTL that was observed is never lowered: old copies have it.
 */
function confirmed(
  log: readonly DsVersion[],
  keys: readonly string[],
  { ttl, first }: { ttl: number; first: UnixSeconds },
): DsVersion[] {
  const at = log.findLastIndex((version) => version.last === null && hasSameKeys(version.keys, keys));
  if (at >= 0) {
    const found = log[at]!;
    const same = log.filter((one) => one.last === null && one.isConfirmed && hasSameKeys(one.keys, keys));
    const known = Math.max(ttl, ...same.map((one) => one.ttl));
    return log
      .with(at, { ...found, isConfirmed: true, ttl: known })
      .map((one, index) => (index !== at && hasSameKeys(one.keys, keys) ? closedAt(one, first, ttl) : one));
  }
  const added: DsVersion = { keys, first, last: null, ttl, isConfirmed: true };
  const newest = log.at(-1);
  const isAsked =
    newest !== undefined && newest.last === null && !newest.isConfirmed && newest.keys.length > 0;
  return isAsked ? [...log.slice(0, -1), added, newest] : [...log, added];
}

/** The version, closed if it was open; `ttl` for one whose TTL nobody knows. */
function closedAt(version: DsVersion, now: UnixSeconds, ttl: number): DsVersion {
  return version.last === null
    ? { ...version, last: now, ttl: version.ttl > 0 ? version.ttl : ttl }
    : version;
}

function hasSameKeys(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}

function withId(ids: readonly string[], id: string): readonly string[] {
  return ids.includes(id) ? ids : [...ids, id];
}
