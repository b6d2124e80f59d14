/**
 * The FileStore of the real world. What a call has returned from survives a power cut: files are synced before they
 * get their name, directories after a name in them has changed.
 *
 * An fsync that fails is never tried again on the same file (the kernel may have dropped the data and forgotten the
 * error): the file is removed and the caller hears of it; a new attempt writes a new file. No symbolic link is
 * followed in the last part of a path.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type FileStat, type FileStore, FileStoreError } from '../base/ports.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_RDONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = fs.constants;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const TEMPORARY_TRIES = 1000;

/** Ends the names of temporary files of `replaceDurable`; a start may remove what a crash left. */
export const TEMPORARY_SUFFIX = '.tmp';

/** Runs a file operation; what the system throws becomes a FileStoreError with its code. */
function guarded<T>(subject: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof FileStoreError) throw error;
    const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException;
    throw new FileStoreError(code, subject, message, { cause: error });
  }
}

/** FileStore over node:fs, synchronous. Holds no state but a counter for temporary names. */
export class DiskFileStore implements FileStore {
  #temporaryCount = 0;

  read(file: string, limitOctets: number): Uint8Array {
    return guarded(file, () => {
      // O_NONBLOCK: opening a FIFO must not wait for a writer.
      const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        const stat = fs.fstatSync(descriptor);
        if (!stat.isFile()) throw new FileStoreError('EINVAL', file, `not a regular file: ${file}`);
        if (stat.size > limitOctets) {
          throw new FileStoreError('EFBIG', file, `over ${limitOctets} octets: ${file}`);
        }
        return readAll(descriptor, stat.size, limitOctets, file);
      } finally {
        fs.closeSync(descriptor);
      }
    });
  }

  createDurable(file: string, octets: Uint8Array): void {
    guarded(file, () => {
      writeNew(file, octets);
      syncDirectory(path.dirname(file));
    });
  }

  replaceDurable(file: string, octets: Uint8Array): void {
    guarded(file, () => {
      const temporary = this.#writeTemporary(file, octets);
      try {
        fs.renameSync(temporary, file);
      } catch (error) {
        removeQuietly(temporary);
        throw error;
      }
      syncDirectory(path.dirname(file));
    });
  }

  appendDurable(file: string, octets: Uint8Array): void {
    guarded(file, () => {
      const isNew = fs.lstatSync(file, { throwIfNoEntry: false }) === undefined;
      const descriptor = fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, FILE_MODE);
      try {
        writeAll(descriptor, octets);
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
      if (isNew) syncDirectory(path.dirname(file));
    });
  }

  renameDurable(from: string, to: string): void {
    guarded(from, () => {
      fs.renameSync(from, to);
      const [fromDirectory, toDirectory] = [path.dirname(from), path.dirname(to)];
      syncDirectory(toDirectory);
      if (fromDirectory !== toDirectory) syncDirectory(fromDirectory);
    });
  }

  removeDurable(file: string): void {
    guarded(file, () => {
      fs.rmSync(file, { force: true });
      syncDirectory(path.dirname(file));
    });
  }

  makeDirectory(directory: string): void {
    guarded(directory, () => makeDirectories(path.resolve(directory)));
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

  /** Writes a durable file beside `file` under a name that nothing has. */
  #writeTemporary(file: string, octets: Uint8Array): string {
    for (let tries = 0; ; tries++) {
      const temporary = `${file}.${process.pid}-${++this.#temporaryCount}${TEMPORARY_SUFFIX}`;
      try {
        writeNew(temporary, octets);
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
    if (count === 0) return octets.subarray(0, total);
  }
}

/** Creates a file that must not exist, with durable content; removes it again when anything fails. */
function writeNew(file: string, octets: Uint8Array): void {
  const descriptor = fs.openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
  let isOpen = true;
  try {
    writeAll(descriptor, octets);
    fs.fsyncSync(descriptor);
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
function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Creates a directory and its parents, each made durable in the one above. */
function makeDirectories(directory: string): void {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeDirectories(parent);
  try {
    fs.mkdirSync(directory, DIRECTORY_MODE);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere || !fs.statSync(directory).isDirectory()) throw error;
  }
  syncDirectory(parent);
}
