/**
 * Signature algorithms and digests by OpenSSL, the only door to `node:crypto` of what answers queries. It signs and
 * verifies with keys that are loaded; pairs of keys, and what `@noble` says of them, are in `dnssec/keypair`, which threads
 * that answer do without.
 *
 * Octets are those of DNSSEC: ECDSA public keys are X ‖ Y without the 0x04, signatures r ‖ s padded on the left
 * (RFC 6605 §4); Ed25519 is as RFC 8080 §3 has it. There is no randomness here but OpenSSL's own nonces.
 */
import {
  createHash,
  createPublicKey,
  hash,
  type KeyObject,
  sign as opensslSign,
  verify as opensslVerify,
} from 'node:crypto';
import { assert } from '../base/assert.ts';
import { ALGORITHM } from '../wire/iana.ts';

/** A key as OpenSSL holds it. May be posted to worker threads. */
export type { KeyObject };

/** What is fixed for one algorithm number. */
export interface Algorithm {
  readonly number: number;
  readonly mnemonic: string;
  /** Digest that OpenSSL applies before signing; null where the algorithm takes the message itself. */
  readonly hash: 'sha256' | 'sha384' | null;
  readonly publicKeyOctets: number;
  readonly privateKeyOctets: number;
  readonly signatureOctets: number;
}

/** The algorithms that Keyturn signs with, the default first (RFC 8624 §3.1). */
export const ALGORITHMS: readonly Algorithm[] = [
  {
    number: ALGORITHM.ECDSAP256SHA256,
    mnemonic: 'ECDSAP256SHA256',
    hash: 'sha256',
    publicKeyOctets: 64,
    privateKeyOctets: 32,
    signatureOctets: 64,
  },
  {
    number: ALGORITHM.ECDSAP384SHA384,
    mnemonic: 'ECDSAP384SHA384',
    hash: 'sha384',
    publicKeyOctets: 96,
    privateKeyOctets: 48,
    signatureOctets: 96,
  },
  {
    number: ALGORITHM.ED25519,
    mnemonic: 'ED25519',
    hash: null,
    publicKeyOctets: 32,
    privateKeyOctets: 32,
    signatureOctets: 64,
  },
];

/** The longest signature of any algorithm here. */
export const MAX_SIGNATURE_OCTETS = 96;

/** The algorithm with this number, or undefined if Keyturn does not sign with it. */
export function findAlgorithm(number: number): Algorithm | undefined {
  return ALGORITHMS.find((algorithm) => algorithm.number === number);
}

/** The algorithm with this number or mnemonic (any case), or undefined. */
export function parseAlgorithm(text: string): Algorithm | undefined {
  const upper = text.toUpperCase();
  return ALGORITHMS.find(({ number, mnemonic }) => mnemonic === upper || String(number) === upper);
}

/** As `findAlgorithm`, of a number that stands for one. */
export function getAlgorithm(number: number): Algorithm {
  const algorithm = findAlgorithm(number);
  assert(algorithm !== undefined, `algorithm ${number} is one that Keyturn signs with`);
  return algorithm;
}

// ---- Keys ----

/** The DNSKEY form of the public half of a key. */
export function exportPublicKey(key: KeyObject): Uint8Array {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const { x = '', y = '' } = half.export({ format: 'jwk' });
  return Uint8Array.from(Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]));
}

/** The public keys that were loaded last: a zone is verified by one or two, several times in a row. */
const LAST_KEYS = 4;
const lastKeys: { readonly algorithm: number; readonly octets: Uint8Array; readonly key: KeyObject }[] = [];

/**
 * Loads a public key in DNSKEY form; undefined if it is none (wrong length, point not on the curve). Costs as much as a
 * verification, so the last few are kept.
 */
export function loadPublicKey(algorithm: number, publicKey: Uint8Array): KeyObject | undefined {
  const known = lastKeys.find(
    (one) => one.algorithm === algorithm && Buffer.compare(one.octets, publicKey) === 0,
  );
  if (known !== undefined) return known.key;
  const key = makePublicKey(algorithm, publicKey);
  if (key === undefined) return undefined;
  if (lastKeys.length === LAST_KEYS) lastKeys.shift();
  // A copy: whose octets are handed in may change.
  lastKeys.push({ algorithm, octets: publicKey.slice(), key });
  return key;
}

function makePublicKey(algorithm: number, publicKey: Uint8Array): KeyObject | undefined {
  const { number, publicKeyOctets } = getAlgorithm(algorithm);
  if (publicKey.length !== publicKeyOctets) return undefined;
  const text = (from: number, to: number) => Buffer.from(publicKey.subarray(from, to)).toString('base64url');
  const half = publicKeyOctets / 2;
  const jwk =
    number === ALGORITHM.ED25519
      ? { kty: 'OKP', crv: 'Ed25519', x: text(0, publicKeyOctets) }
      : {
          kty: 'EC',
          crv: number === ALGORITHM.ECDSAP256SHA256 ? 'P-256' : 'P-384',
          x: text(0, half),
          y: text(half, publicKeyOctets),
        };
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined; // OpenSSL says that the octets are not a point of the curve.
  }
}

// ---- Signatures ----

const HASH_OF: (string | null)[] = [];
for (const { number, hash } of ALGORITHMS) HASH_OF[number] = hash;

/** Signs octets (by OpenSSL). All forms of node:crypto cost the same: about 26 µs for P-256. */
export function signOctets(algorithm: number, key: KeyObject, octets: Uint8Array): Uint8Array {
  return opensslSign(HASH_OF[algorithm]!, octets, { key, dsaEncoding: 'ieee-p1363' });
}

/** Verifies a signature by OpenSSL. A malformed key or signature is a false one. */
export function verifyOctets(
  algorithm: number,
  publicKey: Uint8Array,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = loadPublicKey(algorithm, publicKey);
  return key !== undefined && verifyWithKey(algorithm, key, octets, signature);
}

/** As `verifyOctets`, with a key that is loaded already. */
export function verifyWithKey(
  algorithm: number,
  key: KeyObject,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { hash, signatureOctets } = getAlgorithm(algorithm);
  if (signature.length !== signatureOctets) return false;
  return opensslVerify(hash, octets, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

// ---- Digests ----

/** SHA-1 of the concatenation of `parts`: for NSEC3 of others (RFC 5155 §5), never for signatures. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha1', parts);
}

/** SHA-256 of the concatenation of `parts`. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', parts);
}

/** SHA-256 in hexadecimal digits, for half of what `sha256` costs. */
export function sha256Hex(octets: Uint8Array): string {
  return hash('sha256', octets, 'hex');
}

/** SHA-384 of the concatenation of `parts`. */
export function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha384', parts);
}

function digest(name: string, parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(name);
  for (const part of parts) state.update(part);
  return Uint8Array.from(state.digest());
}
