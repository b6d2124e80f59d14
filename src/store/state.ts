/**
 * `state.json`: all that is durable of one zone's keys but the private halves. Replaced as a whole and atomically,
 * so that all keys of a zone change together; times are absolute; the generation only grows.
 *
 *     { "format": 2, "zone", "generation", fields of ZoneState (state-shape.ts), "tombstones": […], "sha256" }
 *
 * The checksum covers the compact JSON of everything before it. Format 1 is read as well (state-format1.ts). A state
 * that does not hold is reported and never replaced by a fresh one: it may name keys that the world relies on.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { sha256Hex } from '../dnssec/algorithm.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import { formatName, type Name } from '../wire/name.ts';
import {
  asObject,
  isObject,
  type JsonObject,
  must,
  readInstant,
  readList,
  ShapeError,
} from './json-shape.ts';
import { readFormat1 } from './state-format1.ts';
import { readZoneState, zoneStateDocument } from './state-shape.ts';

export const STATE_FILE = 'state.json';
const FORMAT = 2;
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
  const octets = readStateFile(files, directory);
  return octets && parseState(octets, origin, `${directory}/${STATE_FILE}`);
}

/** The octets of the state file in `directory`; undefined if there is none. Throws StateError. */
export function readStateFile(files: FileStore, directory: string): Uint8Array | undefined {
  const path = `${directory}/${STATE_FILE}`;
  try {
    return files.read(path, MAX_STATE_OCTETS);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return undefined;
    throw new StateError('STATE_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Saves the state in the directory, atomically and durably, after `before` has resolved (base/ports); returns the octets of
 * the file. Throws FileStoreError.
 */
export async function saveState(
  { files, path, origin }: { readonly files: FileStore; readonly path: string; readonly origin: Name },
  stored: StoredState,
  before?: Promise<void>,
): Promise<Uint8Array> {
  const octets = Buffer.from(formatState(stored, origin));
  await files.replaceDurable(`${path}/${STATE_FILE}`, octets, before);
  return octets;
}

// ---- Format ----

/** The text of a state file. */
export function formatState(stored: StoredState, origin: Name): string {
  const document = {
    format: FORMAT,
    zone: formatName(origin),
    generation: stored.generation,
    ...zoneStateDocument(stored.zoneState),
    tombstones: stored.tombstones.map((tombstone) => ({
      ...tombstone,
      removedAt: formatInstant(tombstone.removedAt),
    })),
  };
  return `${JSON.stringify({ ...document, sha256: checksum(document) }, null, 2)}\n`;
}

function checksum(document: object): string {
  return sha256Hex(Buffer.from(JSON.stringify(document)));
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

// ---- Content ----

function readDocument(document: JsonObject): StoredState {
  const { format, generation } = document;
  must(Number.isSafeInteger(generation) && (generation as number) > 0, 'generation is a positive number');
  must(format === 1 || format === FORMAT, 'format is a known number');
  return {
    generation: generation as number,
    zoneState: format === 1 ? readFormat1(document) : readZoneState(document),
    tombstones: readList(document.tombstones, 'tombstones', readTombstone),
  };
}

function readTombstone(value: unknown): Tombstone {
  const tombstone = asObject(value);
  const { id, tag, revokedTag, algorithm, publicKeyHash: hash } = tombstone;
  must(typeof id === 'string' && typeof hash === 'string', 'a tombstone has id and publicKeyHash');
  must(
    typeof tag === 'number' && typeof revokedTag === 'number' && typeof algorithm === 'number',
    'a tombstone has its tags and algorithm',
  );
  return {
    id,
    tag,
    revokedTag,
    algorithm,
    publicKeyHash: hash,
    removedAt: readInstant(tombstone.removedAt),
  };
}
