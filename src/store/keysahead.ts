/**
 * What the opening of a zone's keys needs, read ahead by another thread: of many zones that start, whoever opens them has
 * other things to do than to read files and to check what is in them.
 *
 * It is handed over only if all is as a process leaves it that was at rest: a whole state, the private half of each of
 * its keys, readable by their owner alone, found to be of their public halves, and no other key files. Of anything else
 * nothing is handed over, and who opens the keys reads them, tells what is wrong and puts right what a crash has left.
 *
 * What was read counts as long as the directory has had no other change of names: each file of ours is replaced by
 * another one, never written anew.
 */
import { pack } from '../base/packing.ts';
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { lendPrivateKey, wipePrivateKey } from '../dnssec/privatekey.ts';
import type { Key } from '../kasp/key.ts';
import type { Name } from '../wire/name.ts';
import { isTemporary } from './files.ts';
import { KEPT_FILE, type Kept, type KeptState, loadWhole, readKept } from './keptsignatures.ts';
import { type KeyDirectory, KeystoreError, listBases, stagedFiles } from './keypairs.ts';
import { type HeldKey, zoneKeysPath } from './keystore.ts';
import { STORED_STATE, stateDigest, unpackState } from './packedstate.ts';
import { provePair } from './provenpair.ts';
import { parseState, readStateFile, STATE_FILE, StateError, type StoredState } from './state.ts';
import { checkStored } from './storedkeys.ts';

/** Names that were changed a shorter time ago may change again and look the same: clocks of file systems are coarse. */
const QUIET_MS = 3_000;

/** What was read. Plain data and shared memory, fit for `postMessage`. */
export interface KeysAhead {
  /** When a name in the directory was changed last. */
  readonly modifiedMs: number;
  /** Undefined if it is the one that was kept. */
  readonly state: KeptState | undefined;
  /** Octets of what was kept, which were whole; undefined if nothing was. */
  readonly kept: string | undefined;
  /** Private halves of all keys. Secret. */
  readonly held: readonly HeldKey[];
}

/** Reads the keys of a zone; undefined if they are for who opens them to read. `nowMs` is milliseconds since 1970. */
export function readAhead(
  files: FileStore,
  keysDirectory: string,
  origin: Name,
  nowMs: number,
): KeysAhead | undefined {
  const directory = { files, path: zoneKeysPath(keysDirectory, origin), origin };
  try {
    return read(directory, nowMs);
  } catch (error) {
    const isKnown = [FileStoreError, KeystoreError, StateError].some((kind) => error instanceof kind);
    if (isKnown) return undefined;
    throw error;
  }
}

function read(directory: KeyDirectory, nowMs: number): KeysAhead | undefined {
  const { files, path } = directory;
  const modifiedMs = modifiedMsOf(directory);
  if (modifiedMs === undefined || Math.abs(nowMs - modifiedMs) < QUIET_MS) return undefined;
  const names = files.list(path);
  if (names.some(isTemporary) || stagedFiles(names).length > 0) return undefined;
  const octets = names.includes(KEPT_FILE) ? loadWhole(files, path) : undefined;
  const kept = octets && readKept(octets);
  const found = readState(directory, kept?.state);
  if (found === undefined) return undefined;
  const { stored, state } = found;
  const { unnamed, privates } = checkStored(directory, stored, listBases(names), false);
  try {
    if (unnamed.length > 0) return undefined;
    const held = lendAll(directory, stored.zoneState.keys, privates, kept?.proofs);
    return { modifiedMs, state, kept: octets?.toString('latin1'), held };
  } finally {
    for (const octets of privates.values()) octets.fill(0);
  }
}

/**
 * The state, also packed if it is not the one that was kept. That was found to be what the file says, octet for octet:
 * parsing it again would find the same. Throws StateError; undefined if there is none.
 */
function readState(
  { files, path, origin }: KeyDirectory,
  kept: KeptState | undefined,
): { readonly stored: StoredState; readonly state: KeptState | undefined } | undefined {
  const file = readStateFile(files, path);
  if (file === undefined) return undefined;
  const digest = stateDigest(origin, file);
  if (kept?.digest === digest) return { stored: unpackState(kept.packed), state: undefined };
  const stored = parseState(file, origin, `${path}/${STATE_FILE}`);
  return { stored, state: { digest, packed: pack(STORED_STATE, stored) } };
}

/** Lends the private halves of all keys, or of none. Throws KeystoreError. */
function lendAll(
  directory: KeyDirectory,
  keys: readonly Key[],
  privates: ReadonlyMap<string, Uint8Array>,
  proofs: ReadonlySet<string> | undefined,
): HeldKey[] {
  const held: HeldKey[] = [];
  try {
    for (const key of keys) {
      const octets = privates.get(key.id)!;
      // Who signs with it loads it for himself: this thread keeps no key open.
      provePair(directory, key, octets, proofs);
      held.push({ id: key.id, privateKey: lendPrivateKey(key.algorithm, octets, key.publicKey) });
    }
    return held;
  } catch (error) {
    dropAhead({ held });
    throw error;
  }
}

/** Undefined if there is no directory. */
function modifiedMsOf({ files, path }: KeyDirectory): number | undefined {
  const stat = files.stat(path);
  return stat?.kind === 'directory' ? stat.modifiedMs : undefined;
}

// ---- For who opens them ----

/** No name in the directory has changed since. */
export function isAsRead(directory: KeyDirectory, { modifiedMs }: KeysAhead): boolean {
  return modifiedMsOf(directory) === modifiedMs;
}

/** Signatures that were kept. */
export function keptAhead({ kept }: KeysAhead): Kept | undefined {
  return kept === undefined ? undefined : readKept(Buffer.from(kept, 'latin1'));
}

/** Wipes out private halves that are not taken. */
export function dropAhead({ held }: Pick<KeysAhead, 'held'>): void {
  for (const { privateKey } of held) wipePrivateKey(privateKey);
}
