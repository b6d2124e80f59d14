/**
 * `state.json`: all that is durable of one zone's keys but the private halves. Replaced as a whole and atomically,
 * so that all keys of a zone change together; times are absolute; the generation only grows.
 *
 *     { "format": 1, "zone", "generation", "delegation", "keys": […], "tombstones": […], "sha256" }
 *
 * The checksum covers the compact JSON of everything before it. A state that does not hold is reported and never
 * replaced by a fresh one: it may name keys that the world already relies on.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant, type UnixSeconds, unixSeconds } from '../base/time.ts';
import { findAlgorithm, sha256 } from '../dnssec/algorithm.ts';
import { dnskeyRdata, keyTag, publicKeyHash } from '../dnssec/dnskey.ts';
import {
  type Delegation,
  type Key,
  type KeyRole,
  type KeyStates,
  RECORD_KINDS,
  RECORD_STATES,
  type RecordKind,
  type RecordState,
  type RecordTimes,
  type ZoneState,
} from '../kasp/key.ts';
import { formatName, type Name } from '../wire/name.ts';

export const STATE_FILE = 'state.json';
const FORMAT = 1;
const MAX_STATE_OCTETS = 4 * 1024 * 1024;

/** A key that was removed. It is never loaded, published or generated again (reliability.md I5). */
export interface Tombstone {
  readonly id: string;
  readonly tag: number;
  readonly revokedTag: number;
  readonly algorithm: number;
  readonly publicKeyHash: string;
  readonly removedAt: UnixSeconds;
}

/** What a state file holds. */
export interface StoredState {
  readonly generation: number;
  readonly zoneState: ZoneState;
  readonly tombstones: readonly Tombstone[];
}

/** Codes: STATE_CORRUPT, STATE_NEWER (written by a later Keyturn), STATE_FOREIGN (another zone's), STATE_UNREADABLE. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: 'STATE_CORRUPT' | 'STATE_NEWER' | 'STATE_FOREIGN' | 'STATE_UNREADABLE';
  constructor(code: StateError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// ---- Files ----

/** Loads the state in `directory`; undefined if there is none. Throws StateError. */
export function loadState(files: FileStore, directory: string, origin: Name): StoredState | undefined {
  const path = `${directory}/${STATE_FILE}`;
  let octets: Uint8Array;
  try {
    octets = files.read(path, MAX_STATE_OCTETS);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return undefined;
    throw new StateError('STATE_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseState(octets, origin, path);
}

/** Saves the state in `directory`, atomically and durably. */
export function saveState(files: FileStore, directory: string, origin: Name, stored: StoredState): void {
  files.replaceDurable(`${directory}/${STATE_FILE}`, Buffer.from(formatState(stored, origin)));
}

// ---- Format ----

/** The text of a state file. */
export function formatState(stored: StoredState, origin: Name): string {
  const document = {
    format: FORMAT,
    zone: formatName(origin),
    generation: stored.generation,
    delegation: stored.zoneState.delegation,
    keys: stored.zoneState.keys.map(keyDocument),
    tombstones: stored.tombstones.map((tombstone) => ({
      ...tombstone,
      removedAt: formatInstant(tombstone.removedAt),
    })),
  };
  return `${JSON.stringify({ ...document, sha256: checksum(document) }, null, 2)}\n`;
}

function checksum(document: object): string {
  return Buffer.from(sha256(Buffer.from(JSON.stringify(document)))).toString('hex');
}

function keyDocument(key: Key): object {
  return {
    ...key,
    publicKey: Buffer.from(key.publicKey).toString('base64'),
    createdAt: formatInstant(key.createdAt),
    publishedAt: key.publishedAt === null ? null : formatInstant(key.publishedAt),
    states: Object.fromEntries(RECORD_KINDS.map((record) => [record, timesDocument(key.states[record])])),
  };
}

function timesDocument(times: RecordTimes | null): object | null {
  if (times === null) return null;
  const { state, since, notBefore } = times;
  return {
    state,
    since: formatInstant(since),
    notBefore: notBefore === null ? null : formatInstant(notBefore),
  };
}

/** Parses the octets of a state file; `path` is for messages. Throws StateError. */
export function parseState(octets: Uint8Array, origin: Name, path = STATE_FILE): StoredState {
  const corrupt = (why: string) =>
    new StateError('STATE_CORRUPT', `${path} is damaged (${why}); restore it, nothing replaces it by itself`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch (error) {
    throw corrupt(`not JSON: ${(error as Error).name}`);
  }
  if (!isObject(document)) throw corrupt('not an object');
  const { sha256: claimed, ...rest } = document;
  if (typeof document.format === 'number' && document.format > FORMAT) {
    throw new StateError(
      'STATE_NEWER',
      `${path} has format ${document.format}, written by a later version; this one reads up to ${FORMAT}`,
    );
  }
  if (claimed !== checksum(rest)) throw corrupt('its checksum does not hold');
  if (rest.zone !== formatName(origin)) {
    throw new StateError('STATE_FOREIGN', `${path} is of zone ${rest.zone}, not of ${formatName(origin)}`);
  }
  try {
    return readDocument(rest);
  } catch (error) {
    throw error instanceof ShapeError ? corrupt(error.message) : error;
  }
}

// ---- Shape ----

class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws ShapeError unless `condition` holds. */
function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new ShapeError(rule);
}

function readDocument(document: JsonObject): StoredState {
  const { generation, delegation, keys, tombstones } = document;
  must(Number.isSafeInteger(generation) && (generation as number) > 0, 'generation is a positive number');
  must(Array.isArray(keys) && Array.isArray(tombstones), 'keys and tombstones are lists');
  return {
    generation: generation as number,
    zoneState: {
      keys: keys.map(readKey),
      delegation: oneOf<Delegation>(delegation, ['unconfirmed', 'none', 'secure'], 'delegation'),
    },
    tombstones: tombstones.map(readTombstone),
  };
}

function readKey(value: unknown): Key {
  must(isObject(value) && isObject(value.states) && Array.isArray(value.roles), 'a key has roles and states');
  const { id, tag, algorithm, flags, publicKey: keyText } = value;
  must(typeof id === 'string' && id !== '', 'a key has an id');
  must(typeof flags === 'number' && typeof algorithm === 'number', 'a key has flags and an algorithm');
  must(typeof keyText === 'string', 'a key has a publicKey');
  const publicKey = Uint8Array.from(Buffer.from(keyText, 'base64'));
  must(findAlgorithm(algorithm)?.publicKeyOctets === publicKey.length, 'a public key has its length');
  must(keyTag(dnskeyRdata(flags, algorithm, publicKey)) === tag, 'a tag is that of its key');
  must(publicKeyHash(algorithm, publicKey) === value.publicKeyHash, 'publicKeyHash is that of its key');
  const states = value.states;
  const times = RECORD_KINDS.map((record) => [record, readTimes(states[record])]);
  return {
    id,
    tag,
    algorithm,
    flags,
    roles: value.roles.map((role) => oneOf<KeyRole>(role, ['key-signing', 'zone-signing'], 'role')),
    goal: oneOf(value.goal, ['IN', 'OUT'] as const, 'goal'),
    publicKey,
    publicKeyHash: value.publicKeyHash,
    createdAt: readInstant(value.createdAt),
    publishedAt: value.publishedAt === null ? null : readInstant(value.publishedAt),
    states: Object.fromEntries(times) as Record<RecordKind, RecordTimes | null> satisfies KeyStates,
  };
}

function readTimes(value: unknown): RecordTimes | null {
  if (value === null) return null;
  must(isObject(value), 'a record has a state and times');
  return {
    state: oneOf<RecordState>(value.state, RECORD_STATES, 'state'),
    since: readInstant(value.since),
    notBefore: value.notBefore === null ? null : readInstant(value.notBefore),
  };
}

function readTombstone(value: unknown): Tombstone {
  must(isObject(value), 'a tombstone is an object');
  const { id, tag, revokedTag, algorithm, publicKeyHash: hash } = value;
  must(typeof id === 'string' && typeof hash === 'string', 'a tombstone has id and publicKeyHash');
  must(
    typeof tag === 'number' && typeof revokedTag === 'number' && typeof algorithm === 'number',
    'a tombstone has its tags and algorithm',
  );
  return { id, tag, revokedTag, algorithm, publicKeyHash: hash, removedAt: readInstant(value.removedAt) };
}

function readInstant(value: unknown): UnixSeconds {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  must(Number.isFinite(milliseconds), 'an instant is written as ISO 8601');
  return unixSeconds(milliseconds / 1000);
}

function oneOf<T extends string>(value: unknown, values: readonly T[], name: string): T {
  const found = values.find((candidate) => candidate === value);
  must(found !== undefined, `${name} is one of ${values.join(', ')}`);
  return found;
}
