/**
 * Destroying keys that have gone (reliability.md I4, I5): a tombstone stays in the state, the files are removed, the
 * private half first. Files are known by the public key in them and not by their name: what an operator put there
 * under a tag that was used before is left alone.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata, publicKeyHash, revokedKeyTag } from '../dnssec/dnskey.ts';
import type { Key } from '../kasp/key.ts';
import { keyFileBase } from './keyfile.ts';
import { type KeyDirectory, KeystoreError, readPublic } from './keypairs.ts';
import { STATE_FILE, type Tombstone } from './state.ts';

/** What is kept of a key for good. */
export function tombstoneOf(key: Key, now: UnixSeconds): Tombstone {
  const { id, tag, algorithm, flags, publicKey, publicKeyHash: hash } = key;
  const revokedTag = revokedKeyTag(dnskeyRdata(flags, algorithm, publicKey));
  return { id, tag, revokedTag, algorithm, publicKeyHash: hash, removedAt: now };
}

/** Removes the files of a purged key, durably. Throws FileStoreError. */
export async function removePair(
  { files, path, origin }: KeyDirectory,
  { algorithm, tag }: Tombstone,
): Promise<void> {
  const base = `${path}/${keyFileBase(origin, algorithm, tag)}`;
  // The public half is what the next start knows the private one by, so it goes last.
  await files.removeDurable(`${base}.private`);
  await files.removeDurable(`${base}.key`);
}

/** Removes what a crash left of purged keys among files that the state does not name; returns notes of the rest. */
export async function finishPurges(
  directory: KeyDirectory,
  tombstones: readonly Tombstone[],
  unnamed: readonly string[],
): Promise<string[]> {
  const byBase = new Map(
    tombstones.map((dead) => [keyFileBase(directory.origin, dead.algorithm, dead.tag), dead]),
  );
  const notes: string[] = [];
  for (const base of unnamed) {
    const dead = byBase.get(base);
    if (dead !== undefined && isOf(directory, base, dead)) await removePair(directory, dead);
    else notes.push(`${directory.path}/${base} is not in ${STATE_FILE} and is not used`);
  }
  return notes;
}

function isOf(directory: KeyDirectory, base: string, dead: Tombstone): boolean {
  try {
    const { algorithm, publicKey } = readPublic(directory, `${base}.key`);
    return publicKeyHash(algorithm, publicKey) === dead.publicKeyHash;
  } catch (error) {
    if (error instanceof KeystoreError) return false;
    throw error;
  }
}
