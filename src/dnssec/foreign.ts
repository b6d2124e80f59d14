/**
 * Signatures and hashes of others: what a validator must be able to check though Keyturn does not make it (RFC 9904 §2).
 * Beside the three algorithms of `algorithm.ts` these are RSA/SHA-2 and Ed448, and NSEC3 with any salt. Those that are
 * left out, SHA-1 (RFC 9905) among them, make a zone insecure for us, never bogus (RFC 4035 §5.2).
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { encodeBase32Hex } from '../base/encoding.ts';
import { lowerName, type Name } from '../wire/name.ts';
import { findAlgorithm, sha1, verifyOctets } from './algorithm.ts';

interface ForeignAlgorithm {
  readonly hash: 'sha256' | 'sha512' | null;
  readonly load: (publicKey: Uint8Array) => KeyObject | undefined;
}

const RSASHA256 = 8;
const RSASHA512 = 10;
const ED448 = 16;
const ED448_PUBLIC_OCTETS = 57;
/** Larger keys cost a validator more than any zone is worth. */
const MAX_RSA_OCTETS = 512;
const MAX_EXPONENT_OCTETS = 8;

const FOREIGN: Readonly<Record<number, ForeignAlgorithm>> = {
  [RSASHA256]: { hash: 'sha256', load: loadRsa },
  [RSASHA512]: { hash: 'sha512', load: loadRsa },
  [ED448]: { hash: null, load: loadEd448 },
};

/** True if signatures of this algorithm can be verified. */
export function isVerifiable(algorithm: number): boolean {
  return findAlgorithm(algorithm) !== undefined || FOREIGN[algorithm] !== undefined;
}

/** Verifies a signature of any verifiable algorithm. A malformed key or signature is a false one. */
export function verifyForeign(
  algorithm: number,
  publicKey: Uint8Array,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  const foreign = FOREIGN[algorithm];
  if (foreign === undefined) {
    return findAlgorithm(algorithm) !== undefined && verifyOctets(algorithm, publicKey, octets, signature);
  }
  const key = foreign.load(publicKey);
  return key !== undefined && verify(foreign.hash, octets, key, signature);
}

/** RFC 3110 §2: the length of the exponent in one octet, or in two behind a zero; exponent; modulus. */
function loadRsa(publicKey: Uint8Array): KeyObject | undefined {
  const isLong = publicKey[0] === 0;
  const exponentAt = isLong ? 3 : 1;
  const exponentOctets = isLong ? (publicKey[1]! << 8) | publicKey[2]! : (publicKey[0] ?? 0);
  const modulusAt = exponentAt + exponentOctets;
  const modulusOctets = publicKey.length - modulusAt;
  if (exponentOctets === 0 || exponentOctets > MAX_EXPONENT_OCTETS) return undefined;
  if (modulusOctets < 1 || modulusOctets > MAX_RSA_OCTETS) return undefined;
  const text = (from: number, to: number) => Buffer.from(publicKey.subarray(from, to)).toString('base64url');
  return load({ kty: 'RSA', e: text(exponentAt, modulusAt), n: text(modulusAt, publicKey.length) });
}

function loadEd448(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== ED448_PUBLIC_OCTETS) return undefined;
  return load({ kty: 'OKP', crv: 'Ed448', x: Buffer.from(publicKey).toString('base64url') });
}

function load(key: { kty: string } & Record<string, string>): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined; // OpenSSL says that the octets are no key.
  }
}

// ---- Hashes ----

/** The hashed owner label of a name in lower-case Base32hex (RFC 5155 §5), by parameters of others. */
export function nsec3Hash(name: Name, salt: Uint8Array, iterations: number): string {
  let digest = sha1(lowerName(name), salt);
  for (let i = 0; i < iterations; i++) digest = sha1(digest, salt);
  return encodeBase32Hex(digest).toLowerCase();
}
