/**
 * @hot Hashes of domain names: 32 bits, seeded, without regard to ASCII case. The hash of a name is built from the right,
 * label by label, so that one pass gives the hashes of all its suffixes:
 *
 * ```
 *   hash(root) = seed        hash(label.rest) = hashLabel(hash(rest), label)
 * ```
 * The zone image stores these hashes, the zone table and the compressor look names up by them: this function and the
 * seed are one contract. It is not a MAC: with a secret random seed it keeps strangers from choosing names that share
 * a slot, and every user compares octets after a hit.
 */
import { LOWER, MAX_LABELS } from './name.ts';

// Odd constants with well spread bits (the golden ratio and two primes of the xxHash family).
const MULTIPLIER_A = 0x9e37_79b1;
const MULTIPLIER_B = 0x85eb_ca77;

/** As `hashLabel`, for octets that are in lower case already. */
export function hashLowerLabel(hash: number, octets: Uint8Array, offset: number): number {
  const end = offset + octets[offset]! + 1;
  let at = offset;
  let mixed = hash | 0;
  for (; at + 4 <= end; at += 4) {
    mixed = mix(
      mixed ^ (octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24)),
    );
  }
  if (at < end) {
    let word = octets[at]!;
    if (at + 1 < end) word |= octets[at + 1]! << 8;
    if (at + 2 < end) word |= octets[at + 2]! << 16;
    mixed = mix(mixed ^ word);
  }
  return mixed;
}

/**
 * Hash of the name whose first label lies at `offset` (at its length octet) and whose rest has hash `hash`.
 * Signed: a larger number than fits 31 bits and a sign is an object wherever a call is not compiled into its caller.
 *
 * Four octets a round, the length octet among them: `com` is one round. Two multiplications with a shift between them,
 * because after only one a difference in the top bit would pass in a way that no seed changes.
 */
export function hashLabel(hash: number, octets: Uint8Array, offset: number): number {
  const end = offset + octets[offset]! + 1;
  let at = offset;
  let mixed = hash | 0;
  for (; at + 4 <= end; at += 4) {
    const word =
      LOWER[octets[at]!]! |
      (LOWER[octets[at + 1]!]! << 8) |
      (LOWER[octets[at + 2]!]! << 16) |
      (LOWER[octets[at + 3]!]! << 24);
    mixed = mix(mixed ^ word);
  }
  if (at < end) {
    let word = LOWER[octets[at]!]!;
    if (at + 1 < end) word |= LOWER[octets[at + 1]!]! << 8;
    if (at + 2 < end) word |= LOWER[octets[at + 2]!]! << 16;
    mixed = mix(mixed ^ word);
  }
  return mixed;
}

function mix(word: number): number {
  let mixed = Math.imul(word, MULTIPLIER_A);
  mixed = Math.imul(mixed ^ (mixed >>> 15), MULTIPLIER_B);
  return mixed ^ (mixed >>> 13);
}

const labels = new Uint16Array(MAX_LABELS + 1);

/** Hash of the well-formed, uncompressed name at `offset`. Leaf routine; its module scratch is not held across calls. */
export function hashName(name: Uint8Array, offset: number, seed: number): number {
  let count = 0;
  for (let at = offset; name[at] !== 0; at += name[at]! + 1) labels[count++] = at - offset;
  let hash = seed | 0;
  while (count > 0) hash = hashLabel(hash, name, offset + labels[--count]!);
  return hash;
}
