/**
 * @hot Hashed owner names (RFC 5155 §5, §3.3) with the only parameters that are used here, `1 0 0 -` (RFC 9276 §3.1): SHA-1
 * over the name in lower case, no salt, no further iterations. A hash is five words, its label 32 digits of base32hex
 * in lower case; both sort alike.
 */
import { SHA1_WORDS, sha1 } from '../base/sha1.ts';
import { MAX_NAME_OCTETS } from '../wire/name.ts';
import type { NodeIndex, ZoneImage } from './image.ts';

/** The label of a hash, its length octet included. */
export const HASH_LABEL_OCTETS = 33;
const HASH_DIGITS = 32;
const HASH_OCTETS = 20;
const DIGIT_BITS = 5;

const WILDCARD_OCTETS = 2;
/** `*` and the name that it is below. */
const wildcard = new Uint8Array(MAX_NAME_OCTETS);
wildcard[0] = 1;
wildcard[1] = 42;

/** Rebuild: base32hex (RFC 4648 §7) in lower case. */
const DIGITS = Uint8Array.from('0123456789abcdefghijklmnopqrstuv', (digit) => digit.charCodeAt(0));

/** Writes the hash of the name of `octets` octets, in lower case, at `offset` of `name` to five words of `into`. */
export function hashOwner(
  name: Uint8Array,
  offset: number,
  octets: number,
  into: Uint32Array,
  at: number,
): void {
  sha1(name, offset, offset + octets, into, at);
}

/** Writes the hash of the wildcard below `node` to `into`; false if that would be too long a name. */
export function hashWildcard(zone: ZoneImage, node: NodeIndex, into: Uint32Array): boolean {
  const octets = zone.nameOctets(node);
  if (octets + WILDCARD_OCTETS > MAX_NAME_OCTETS) return false;
  const at = zone.nameAt(node);
  for (let i = 0; i < octets; i++) wildcard[WILDCARD_OCTETS + i] = zone.u8[at + i]!;
  sha1(wildcard, 0, WILDCARD_OCTETS + octets, into, 0);
  return true;
}

/** Writes the label of the hash at `at` of `words`, HASH_LABEL_OCTETS octets. */
export function putHashLabel(words: Uint32Array, at: number, out: Uint8Array, offset: number): void {
  out[offset] = HASH_DIGITS;
  let to = offset + 1;
  let bits = 0;
  let count = 0;
  for (let i = 0; i < HASH_OCTETS; i++) {
    bits = ((bits & 31) << 8) | ((words[at + (i >> 2)]! >>> (24 - (i & 3) * 8)) & 0xff);
    for (count += 8; count >= DIGIT_BITS; count -= DIGIT_BITS) {
      out[to++] = DIGITS[(bits >> (count - DIGIT_BITS)) & 31]!;
    }
  }
}

/** Writes the 20 octets of the hash at `at` of `words`. */
export function putHash(words: Uint32Array, at: number, out: Uint8Array, offset: number): void {
  for (let i = 0; i < HASH_OCTETS; i++) out[offset + i] = words[at + (i >> 2)]! >>> (24 - (i & 3) * 8);
}

/** Orders two hashes as NSEC3 records stand in a chain (RFC 5155 §1.3, "hash order"). */
export function compareHashes(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let i = 0; i < SHA1_WORDS; i++) {
    const order = a[aAt + i]! - b[bAt + i]!;
    if (order !== 0) return order;
  }
  return 0;
}
