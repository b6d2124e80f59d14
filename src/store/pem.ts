/** Private keys in PEM files: PKCS #8 and SEC 1. They say nothing of flags, roles or times. */
import { type ForeignPair, parsePem } from '../dnssec/keypair.ts';
import { type ForeignKey, NO_PLAN } from './import-key.ts';
import { KeystoreError } from './keypairs.ts';

/** A key of a PEM file. */
export interface PemKey extends ForeignPair {
  readonly source: string;
}

/** Parses the text of a PEM file. Throws KeystoreError. */
export function readPemKey(source: string, text: string): PemKey {
  const pair = parsePem(text);
  if (typeof pair !== 'string') return { ...pair, source };
  throw new KeystoreError('KEY_MALFORMED', `${source}: ${pair}`);
}

/** The key without all that its file does not tell. */
export function foreignOfPem(pem: PemKey): ForeignKey {
  return {
    ...pem,
    ...{ flags: null, roles: null, createdAt: null, ttl: null, timing: null },
    plan: NO_PLAN,
  };
}
