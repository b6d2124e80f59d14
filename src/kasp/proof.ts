/**
 * From when on what is seen at the parent stays so (ROLLOVER 2.9). A parent may act on any CDS that it can still get,
 * from a server that is behind or from a cache, and after a cancel late on one that it got before. A look at it before
 * then proves nothing: what it shows may change again, unseen. What is seen from then on lasts.
 *
 * Pure arithmetic on the publication logs, whatever the parent does: who looks, and when, is the business of others.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { type Key, stateOf } from './key.ts';
import type { Policy } from './policy.ts';
import { endOf } from './versions.ts';
import { type CdsVersion, type Rollover, rolloversOf, type ZoneState } from './zonestate.ts';

/** Time for which a CDS that was withdrawn by a cancel may still be acted upon. */
export interface Hold {
  readonly seconds: number;
  /** When it is over; null until all servers have withdrawn the CDS. */
  readonly end: UnixSeconds | null;
}

/**
 * Cancelling an additive rollover needs no longer hold: a CDS applied late still names the key that stays
 * (2.9).
 */
const MAX_ADDITIVE_HOLD = 86_400;

const AT_ONCE = 0 as UnixSeconds;

/**
 * The hold of a key's DS that was asked for, or left out, in vain: after a cancel, in either direction, and when a zone
 * goes unsigned before anybody saw the DS that it had asked for (2.9 "going signed S2"). Null if it has none.
 */
export function cdsHoldOf(state: ZoneState, key: Key, policy: Policy): Hold | null {
  if (policy.cds === 'never') return null;
  const rollover = rolloversOf(state).find(({ incoming, outgoing }) =>
    [...incoming, ...outgoing].includes(key.id),
  );
  if (rollover === undefined || !isHeld(rollover, key)) return null;
  // A DS that comes back was left out of CDS, so that one applied late drops it.
  const isShort = rollover.outgoing.includes(key.id) && rollover.method === 'additive';
  const seconds = isShort ? Math.min(policy.cdsHold, MAX_ADDITIVE_HOLD) : policy.cdsHold;
  const doneAt = key.states.ds?.doneAt ?? null;
  return { seconds, end: doneAt === null ? null : plus(doneAt, seconds) };
}

function isHeld({ cancelledAt, method }: Rollover, { dsObservation }: Key): boolean {
  return cancelledAt !== null || (method === 'unsign' && dsObservation.lastSeenAnywhereAt === null);
}

/**
 * From when on "on no server of the parent" proves that a withdrawn DS stays away: nobody can get a CDS that names
 * the key, and the hold is over. Null as long as nobody can say.
 */
export function absenceLastsFrom(state: ZoneState, key: Key, policy: Policy): UnixSeconds | null {
  if (stateOf(key, 'ds') === 'hidden') return AT_ONCE;
  if (stateOf(key, 'ds') !== 'unretentive') return null;
  return latest(
    cdsEnd(state, policy, ({ keys }) => keys.includes(key.id)),
    cdsHoldOf(state, key, policy),
  );
}

/**
 * From when on "on every server of the parent" proves that a DS stays: nobody can get a CDS that asks for another DS
 * RRset, or for none. Null as long as nobody can say.
 */
export function presenceLastsFrom(state: ZoneState, key: Key, policy: Policy): UnixSeconds | null {
  const end = cdsEnd(
    state,
    policy,
    ({ keys, isDelete }) => asks({ keys, isDelete }) && !keys.includes(key.id),
  );
  return latest(end, cdsHoldOf(state, key, policy));
}

/** When the last of the CDS that match has left servers and caches; null while one is served. */
function cdsEnd(
  { logs }: Pick<ZoneState, 'logs'>,
  { propagation }: Policy,
  isMatch: (version: CdsVersion) => boolean,
): UnixSeconds | null {
  const ends = logs.cds.filter(isMatch).map((version) => endOf(version, propagation));
  return ends.includes(null) ? null : (Math.max(AT_ONCE, ...(ends as UnixSeconds[])) as UnixSeconds);
}

/** A CDS RRset that asks for something; none at all means "no change" (RFC 7344 §4). */
function asks({ keys, isDelete }: Pick<CdsVersion, 'keys' | 'isDelete'>): boolean {
  return keys.length > 0 || isDelete;
}

function latest(end: UnixSeconds | null, hold: Hold | null): UnixSeconds | null {
  if (end === null || hold === null) return end;
  return hold.end === null ? null : (Math.max(end, hold.end) as UnixSeconds);
}
