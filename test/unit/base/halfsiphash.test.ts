import fc from 'fast-check';
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

const WORD = 2n ** 32n;

/** HalfSipHash-1-3 of octets from its definition, in integers without bounds. */
function slowHalfSipHash(key: Buffer, message: Buffer): number {
  const rotated = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (32n - bits))) % WORD;
  const [k0, k1] = [key.readUInt32LE(0), key.readUInt32LE(4)].map(BigInt) as [bigint, bigint];
  let [v0, v1, v2, v3] = [k0, k1, k0 ^ 0x6c796765n, k1 ^ 0x74656462n];
  const round = (): void => {
    v0 = (v0 + v1) % WORD;
    v1 = rotated(v1, 5n) ^ v0;
    v0 = rotated(v0, 16n);
    v2 = (v2 + v3) % WORD;
    v3 = rotated(v3, 8n) ^ v2;
    v0 = (v0 + v3) % WORD;
    v3 = rotated(v3, 7n) ^ v0;
    v2 = (v2 + v1) % WORD;
    v1 = rotated(v1, 13n) ^ v2;
    v2 = rotated(v2, 16n);
  };
  const padded = Buffer.concat([message, Buffer.from([0, 0, 0, message.length & 255])]);
  for (let at = 0; at < padded.length; at += 4) {
    const block = BigInt(padded.readUInt32LE(at));
    v3 ^= block;
    round();
    v0 ^= block;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number(v1 ^ v3);
}

it('is that of its definition in large integers, for any key and words, up to where the length turns over', () => {
  const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 0x7fff_ffff, -0x8000_0000));
  const lengths = fc.oneof(fc.nat(9), fc.integer({ min: 62, max: 66 }));
  const words = lengths.chain((length) => fc.array(word, { minLength: length, maxLength: length }));
  fc.assert(
    fc.property(word, word, words, fc.array(word, { maxLength: 2 }), (key0, key1, message, behind) => {
      const octets = (list: readonly number[]) => Buffer.from(Int32Array.from(list).buffer);
      const hash = halfSipHash(key0, key1, Int32Array.from([...message, ...behind]), message.length);
      expect(hash >>> 0).toBe(slowHalfSipHash(octets([key0, key1]), octets(message)));
      expect(hash).toBe(hash | 0);
    }),
    { numRuns: 2_000 },
  );
});
