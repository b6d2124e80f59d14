/**
 * The keys of one zone on disk: `<keys>/<stem>/` with BIND key files, `state.json` and `audit.log`. `openkeys.ts`
 * opens them. A zone whose keys were made or adopted has no state on disk until the first commit: nothing of it was
 * visible.
 *
 * Order of a new key (reliability.md I1): private half durable → read back → probed by two implementations → named
 * in the state → visible. A crash in between leaves the same key or none that was ever visible. A key that cannot be
 * read is an error and never a reason to make another; with a state on disk, keys are only made by rollovers.
 *
 * Order of a commit: audit trail and new state durable, side by side → the state gets its name → directory durable →
 * memory. Order of a purge (I4, I5): tombstone in place of the key, in one commit → private half removed → public half
 * removed. A start finishes what a crash left of it.
 */
import { assert } from '../base/assert.ts';
import { firstCount, pack } from '../base/packing.ts';
import type { FileStoreError, Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import {
  belongsTo,
  type LentKey,
  lendPrivateKey,
  privateOctetsOf,
  wipePrivateKey,
} from '../dnssec/privatekey.ts';
import { isEntirelyHidden, type Key, type KeyRole } from '../kasp/key.ts';
import { findKey, type ZoneState } from '../kasp/zonestate.ts';
import type { KeptSignatures } from '../signer/book.ts';
import type { Name } from '../wire/name.ts';
import { type AuditEvent, AuditLog, type AuditTrail, readAudit } from './audit.ts';
import { createKeys } from './create.ts';
import { type Kept, loadKept, pairProof, saveKept } from './keptsignatures.ts';
import { keyFileBase } from './keyfile.ts';
import { type KeyDirectory, KeystoreError, readPrivate } from './keypairs.ts';
import { STORED_STATE, stateDigest, unpackState } from './packedstate.ts';
import { provePair } from './provenpair.ts';
import { removePair, tombstoneOf } from './purge.ts';
import { loadState, STATE_FILE, type StoredState, saveState, type Tombstone } from './state.ts';
import { zoneStem } from './stem.ts';

/** How the keys came to be. */
export type KeysOrigin = 'created' | 'adopted' | 'loaded';

/** What the opening of keys has read that the first epoch needs, and what is not kept yet. */
interface Read {
  readonly kept: Kept | undefined;
  /** Octets of private halves by id of their keys. Secret. */
  readonly privates: ReadonlyMap<string, Uint8Array>;
  /** Private halves that were found to belong to their public ones, where all threads find them. */
  readonly held?: readonly HeldKey[];
  /** Private halves of all keys were seen on the disk a moment ago. */
  readonly areSeen?: boolean;
  /** Of the file that the state was read from or written to; undefined if it is kept with the state. */
  readonly stateDigest?: string | undefined;
}

/** What most zones have of most lists. */
const NONE: readonly never[] = [];

const NOTHING_READ: Read = { kept: undefined, privates: new Map() };

/** A private half in memory. */
export interface HeldKey {
  /** Of its key. */
  readonly id: string;
  readonly privateKey: LentKey;
}

/** The directory of keys of a zone, whether it exists or not. */
export function zoneKeysPath(keysDirectory: string, origin: Name): string {
  return `${keysDirectory}/${zoneStem(origin)}`;
}

/** What is to become of the state of a zone. */
export interface Commit {
  readonly zoneState: ZoneState;
  /** Keys that are destroyed: the state names them no more, they have gone from every cache. */
  readonly purged?: readonly Key[];
  /** What led there, for the trail. */
  readonly events?: readonly AuditEvent[];
  readonly now: UnixSeconds;
}

/**
 * The keys of one zone: durable state, trail, and access to private halves. One instance per zone and process; its
 * writes are made one after the other: whoever calls `commit` or `createKey` waits for the one before.
 */
export class ZoneKeys {
  readonly how: KeysOrigin;
  /** What an operator should know of the directory, a sentence each. */
  readonly notes: readonly string[];
  readonly #directory: KeyDirectory;
  readonly #random: Random;
  /** Made when there is something to tell, and gone when the keys rest. */
  #trail: AuditLog | undefined;
  /** Packed while the keys rest. */
  #state: StoredState | string;
  /** What the state was unpacked from, as long as it is that. */
  #packed: string | undefined;
  /** Public-key hashes of keys that were made here, durable and good, beside those of the state. */
  #made: readonly string[] = NONE;
  /** Purged in this process; their files are still to be removed. */
  #unburied: readonly Tombstone[] = NONE;
  /** A save has failed after which the file may hold either generation. */
  #isUncertain = false;
  #read: Read;

  /** For `openZoneKeys`; the state may come packed. */
  constructor(
    directory: KeyDirectory,
    random: Random,
    stored: StoredState | string,
    opened: { readonly how: KeysOrigin; readonly notes: readonly string[]; readonly read?: Read },
  ) {
    this.#directory = directory;
    this.#random = random;
    this.#state = stored;
    this.how = opened.how;
    this.notes = opened.notes.length === 0 ? NONE : opened.notes;
    this.#read = opened.read ?? NOTHING_READ;
  }

  get zoneState(): ZoneState {
    return this.#stored.zoneState;
  }

  get #stored(): StoredState {
    return typeof this.#state === 'string' ? unpackState(this.#state) : this.#state;
  }

  /** The state is worked on from now on: it is one object until it changes. */
  wake(): void {
    if (typeof this.#state !== 'string') return;
    this.#packed = this.#state;
    this.#state = unpackState(this.#state);
  }

  /** Nobody works on the state until `wake`: it is packed, and each who asks for it may be given another copy. */
  rest(): void {
    if (typeof this.#state !== 'string') this.#state = this.#packed ?? pack(STORED_STATE, this.#state);
    this.#packed = undefined;
    // What was told is told; only a generation that is tried again must not be told twice.
    if (!this.#isUncertain) this.#trail = undefined;
  }

  /** How many keys there are, told without waking them. */
  get count(): number {
    return typeof this.#state === 'string' ? firstCount(this.#state) : this.#state.zoneState.keys.length;
  }

  get tombstones(): readonly Tombstone[] {
    return this.#stored.tombstones;
  }

  get generation(): number {
    return this.#stored.generation;
  }

  get origin(): Name {
    return this.#directory.origin;
  }

  /** The directory that holds the files. */
  get path(): string {
    return this.#directory.path;
  }

  /** What happened to the keys. Throws FileStoreError. */
  history(): AuditTrail {
    return readAudit(this.#directory.files, this.path);
  }

  /** The state in memory is on disk; false only before the first commit of a zone that is new. */
  get isSaved(): boolean {
    return this.generation > 0;
  }

  /** Keys in the state whose private halves are not there; whoever cannot even look at the directory does not know. */
  missing(): Key[] {
    if (this.#read.areSeen === true) {
      // They may go: who asks again looks.
      this.#read = { ...this.#read, areSeen: false };
      return [];
    }
    const { files, path } = this.#directory;
    const missing = this.zoneState.keys.filter((key) => files.stat(this.privatePath(key)) === undefined);
    return missing.length > 0 && files.stat(path) === undefined ? [] : missing;
  }

  /** The file of a key's private half. */
  privatePath(key: Key): string {
    return privatePath(this.#directory, key);
  }

  /**
   * Makes a zone state durable as the next generation; only then may anything follow from it. When it throws, the
   * state in memory is the old one, unless keys were purged: when the state no longer names them, it is the new one,
   * and the next purge or start removes their files. Returns why the trail could not be written, which stops nothing.
   */
  async commit({ zoneState, purged = [], events = [], now }: Commit): Promise<FileStoreError | undefined> {
    const areDurable = zoneState.keys.every(({ publicKeyHash }) => this.#isDurable(publicKeyHash));
    assert(areDurable, 'a private key is durable before the state names it');
    for (const key of purged) {
      assert(findKey(this.zoneState, key.id) !== undefined, 'only keys in the state are purged');
      assert(findKey(zoneState, key.id) === undefined, 'the state no longer names a purged key');
      assert(key.goal === 'OUT' && isEntirelyHidden(key), 'no record of a purged key can be in any cache');
    }
    if (this.#isUncertain) this.#settle();
    if (this.generation === 0) this.#refuseTaken();
    const dead = purged.map((key) => tombstoneOf(key, now));
    const generation = this.generation + 1;
    const { files, path } = this.#directory;
    this.#trail ??= new AuditLog(files, path);
    const told = this.#trail.append(events, now, generation);
    await this.#save({ zoneState, tombstones: [...this.tombstones, ...dead], generation }, told);
    const unnamed = this.#made.filter((hash) => !zoneState.keys.some((key) => key.publicKeyHash === hash));
    this.#made = unnamed.length === 0 ? NONE : unnamed;
    if (dead.length > 0) await this.#bury(dead);
    return await told;
  }

  #isDurable(hash: string): boolean {
    return this.#made.includes(hash) || this.zoneState.keys.some((key) => key.publicKeyHash === hash);
  }

  /** Keys that were made for a new zone do not take the place of those that were imported meanwhile. */
  #refuseTaken(): void {
    const { files, path } = this.#directory;
    if (files.stat(`${path}/${STATE_FILE}`) === undefined) return;
    throw new KeystoreError(
      'KEYS_PRESENT',
      `${path} has got keys meanwhile; look at it, and restart the server`,
    );
  }

  async #bury(more: readonly Tombstone[]): Promise<void> {
    this.#unburied = [...this.#unburied, ...more];
    for (const dead of this.#unburied) {
      await removePair(this.#directory, dead);
      this.#unburied = this.#unburied.filter((one) => one !== dead);
    }
  }

  /**
   * Makes a key: durable, read back and probed. It is not in the state yet: add it to the zone state and `commit`.
   * `others` are keys that will be in it as well.
   */
  async createKey(
    roles: readonly KeyRole[],
    algorithm: number,
    now: UnixSeconds,
    others: readonly Key[] = [],
  ): Promise<Key> {
    const { zoneState, tombstones } = this.#stored;
    const making = { random: this.#random, now, keys: [...zoneState.keys, ...others], tombstones };
    const [key] = await createKeys(this.#directory, [{ roles, algorithm }], making);
    this.#made = [...this.#made, key!.publicKeyHash];
    return key!;
  }

  /**
   * The private half of a key in the state, which belongs to its public half: it is loaded to see that, unless an earlier
   * process has (0.1 ms). Callers keep it. Throws KeystoreError.
   */
  privateKey(keyId: string): LentKey {
    const key = findKey(this.#stored.zoneState, keyId);
    assert(key !== undefined, 'only keys in the state are loaded');
    const held = this.#takeHeld(keyId);
    if (held !== undefined) {
      // What comes from another thread has room for fields to come.
      const { memory, at } = held.privateKey;
      return { memory, at };
    }
    const { kept, privates } = this.#read;
    const file = `${keyFileBase(this.#directory.origin, key.algorithm, key.tag)}.private`;
    const octets = privates.get(keyId) ?? readPrivate(this.#directory, file).privateOctets;
    const loaded = provePair(this.#directory, key, octets, kept?.proofs);
    return lendPrivateKey(key.algorithm, octets, key.publicKey, loaded);
  }

  #takeHeld(keyId: string): HeldKey | undefined {
    const { held = NONE } = this.#read;
    const found = held.find(({ id }) => id === keyId);
    if (found !== undefined) this.#read = { ...this.#read, held: held.filter((one) => one !== found) };
    return found;
  }

  // ---- What is kept for the next start ----

  /** Signatures that an earlier process has kept. */
  get kept(): KeptSignatures | undefined {
    return this.#read.kept;
  }

  /** The state as it is on disk is not kept yet. */
  get hasUnkeptState(): boolean {
    return this.#read.stateDigest !== undefined;
  }

  /** The first epoch is made: what was read for it is needed no more. */
  forgetRead(): void {
    for (const octets of this.#read.privates.values()) octets.fill(0);
    for (const { privateKey } of this.#read.held ?? NONE) wipePrivateKey(privateKey);
    const { stateDigest } = this.#read;
    this.#read = stateDigest === undefined ? NOTHING_READ : { ...NOTHING_READ, stateDigest };
  }

  /**
   * Keeps signatures and the state, each as it was kept before if there is nothing new, and that these keys were found to be
   * pairs. They are made again if that fails.
   */
  async keep(made: KeptSignatures | undefined, held: readonly LentKey[]): Promise<void> {
    const { files, path } = this.#directory;
    const { stateDigest: digest } = this.#read;
    const before = made === undefined || digest === undefined ? loadKept(files, path) : undefined;
    const signatures = made ?? before;
    // Nothing was ever signed.
    if (signatures === undefined) return;
    const proofs = this.zoneState.keys.flatMap(({ algorithm, publicKey }) => {
      const privateKey = held.find((one) => belongsTo(one, publicKey));
      if (privateKey === undefined) return [];
      return pairProof(algorithm, privateOctetsOf(algorithm, privateKey), publicKey);
    });
    const state = digest === undefined ? before?.state : { digest, packed: pack(STORED_STATE, this.#stored) };
    const kept = { ...signatures, proofs: new Set(proofs) };
    this.#noteDigest(undefined);
    this.forgetRead();
    await saveKept(files, path, state === undefined ? kept : { ...kept, state });
  }

  /** Saves a state, when what is told of it is on disk. */
  async #save(stored: StoredState, told: Promise<unknown>): Promise<void> {
    let file: Uint8Array;
    try {
      file = await saveState(this.#directory, stored, told.then(noResult));
    } catch (error) {
      this.#isUncertain = true;
      throw error;
    }
    this.#become(stored, stateDigest(this.origin, file));
  }

  /** `digest` is that of the file which holds just this state, if one does. */
  #become(stored: StoredState, digest?: string): void {
    this.#state = stored;
    this.#packed = undefined;
    this.#noteDigest(digest);
  }

  #noteDigest(stateDigest: string | undefined): void {
    this.#read = { ...this.#read, stateDigest };
  }

  /** After a failed save: takes over the generation that the file has, so that generations only grow. */
  #settle(): void {
    const { files, path, origin } = this.#directory;
    const generation = loadState(files, path, origin)?.generation ?? 0;
    if (generation > this.#stored.generation) this.#become({ ...this.#stored, generation });
    this.#isUncertain = false;
  }
}

function noResult(): void {}

function privatePath({ path, origin }: KeyDirectory, { algorithm, tag }: Key): string {
  return `${path}/${keyFileBase(origin, algorithm, tag)}.private`;
}
