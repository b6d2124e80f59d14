/**
 * Opening the keys of one zone: `openZoneKeys` loads what is on disk, adopts key files that came without a state, or
 * makes the keys of a new zone. A key that cannot be read is an error and never a reason to make another.
 */
import { type FileStore, FileStoreError, type Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import { newZoneState } from '../kasp/zonestate.ts';
import type { Name } from '../wire/name.ts';
import { adoptKeys } from './adopt.ts';
import { createKeys, newKeys } from './create.ts';
import { isTemporary } from './files.ts';
import { KEPT_FILE, loadKept } from './keptsignatures.ts';
import { keyFileBase, type PrivateKeyFile } from './keyfile.ts';
import {
  finishStaged,
  type KeyDirectory,
  KeystoreError,
  listBases,
  readPrivate,
  setAside,
  stagedFiles,
} from './keypairs.ts';
import { ZoneKeys, zoneKeysPath } from './keystore.ts';
import { finishPurges } from './purge.ts';
import { loadState, type StoredState } from './state.ts';
import { ZoneDirectory } from './zonedirectory.ts';

export interface KeyStoreOptions {
  readonly files: FileStore;
  readonly random: Random;
  /** Directory of all zones' keys. */
  readonly keysDirectory: string;
  readonly origin: Name;
  /** What keys a new zone gets. */
  readonly policy: Pick<Policy, 'scheme' | 'algorithm'>;
  readonly now: UnixSeconds;
  /** Open also if a private half is missing: the caller asks for `missing`, and decides what may be done without it. */
  readonly mayLack?: boolean;
}

/**
 * Opens the keys of a zone. Throws KeystoreError, StateError or FileStoreError; then the zone has no keys, and none
 * was made in place of those that it should have.
 */
export async function openZoneKeys(options: KeyStoreOptions): Promise<ZoneKeys> {
  const { files, keysDirectory, origin, random } = options;
  const directory = { files, path: zoneKeysPath(keysDirectory, origin), origin };
  const told = new ZoneDirectory(files, keysDirectory, origin);
  let names = namesIn(files, directory.path);
  for (const name of names) {
    if (isTemporary(name)) await files.removeDurable(`${directory.path}/${name}`);
  }
  const stored = loadState(files, directory.path, origin);
  if (stored !== undefined) {
    await setAside(directory, stagedFiles(names));
    const { unnamed, privates } = checkStored(directory, stored, listBases(names), options.mayLack ?? false);
    return new ZoneKeys(told, random, stored, {
      how: 'loaded',
      notes: await finishPurges(directory, stored.tombstones, unnamed),
      read: { kept: names.includes(KEPT_FILE) ? loadKept(files, directory.path) : undefined, privates },
    });
  }
  if (await finishStaged(directory, names)) names = files.list(directory.path);
  else await setAside(directory, stagedFiles(names));
  const bases = listBases(names);
  const adopted = bases.length > 0 ? adoptKeys(directory, options, bases) : undefined;
  const making = { random, now: options.now, keys: [], tombstones: [] };
  const keys = adopted?.keys ?? (await createKeys(directory, newKeys(options.policy), making));
  const fresh: StoredState = { generation: 0, zoneState: newZoneState(keys), tombstones: [] };
  return new ZoneKeys(told, random, fresh, {
    how: adopted === undefined ? 'created' : 'adopted',
    notes: adopted?.notes ?? [],
  });
}

function namesIn(files: FileStore, path: string): string[] {
  try {
    return files.list(path);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Checks that every key of a state has its private half and is not a removed one; returns bases it does not name, and
 * the private halves.
 */
function checkStored(
  directory: KeyDirectory,
  stored: StoredState,
  bases: readonly string[],
  mayLack: boolean,
): { readonly unnamed: string[]; readonly privates: Map<string, Uint8Array> } {
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
