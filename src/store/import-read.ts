/** Finds and reads the key files of another signer: which paths hold which keys, and in which format. */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { formatName, type Name } from '../wire/name.ts';
import { type ReadText, readBindKey } from './import-bind.ts';
import type { ForeignKeys } from './import-key.ts';
import { readKnotKeys } from './import-knot.ts';
import { MAX_KEY_FILE_OCTETS, parseKeyFileName } from './keyfile.ts';
import { KeystoreError } from './keypairs.ts';
import { foreignOfPem, readPemKey } from './pem.ts';
import type { ImportFormat } from './words.ts';

const MAX_LIST_OCTETS = 4 * 1024 * 1024;
const OTHERS_READ_BITS = 0o007;

/** What paths lead to. */
interface Found {
  /** Paths of BIND key files without their endings. */
  readonly bases: Set<string>;
  readonly pems: Set<string>;
  /** JSON of `keymgr list -j`. */
  readonly lists: Set<string>;
}

export interface ReadOptions {
  readonly files: FileStore;
  readonly origin: Name;
  readonly now: UnixSeconds;
  /** Undefined: told by the names of the files. */
  readonly format: ImportFormat | undefined;
}

/** Reads all keys of the zone that `paths` (files or directories) lead to. Throws KeystoreError. */
export function readForeignKeys(paths: readonly string[], options: ReadOptions): ForeignKeys {
  const found = findFiles(paths, options);
  const { files, origin, now } = options;
  const notes: string[] = [];
  const readText: ReadText = (path) => readFile(files, path, MAX_KEY_FILE_OCTETS, notes);
  const format = options.format ?? formatOf(found);
  if (format === 'bind') {
    const keys = [...found.bases].sort().map((base) => readBindKey(base, origin, readText, now));
    return { keys, notes };
  }
  const pems = [...found.pems];
  const pemOf = (path: string) => {
    const text = readText(path);
    if (text === undefined) throw new KeystoreError('KEY_MISSING', `${path} is missing`);
    return readPemKey(path, text);
  };
  if (format === 'pem') return { keys: pems.map((path) => foreignOfPem(pemOf(path))), notes };
  const keys = [...found.lists].map((path) => {
    const text = readFile(files, path, MAX_LIST_OCTETS, []) ?? '';
    return readKnotKeys({ path, text }, origin, (id) => pemOf(pathOfId(id, pems)), now);
  });
  return {
    keys: keys.flatMap((one) => one.keys),
    notes: [...notes, ...keys.flatMap((one) => one.notes)],
  };
}

function pathOfId(id: string, pems: readonly string[]): string {
  const path = pems.find((one) => one.endsWith(`/${id}.pem`));
  if (path !== undefined) return path;
  throw new KeystoreError(
    'KEY_MISSING',
    `${id}.pem is not among the files; name the directory that holds it`,
  );
}

function formatOf({ bases, pems, lists }: Found): ImportFormat {
  if (bases.size > 0 && pems.size === 0) return 'bind';
  if (bases.size > 0)
    throw new KeystoreError('KEYS_AMBIGUOUS', 'there are files of BIND and PEM files; say --format');
  return lists.size > 0 ? 'knot' : 'pem';
}

// ---- Paths ----

function findFiles(paths: readonly string[], { files, origin, format }: ReadOptions): Found {
  const found: Found = { bases: new Set(), pems: new Set(), lists: new Set() };
  const prefix = `K${formatName(origin)}+`.toLowerCase();
  for (const path of paths) {
    const stat = statOf(files, path);
    if (stat === 'directory') {
      const names = listOf(files, path).filter((name) => !isOfOther(name, prefix));
      for (const name of names) sort(`${path.replace(/\/+$/, '')}/${name}`, found);
    } else if (!sort(path, found)) {
      throw new KeystoreError(
        'KEYS_NOT_FOUND',
        `${path} is no key file: K*.key, K*.private, *.pem or *.json`,
      );
    }
  }
  const { bases, pems, lists } = found;
  const chosen = format === 'bind' ? bases : format === 'knot' ? lists : format === 'pem' ? pems : undefined;
  const count = chosen?.size ?? bases.size + pems.size;
  if (count === 0) {
    const what = format === 'knot' ? 'no JSON of keymgr list -j' : 'no key files';
    throw new KeystoreError(
      'KEYS_NOT_FOUND',
      `there are ${what} of ${formatName(origin)} in ${paths.join(', ')}`,
    );
  }
  return found;
}

/** A directory may hold the keys of many zones. */
function isOfOther(name: string, prefix: string): boolean {
  return (
    parseKeyFileName(name.replace(/\.state$/, '')) !== undefined && !name.toLowerCase().startsWith(prefix)
  );
}

/** Puts a path where it belongs; false if it is none of a key. */
function sort(path: string, { bases, pems, lists }: Found): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const base = path.replace(/\.(?:key|private|state)$/, '');
  if (parseKeyFileName(name.replace(/\.(?:key|private|state)$/, '')) !== undefined) bases.add(base);
  else if (name.endsWith('.pem')) pems.add(path);
  else if (name.endsWith('.json')) lists.add(path);
  else return false;
  return true;
}

// ---- Files ----

function statOf(files: FileStore, path: string): string {
  const stat = guarded(path, () => files.stat(path));
  if (stat !== undefined) return stat.kind;
  // BIND's tools name a key by its base.
  const isBase = files.stat(`${path}.key`) !== undefined || files.stat(`${path}.private`) !== undefined;
  if (isBase) return 'file';
  throw new KeystoreError('KEYS_NOT_FOUND', `${path} is not there, as the server sees it`);
}

function listOf(files: FileStore, path: string): string[] {
  return guarded(path, () => files.list(path));
}

/** The text of a file; undefined if it is not there. Notes private keys that others can read. */
function readFile(files: FileStore, path: string, limit: number, notes: string[]): string | undefined {
  const stat = guarded(path, () => files.stat(path));
  if (stat === undefined) return undefined;
  const isSecret = path.endsWith('.private') || path.endsWith('.pem');
  if (isSecret && (stat.mode & OTHERS_READ_BITS) !== 0) {
    notes.push(`${path} can be read by everybody on this machine: think of replacing the key`);
  }
  return guarded(path, () => Buffer.from(files.read(path, limit)).toString('latin1'));
}

function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FileStoreError)) throw error;
    const what = error.code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${error.code})`;
    throw new KeystoreError('KEY_UNREADABLE', `${path} ${what}`, { cause: error });
  }
}
