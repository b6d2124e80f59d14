import { describe, expect, it } from 'vitest';
import { NO_ENTRY, SignatureCache } from '../../../src/signer/signaturecache.ts';

const SET_OCTETS = 4 * 320;
const WORDS = 30;

/** What is signed, and a signature for it; all have the hash 1 unless told otherwise. */
const signed = (value: number) => new Int32Array(WORDS).fill(value);
const signature = (value: number, octets = 64) => new Uint8Array(octets).fill(value);

function keep(cache: SignatureCache, value: number, hash = 1): void {
  cache.store(hash, signed(value), WORDS, signature(value));
}

function isKept(cache: SignatureCache, value: number, hash = 1): boolean {
  return cache.find(hash, signed(value), WORDS) !== NO_ENTRY;
}

describe('SignatureCache', () => {
  it('gives back what was kept, by all that is signed', () => {
    const cache = new SignatureCache(8 * SET_OCTETS);
    expect(isKept(cache, 5)).toBe(false);
    keep(cache, 5);
    keep(cache, 6);
    const out = new Uint8Array(70);
    cache.read(cache.find(1, signed(5), WORDS), out, 3, 64);
    expect([...out.subarray(0, 3), ...out.subarray(67)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(out.subarray(3, 67)).toEqual(signature(5));
    const other = signed(5);
    other[WORDS - 1] = 4;
    expect(cache.find(1, other, WORDS)).toBe(NO_ENTRY);
    expect(cache.find(1, signed(5), WORDS - 1)).toBe(NO_ENTRY);
    expect(isKept(cache, 5, 2)).toBe(false);
  });

  it('holds signatures of 96 octets beside as much that is signed as has room', () => {
    const cache = new SignatureCache(SET_OCTETS);
    const fits = new Int32Array(60).fill(3);
    cache.store(9, fits, 53, signature(7, 96));
    cache.store(9, fits, 54, signature(8, 96));
    const out = new Uint8Array(96);
    cache.read(cache.find(9, fits, 53), out, 0, 96);
    expect(out).toEqual(signature(7, 96));
    expect(cache.find(9, fits, 54)).toBe(NO_ENTRY);
  });

  it('lets go of what was used once, the oldest first, before what was asked for again', () => {
    const cache = new SignatureCache(SET_OCTETS);
    for (const value of [1, 2, 3, 4]) keep(cache, value);
    expect(isKept(cache, 1)).toBe(true);
    expect(isKept(cache, 3)).toBe(true);
    keep(cache, 5);
    expect([1, 3, 4, 5].map((value) => isKept(cache, value))).toEqual([true, true, true, true]);
    expect(isKept(cache, 2)).toBe(false);
  });

  it('lets a flood pass through without what is asked for again', () => {
    const cache = new SignatureCache(SET_OCTETS);
    for (const value of [1, 2]) keep(cache, value);
    expect([1, 2].map((value) => isKept(cache, value))).toEqual([true, true]);
    for (let value = 100; value < 10_000; value++) keep(cache, value);
    expect([1, 2].map((value) => isKept(cache, value))).toEqual([true, true]);
  });

  it('lets the oldest go when all were asked for again', () => {
    const cache = new SignatureCache(SET_OCTETS);
    for (const value of [1, 2, 3, 4]) keep(cache, value);
    for (const value of [2, 1, 3, 4]) expect(isKept(cache, value)).toBe(true);
    keep(cache, 5);
    expect(isKept(cache, 2)).toBe(false);
    keep(cache, 6);
    expect([3, 4, 6].map((value) => isKept(cache, value))).toEqual([true, true, true]);
  });

  it('keeps nothing without memory, and all sets apart with it', () => {
    const none = new SignatureCache(SET_OCTETS - 1);
    keep(none, 1);
    expect(isKept(none, 1)).toBe(false);
    const cache = new SignatureCache(1024 * SET_OCTETS);
    for (let value = 0; value < 1024; value++) keep(cache, value, -value);
    expect(Array.from({ length: 1024 }, (_, value) => isKept(cache, value, -value))).not.toContain(false);
  });
});
