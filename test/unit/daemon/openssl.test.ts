/** ECDSA by OpenSSL itself, beside `node:crypto`, which is its slow twin and its judge. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openQuickSigner, readSignature } from '../../../src/daemon/openssl.ts';
import { getAlgorithm } from '../../../src/dnssec/algorithm.ts';

const CURVES = [
  [13, 'P-256'],
  [14, 'P-384'],
] as const;
const MANY = 100;

function isGood(algorithm: number, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const half = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' } as const;
  return verify(getAlgorithm(algorithm).hash, message, half, signature);
}

function newKey(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

describe('OpenSSL', () => {
  it.each(CURVES)(
    'of algorithm %i signs as node:crypto verifies, once a key signs often',
    (algorithm, curve) => {
      const signer = openQuickSigner()!;
      const key = newKey(curve);
      let first = 0;
      for (let i = 1; i <= MANY; i++) {
        const message = randomBytes(1 + ((i * 631) % 65_536));
        signer.message.set(message);
        const signature = signer.sign(algorithm, key, message.length);
        if (signature === null) continue;
        first ||= i;
        expect(isGood(algorithm, key, message, signature)).toBe(true);
        expect(isGood(algorithm, key, Buffer.concat([message, message]), signature)).toBe(false);
      }
      expect(first).toBeGreaterThan(1);
      expect(first).toBeLessThan(MANY);
    },
  );

  it('never signs with another key, however many come and go', () => {
    const signer = openQuickSigner(2)!;
    const keys = Array.from({ length: 3 }, () => newKey('P-256'));
    const message = randomBytes(150);
    let signatures = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 80 }))), (turns) => {
        for (const [which, times] of turns) {
          for (let i = 0; i < times; i++) {
            signer.message.set(message);
            const signature = signer.sign(13, keys[which]!, message.length);
            if (signature === null || i % 20 !== 0) continue;
            signatures++;
            expect(isGood(13, keys[which]!, message, signature)).toBe(true);
          }
        }
      }),
      { numRuns: 20 },
    );
    expect(signatures).toBeGreaterThan(10);
  });

  it('leaves Ed25519, and what is no key of the algorithm, to node:crypto', () => {
    const signer = openQuickSigner()!;
    const ed25519 = generateKeyPairSync('ed25519').privateKey;
    for (let i = 0; i < MANY; i++) expect(signer.sign(15, ed25519, 10)).toBeNull();
  });
});

describe('readSignature', () => {
  /** An INTEGER as DER has it: no leading zeros but one that says that the number is positive. */
  const integer = (octets: Uint8Array): number[] => {
    const from = octets.findIndex((octet) => octet !== 0);
    const rest = from < 0 ? [0] : [...octets.subarray(from)];
    const content = rest[0]! >= 0x80 ? [0, ...rest] : rest;
    return [2, content.length, ...content];
  };
  /** Numbers, small ones too. */
  const number = (octets: number) =>
    fc
      .tuple(fc.uint8Array({ minLength: octets, maxLength: octets }), fc.nat({ max: octets }))
      .map(([value, zeros]) => value.fill(0, 0, zeros % 4 === 0 ? zeros : zeros % 3));

  it.each([32, 48])('reads two numbers of %i octets', (half) => {
    fc.assert(
      fc.property(number(half), number(half), fc.nat({ max: 9 }), (r, s, from) => {
        const body = [...integer(r), ...integer(s)];
        const octets = Uint8Array.from([...new Array(from).fill(7), 0x30, body.length, ...body, 9, 9]);
        const out = new Uint8Array(half * 2);
        expect(readSignature(octets, from, out)).toBe(true);
        expect(out).toEqual(Uint8Array.from([...r, ...s]));
      }),
    );
  });

  it('refuses what is no signature', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (octets) => {
        const out = new Uint8Array(64);
        const isOne = readSignature(octets, 0, out);
        if (octets[0] !== 0x30 || octets[2] !== 2) expect(isOne).toBe(false);
      }),
    );
    const tooLong = Uint8Array.from([0x30, 70, 2, 33, 1, ...new Array(32).fill(1), 2, 1, 1]);
    expect(readSignature(tooLong, 0, new Uint8Array(64))).toBe(false);
  });
});
