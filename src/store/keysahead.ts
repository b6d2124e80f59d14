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
import { KEPT_FILE, type Kept, loadWhole, readKept } from './keptsignatures.ts';
import { type KeyDirectory, KeystoreError, listBases, stagedFiles } from './keypairs.ts';
import { type HeldKey, zoneKeysPath } from './keystore.ts';
import { STORED_STATE } from './packedstate.ts';
import { provePair } from './provenpair.ts';
import { loadState, StateError } from './state.ts';
import { checkStored } from './storedkeys.ts';

/** Names that were changed a shorter time ago may change again and look the same: clocks of file systems are coarse. */
const QUIET_MS = 3_000;

/** What was read. Plain data and shared memory, fit for `postMessage`. */
export interface KeysAhead {
  /** When a name in the directory was changed last. */
  readonly modifiedMs: number;
  /** The state, packed. */
  readonly packed: string;
  /** Octets of what was kept, which are whole; undefined if nothing was. */
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
  const { files, path, origin } = directory;
  const modifiedMs = modifiedMsOf(directory);
  if (modifiedMs === undefined || Math.abs(nowMs - modifiedMs) < QUIET_MS) return undefined;
  const names = files.list(path);
  if (names.some(isTemporary) || stagedFiles(names).length > 0) return undefined;
  const stored = loadState(files, path, origin);
  if (stored === undefined) return undefined;
  const { unnamed, privates } = checkStored(directory, stored, listBases(names), false);
  const kept = names.includes(KEPT_FILE) ? loadWhole(files, path) : undefined;
  try {
    if (unnamed.length > 0) return undefined;
    const held = lendAll(directory, stored.zoneState.keys, privates, kept && readKept(kept).proofs);
    return { modifiedMs, packed: pack(STORED_STATE, stored), kept: kept?.toString('latin1'), held };
  } finally {
    for (const octets of privates.values()) octets.fill(0);
  }
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
