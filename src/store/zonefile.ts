/**
 * Reading files of the zones directory, of which nothing may be believed: a name may be a FIFO, a device, a link out
 * of the directory, a file of 10 GB, or one that somebody is still writing. Whatever it is, reading ends soon, takes
 * bounded memory and gives either the octets of one moment or a fault.
 */
import fs from 'node:fs';
import path from 'node:path';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const FROM_START = 0;

/** Why a file is not read; codes are stable. */
export interface ZoneFault {
  readonly code:
    | 'ZONE_NOT_A_FILE'
    | 'ZONE_LINK_OUTSIDE'
    | 'ZONE_TOO_LARGE'
    | 'ZONE_EMPTY'
    | 'ZONE_UNREADABLE'
    | 'ZONE_CHANGING'
    | 'ZONE_FILE_GONE'
    | 'ZONE_TWO_FILES'
    | 'ZONE_LOADER_DIED';
  readonly message: string;
  readonly fix?: string;
}

/** Two looks with the same signature have seen the same, unwritten file. */
export type FileSignature = string;

/** What a signature is made of. */
type SignedStat = Pick<fs.Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** Device, inode, size, and times of content and of status: everything that a write, a rename or a chmod changes. */
export function signatureOf(stat: SignedStat): FileSignature {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}

/** Where in a signature. */
const SIZE_FIELD = 2;
const MTIME_FIELD = 3;

/** The size that a signature was made of; 0 if it names a fault. */
export function signedSize(signature: FileSignature): number {
  return Number(fieldOf(signature, SIZE_FIELD));
}

/** The time of content that a signature was made of; 0 if it names a fault. */
export function signedMtimeMs(signature: FileSignature): number {
  return Number(fieldOf(signature, MTIME_FIELD));
}

/** A field, counted from 0, of those that colons part; empty if there are not so many. */
function fieldOf(signature: FileSignature, field: number): string {
  let from = 0;
  for (let left = field; left > 0; left--) {
    from = signature.indexOf(':', from) + 1;
    if (from === 0) return '';
  }
  const end = signature.indexOf(':', from);
  return end === -1 ? signature.slice(from) : signature.slice(from, end);
}

/** Both would have the same signature. */
function areSame(one: SignedStat, other: SignedStat): boolean {
  const { dev, ino, size, mtimeMs, ctimeMs } = one;
  const isSameFile = other.dev === dev && other.ino === ino;
  return isSameFile && other.size === size && other.mtimeMs === mtimeMs && other.ctimeMs === ctimeMs;
}

/** What a path leads to: a regular file that may be opened, or why not. */
export interface FoundFile {
  /** The file itself, links resolved. */
  readonly path: string;
  readonly stat: fs.Stats;
}

/** Looks at a path without opening it. A link is followed only to a file inside `directory` (a real path). */
export function findFile(directory: string, file: string): FoundFile | ZoneFault {
  try {
    let target = file;
    let stat = fs.lstatSync(file);
    if (stat.isSymbolicLink()) {
      target = fs.realpathSync(file);
      if (!isInside(directory, target)) {
        return {
          code: 'ZONE_LINK_OUTSIDE',
          message: 'it is a symbolic link that leads out of the zones directory',
          fix: 'copy the file into the zones directory, or link to one inside of it',
        };
      }
      stat = fs.lstatSync(target);
    }
    return stat.isFile()
      ? { path: target, stat }
      : { code: 'ZONE_NOT_A_FILE', message: `it is ${kindOf(stat)}` };
  } catch (error) {
    return faultOf(error);
  }
}

/** Octets of one moment of a file and its signature then. */
export interface ReadFile {
  readonly octets: Uint8Array;
  readonly signature: FileSignature;
}

/** How a file is read. */
export interface ReadOptions {
  readonly limitOctets: number;
  /** What a look has seen: the file must not have changed since. */
  readonly expected?: FileSignature | undefined;
  /** Where the octets may lie, if there is room for them and one more: they are good until it is used again. */
  readonly scratch?: Uint8Array;
}

/**
 * Reads a file of at most `limitOctets` that does not change meanwhile, and, if `expected` is given, has not changed
 * since. Blocks for the read only: no FIFO is waited for, no large file is touched.
 */
export function readFile(directory: string, file: string, options: ReadOptions): ReadFile | ZoneFault {
  let descriptor: number | undefined;
  try {
    descriptor = options.expected === undefined ? undefined : openPlain(file);
    if (descriptor === undefined) {
      const found = findFile(directory, file);
      if ('code' in found) return found;
      descriptor = openPlain(found.path);
    }
    if (descriptor === undefined) return changing('it was replaced by a link while it was read');
    return readExpected(descriptor, options) ?? readOpened(descriptor, options);
  } catch (error) {
    return faultOf(error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Opens a file that a look has shown to be a regular one; undefined if it is a link. */
function openPlain(file: string): number | undefined {
  try {
    return fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  }
}

/**
 * A small file of which a look has told before: it is as it was then when it has been read, and one question more says
 * so. Undefined of any other: what is to be said of it `readOpened` finds out.
 */
function readExpected(descriptor: number, options: ReadOptions): ReadFile | undefined {
  const { expected, scratch, limitOctets } = options;
  if (expected === undefined || scratch === undefined) return undefined;
  try {
    const length = fs.readSync(descriptor, scratch, 0, scratch.length, FROM_START);
    const stat = fs.fstatSync(descriptor);
    const isWhole = length === stat.size && length < scratch.length && length > 0 && length <= limitOctets;
    if (!isWhole || !stat.isFile() || signatureOf(stat) !== expected) return undefined;
    return { octets: scratch.subarray(0, length), signature: expected };
  } catch {
    return undefined;
  }
}

function readOpened(descriptor: number, { limitOctets, expected }: ReadOptions): ReadFile | ZoneFault {
  const before = fs.fstatSync(descriptor);
  if (!before.isFile()) return { code: 'ZONE_NOT_A_FILE', message: `it is ${kindOf(before)}` };
  const signature = signatureOf(before);
  if (expected !== undefined && signature !== expected) return changing();
  if (before.size > limitOctets) {
    return {
      code: 'ZONE_TOO_LARGE',
      message: `it has ${before.size} octets, over the limit of ${limitOctets}`,
      fix: 'raise maxZoneFileOctets in the configuration if the file is right',
    };
  }
  if (before.size === 0) {
    return { code: 'ZONE_EMPTY', message: 'it is empty', fix: 'remove the file if the zone shall go' };
  }
  const octets = new Uint8Array(before.size);
  let length = 0;
  for (let count = -1; count !== 0 && length < octets.length; length += count) {
    count = fs.readSync(descriptor, octets, length, octets.length - length, length);
  }
  if (length < octets.length || !areSame(fs.fstatSync(descriptor), before)) return changing();
  return { octets, signature };
}

function changing(message = 'it is still being written'): ZoneFault {
  return { code: 'ZONE_CHANGING', message };
}

/** The octets of up to `count` octets at the head of a file, or a fault. */
export function readHead(directory: string, file: string, count: number): Uint8Array | ZoneFault {
  const found = findFile(directory, file);
  if ('code' in found) return found;
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(found.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fs.fstatSync(descriptor).isFile())
      return { code: 'ZONE_NOT_A_FILE', message: 'it is no regular file' };
    const head = new Uint8Array(count);
    return head.subarray(0, fs.readSync(descriptor, head, 0, count, null));
  } catch (error) {
    return faultOf(error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** True if `target` is below `directory`; both are real paths. */
function isInside(directory: string, target: string): boolean {
  const relative = path.relative(directory, target);
  return (
    relative !== '' &&
    !relative.startsWith(`..${path.sep}`) &&
    relative !== '..' &&
    !path.isAbsolute(relative)
  );
}

function kindOf(stat: fs.Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a FIFO';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function faultOf(error: unknown): ZoneFault {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return { code: 'ZONE_FILE_GONE', message: 'it is not there, or is a link that leads nowhere' };
  if (code === 'ELOOP')
    return { code: 'ZONE_CHANGING', message: 'it was replaced by a link while it was read' };
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      code: 'ZONE_UNREADABLE',
      message: 'permission denied',
      fix: 'let the user of this server read it',
    };
  }
  return { code: 'ZONE_UNREADABLE', message: `it cannot be read: ${message}` };
}

/**
 * Reads the files that `$INCLUDE` names for one zone: relative to the zones directory and never outside of it.
 * Keeps what it read, for change detection.
 */
export class IncludeReader {
  /** Octets of the files that were read, in the order in which they were. */
  readonly octets: Uint8Array[] = [];
  /** Every file inside the directory that was asked for; one that cannot be read has its fault for a signature. */
  readonly parts: { readonly path: string; readonly signature: FileSignature }[] = [];
  #total = 0;
  readonly #directory: string;
  readonly #limitOctets: number;

  /** `directory` is a real path. */
  constructor(directory: string, limitOctets: number) {
    this.#directory = directory;
    this.#limitOctets = limitOctets;
  }

  /** The octets of the file that `name` means, or a sentence that says why it is not read. */
  read(name: string): Uint8Array | string {
    const file = path.resolve(this.#directory, name);
    // Of a path that leads out nothing is told, not even whether something is there.
    if (!isInside(this.#directory, realOf(file))) return 'it is outside of the zones directory';
    const read = readFile(this.#directory, file, { limitOctets: this.#limitOctets - this.#total });
    this.parts.push({ path: file, signature: 'code' in read ? read.code : read.signature });
    if ('code' in read) return read.message;
    this.octets.push(read.octets);
    this.#total += read.octets.length;
    return read.octets;
  }
}

/** The path with all links resolved, as far as it exists. */
function realOf(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const parent = path.dirname(file);
    return isMissing && parent !== file ? path.join(realOf(parent), path.basename(file)) : file;
  }
}
