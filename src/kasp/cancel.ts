/**
 * Cancelling (ROLLOVER 2.9). A cancel sets goals, it never rewinds states: the keys that came become those that go,
 * and the machine takes them out with the waits of every other removal. A rollover that is cancelled is therefore the
 * same rollover with its keys exchanged, and a split of roles becomes a merge.
 *
 * It is refused once something that it would need is on its way out of caches: see `POINTS_OF_NO_RETURN`.
 */
import type { UnixSeconds } from '../base/time.ts';
import {
  type DsObservation,
  isShown,
  type Key,
  type KeyGoal,
  KSK_ROLES,
  NEVER_OBSERVED,
  RECORD_KINDS,
  type RecordKind,
  type RecordTimes,
} from './key.ts';
import type { Refusal } from './refusal.ts';
import { keysOf, type Rollover, type RolloverMethod, withKeys, type ZoneState } from './zonestate.ts';

/** The records of outgoing keys of which none may have been withdrawn, by method; with the step of the table. */
const POINTS_OF_NO_RETURN: Readonly<
  Record<RolloverMethod, { readonly records: readonly RecordKind[]; readonly row: string }>
> = {
  'pre-publication': { records: ['dnskey'], row: 'ZSK 3' },
  additive: { records: ['dnskey'], row: 'KSK/CSK 6' },
  swap: { records: ['dnskey'], row: 'KSK/CSK 6' },
  'double-ds': { records: ['dnskey'], row: 'KSK/CSK 6' },
  // Nobody can sign with the key that went.
  replace: { records: ['krrsig', 'zrrsig'], row: '2.8, key material lost' },
  conservative: { records: ['krrsig', 'zrrsig'], row: 'algorithm 6' },
  liberal: { records: ['krrsig', 'zrrsig'], row: 'algorithm 6' },
  split: { records: ['dnskey'], row: 'role split 3' },
  merge: { records: ['dnskey'], row: 'role merge 2' },
  unsign: { records: ['dnskey', 'zrrsig'], row: 'going insecure I3' },
};

/** The rollover that a cancel means: the one with this id, else the one that an overlap would hide, else none. */
function meant(state: ZoneState, id?: string): Rollover | null {
  if (id === undefined) return state.rollover ?? state.overlapping;
  return [state.rollover, state.overlapping].find((rollover) => rollover?.id === id) ?? null;
}

/** Why the zone's rollover (by default the main one) cannot be cancelled; undefined if it can. */
export function cancelRefusal(state: ZoneState, id?: string): Refusal | undefined {
  const rollover = meant(state, id);
  if (rollover === null) {
    return { code: 'NO_ROLLOVER', message: 'no such rollover is running', fix: 'there is nothing to cancel' };
  }
  if (rollover.cancelledAt !== null) {
    return {
      code: 'ALREADY_CANCELLED',
      message: 'the rollover is being undone already',
      fix: 'wait until it is, then start a new rollover',
    };
  }
  const { records, row } = POINTS_OF_NO_RETURN[rollover.method];
  const left = keysOf(state, rollover.outgoing).find((key) => records.some((record) => hasLeft(key, record)));
  if (left === undefined) return undefined;
  const fix =
    rollover.method === 'unsign'
      ? 'wait until it is done, then sign the zone again'
      : 'wait until it is done, then start a new rollover; nothing forces a cancel now, no --yes and no reason';
  return {
    code: 'POINT_OF_NO_RETURN',
    message: `key ${left.tag} is already leaving the caches (ROLLOVER 2.9, ${row})`,
    fix,
  };
}

/** The record was served, or should have been, and no longer is. */
function hasLeft(key: Key, record: RecordKind): boolean {
  return key.states[record] !== null && key.publishedAt !== null && !isShown(key, record);
}

/** Turns the rollover round; only where `cancelRefusal` has nothing to say. */
export function cancelRollover(state: ZoneState, now: UnixSeconds, id?: string): ZoneState {
  const rollover = meant(state, id);
  if (rollover === null || rollover.cancelledAt !== null) return state;
  if (rollover.method === 'unsign') return staySecure(state, rollover);
  const place = state.rollover === rollover ? 'rollover' : 'overlapping';
  const came = keysOf(state, rollover.incoming).map((key) => unwanted(key, rollover.method));
  const went = keysOf(state, rollover.outgoing).map((key) => wantedAgain(key, rollover.method));
  return {
    ...withKeys(state, [...came, ...went].map(exchangeSuccession)),
    // What was said was said of what the parent was asked for before.
    dsWords: [],
    [place]: {
      ...rollover,
      method: REVERSED[rollover.method] ?? rollover.method,
      // The margins and the override of an emergency were for removing the key that now stays.
      emergency: null,
      incoming: rollover.outgoing,
      outgoing: rollover.incoming,
      cancelledAt: now,
      followedBy: null,
    } satisfies Rollover,
  };
}

const REVERSED: Partial<Record<RolloverMethod, RolloverMethod>> = { split: 'merge', merge: 'split' };

/** The zone stays signed: what follows is what follows for every zone that asks for a DS, so no rollover remains. */
function staySecure(state: ZoneState, rollover: Rollover): ZoneState {
  const keys = keysOf(state, rollover.outgoing).map((key) => turned(key, 'IN'));
  return { ...withKeys(state, keys), goal: 'secure', rollover: null };
}

/** A key that came goes; one that only took over zone signing gives that back. */
function unwanted(key: Key, method: RolloverMethod): Key {
  return method === 'merge' ? withoutZoneSigning(key) : turned(key, 'OUT');
}

/** A key that went stays; one that only gave up zone signing takes it back. */
function wantedAgain(key: Key, method: RolloverMethod): Key {
  return method === 'split' ? withZoneSigning(key) : turned(key, 'IN');
}

function exchangeSuccession(key: Key): Key {
  return { ...key, predecessor: key.successor, successor: key.predecessor };
}

// ---- Goals (also for `start.ts`) ----

/**
 * The key with another goal. Deadlines of the old direction are dropped, and so is an observation of its DS that does
 * not prove what comes: a DS is asked for again, or withdrawn, only now.
 */
export function turned(key: Key, goal: KeyGoal): Key {
  if (key.goal === goal) return key;
  const states = Object.fromEntries(RECORD_KINDS.map((kind) => [kind, undated(key.states[kind])]));
  const dsObservation = observedBefore(key, goal);
  return { ...key, goal, dsObservation, states: states as unknown as Key['states'] };
}

/**
 * What was seen of the DS of a key that turns. Nothing of one that must be asked for, anew or again. Of one that is
 * withdrawn it counts that the parent has it: a parent that never took it, or dropped it, may yet do so.
 */
function observedBefore({ states, dsObservation }: Key, goal: KeyGoal): DsObservation {
  const ds = states.ds?.state ?? 'hidden';
  if (ds === 'hidden' || (goal === 'IN' && ds === 'unretentive')) return NEVER_OBSERVED;
  if (goal === 'IN' || ds === 'unretentive') return dsObservation;
  return dsObservation.seenAllAt === null ? NEVER_OBSERVED : { ...dsObservation, goneAllAt: null };
}

/** The key with the role of signing zone data; its zrrsig begins where it is, or hidden. */
export function withZoneSigning(key: Key): Key {
  const hidden: RecordTimes = {
    state: 'hidden',
    since: key.createdAt,
    doneAt: key.createdAt,
    notBefore: null,
  };
  const zrrsig = undated(key.states.zrrsig) ?? hidden;
  return { ...key, roles: [...KSK_ROLES, 'zone-signing'], states: { ...key.states, zrrsig } };
}

/** The key without that role; its zrrsig leaves when another key signs. */
export function withoutZoneSigning(key: Key): Key {
  return { ...key, roles: KSK_ROLES, states: { ...key.states, zrrsig: undated(key.states.zrrsig) } };
}

function undated(times: RecordTimes | null): RecordTimes | null {
  return times === null ? null : { ...times, notBefore: null };
}
