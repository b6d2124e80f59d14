/** Private halves on their way from the disk to who signs. */
import type { KeyObject } from '../dnssec/algorithm.ts';
import type { Key } from '../kasp/key.ts';
import { pairProof } from './keptsignatures.ts';
import { keyFileBase } from './keyfile.ts';
import { type KeyDirectory, loadPair } from './keypairs.ts';

/**
 * Sees that the private half of a key belongs to its public half. An earlier process has, if that is among the `proofs`;
 * else it is loaded (0.1 ms) and returned. Throws KeystoreError.
 */
export function provePair(
  directory: KeyDirectory,
  { algorithm, tag, publicKey }: Key,
  privateOctets: Uint8Array,
  proofs: ReadonlySet<string> | undefined,
): KeyObject | undefined {
  if (proofs?.has(pairProof(algorithm, privateOctets, publicKey)) === true) return undefined;
  const base = keyFileBase(directory.origin, algorithm, tag);
  return loadPair(directory, { base, algorithm, privateOctets, publicKey });
}
