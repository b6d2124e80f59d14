/**
 * @hot HalfSipHash-1-3 (Aumasson, Bernstein), the SipHash of 32-bit words: a keyed hash for tables whose keys strangers
 * choose. Without the key nobody can find names or addresses that fall together. Not for authentication.
 */

const ROUNDS_AT_END = 3;

/**
 * Hashes the first `count` words of `words` (little-endian, as if they were `4 * count` octets) with the key `key0`, `key1`.
 * Returns 32 bits as a signed number; allocates nothing.
 */
export function halfSipHash(key0: number, key1: number, words: Int32Array, count: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = key0 ^ 0x6c796765;
  let v3 = key1 ^ 0x74656462;
  for (let i = 0; i <= count + ROUNDS_AT_END; i++) {
    // The last block holds the length, the rounds at the end none.
    const block = i < count ? words[i]! : i === count ? count << 26 : 0;
    if (i === count + 1) v2 ^= 0xff;
    v3 ^= block;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= block;
  }
  return v1 ^ v3;
}
