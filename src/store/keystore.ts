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
import { generateKey, type KeyObject } from '../dnssec/algorithm.ts';
import { DNSKEY_FLAG, dnskeyRdata, FLAGS_SEP, FLAGS_ZONE, keyTag, revokedKeyTag } from '../dnssec/dnskey.ts';
import { flagsFor, hiddenKey, type Key, type KeyRole, type ZoneState } from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import { formatName, type Name } from '../wire/name.ts';
import { TEMPORARY_SUFFIX } from './files.ts';
import { keyFileBase } from './keyfile.ts';
import {
  finishStaged,
  type KeyDirectory,
  type KeyFilePair,
  KeystoreError,
  listBases,
  loadPair,
  type NewPair,
  probePair,
  readPair,
  readPrivate,
  setAside,
  stagedFiles,
  writePairs,
} from './keypairs.ts';
import { loadState, STATE_FILE, type StoredState, saveState, type Tombstone } from './state.ts';
import { zoneStem } from './stem.ts';

const CSK: readonly KeyRole[] = ['key-signing', 'zone-signing'];
const KSK: readonly KeyRole[] = ['key-signing'];
const ZSK: readonly KeyRole[] = ['zone-signing'];
const GENERATE_TRIES = 1000;

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
    const known = { keys: zoneState.keys, tombstones };
    const [key] = createKeys(this.#directory, this.#random, [{ roles, algorithm }], now, known);
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
  const keys = adopted?.keys ?? createKeys(directory, random, newKeys(options.policy), options.now);
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

// ---- Making ----

interface WantedKey {
  readonly roles: readonly KeyRole[];
  readonly algorithm: number;
}

function newKeys({ scheme, algorithm }: Pick<Policy, 'scheme' | 'algorithm'>): WantedKey[] {
  if (scheme === 'csk') return [{ roles: CSK, algorithm }];
  return [
    { roles: KSK, algorithm },
    { roles: ZSK, algorithm },
  ];
}

/** Makes keys whose tags, revoked or not, no other key of the zone has or had. */
function createKeys(
  directory: KeyDirectory,
  random: Random,
  wanted: readonly WantedKey[],
  now: UnixSeconds,
  known: Pick<StoredState, 'tombstones'> & { keys: readonly Key[] } = { keys: [], tombstones: [] },
): Key[] {
  const usedTags = new Set(known.tombstones.flatMap(({ tag, revokedTag }) => [tag, revokedTag]));
  for (const key of known.keys) addTags(usedTags, dnskeyRdata(key.flags, key.algorithm, key.publicKey));
  const octets = (count: number) => random.octets(count);
  const pairs: NewPair[] = [];
  for (const { roles, algorithm } of wanted) {
    const pair = generateUnique(directory, { flags: flagsFor(roles), algorithm, usedTags }, octets);
    addTags(usedTags, dnskeyRdata(pair.flags, algorithm, pair.publicKey));
    pairs.push(pair);
  }
  writePairs(directory, pairs, now, octets);
  return wanted.map(({ roles, algorithm }, i) =>
    hiddenKey({ id: uuid(octets(16)), algorithm, roles, publicKey: pairs[i]!.publicKey }, now),
  );
}

function addTags(tags: Set<number>, rdata: Uint8Array): void {
  tags.add(keyTag(rdata)).add(revokedKeyTag(rdata));
}

function generateUnique(
  { files, path, origin }: KeyDirectory,
  wanted: { readonly flags: number; readonly algorithm: number; readonly usedTags: ReadonlySet<number> },
  random: (count: number) => Uint8Array,
): NewPair {
  const { flags, algorithm, usedTags } = wanted;
  for (let tries = 0; tries < GENERATE_TRIES; tries++) {
    const pair = generateKey(algorithm, random);
    const rdata = dnskeyRdata(flags, algorithm, pair.publicKey);
    const tag = keyTag(rdata);
    const isUsed = usedTags.has(tag) || usedTags.has(revokedKeyTag(rdata));
    const base = `${path}/${keyFileBase(origin, algorithm, tag)}`;
    // A key file that the state does not name is not overwritten either.
    if (!isUsed && files.stat(`${base}.private`) === undefined && files.stat(`${base}.key`) === undefined) {
      return { flags, algorithm, ...pair };
    }
  }
  throw new KeystoreError('KEYS_AMBIGUOUS', `${path}: no key tag is left for another key`);
}

/** A version 4 UUID (RFC 9562 §5.4) of 16 random octets. */
function uuid(octets: Uint8Array): string {
  const hex = Buffer.from(
    octets.map((octet, i) => (i === 6 ? (octet & 0x0f) | 0x40 : i === 8 ? (octet & 0x3f) | 0x80 : octet)),
  ).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// ---- Adopting ----

/**
 * Takes over key files that came without a state: one 257 alone is a CSK, a 257 with a 256 are KSK and ZSK. Keys
 * that are revoked or by their timing metadata out of use are left alone. What remains unclear is refused: a guess
 * could sign with a key that no validator knows.
 */
function adoptKeys(
  directory: KeyDirectory,
  { random, now }: KeyStoreOptions,
  bases: readonly string[],
): { keys: Key[]; notes: string[] } {
  const notes: string[] = [];
  const pairs: KeyFilePair[] = [];
  for (const base of bases) {
    const pair = readPair(directory, base);
    const why = outOfUse(pair, now);
    if (why === undefined) pairs.push(pair);
    else notes.push(`${directory.path}/${base} is not adopted: ${why}`);
  }
  const keys = assignRoles(directory, pairs).map(({ pair, roles }) => {
    probePair(directory, pair, random.octets(32));
    const id = uuid(random.octets(16));
    return hiddenKey({ id, algorithm: pair.algorithm, roles, publicKey: pair.publicKey }, now);
  });
  return { keys, notes };
}

/** Why a key is not in use, or undefined if it is. */
function outOfUse({ flags, times }: KeyFilePair, now: UnixSeconds): string | undefined {
  if ((flags & DNSKEY_FLAG.REVOKE) !== 0) return 'it is revoked';
  if (flags !== FLAGS_SEP && flags !== FLAGS_ZONE) return `its flags are ${flags}`;
  for (const name of ['Revoke', 'Inactive', 'Delete'] as const) {
    if ((times[name] ?? Number.POSITIVE_INFINITY) <= now) return `its ${name} time is over`;
  }
  // A key that was active from its creation is, even if the clock has been set back since.
  const isLater = times.Activate !== undefined && times.Activate !== times.Created && times.Activate > now;
  return isLater ? 'its Activate time is still to come' : undefined;
}

function assignRoles(
  { path, origin }: KeyDirectory,
  pairs: readonly KeyFilePair[],
): { pair: KeyFilePair; roles: readonly KeyRole[] }[] {
  const zone = formatName(origin);
  const signers = pairs.filter(({ flags }) => flags === FLAGS_SEP);
  const zoneKeys = pairs.filter(({ flags }) => flags === FLAGS_ZONE);
  if (pairs.length === 0) {
    throw new KeystoreError(
      'KEYS_INACTIVE',
      `${path}: no key of ${zone} is in use, and none is made beside them`,
    );
  }
  if (signers.length === 0) {
    throw new KeystoreError(
      'KEYS_INCOMPLETE',
      `${path}: ${zone} has zone-signing keys, but none with flags 257`,
    );
  }
  if (signers.length > 1 || zoneKeys.length > 1) {
    throw new KeystoreError(
      'KEYS_AMBIGUOUS',
      `${path}: ${zone} has ${signers.length} keys with flags 257 and ${zoneKeys.length} with 256; ` +
        'leave one 257 and at most one 256, and move the others elsewhere',
    );
  }
  const [signer, zoneKey] = [signers[0]!, zoneKeys[0]];
  if (zoneKey === undefined) return [{ pair: signer, roles: CSK }];
  if (zoneKey.algorithm !== signer.algorithm) {
    throw new KeystoreError('KEYS_AMBIGUOUS', `${path}: the keys of ${zone} are of different algorithms`);
  }
  return [
    { pair: signer, roles: KSK },
    { pair: zoneKey, roles: ZSK },
  ];
}
