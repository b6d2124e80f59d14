/** Private keys that are lent: what opens them, and what does not. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ALGORITHMS, signOctets, verifyOctets } from '../../../src/dnssec/algorithm.ts';
import { generateKey } from '../../../src/dnssec/keypair.ts';
import {
  KeyMismatchError,
  lendPrivateKey,
  openPrivateKey,
  privateOctetsOf,
  publicKeyOf,
  wipePrivateKey,
} from '../../../src/dnssec/privatekey.ts';

const random = (count: number) => new Uint8Array(randomBytes(count));
const MESSAGE = new Uint8Array(100).fill(3);

describe('a key that is lent', () => {
  it.each(ALGORITHMS.map((algorithm) => [algorithm.mnemonic, algorithm.number]))(
    'signs with %s',
    (_, algorithm) => {
      const { publicKey, privateOctets } = generateKey(algorithm, random);
      const lent = { algorithm, publicKey, privateKey: lendPrivateKey(algorithm, privateOctets, publicKey) };
      for (const key of [lent, structuredClone(lent)]) {
        const signature = signOctets(algorithm, openPrivateKey(key), MESSAGE);
        expect(verifyOctets(algorithm, publicKey, MESSAGE, signature)).toBe(true);
      }
      expect(privateOctetsOf(algorithm, lent.privateKey)).toEqual(privateOctets);
      expect(publicKeyOf(algorithm, lent.privateKey)).toEqual(publicKey);
    },
  );

  it('does not open for another public key, nor when it was wiped out', () => {
    const [one, other] = [generateKey(13, random), generateKey(13, random)];
    const privateKey = lendPrivateKey(13, one.privateOctets, one.publicKey);
    const key = { algorithm: 13, publicKey: other.publicKey, privateKey };
    expect(() => openPrivateKey(key)).toThrow(KeyMismatchError);
    wipePrivateKey(privateKey);
    expect(privateOctetsOf(13, privateKey)).toEqual(new Uint8Array(32));
    expect(publicKeyOf(13, privateKey)).toEqual(one.publicKey);
    expect(() => openPrivateKey({ ...key, publicKey: one.publicKey })).toThrow();
  });

  it('has a place of its own, however many there are', () => {
    const pairs = Array.from({ length: 600 }, (_, i) => {
      const { number, privateKeyOctets, publicKeyOctets } = ALGORITHMS[i % ALGORITHMS.length]!;
      const [half, other] = [new Uint8Array(privateKeyOctets), new Uint8Array(publicKeyOctets)];
      return { number, half: half.fill(i % 251), other: other.fill((i + 1) % 251) };
    });
    const lent = pairs.map(({ number, half, other }) => lendPrivateKey(number, half, other));
    for (const [i, { number, half, other }] of pairs.entries()) {
      expect(privateOctetsOf(number, lent[i]!)).toEqual(half);
      expect(publicKeyOf(number, lent[i]!)).toEqual(other);
    }
  });

  it('opens again when others have taken its place among those that are open', () => {
    const { publicKey, privateOctets } = generateKey(15, random);
    const lent = { algorithm: 15, publicKey, privateKey: lendPrivateKey(15, privateOctets, publicKey) };
    const first = openPrivateKey(lent);
    expect(openPrivateKey(lent)).toBe(first);
    for (let i = 0; i < 5_000; i++) {
      const half = new Uint8Array(32);
      new DataView(half.buffer).setUint32(0, i);
      lendPrivateKey(15, privateOctets, half, first);
    }
    const again = openPrivateKey(lent);
    expect(again).not.toBe(first);
    expect(again.equals(first)).toBe(true);
  });
});
