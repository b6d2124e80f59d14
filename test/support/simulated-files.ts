/**
 * A FileStore in memory that can lose power. It knows what has reached the disk and what has not: contents by fsync,
 * names by fsync of their directory. Each write, sync and rename is a step; at a chosen step the machine crashes or
 * the disk fails. `restart` says what became of the unsynced rest.
 */
import path from 'node:path';
import {
  type FileStat,
  type FileStore,
  FileStoreError,
  type NewFile,
  type Rename,
} from '../../src/base/ports.ts';

/** Thrown at the crash, and by every call until `restart`. No program may catch it. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

/**
 * What the disk holds after a crash of that which was not synced. lost: nothing. kept: everything, by luck.
 * torn: names, and half of the contents. zeroed: names and lengths, contents zero.
 */
export type Aftermath = 'lost' | 'kept' | 'torn' | 'zeroed';
export const AFTERMATHS: readonly Aftermath[] = ['lost', 'kept', 'torn', 'zeroed'];

interface Inode {
  readonly number: number;
  readonly kind: 'file' | 'directory' | 'symlink';
  mode: number;
  modifiedMs: number;
  octets: Uint8Array;
  /** What fsync has brought to the disk. */
  durable: Uint8Array;
}

const TEMPORARY_SUFFIX = '.tmp';
/** Small and odd, so that what is read in pieces is cut anywhere. */
const PIECE_OCTETS = 37;

export class SimulatedFiles implements FileStore {
  /** Steps taken since the start or the last restart. */
  steps = 0;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #inodeCount = 0;
  #temporaryCount = 0;
  #crashAt = Number.POSITIVE_INFINITY;
  #failAt = Number.POSITIVE_INFINITY;
  #failUntil = Number.POSITIVE_INFINITY;
  #failCode = 'EIO';
  #isDown = false;

  constructor() {
    const root = this.#inode('directory', 0o700);
    this.#names.set('/', root);
    this.#durableNames.set('/', root);
  }

  // ---- Faults ----

  /** Loses power instead of taking the `step`th step from now (the first is 1). */
  crashAt(step: number): void {
    this.steps = 0;
    this.#crashAt = step;
  }

  /** Steps from the `step`th on fail with `code`, `count` of them. */
  failAt(step: number, code: string, count = Number.POSITIVE_INFINITY): void {
    this.steps = 0;
    this.#failAt = step;
    this.#failUntil = step + count;
    this.#failCode = code;
  }

  /** Ends all faults; after a crash, unsynced data has the fate that `aftermath` says. */
  restart(aftermath: Aftermath = 'kept'): void {
    if (this.#isDown && aftermath === 'lost') this.#names = new Map(this.#durableNames);
    if (this.#isDown) {
      for (const inode of new Set(this.#names.values())) inode.octets = survivors(inode, aftermath);
    }
    for (const inode of this.#names.values()) inode.durable = inode.octets;
    this.#durableNames = new Map(this.#names);
    this.#isDown = false;
    this.steps = 0;
    this.#crashAt = Number.POSITIVE_INFINITY;
    this.#failAt = Number.POSITIVE_INFINITY;
  }

  #step(subject: string): void {
    if (this.#isDown) throw new SimulatedCrash('the machine is down');
    this.steps++;
    if (this.steps >= this.#crashAt) {
      this.#isDown = true;
      throw new SimulatedCrash(`power lost at step ${this.steps}`);
    }
    if (this.steps >= this.#failAt && this.steps < this.#failUntil) {
      throw new FileStoreError(this.#failCode, subject, `simulated ${this.#failCode}: ${subject}`);
    }
  }

  // ---- FileStore ----

  read(file: string, limitOctets: number): Uint8Array {
    const inode = this.#find(file);
    if (inode.kind === 'symlink') throw new FileStoreError('ELOOP', file, `symbolic link: ${file}`);
    if (inode.kind !== 'file') throw new FileStoreError('EINVAL', file, `not a regular file: ${file}`);
    if (inode.octets.length > limitOctets) throw new FileStoreError('EFBIG', file, `too long: ${file}`);
    return Uint8Array.from(inode.octets);
  }

  *pieces(file: string): Iterable<Uint8Array> {
    const octets = this.read(file, Number.POSITIVE_INFINITY);
    for (let at = 0; at < octets.length; at += PIECE_OCTETS) yield octets.subarray(at, at + PIECE_OCTETS);
  }

  async createDurable(files: readonly NewFile[]): Promise<void> {
    const written: string[] = [];
    for (const file of files) {
      try {
        this.#writeNew(file.path, file.octets);
        written.push(file.path);
      } catch (error) {
        if (!(error instanceof SimulatedCrash)) for (const one of written) this.#names.delete(one);
        throw error;
      }
    }
    this.#syncDirectory(path.dirname(files[0]!.path));
  }

  async replaceDurable(file: string, octets: Uint8Array, before?: Promise<void>): Promise<void> {
    const temporary = `${file}.${++this.#temporaryCount}${TEMPORARY_SUFFIX}`;
    const [written] = await Promise.allSettled([this.#writeLater(temporary, octets), before]);
    if (written.status === 'rejected') throw written.reason;
    try {
      await before;
      this.#rename(temporary, file);
    } catch (error) {
      this.#removeAfterError(temporary, error);
    }
    this.#syncDirectory(path.dirname(file));
  }

  async #writeLater(file: string, octets: Uint8Array): Promise<void> {
    this.#writeNew(file, octets);
  }

  async replace(file: string, octets: Uint8Array): Promise<void> {
    const temporary = `${file}.${++this.#temporaryCount}${TEMPORARY_SUFFIX}`;
    try {
      this.#write(this.#create(temporary), temporary, octets);
      this.#rename(temporary, file);
    } catch (error) {
      this.#removeAfterError(temporary, error);
    }
  }

  async appendDurable(file: string, octets: Uint8Array): Promise<void> {
    const found = this.#names.get(file);
    const inode = found ?? this.#create(file);
    this.#write(inode, file, octets);
    this.#sync(inode, file);
    if (found === undefined) this.#syncDirectory(path.dirname(file));
  }

  async renameDurable(renames: readonly Rename[]): Promise<void> {
    for (const one of renames) this.#rename(one.from, one.to);
    const { from, to } = renames[0]!;
    this.#syncDirectory(path.dirname(to));
    if (path.dirname(from) !== path.dirname(to)) this.#syncDirectory(path.dirname(from));
  }

  async removeDurable(file: string): Promise<void> {
    this.#step(file);
    this.#names.delete(file);
    this.#syncDirectory(path.dirname(file));
  }

  async makeDirectory(directory: string): Promise<void> {
    this.#makeDirectories(directory);
  }

  #makeDirectories(directory: string): void {
    if (this.#names.has(directory)) return;
    this.#makeDirectories(path.dirname(directory));
    this.#step(directory);
    this.#names.set(directory, this.#inode('directory', 0o700));
    this.#syncDirectory(path.dirname(directory));
  }

  list(directory: string): string[] {
    this.#find(directory);
    return [...this.#names.keys()]
      .filter((name) => name !== '/' && path.dirname(name) === directory)
      .map((name) => path.basename(name))
      .sort();
  }

  stat(file: string): FileStat | undefined {
    if (this.#isDown) throw new SimulatedCrash('the machine is down');
    const inode = this.#names.get(file);
    if (inode === undefined) return undefined;
    const { kind, mode, modifiedMs, number } = inode;
    return { kind, octets: inode.octets.length, modifiedMs, inode: number, mode };
  }

  // ---- For tests ----

  /** All names of regular files, sorted. */
  allFiles(): string[] {
    return [...this.#names].flatMap(([name, { kind }]) => (kind === 'file' ? [name] : [])).sort();
  }

  /** Puts a durable file (and its directories) in place, as an operator would. */
  put(file: string, octets: Uint8Array | string, mode = 0o600): void {
    this.#makeDirectories(path.dirname(file));
    const inode = this.#inode('file', mode);
    inode.octets = Uint8Array.from(Buffer.from(octets));
    inode.durable = inode.octets;
    this.#names.set(file, inode);
    this.#durableNames.set(file, inode);
  }

  /** Puts a symbolic link in place. */
  putLink(file: string): void {
    this.#names.set(file, this.#inode('symlink', 0o777));
  }

  // ---- Primitives: one step each ----

  #inode(kind: Inode['kind'], mode: number): Inode {
    const none = new Uint8Array(0);
    return { number: ++this.#inodeCount, kind, mode, modifiedMs: 0, octets: none, durable: none };
  }

  #find(file: string): Inode {
    if (this.#isDown) throw new SimulatedCrash('the machine is down');
    const inode = this.#names.get(file);
    if (inode === undefined) throw new FileStoreError('ENOENT', file, `no such file: ${file}`);
    return inode;
  }

  #create(file: string): Inode {
    this.#step(file);
    this.#find(path.dirname(file));
    if (this.#names.has(file)) throw new FileStoreError('EEXIST', file, `exists: ${file}`);
    const inode = this.#inode('file', 0o600);
    this.#names.set(file, inode);
    return inode;
  }

  #write(inode: Inode, file: string, octets: Uint8Array): void {
    const half = octets.length >>> 1;
    for (const part of [octets.subarray(0, half), octets.subarray(half)]) {
      this.#step(file);
      inode.octets = new Uint8Array(Buffer.concat([inode.octets, part]));
      inode.modifiedMs++;
    }
  }

  #sync(inode: Inode, file: string): void {
    this.#step(file);
    inode.durable = inode.octets;
  }

  #writeNew(file: string, octets: Uint8Array): void {
    const inode = this.#create(file);
    try {
      this.#write(inode, file, octets);
      this.#sync(inode, file);
    } catch (error) {
      this.#removeAfterError(file, error);
    }
  }

  /** As the real store: what could not be written is removed; a crash leaves it. */
  #removeAfterError(file: string, error: unknown): never {
    if (!(error instanceof SimulatedCrash)) this.#names.delete(file);
    throw error;
  }

  #rename(from: string, to: string): void {
    this.#step(from);
    const inode = this.#find(from);
    this.#find(path.dirname(to));
    this.#names.delete(from);
    this.#names.set(to, inode);
  }

  #syncDirectory(directory: string): void {
    this.#step(directory);
    const isIn = (name: string) => name !== '/' && path.dirname(name) === directory;
    for (const name of this.#durableNames.keys()) {
      if (isIn(name)) this.#durableNames.delete(name);
    }
    for (const [name, inode] of this.#names) {
      if (isIn(name)) this.#durableNames.set(name, inode);
    }
  }
}

function survivors(inode: Inode, aftermath: Aftermath): Uint8Array {
  if (inode.octets === inode.durable || aftermath === 'kept') return inode.octets;
  if (aftermath === 'lost') return inode.durable;
  const unsynced = inode.octets.subarray(inode.durable.length);
  const rest = aftermath === 'torn' ? unsynced.subarray(0, unsynced.length >>> 1) : unsynced.map(() => 0);
  return Uint8Array.from([...inode.durable, ...rest]);
}
