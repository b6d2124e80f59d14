import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  ALGORITHMS,
  findAlgorithm,
  parseAlgorithm,
  sha256,
  sha384,
  signOctets,
  verifyOctets,
} from '../../../src/dnssec/algorithm.ts';
import {
  derivePublicKey,
  generateKey,
  loadPrivateKey,
  probeKey,
  signDeterministic,
  verifyOctetsSecond,
} from '../../../src/dnssec/keypair.ts';
import { KeyMismatchError } from '../../../src/dnssec/privatekey.ts';
import { SIGNATURE_VECTORS } from '../../vectors/dnssec.ts';

const random = (count: number) => new Uint8Array(randomBytes(count));
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

/** Order n of P-256 (FIPS 186-4, D.1.2.3). */
const P256_ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

describe('keys', () => {
  for (const vector of SIGNATURE_VECTORS) {
    it(`derives the public key of ${vector.source} by noble and by OpenSSL`, () => {
      const [privateOctets, publicKey] = [base64(vector.privateKey), base64(vector.publicKey)];
      expect(hex(derivePublicKey(vector.algorithm, privateOctets)!)).toBe(hex(publicKey));
      expect(loadPrivateKey(vector.algorithm, privateOctets, publicKey).type).toBe('private');
    });
  }

  for (const { number, mnemonic, publicKeyOctets } of ALGORITHMS) {
    it(`generates ${mnemonic} keys that pass the probe`, () => {
      const { publicKey, privateOctets } = generateKey(number, random);
      expect(publicKey.length).toBe(publicKeyOctets);
      const key = loadPrivateKey(number, privateOctets, publicKey);
      expect(probeKey(number, key, publicKey, random(32))).toBeUndefined();
      const other = generateKey(number, random);
      expect(probeKey(number, key, other.publicKey, random(32))).toBe('OpenSSL refuses the signature');
      expect(() => loadPrivateKey(number, other.privateOctets, publicKey)).toThrow(KeyMismatchError);
      expect(() => loadPrivateKey(number, privateOctets.subarray(1), publicKey)).toThrow(KeyMismatchError);
    });
  }

  it('verifies by the key that is handed in, however many there are, and whatever its octets held before', () => {
    const message = random(100);
    const pairs = Array.from({ length: 7 }, (_, i) => {
      const { number } = ALGORITHMS[i % ALGORITHMS.length]!;
      const { publicKey, privateOctets } = generateKey(number, random);
      const signature = signOctets(number, loadPrivateKey(number, privateOctets, publicKey), message);
      return { number, publicKey, signature };
    });
    const borrowed = new Uint8Array(64);
    for (let round = 0; round < 3; round++) {
      for (const { number, publicKey, signature } of pairs) {
        expect(verifyOctets(number, publicKey, message, signature)).toBe(true);
        if (number !== pairs[0]!.number) continue;
        borrowed.set(publicKey);
        expect(verifyOctets(number, borrowed, message, signature)).toBe(true);
        borrowed.set(pairs[0]!.publicKey);
        expect(verifyOctets(number, borrowed, message, signature)).toBe(publicKey === pairs[0]!.publicKey);
      }
    }
  });

  it('refuses scalars out of range and asks for others, without reducing them', () => {
    const bad = [
      new Uint8Array(32),
      new Uint8Array(Buffer.from(P256_ORDER, 'hex')),
      new Uint8Array(32).fill(255),
    ];
    for (const octets of bad) {
      expect(derivePublicKey(13, octets)).toBeUndefined();
      expect(() => loadPrivateKey(13, octets, new Uint8Array(64))).toThrow('out of range');
    }
    const good = new Uint8Array(32).fill(7);
    const given = [...bad, good];
    expect(generateKey(13, () => given.shift()!).privateOctets).toEqual(good);
    expect(() => generateKey(13, () => new Uint8Array(32))).toThrow('no usable private key');
  });

  it('finds algorithms by number and mnemonic', () => {
    expect(findAlgorithm(8)).toBeUndefined();
    expect(parseAlgorithm('ecdsap256sha256')?.number).toBe(13);
    expect(parseAlgorithm('15')?.mnemonic).toBe('ED25519');
    expect(parseAlgorithm('RSASHA256')).toBeUndefined();
  });
});

describe('signatures', () => {
  for (const { number, mnemonic, signatureOctets } of ALGORITHMS) {
    it(`${mnemonic}: both implementations accept both, and refuse changes`, () => {
      const { publicKey, privateOctets } = generateKey(number, random);
      const key = loadPrivateKey(number, privateOctets, publicKey);
      const octets = random(150);
      for (const signature of [
        signOctets(number, key, octets),
        signDeterministic(number, privateOctets, octets),
      ]) {
        expect(signature.length).toBe(signatureOctets);
        const changed = Uint8Array.from(signature, (octet, i) => (i === 9 ? octet ^ 1 : octet));
        for (const verify of [verifyOctets, verifyOctetsSecond]) {
          expect(verify(number, publicKey, octets, signature)).toBe(true);
          expect(verify(number, publicKey, octets.subarray(1), signature)).toBe(false);
          expect(verify(number, publicKey, octets, changed)).toBe(false);
          expect(verify(number, publicKey, octets, signature.subarray(1))).toBe(false);
          expect(verify(number, new Uint8Array(publicKey.length).fill(5), octets, signature)).toBe(false);
          expect(verify(number, publicKey.subarray(1), octets, signature)).toBe(false);
        }
      }
      expect(signDeterministic(number, privateOctets, octets)).toEqual(
        signDeterministic(number, privateOctets, octets),
      );
    });
  }

  it('is deterministic as RFC 6979 A.2.5 has it for "sample", with an s that is not made low', () => {
    const secret = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721';
    const privateOctets = new Uint8Array(Buffer.from(secret, 'hex'));
    expect(hex(signDeterministic(13, privateOctets, Buffer.from('sample')))).toBe(
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
        'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    );
  });

  it('keeps leading zeros of r and s', () => {
    const { publicKey, privateOctets } = generateKey(13, random);
    const key = loadPrivateKey(13, privateOctets, publicKey);
    let zeroR = 0;
    let zeroS = 0;
    for (let i = 0; i < 20_000 && (zeroR === 0 || zeroS === 0); i++) {
      const octets = Uint8Array.of(i >>> 8, i & 255);
      const signature = signOctets(13, key, octets);
      expect(signature.length).toBe(64);
      if (signature[0] !== 0 && signature[32] !== 0) continue;
      if (signature[0] === 0) zeroR++;
      if (signature[32] === 0) zeroS++;
      expect(verifyOctets(13, publicKey, octets, signature)).toBe(true);
      expect(verifyOctetsSecond(13, publicKey, octets, signature)).toBe(true);
    }
    expect(zeroR).toBeGreaterThan(0);
    expect(zeroS).toBeGreaterThan(0);
  });

  it('signs in a worker thread with a key that was posted to it', async () => {
    const { publicKey, privateOctets } = generateKey(13, random);
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const { sign } = require('node:crypto');
       parentPort.once('message', ({ key, octets }) =>
         parentPort.postMessage(sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' })));`,
      { eval: true },
    );
    const octets = random(40);
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    worker.postMessage({ key: loadPrivateKey(13, privateOctets, publicKey), octets });
    expect(verifyOctets(13, publicKey, octets, new Uint8Array(await answer))).toBe(true);
    await worker.terminate();
  });
});

describe('digests', () => {
  it('are those of FIPS 180-4 for "abc", in parts or whole', () => {
    const [a, bc] = [Buffer.from('a'), Buffer.from('bc')];
    expect(hex(sha256(a, bc))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hex(sha384(Buffer.from('abc')))).toBe(
      'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    );
  });
});
