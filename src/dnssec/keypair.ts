/**
 * Pairs of keys: made, loaded, read from PEM and probed. OpenSSL loads them; `@noble` derives public keys, signs
 * deterministically (RFC 6979) and is the second implementation that must agree when a key is created or starts to sign
 * (DESIGN §3, Self-check). The only door to `@noble`.
 *
 * There is no randomness here: octets are handed in.
 */
import { createPrivateKey } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { assert } from '../base/assert.ts';
import { ALGORITHM } from '../wire/iana.ts';
import { exportPublicKey, getAlgorithm, type KeyObject, signOctets, verifyOctets } from './algorithm.ts';
import { importPrivateKey, KeyMismatchError } from './privatekey.ts';

/** A key as octets; the private ones are secret. */
export interface KeyPair {
  /** As in DNSKEY RDATA behind the algorithm. */
  readonly publicKey: Uint8Array;
  /** ECDSA: the scalar, big-endian, full length. Ed25519: the seed. */
  readonly privateOctets: Uint8Array;
}

const GENERATE_TRIES = 64;

/**
 * Generates a key from strong octets that `random` hands in. An ECDSA scalar out of range is refused and new octets
 * are asked for (never reduced, which would be biased).
 */
export function generateKey(algorithm: number, random: (count: number) => Uint8Array): KeyPair {
  const { privateKeyOctets } = getAlgorithm(algorithm);
  for (let tries = 0; tries < GENERATE_TRIES; tries++) {
    const privateOctets = Uint8Array.from(random(privateKeyOctets));
    assert(privateOctets.length === privateKeyOctets, 'random gives as many octets as asked for');
    const publicKey = derivePublicKey(algorithm, privateOctets);
    if (publicKey !== undefined) return { publicKey, privateOctets };
  }
  throw new Error('the source of random octets gives no usable private key');
}

/** Public key of private octets (by noble), or undefined if these are of wrong length or out of range. */
export function derivePublicKey(algorithm: number, privateOctets: Uint8Array): Uint8Array | undefined {
  const { number, privateKeyOctets } = getAlgorithm(algorithm);
  if (privateOctets.length !== privateKeyOctets) return undefined;
  if (number === ALGORITHM.ED25519) return ed25519.getPublicKey(privateOctets);
  const curve = curveOf(number);
  if (!curve.utils.isValidSecretKey(privateOctets)) return undefined;
  return curve.getPublicKey(privateOctets, false).slice(1);
}

function curveOf(number: number): typeof p256 {
  return number === ALGORITHM.ECDSAP256SHA256 ? p256 : p384;
}

/**
 * Loads a private key into OpenSSL, which derives the public key again; throws KeyMismatchError unless that is
 * `publicKey`. Costs about 0.4 ms (measured by `bench/sign`).
 */
export function loadPrivateKey(
  algorithm: number,
  privateOctets: Uint8Array,
  publicKey: Uint8Array,
): KeyObject {
  const { number, privateKeyOctets } = getAlgorithm(algorithm);
  if (privateOctets.length !== privateKeyOctets) throw new KeyMismatchError('private key of wrong length');
  if (number !== ALGORITHM.ED25519 && !curveOf(number).utils.isValidSecretKey(privateOctets)) {
    throw new KeyMismatchError('private key out of range');
  }
  return importPrivateKey(algorithm, privateOctets, publicKey);
}

/** A key of another program as octets, with the algorithm that fits it. */
export interface ForeignPair extends KeyPair {
  readonly algorithm: number;
}

/** Curves as JSON Web Keys name them (RFC 7518 §6.2.1.1, RFC 8037 §2), and the algorithms over them. */
const CURVE_ALGORITHMS: Readonly<Record<string, number>> = {
  'P-256': ALGORITHM.ECDSAP256SHA256,
  'P-384': ALGORITHM.ECDSAP384SHA384,
  Ed25519: ALGORITHM.ED25519,
};

/**
 * Reads a private key in PEM: PKCS #8 (RFC 5208, RFC 8410) or SEC 1 (RFC 5915). A string says why it is none of ours,
 * never with key octets in it.
 */
export function parsePem(text: string): ForeignPair | string {
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text))
    return 'it is encrypted; decrypt it with openssl pkey';
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    return 'it is no private key in PEM (PKCS #8 or SEC 1)';
  }
  const known = ['ec', 'ed25519'].includes(key.asymmetricKeyType ?? '');
  const { crv = '', d = '' } = known ? key.export({ format: 'jwk' }) : {};
  const algorithm = CURVE_ALGORITHMS[crv];
  if (algorithm === undefined) {
    return `its kind (${crv === '' ? key.asymmetricKeyType : crv}) is none that Keyturn signs with`;
  }
  const privateOctets = Uint8Array.from(Buffer.from(d, 'base64url'));
  const publicKey = derivePublicKey(algorithm, privateOctets);
  // Its public half may be left out of the file; where it is there, it must be that of the private one.
  if (publicKey === undefined || !equalOctets(exportPublicKey(key), publicKey))
    return 'its private half does not belong to its public half';
  return { algorithm, privateOctets, publicKey };
}

/** The key in PEM, PKCS #8 without encryption. Secret. */
export function formatPem(key: KeyObject): string {
  // By way of a JSON Web Key, both halves are in it: GnuTLS (Knot) reads none that lacks the public one.
  const whole = createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
  return whole.export({ format: 'pem', type: 'pkcs8' }).toString();
}

// ---- The second implementation ----

/** Signs with the nonce of RFC 6979 (by noble), so that equal input gives equal octets; 25 times slower. */
export function signDeterministic(
  algorithm: number,
  privateOctets: Uint8Array,
  octets: Uint8Array,
): Uint8Array {
  if (algorithm === ALGORITHM.ED25519) return ed25519.sign(octets, privateOctets);
  return curveOf(getAlgorithm(algorithm).number).sign(octets, privateOctets, { lowS: false });
}

/** Verifies a signature by noble. A malformed key or signature is a false one. */
export function verifyOctetsSecond(
  algorithm: number,
  publicKey: Uint8Array,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { number, publicKeyOctets, signatureOctets } = getAlgorithm(algorithm);
  if (signature.length !== signatureOctets || publicKey.length !== publicKeyOctets) return false;
  try {
    // RFC 8032 §5.1.7 as OpenSSL reads it, not the looser rules of ZIP 215.
    if (number === ALGORITHM.ED25519) return ed25519.verify(signature, octets, publicKey, { zip215: false });
    const point = new Uint8Array(publicKeyOctets + 1);
    point[0] = 4;
    point.set(publicKey, 1);
    return curveOf(number).verify(signature, octets, point, { lowS: false });
  } catch {
    return false; // noble throws on a point that is not on the curve.
  }
}

/** Which implementation does not accept what a probed key signed. */
export type ProbeFault = 'signing failed' | 'OpenSSL refuses the signature' | 'noble refuses the signature';

/**
 * Proves that a key can sign: signs a challenge (32 or more strong octets) and verifies it with the published key by
 * both implementations. Undefined when all is well.
 */
export function probeKey(
  algorithm: number,
  key: KeyObject,
  publicKey: Uint8Array,
  challenge: Uint8Array,
): ProbeFault | undefined {
  let signature: Uint8Array;
  try {
    signature = signOctets(algorithm, key, challenge);
  } catch {
    return 'signing failed';
  }
  if (!verifyOctets(algorithm, publicKey, challenge, signature)) return 'OpenSSL refuses the signature';
  if (!verifyOctetsSecond(algorithm, publicKey, challenge, signature)) return 'noble refuses the signature';
  return undefined;
}

function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
