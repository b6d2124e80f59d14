/** Private halves on their way from the disk to who signs. */
import { type LentKey, lendPrivateKey } from '../dnssec/privatekey.ts';
import type { Key } from '../kasp/key.ts';
import { pairProof } from './keptsignatures.ts';
import { keyFileBase } from './keyfile.ts';
import { type KeyDirectory, loadPair } from './keypairs.ts';

/**
 * Lends the private half of a key, which belongs to its public half: it is loaded to see that (0.1 ms), unless an earlier
 * process has, of which there are `proofs`. Throws KeystoreError.
 */
export function lendPair(
  directory: KeyDirectory,
  { algorithm, tag, publicKey }: Key,
  privateOctets: Uint8Array,
  proofs: ReadonlySet<string> | undefined,
): LentKey {
  const isProven = proofs?.has(pairProof(algorithm, privateOctets, publicKey)) ?? false;
  const pair = { base: keyFileBase(directory.origin, algorithm, tag), algorithm, privateOctets, publicKey };
  const loaded = isProven ? undefined : loadPair(directory, pair);
  return lendPrivateKey(algorithm, privateOctets, publicKey, loaded);
}
