/**
 * Pairs of key files in the directory of one zone: written so that a pair is whole or not there, read with checks.
 *
 * New pairs are staged: all files are written under names that end in `.new`, read back and probed; only then do
 * they get their names, one rename each. So a file with its final name is whole, unless somebody else wrote it; and
 * if one of several staged files has its final name, the others are good as well and a restart finishes the job.
 * Staged files without such proof are set aside in `orphans/`, not used and not deleted.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { KeyObject } from '../dnssec/algorithm.ts';
import { dnskeyRdata, keyTag } from '../dnssec/dnskey.ts';
import { loadPrivateKey, probeKey } from '../dnssec/keypair.ts';
import { KeyMismatchError } from '../dnssec/privatekey.ts';
import type { Name } from '../wire/name.ts';
import {
  formatPrivateFile,
  formatPublicFile,
  keyFileBase,
  MAX_KEY_FILE_OCTETS,
  type PrivateKeyFile,
  type PublicKeyFile,
  parseKeyFileName,
  parsePrivateFile,
  parsePublicFile,
} from './keyfile.ts';

/** Where files go that nobody may use and nobody should delete. */
export const ORPHANS = 'orphans';
const STAGED = '.new';
const OTHERS_MODE_BITS = 0o077;

export type KeystoreCode =
  | 'KEY_MISSING'
  | 'KEY_UNREADABLE'
  | 'KEY_MODE'
  | 'KEY_MALFORMED'
  | 'KEY_MISMATCH'
  | 'KEY_PROBE'
  | 'KEY_REMOVED'
  | 'KEYS_AMBIGUOUS'
  | 'KEYS_INCOMPLETE'
  | 'KEYS_INACTIVE'
  | 'KEY_ROLES'
  | 'KEY_TAGS'
  | 'KEYS_NOT_FOUND'
  | 'KEYS_PRESENT'
  | 'SERIAL_UNREADABLE';

/** Why keys cannot be used. No key is ever made in place of one that cannot be read. */
export class KeystoreError extends Error {
  override readonly name = 'KeystoreError';
  readonly code: KeystoreCode;
  constructor(code: KeystoreCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The directory of one zone. */
export interface KeyDirectory {
  readonly files: FileStore;
  readonly path: string;
  readonly origin: Name;
}

/** A pair of key files, read and checked against each other's name but not loaded. */
export interface KeyFilePair {
  readonly base: string;
  readonly tag: number;
  readonly algorithm: number;
  readonly flags: number;
  readonly publicKey: Uint8Array;
  /** Secret. */
  readonly privateOctets: Uint8Array;
  readonly times: PrivateKeyFile['times'];
}

// ---- Reading ----

/** Bases of all key files with final names, sorted; a base may lack one of its two files. */
export function listBases(names: readonly string[]): string[] {
  const bases = names
    .filter((name) => name.endsWith('.key') || name.endsWith('.private'))
    .flatMap((name) => parseKeyFileName(name)?.base ?? []);
  return [...new Set(bases)].sort();
}

/** Reads a `.private` file and checks that only its owner can. Throws KeystoreError. */
export function readPrivate(directory: KeyDirectory, file: string): PrivateKeyFile {
  const path = `${directory.path}/${file}`;
  const stat = directory.files.stat(path);
  if (stat?.kind === 'file' && (stat.mode & OTHERS_MODE_BITS) !== 0) {
    const octal = stat.mode.toString(8).padStart(4, '0');
    throw new KeystoreError(
      'KEY_MODE',
      `${path} can be used by others than its owner (mode ${octal}); run: chmod 600 ${path}`,
    );
  }
  const parsed = parsePrivateFile(readText(directory, file));
  if (typeof parsed === 'string') throw new KeystoreError('KEY_MALFORMED', `${path}: ${parsed}`);
  return parsed;
}

/** Reads a `.key` file. Throws KeystoreError. */
export function readPublic(directory: KeyDirectory, file: string): PublicKeyFile {
  const parsed = parsePublicFile(readText(directory, file), directory.origin);
  if (typeof parsed !== 'string') return parsed;
  throw new KeystoreError('KEY_MALFORMED', `${directory.path}/${file}: ${parsed}`);
}

/** Reads both files of a key. Throws KeystoreError. */
export function readPair(directory: KeyDirectory, base: string, suffix = ''): KeyFilePair {
  const path = `${directory.path}/${base}`;
  const named = parseKeyFileName(base)!;
  const { algorithm, flags, publicKey } = readPublic(directory, `${base}.key${suffix}`);
  const privateFile = readPrivate(directory, `${base}.private${suffix}`);
  const tag = keyTag(dnskeyRdata(flags, algorithm, publicKey));
  if (privateFile.algorithm !== algorithm || named.algorithm !== algorithm || named.tag !== tag) {
    throw new KeystoreError(
      'KEY_MISMATCH',
      `${path}: its name, .key (algorithm ${algorithm}, tag ${tag}) and .private are not of one key`,
    );
  }
  const { privateOctets, times } = privateFile;
  return { base, tag, algorithm, flags, publicKey, privateOctets, times };
}

function readText(directory: KeyDirectory, file: string): string {
  const path = `${directory.path}/${file}`;
  try {
    return Buffer.from(directory.files.read(path, MAX_KEY_FILE_OCTETS)).toString('latin1');
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    if (error.code === 'ENOENT') {
      throw new KeystoreError('KEY_MISSING', `${path} is missing; restore it, no key is made in its place`, {
        cause: error,
      });
    }
    const what = error.code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${error.code})`;
    throw new KeystoreError('KEY_UNREADABLE', `${path} ${what}; no key is made in its place`, {
      cause: error,
    });
  }
}

/** Loads the private half into OpenSSL, which must derive the public half. Throws KeystoreError. */
export function loadPair(
  directory: KeyDirectory,
  pair: Pick<KeyFilePair, 'base' | 'algorithm' | 'privateOctets' | 'publicKey'>,
): KeyObject {
  try {
    return loadPrivateKey(pair.algorithm, pair.privateOctets, pair.publicKey);
  } catch (error) {
    if (!(error instanceof KeyMismatchError)) throw error;
    throw new KeystoreError('KEY_MISMATCH', `${directory.path}/${pair.base}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Proves by both implementations that a pair can sign; `challenge` is 32 strong octets. Throws KeystoreError. */
export function probePair(directory: KeyDirectory, pair: KeyFilePair, challenge: Uint8Array): void {
  const fault = probeKey(pair.algorithm, loadPair(directory, pair), pair.publicKey, challenge);
  if (fault !== undefined) throw new KeystoreError('KEY_PROBE', `${directory.path}/${pair.base}: ${fault}`);
}

// ---- Writing ----

/** A key that is to be written. */
export interface NewPair {
  readonly algorithm: number;
  readonly flags: number;
  readonly publicKey: Uint8Array;
  /** Secret. */
  readonly privateOctets: Uint8Array;
}

/**
 * Writes key pairs durably, reads them back, probes them with octets from `random`, then names them. When it throws,
 * nothing of it is to be used; what it left is told apart by the next start.
 */
export async function writePairs(
  directory: KeyDirectory,
  pairs: readonly NewPair[],
  createdAt: UnixSeconds,
  random: (count: number) => Uint8Array,
): Promise<void> {
  const { files, path, origin } = directory;
  await files.makeDirectory(path);
  const bases = pairs.map((pair) => {
    const { algorithm, flags, publicKey } = pair;
    return keyFileBase(origin, algorithm, keyTag(dnskeyRdata(flags, algorithm, publicKey)));
  });
  const staged = pairs.flatMap((pair, i) => {
    const privateText = formatPrivateFile(pair.algorithm, pair.privateOctets, createdAt);
    const publicText = formatPublicFile(origin, pair, createdAt);
    return [
      { path: `${path}/${bases[i]}.private${STAGED}`, octets: Buffer.from(privateText) },
      { path: `${path}/${bases[i]}.key${STAGED}`, octets: Buffer.from(publicText) },
    ];
  });
  await files.createDurable(staged);
  for (const base of bases) probePair(directory, readPair(directory, base, STAGED), random(32));
  await nameStaged(
    directory,
    bases.flatMap((base) => [`${base}.private${STAGED}`, `${base}.key${STAGED}`]),
  );
}

async function nameStaged({ files, path }: KeyDirectory, staged: readonly string[]): Promise<void> {
  await files.renameDurable(
    staged.map((name) => ({ from: `${path}/${name}`, to: `${path}/${name.slice(0, -STAGED.length)}` })),
  );
}

/** Names of staged files among `names`. */
export function stagedFiles(names: readonly string[]): string[] {
  return names.filter(
    (name) => name.endsWith(STAGED) && parseKeyFileName(name.slice(0, -STAGED.length)) !== undefined,
  );
}

/**
 * Finishes an interrupted `writePairs` whose renames had begun, which any final name beside staged ones shows. True
 * if it was so.
 */
export async function finishStaged(directory: KeyDirectory, names: readonly string[]): Promise<boolean> {
  const staged = stagedFiles(names);
  const hasBegun = staged.length > 0 && listBases(names).length > 0;
  if (!hasBegun || !staged.every((name) => isWhole(directory, name))) return false;
  await nameStaged(directory, staged);
  return true;
}

/** A staged file that can be read as what its name says. */
function isWhole(directory: KeyDirectory, staged: string): boolean {
  try {
    if (staged.endsWith(`.private${STAGED}`)) readPrivate(directory, staged);
    else return typeof parsePublicFile(readText(directory, staged), directory.origin) !== 'string';
    return true;
  } catch (error) {
    if (error instanceof KeystoreError) return false;
    throw error;
  }
}

/** Moves files to `orphans/`. A name that is taken there gets a number. */
export async function setAside({ files, path }: KeyDirectory, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const orphans = `${path}/${ORPHANS}`;
  await files.makeDirectory(orphans);
  for (const name of names) {
    let target = `${orphans}/${name}`;
    for (let n = 2; files.stat(target) !== undefined; n++) target = `${orphans}/${name}.${n}`;
    await files.renameDurable([{ from: `${path}/${name}`, to: target }]);
  }
}
