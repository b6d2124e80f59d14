/** What is on disk of the keys of a zone that has a state: read and checked, nothing is changed. */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { keyFileBase, type PrivateKeyFile } from './keyfile.ts';
import { type KeyDirectory, KeystoreError, readPrivate } from './keypairs.ts';
import type { StoredState } from './state.ts';

/** Names in the directory of a zone; none if there is no such directory. */
export function namesIn(files: FileStore, path: string): string[] {
  try {
    return files.list(path);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Key files beside a state. */
export interface StoredPairs {
  /** Bases of key files that the state does not name. */
  readonly unnamed: readonly string[];
  /** Octets of private halves by id of their keys. Secret. */
  readonly privates: ReadonlyMap<string, Uint8Array>;
}

/**
 * Checks that every key of a state has its private half, unless it `mayLack` some, and is not a removed one. `bases` are
 * those of all key files. Throws KeystoreError.
 */
export function checkStored(
  directory: KeyDirectory,
  stored: StoredState,
  bases: readonly string[],
  mayLack: boolean,
): StoredPairs {
  const privates = new Map<string, Uint8Array>();
  const named = new Set<string>();
  const removed = new Set(stored.tombstones.map((tombstone) => tombstone.publicKeyHash));
  for (const key of stored.zoneState.keys) {
    const base = keyFileBase(directory.origin, key.algorithm, key.tag);
    named.add(base);
    if (removed.has(key.publicKeyHash)) {
      throw new KeystoreError('KEY_REMOVED', `${directory.path}/${base} was removed and cannot come back`);
    }
    const read = readPrivateIfThere(directory, `${base}.private`, mayLack);
    if (read === undefined) continue;
    if (read.algorithm !== key.algorithm) {
      throw new KeystoreError('KEY_MISMATCH', `${directory.path}/${base}.private is of another algorithm`);
    }
    privates.set(key.id, read.privateOctets);
  }
  return { unnamed: bases.filter((base) => !named.has(base)), privates };
}

function readPrivateIfThere(
  directory: KeyDirectory,
  file: string,
  mayLack: boolean,
): PrivateKeyFile | undefined {
  try {
    return readPrivate(directory, file);
  } catch (error) {
    if (mayLack && error instanceof KeystoreError && error.code === 'KEY_MISSING') return undefined;
    throw error;
  }
}
