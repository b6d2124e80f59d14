/**
 * The successor relation (ROLLOVER 1.5): which key may stand in for another one while their records are exchanged.
 * Predecessors and successors are ids; a link counts only if both keys name each other.
 */
import { isEntirelyHidden, type Key, RECORD_KINDS, stateOf } from './key.ts';

/**
 * dep(z): the key that `key` replaces, as long as anything of it is in caches. A key whose predecessor is entirely
 * hidden depends on nothing any more.
 */
export function dependencyOf(keys: readonly Key[], key: Key): Key | undefined {
  if (key.predecessor === null) return undefined;
  return keys.find(
    (other) => other.id === key.predecessor && other.successor === key.id && !isEntirelyHidden(other),
  );
}

/**
 * succ(x, z): `z` takes over from `x`, directly, or by keys between them that are in the very states of `z` (for rolls
 * that overtake each other). Not if `x` itself still takes over from another key: caches may then have neither.
 */
export function isSuccessor(keys: readonly Key[], x: Key, z: Key): boolean {
  if (x.id === z.id || dependencyOf(keys, x) !== undefined) return false;
  let later = z;
  for (let depth = 0; depth < keys.length; depth++) {
    const earlier = dependencyOf(keys, later);
    if (earlier === undefined) return false;
    if (earlier.id === x.id) return true;
    if (!haveSameStates(earlier, later)) return false;
    later = earlier;
  }
  return false;
}

function haveSameStates(a: Key, b: Key): boolean {
  return RECORD_KINDS.every((record) => stateOf(a, record) === stateOf(b, record));
}
