import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHA1_WORDS, sha1 } from '../../../src/base/sha1.ts';

function digest(octets: Uint8Array, start = 0, end = octets.length): string {
  const words = new Uint32Array(SHA1_WORDS + 2).fill(0xffff_ffff);
  sha1(octets, start, end, words, 1);
  expect([words[0], words.at(-1)]).toEqual([0xffff_ffff, 0xffff_ffff]);
  return Array.from(words.subarray(1, 6), (word) => word.toString(16).padStart(8, '0')).join('');
}

describe('SHA-1', () => {
  it.each([
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ])('is that of FIPS 180 for "%s"', (text, expected) => {
    expect(digest(new TextEncoder().encode(text))).toBe(expected);
  });

  it('agrees with OpenSSL for every length up to five blocks', () => {
    const octets = Uint8Array.from({ length: 321 }, (_, i) => (i * 197) & 0xff);
    for (let end = 0; end <= octets.length; end++) {
      expect(digest(octets, 0, end), `${end} octets`).toBe(
        createHash('sha1').update(octets.subarray(0, end)).digest('hex'),
      );
    }
  });

  it('agrees with OpenSSL for any octets anywhere in a buffer', () => {
    const parts = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(60), fc.nat(60));
    fc.assert(
      fc.property(parts, ([octets, before, behind]) => {
        const start = Math.min(before, octets.length);
        const end = Math.max(start, octets.length - behind);
        const expected = createHash('sha1').update(octets.subarray(start, end)).digest('hex');
        expect(digest(octets, start, end)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
