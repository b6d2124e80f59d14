/**
 * The FileStore of the real world. What a promise has resolved for survives a power cut: files are synced before they
 * get their name, directories after a name in them has changed.
 *
 * What can wait for the disk (creating, syncing, renaming) runs on the threads of libuv, so that many files are on
 * their way at once and the file system makes one commit of them; what only fills the page cache is done at once.
 *
 * An fsync that fails is never tried again on the same file (the kernel may have dropped the data and forgotten the
 * error): the file is removed and the caller hears of it; a new attempt writes a new file. No symbolic link is
 * followed in the last part of a path.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type FileStat, type FileStore, FileStoreError, type NewFile, type Rename } from '../base/ports.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_RDONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = fs.constants;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const TEMPORARY_TRIES = 1000;
const PIECE_OCTETS = 256 * 1024;

const openFile = promisify(fs.open);
const syncFile = promisify(fs.fsync);
const renameFile = promisify(fs.rename);

/** Ends the names of temporary files of `replaceDurable`, behind a number. */
const TEMPORARY_SUFFIX = '.tmp';
const TEMPORARY_END = /\.[\d-]+\.tmp$/;

/** True for the name of a temporary file of `replaceDurable`: a start may remove what a crash left. */
export function isTemporary(name: string): boolean {
  return TEMPORARY_END.test(name);
}

/** Runs a file operation; what the system throws becomes a FileStoreError with its code. */
function guarded<T>(subject: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw known(subject, error);
  }
}

async function guardedLater<T>(subject: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw known(subject, error);
  }
}

function known(subject: string, error: unknown): FileStoreError {
  if (error instanceof FileStoreError) return error;
  const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException;
  return new FileStoreError(code, subject, message, { cause: error });
}

/** FileStore over node:fs. Holds no state but a counter for temporary names. */
export class DiskFileStore implements FileStore {
  #temporaryCount = 0;

  read(file: string, limitOctets: number): Uint8Array {
    return guarded(file, () => {
      const { descriptor, size } = openRegular(file);
      try {
        if (size > limitOctets)
          throw new FileStoreError('EFBIG', file, `over ${limitOctets} octets: ${file}`);
        return readAll(descriptor, size, limitOctets, file);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  *pieces(file: string): Iterable<Uint8Array> {
    const { descriptor } = guarded(file, () => openRegular(file));
    const octets = new Uint8Array(PIECE_OCTETS);
    try {
      for (;;) {
        const count = guarded(file, () => fs.readSync(descriptor, octets, 0, octets.length, null));
        if (count === 0) return;
        yield octets.subarray(0, count);
      }
    } finally {
      fs.closeSync(descriptor);
    }
  }

  createDurable(files: readonly NewFile[]): Promise<void> {
    const directory = path.dirname(files[0]!.path);
    return guardedLater(directory, async () => {
      const written = await Promise.allSettled(files.map((file) => writeNew(file.path, file.octets)));
      const failure = written.find((one) => one.status === 'rejected');
      if (failure !== undefined) {
        for (const [i, one] of written.entries())
          if (one.status === 'fulfilled') removeQuietly(files[i]!.path);
        throw failure.reason;
      }
      await syncDirectory(directory);
    });
  }

  replaceDurable(file: string, octets: Uint8Array, before?: Promise<void>): Promise<void> {
    return guardedLater(file, async () => {
      const [written] = await Promise.allSettled([this.#writeTemporary(file, octets), before]);
      if (written.status === 'rejected') throw written.reason;
      try {
        await before;
        await renameFile(written.value, file);
      } catch (error) {
        removeQuietly(written.value);
        throw error;
      }
      await syncDirectory(path.dirname(file));
    });
  }

  replace(file: string, octets: Uint8Array): Promise<void> {
    return guardedLater(file, async () => {
      const temporary = await this.#writeTemporary(file, octets, false);
      try {
        await renameFile(temporary, file);
      } catch (error) {
        removeQuietly(temporary);
        throw error;
      }
    });
  }

  appendDurable(file: string, octets: Uint8Array): Promise<void> {
    return guardedLater(file, async () => {
      const isNew = fs.lstatSync(file, { throwIfNoEntry: false }) === undefined;
      const descriptor = await openFile(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, FILE_MODE);
      try {
        writeAll(descriptor, octets);
        await syncFile(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
      if (isNew) await syncDirectory(path.dirname(file));
    });
  }

  renameDurable(renames: readonly Rename[]): Promise<void> {
    const { from, to } = renames[0]!;
    return guardedLater(from, async () => {
      for (const one of renames) await renameFile(one.from, one.to);
      const [fromDirectory, toDirectory] = [path.dirname(from), path.dirname(to)];
      await syncDirectory(toDirectory);
      if (fromDirectory !== toDirectory) await syncDirectory(fromDirectory);
    });
  }

  removeDurable(file: string): Promise<void> {
    return guardedLater(file, async () => {
      fs.rmSync(file, { force: true });
      await syncDirectory(path.dirname(file));
    });
  }

  makeDirectory(directory: string): Promise<void> {
    return guardedLater(directory, () => makeDirectories(path.resolve(directory)));
  }

  list(directory: string): string[] {
    return guarded(directory, () => fs.readdirSync(directory).sort());
  }

  stat(file: string): FileStat | undefined {
    return guarded(file, () => {
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stat === undefined) return undefined;
      return {
        kind: kindOf(stat),
        octets: stat.size,
        modifiedMs: stat.mtimeMs,
        inode: stat.ino,
        mode: stat.mode & 0o7777,
      };
    });
  }

  /** Writes a file beside `file` under a name that nothing has. */
  async #writeTemporary(file: string, octets: Uint8Array, isDurable = true): Promise<string> {
    for (let tries = 0; ; tries++) {
      const temporary = `${file}.${process.pid}-${++this.#temporaryCount}${TEMPORARY_SUFFIX}`;
      try {
        await writeNew(temporary, octets, isDurable);
        return temporary;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries >= TEMPORARY_TRIES) throw error;
      }
    }
  }
}

function kindOf(stat: fs.Stats): FileStat['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'symlink' : 'other';
}

/** Opens a file for reading; its size is a guess, as it may grow. */
function openRegular(file: string): { readonly descriptor: number; readonly size: number } {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) throw new FileStoreError('EINVAL', file, `not a regular file: ${file}`);
    return { descriptor, size: stat.size };
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

/** Reads to the end, of which `size` is a guess; a file that grows past the limit meanwhile is refused. */
function readAll(descriptor: number, size: number, limitOctets: number, file: string): Uint8Array {
  let octets = new Uint8Array(size + 1);
  let total = 0;
  for (;;) {
    if (total === octets.length) {
      const longer = new Uint8Array(Math.min(total * 2, limitOctets + 1));
      longer.set(octets);
      octets = longer;
    }
    const count = fs.readSync(descriptor, octets, total, octets.length - total, null);
    total += count;
    if (total > limitOctets) throw new FileStoreError('EFBIG', file, `over ${limitOctets} octets: ${file}`);
    // A read that asks for more than the file had, and gets just that, was at its end.
    const isAtEnd = count === 0 || (total === size && total < octets.length);
    if (isAtEnd) return octets.subarray(0, total);
  }
}

/** Creates a file that must not exist; removes it again when anything fails. */
async function writeNew(file: string, octets: Uint8Array, isDurable = true): Promise<void> {
  const descriptor = await openFile(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
  let isOpen = true;
  try {
    writeAll(descriptor, octets);
    if (isDurable) await syncFile(descriptor);
    isOpen = false;
    fs.closeSync(descriptor);
  } catch (error) {
    if (isOpen) closeQuietly(descriptor);
    removeQuietly(file);
    throw error;
  }
}

function writeAll(descriptor: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += fs.writeSync(descriptor, octets, at);
}

/** After a failure that is reported already; a second one would say nothing new. */
function closeQuietly(descriptor: number): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    return;
  }
}

function removeQuietly(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    return;
  }
}

/** Makes names in a directory durable. Some file systems cannot (EINVAL); they promise order by themselves. */
async function syncDirectory(directory: string): Promise<void> {
  const descriptor = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    await syncFile(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Creates a directory and its parents, each made durable in the one above. */
async function makeDirectories(directory: string): Promise<void> {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(directory);
  if (parent !== directory) await makeDirectories(parent);
  try {
    fs.mkdirSync(directory, DIRECTORY_MODE);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere || !fs.statSync(directory).isDirectory()) throw error;
  }
  await syncDirectory(parent);
}
