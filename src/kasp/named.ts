/**
 * Which keys the parent names, as far as the state tells (ROLLOVER 3.4.7): a zone, or a private half, that goes while a
 * DS points to it leaves a name that no validator can resolve. What was never seen at a parent holds nothing back.
 */
import type { UnixSeconds } from '../base/time.ts';
import { type Key, stateOf } from './key.ts';
import type { Policy } from './policy.ts';
import { isAliveAt } from './versions.ts';
import { keysOf, type ZoneState } from './zonestate.ts';

/**
 * Keys whose DS was seen at the parent and not seen to be gone, and those whose DS caches may still have from there.
 * Nobody having looked is no proof of absence: what was there once counts until it is found to be gone.
 */
export function namedKeys(state: ZoneState, policy: Policy, now: UnixSeconds): Key[] {
  const cached = state.logs.ds
    .filter((version) => version.isConfirmed && isAliveAt(version, policy.parent.propagation, now))
    .flatMap(({ keys }) => keys);
  const named = state.keys.filter(isNamed).map(({ id }) => id);
  return keysOf(state, [...new Set([...named, ...cached])]);
}

function isNamed(key: Key): boolean {
  const { goneAllAt, lastSeenAnywhereAt } = key.dsObservation;
  const ds = stateOf(key, 'ds');
  if (ds === 'hidden' || goneAllAt !== null) return false;
  return ds === 'omnipresent' || lastSeenAnywhereAt !== null;
}
