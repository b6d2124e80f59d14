/**
 * Private halves that are not where they should be (ROLLOVER 2.8). One that is missing may come back, so nothing is done
 * without it and nothing is made in its place. Only an operator can say that it is lost for good, by an emergency that
 * replaces the key; then it is given up.
 */
import { isEntirelyHidden, type Key } from '../kasp/key.ts';
import { rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import { KeystoreError } from '../store/keypairs.ts';
import type { ZoneKeys } from '../store/keystore.ts';

/** Throws KeystoreError if one of the missing keys is not given up in `state`; `isHeld` tells if it is in memory. */
export function refuseMissing(
  keys: ZoneKeys,
  state: ZoneState,
  missing: readonly Key[],
  isHeld: (key: Key) => boolean,
): void {
  const given = givenUp(state);
  const key = missing.find(({ id }) => !given.includes(id));
  if (key === undefined) return;
  const held = isHeld(key) ? ', and only in memory: do not stop the server' : '';
  const message = `${keys.privatePath(key)} is missing${held}; restore it, no key is made in its place`;
  throw new KeystoreError('KEY_MISSING', message);
}

/** Ids of keys that an emergency replaces, or that no cache knows any more. */
export function givenUp(state: ZoneState): string[] {
  const urgent = rolloversOf(state).filter(({ emergency }) => emergency !== null);
  const gone = state.keys.filter((key) => key.goal === 'OUT' && isEntirelyHidden(key));
  return [...urgent.flatMap(({ outgoing }) => outgoing), ...gone.map(({ id }) => id)];
}
