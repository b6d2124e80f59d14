/**
 * How long a record stays rumoured or unretentive (ROLLOVER 1.6), computed from the publication logs: what
 * counts is the TTL of the versions that are displaced, never that of the one that replaces them. A record
 * is omnipresent when the last version without it has left all caches, and hidden when the last version with
 * it has. Time alone never proves what the parent does: without an observation of its DS there is no
 * deadline.
 */
import { assert } from '../base/assert.ts';
import { formatDuration, formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import type { Key, RecordKind, RecordState } from './key.ts';
import type { Policy } from './policy.ts';
import { absenceLastsFrom, cdsHoldOf, type Hold, presenceLastsFrom } from './proof.ts';
import type { WaitReason } from './step.ts';
import { isDsWaived, isUnsigned, knownDsTtl, withKnownTtl } from './versions.ts';
import {
  type DnskeyVersion,
  type Rollover,
  rolloversOf,
  type Span,
  type ZoneState,
  type ZoneVersion,
} from './zonestate.ts';

/** Earliest instant of an edge; null where time alone does not lead to it. */
export interface Deadline {
  readonly due: UnixSeconds | null;
  readonly reason: WaitReason;
  /** The numbers it was computed from, for the operator. */
  readonly because: string;
}

/** One summand of a wait, as the operator knows it. */
interface Part {
  readonly name: string;
  readonly seconds: number;
}

/** A closed version that must have left all caches, with what is added to its TTL. */
interface Drain {
  readonly last: UnixSeconds;
  readonly parts: readonly Part[];
  readonly reason: WaitReason;
}

interface Context {
  readonly state: ZoneState;
  readonly key: Key;
  readonly record: RecordKind;
  readonly policy: Policy;
  readonly now: UnixSeconds;
}

const WAIVED = 'no validator has a DS of this zone';

const UNACKNOWLEDGED: Deadline = {
  due: null,
  reason: 'acknowledgement',
  because: 'not all servers are known to serve it yet',
};

/** When a record that is rumoured becomes omnipresent, or one that is unretentive becomes hidden. */
export function deadline(
  state: ZoneState,
  key: Key,
  { record, to }: { readonly record: RecordKind; readonly to: RecordState },
  { policy, now }: { readonly policy: Policy; readonly now: UnixSeconds },
): Deadline {
  assert(to === 'omnipresent' || to === 'hidden', 'only an observation has a deadline');
  const context = { state, key, record, policy, now };
  if (record === 'ds') return to === 'omnipresent' ? dsArrival(context) : dsDeparture(context);
  const isArrival = to === 'omnipresent';
  return record === 'zrrsig' ? zoneDeadline(context, isArrival) : dnskeyDeadline(context, isArrival);
}

// ---- DNSKEY and signatures ----

/** dnskey and krrsig: Ipub, and the tail after Tdea (RFC 7583 §3.2.1, §3.3.1). */
function dnskeyDeadline(context: Context, isArrival: boolean): Deadline {
  const { state, key, record, policy } = context;
  const hasIt = (version: DnskeyVersion) =>
    (record === 'dnskey' ? version.keys : version.signers).includes(key.id);
  const displaced = state.logs.dnskey.filter((version) => hasIt(version) !== isArrival);
  const margin = isArrival ? [marginOf(context, 'publishSafety')] : [];
  return drained(context, displaced, (version) => {
    if (isUnsigned(version)) return unsignedDrain(context, version, 'negative TTL', margin);
    const parts = [{ name: 'DNSKEY TTL', seconds: version.ttl }, propagationOf(policy), ...margin];
    return { parts, reason: 'dnskey_ttl' };
  });
}

/** zrrsig: Iret (RFC 7583 §3.2.1), and for a zone that was unsigned the wait of ROLLOVER 2.7 S1. */
function zoneDeadline(context: Context, isArrival: boolean): Deadline {
  const { state, key, policy } = context;
  const hasIt = (version: ZoneVersion) => version.signers.includes(key.id);
  const displaced = state.logs.zone.filter((version) => hasIt(version) !== isArrival);
  const isReplacing = key.predecessor !== null || key.successor !== null;
  const margin = isArrival || isReplacing ? [marginOf(context, 'retireSafety')] : [];
  return drained(context, displaced, (version) => {
    if (isUnsigned(version)) {
      return unsignedDrain(context, version, 'TTL of unsigned data', [marginOf(context, 'publishSafety')]);
    }
    const parts = [{ name: 'zone TTL', seconds: version.ttl }, propagationOf(policy), ...margin];
    return { parts, reason: 'zone_ttl' };
  });
}

type DrainOf<V> = (version: V) => Omit<Drain, 'last'>;

/** The latest of the drains of all versions; none while one of them is still served. */
function drained<V extends Span>(context: Context, versions: readonly V[], drainOf: DrainOf<V>): Deadline {
  const drains: Drain[] = [];
  for (const version of versions) {
    if (version.last === null) return UNACKNOWLEDGED;
    drains.push({ last: version.last, ...drainOf(version) });
  }
  return latestOf(context, drains);
}

/** What caches know of the zone from before it was signed; the operator's word is taken as it is. */
function unsignedDrain(
  { record, policy }: Context,
  version: Span,
  name: string,
  margin: readonly Part[],
): Omit<Drain, 'last'> {
  if (policy.bootstrapHold !== 'auto') {
    return { parts: [{ name: 'bootstrapHold', seconds: version.ttl }], reason: 'bootstrap_hold' };
  }
  const parts = [{ name, seconds: version.ttl }, propagationOf(policy), ...margin];
  return { parts, reason: record === 'zrrsig' ? 'unsigned_caches' : 'negative_caches' };
}

// ---- DS ----

/**
 * ds R→O: IpubP (RFC 7583 §3.3.3), counted from when the parent was seen to have it, not from CDS, and only from a look
 * whose result lasts (`proof.ts`).
 */
function dsArrival(context: Context): Deadline {
  const { state, key, policy } = context;
  const isOpen = state.logs.ds.some(({ keys, last }) => last === null && !keys.includes(key.id));
  const { seenAllAt } = key.dsObservation;
  const from = presenceLastsFrom(state, key, policy);
  if (isOpen || from === null || seenAllAt === null || seenAllAt < from) {
    return unseen(context, from, 'parent_ds', 'with its DS');
  }
  const drains = dsDrains(context, ({ keys }) => !keys.includes(key.id));
  return latestOf(context, [...drains, { last: seenAllAt, parts: dsParts(context), reason: 'ds_ttl' }]);
}

/** ds U→H: Iret (RFC 7583 §3.3.3), from a look whose result lasts: after a cancel, not before its hold is over (2.9). */
function dsDeparture(context: Context): Deadline {
  const { state, key, policy, now } = context;
  const hold = cdsHoldOf(state, key, policy);
  if (hold !== null && hold.end === null) return UNACKNOWLEDGED;
  const isProofWanted = hold !== null || (state.goal === 'insecure' && policy.cds !== 'never');
  if (!isProofWanted && isDsWaived(state, policy, now)) return waivedDeparture(context);
  const isOpen = state.logs.ds.some(({ keys, last }) => last === null && keys.includes(key.id));
  const { goneAllAt } = key.dsObservation;
  const from = absenceLastsFrom(state, key, policy);
  if (isOpen || from === null || goneAllAt === null || goneAllAt < from) {
    return unseen(context, from, 'parent_ds_gone', 'without it');
  }
  const drains = dsDrains(context, ({ keys }) => keys.includes(key.id));
  return latestOf(context, [...drains, { last: goneAllAt, parts: dsParts(context), reason: 'ds_ttl' }]);
}

/**
 * Where no validator has a DS, only what the parent may make of CDS is waited for: whoever said that there is none is
 * taken at his word, or a zone whose parent takes no DS could not replace a key by itself. Not so before a zone goes
 * unsigned, or after a cancel. If a DS had left before, its absence is counted on as everywhere.
 */
function waivedDeparture(context: Context): Deadline {
  const { key, now } = context;
  const { goneAllAt } = key.dsObservation;
  const drains = cdsDrains(context);
  if (drains === null) return UNACKNOWLEDGED;
  if (goneAllAt !== null) drains.push({ last: goneAllAt, parts: dsParts(context), reason: 'ds_ttl' });
  return drains.length > 0 ? latestOf(context, drains) : { due: now, reason: 'ds_ttl', because: WAIVED };
}

/** Nobody has looked, or not since the result would last: says who must look, and when. */
function unseen(
  context: Context,
  from: UnixSeconds | null,
  reason: 'parent_ds' | 'parent_ds_gone',
  how: string,
): Deadline {
  const { state, key, policy, now } = context;
  const demand = `every server of the parent must be seen ${how}`;
  if (from === null || from <= now) {
    return { due: null, reason, because: demand };
  }
  const hold = cdsHoldOf(state, key, policy);
  if (hold === null || hold.end === null || hold.end <= now) {
    const because = `${demand} at ${formatInstant(from)} or later: what it shows before may change again`;
    return { due: null, reason, because };
  }
  const word = reason === 'parent_ds' ? 'seen' : 'gone';
  const because = `${sumOf([partOf(hold)])}: the parent may act late; say confirm-ds --${word} when it is over`;
  return { due: from, reason: 'cds_hold', because };
}

function partOf({ seconds }: Hold): Part {
  return { name: 'cdsHold', seconds };
}

/** Of CDS that named the key: whoever can get one may still make a DS of it. Null while one is served. */
function cdsDrains({ state, key, policy }: Context): Drain[] | null {
  const naming = state.logs.cds.filter(({ keys }) => keys.includes(key.id));
  const drains = naming.flatMap(({ last, ttl }): Drain[] => {
    const parts = [{ name: 'CDS TTL', seconds: ttl }, propagationOf(policy)];
    return last === null ? [] : [{ last, parts, reason: 'cds_hold' }];
  });
  return drains.length === naming.length ? drains : null;
}

/** Drains of the closed DS versions that match. */
function dsDrains(context: Context, isMatch: (version: { keys: readonly string[] }) => boolean): Drain[] {
  const { state, policy } = context;
  const knownTtl = knownDsTtl(state, policy);
  return state.logs.ds.filter(isMatch).flatMap((version): Drain[] => {
    const { last, ttl } = withKnownTtl(version, knownTtl);
    return last === null ? [] : [{ last, parts: dsParts(context, ttl), reason: 'ds_ttl' }];
  });
}

function dsParts(context: Context, ttl = knownDsTtl(context.state, context.policy)): Part[] {
  return [
    { name: 'DS TTL', seconds: ttl },
    { name: 'parent propagation', seconds: context.policy.parent.propagation },
    marginOf(context, 'retireSafety'),
  ];
}

// ---- Arithmetic ----

function propagationOf(policy: Policy): Part {
  return { name: 'propagation', seconds: policy.propagation };
}

/** A margin; none in an emergency rollover of the key (ROLLOVER 2.8). */
function marginOf({ state, key, policy }: Context, name: 'publishSafety' | 'retireSafety'): Part {
  const isUrgent = rolloversOf(state).some(
    (rollover) => rollover.emergency !== null && concerns(rollover, key),
  );
  return { name, seconds: isUrgent ? 0 : policy[name] };
}

function concerns({ incoming, outgoing }: Rollover, { id }: Key): boolean {
  return incoming.includes(id) || outgoing.includes(id);
}

/** The drain that ends last; with none of them no cache can hold what is displaced. */
function latestOf({ key, record }: Context, drains: readonly Drain[]): Deadline {
  const { since, doneAt } = key.states[record]!;
  let due = doneAt ?? since;
  let reason: WaitReason = REASON_OF[record];
  let because = 'no cache holds what it displaces';
  for (const drain of drains) {
    const end = plus(
      drain.last,
      drain.parts.reduce((sum, { seconds }) => sum + seconds, 0),
    );
    if (end < due) continue;
    due = end;
    reason = drain.reason;
    if (drain.parts.length > 0) because = sumOf(drain.parts);
  }
  return { due, reason, because };
}

const REASON_OF: Readonly<Record<RecordKind, WaitReason>> = {
  dnskey: 'dnskey_ttl',
  krrsig: 'dnskey_ttl',
  zrrsig: 'zone_ttl',
  ds: 'ds_ttl',
};

/**
 * `DNSKEY TTL 1h + propagation 5m + publishSafety 1h`; what is zero is left out, if anything else remains.
 */
function sumOf(parts: readonly Part[]): string {
  const shown = parts.filter(({ seconds }) => seconds > 0);
  return (shown.length > 0 ? shown : parts.slice(0, 1))
    .map(({ name, seconds }) => `${name} ${formatDuration(seconds)}`)
    .join(' + ');
}
