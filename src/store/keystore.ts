/**
 * The keys of one zone on disk: `<keys>/<stem>/` with BIND key files and `state.json`. `openZoneKeys` loads what is
 * there, adopts key files that came without a state, or makes the keys of a new zone.
 *
 * Order of a new key (reliability.md I1): private half durable → read back → probed by two implementations → named
 * in the state → visible. A crash in between leaves the same key or none that was ever visible. A key that cannot be
 * read is an error and never a reason to make another; with a state on disk, keys are only made by rollovers.
 */
import { assert } from '../base/assert.ts';
import type { FileStore, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { KeyObject } from '../dnssec/algorithm.ts';
import type { Key, KeyRole, ZoneState } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Name } from '../wire/name.ts';
import { adoptKeys } from './adopt.ts';
import { createKeys, newKeys } from './create.ts';
import { TEMPORARY_SUFFIX } from './files.ts';
import { keyFileBase } from './keyfile.ts';
import {
  finishStaged,
  type KeyDirectory,
  KeystoreError,
  listBases,
  loadPair,
  readPrivate,
  setAside,
  stagedFiles,
} from './keypairs.ts';
import { loadState, STATE_FILE, type StoredState, saveState, type Tombstone } from './state.ts';
import { zoneStem } from './stem.ts';

export interface KeyStoreOptions {
  readonly files: FileStore;
  readonly random: Random;
  /** Directory of all zones' keys. */
  readonly keysDirectory: string;
  readonly origin: Name;
  /** What keys a new zone gets. */
  readonly policy: Pick<Policy, 'scheme' | 'algorithm'>;
  readonly now: UnixSeconds;
}

/** How the keys came to be. */
export type KeysOrigin = 'created' | 'adopted' | 'loaded';

/** The directory of keys of a zone, whether it exists or not. */
export function zoneKeysPath(keysDirectory: string, origin: Name): string {
  return `${keysDirectory}/${zoneStem(origin)}`;
}

/** The keys of one zone: durable state, and access to private halves. One instance per zone and process. */
export class ZoneKeys {
  readonly how: KeysOrigin;
  /** What an operator should know of the directory, a sentence each. */
  readonly notes: readonly string[];
  readonly #directory: KeyDirectory;
  readonly #random: Random;
  #stored: StoredState;
  /** Public-key hashes of keys whose private halves are known to be durable and good. */
  readonly #durable: Set<string>;
  /** A save has failed after which the file may hold either generation. */
  #isUncertain = false;

  /** For `openZoneKeys`. */
  constructor(
    directory: KeyDirectory,
    random: Random,
    stored: StoredState,
    opened: { readonly how: KeysOrigin; readonly notes: readonly string[] },
  ) {
    this.#directory = directory;
    this.#random = random;
    this.#stored = stored;
    this.#durable = new Set(stored.zoneState.keys.map((key) => key.publicKeyHash));
    this.how = opened.how;
    this.notes = opened.notes;
  }

  get zoneState(): ZoneState {
    return this.#stored.zoneState;
  }

  get tombstones(): readonly Tombstone[] {
    return this.#stored.tombstones;
  }

  get generation(): number {
    return this.#stored.generation;
  }

  /** The directory that holds the files. */
  get path(): string {
    return this.#directory.path;
  }

  /**
   * Makes a zone state durable as the next generation; only then may anything follow from it. When it throws, the
   * state in memory is the old one.
   */
  commit(zoneState: ZoneState): void {
    const { files, path, origin } = this.#directory;
    const areDurable = zoneState.keys.every((key) => this.#durable.has(key.publicKeyHash));
    assert(areDurable, 'a private key is durable before the state names it');
    if (this.#isUncertain) this.#settle();
    const stored = { ...this.#stored, generation: this.#stored.generation + 1, zoneState };
    try {
      saveState(files, path, origin, stored);
    } catch (error) {
      this.#isUncertain = true;
      throw error;
    }
    this.#stored = stored;
  }

  /**
   * Makes a key: durable, read back and probed. It is not in the state yet: add it to the zone state and `commit`.
   */
  createKey(roles: readonly KeyRole[], algorithm: number, now: UnixSeconds): Key {
    const { zoneState, tombstones } = this.#stored;
    const making = { random: this.#random, now, keys: zoneState.keys, tombstones };
    const [key] = createKeys(this.#directory, [{ roles, algorithm }], making);
    this.#durable.add(key!.publicKeyHash);
    return key!;
  }

  /**
   * Loads the private half of a key in the state. Costs a file and 0.4 ms: callers keep it. Throws KeystoreError.
   */
  privateKey(keyId: string): KeyObject {
    const key = this.#stored.zoneState.keys.find(({ id }) => id === keyId);
    assert(key !== undefined, 'only keys in the state are loaded');
    const base = keyFileBase(this.#directory.origin, key.algorithm, key.tag);
    const { privateOctets } = readPrivate(this.#directory, `${base}.private`);
    return loadPair(this.#directory, {
      base,
      algorithm: key.algorithm,
      privateOctets,
      publicKey: key.publicKey,
    });
  }

  /** After a failed save: takes over the generation that the file has, so that generations only grow. */
  #settle(): void {
    const { files, path, origin } = this.#directory;
    const generation = loadState(files, path, origin)?.generation ?? 0;
    if (generation > this.#stored.generation) this.#stored = { ...this.#stored, generation };
    this.#isUncertain = false;
  }
}

// ---- Opening ----

/**
 * Opens the keys of a zone. Throws KeystoreError, StateError or FileStoreError; then the zone has no keys, and none
 * was made in place of those that it should have.
 */
export function openZoneKeys(options: KeyStoreOptions): ZoneKeys {
  const { files, keysDirectory, origin, random } = options;
  const directory = { files, path: zoneKeysPath(keysDirectory, origin), origin };
  let names = files.stat(directory.path) === undefined ? [] : files.list(directory.path);
  for (const name of names) {
    const isLeftover = name.startsWith(`${STATE_FILE}.`) && name.endsWith(TEMPORARY_SUFFIX);
    if (isLeftover) files.removeDurable(`${directory.path}/${name}`);
  }
  const stored = loadState(files, directory.path, origin);
  if (stored !== undefined) {
    setAside(directory, stagedFiles(names));
    return new ZoneKeys(directory, random, stored, {
      how: 'loaded',
      notes: checkStored(directory, stored, listBases(names)),
    });
  }
  if (finishStaged(directory, names)) names = files.list(directory.path);
  else setAside(directory, stagedFiles(names));
  const bases = listBases(names);
  const adopted = bases.length > 0 ? adoptKeys(directory, options, bases) : undefined;
  const making = { random, now: options.now, keys: [], tombstones: [] };
  const keys = adopted?.keys ?? createKeys(directory, newKeys(options.policy), making);
  const fresh: StoredState = {
    generation: 1,
    zoneState: { keys, delegation: 'unconfirmed' },
    tombstones: [],
  };
  saveState(files, directory.path, origin, fresh);
  return new ZoneKeys(directory, random, fresh, {
    how: adopted === undefined ? 'created' : 'adopted',
    notes: adopted?.notes ?? [],
  });
}

/** Checks that every key of a state has its private half and is not a removed one; notes files it does not name. */
function checkStored(directory: KeyDirectory, stored: StoredState, bases: readonly string[]): string[] {
  const named = new Set<string>();
  const removed = new Set(stored.tombstones.map((tombstone) => tombstone.publicKeyHash));
  for (const key of stored.zoneState.keys) {
    const base = keyFileBase(directory.origin, key.algorithm, key.tag);
    named.add(base);
    if (removed.has(key.publicKeyHash)) {
      throw new KeystoreError('KEY_REMOVED', `${directory.path}/${base} was removed and cannot come back`);
    }
    if (readPrivate(directory, `${base}.private`).algorithm !== key.algorithm) {
      throw new KeystoreError('KEY_MISMATCH', `${directory.path}/${base}.private is of another algorithm`);
    }
  }
  return bases
    .filter((base) => !named.has(base))
    .map((base) => `${directory.path}/${base} is not in ${STATE_FILE} and is not used`);
}
