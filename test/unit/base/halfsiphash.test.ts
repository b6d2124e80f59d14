import { expect, it } from 'vitest';
import { halfSipHash } from '../../../src/base/halfsiphash.ts';

/**
 * Linux, lib/tests/siphash_kunit.c, `test_vectors_hsiphash` of 32-bit machines: the key is 00 01 … 07, vector n the hash
 * of n octets 00 01 …; here those of whole words.
 */
const VECTORS: readonly (readonly [octets: number, hash: number])[] = [
  [0, 0x5814c896],
  [4, 0x7e059ea6],
  [8, 0x577999b1],
  [12, 0x6b28096c],
  [16, 0x8b31d501],
  [20, 0x911bb605],
  [24, 0x57150ad7],
  [28, 0x0a4100d0],
  [32, 0xbc6dda8d],
];

it('hashes as the Linux kernel does', () => {
  const octets = Uint8Array.from({ length: 32 }, (_, i) => i);
  const words = new Int32Array(octets.buffer);
  for (const [count, hash] of VECTORS) {
    expect(halfSipHash(0x03020100, 0x07060504, words, count / 4) >>> 0, `${count} octets`).toBe(hash);
  }
});
