/**
 * The ports through which the shell touches the world. Each has one real implementation (in the shell) and may have
 * a simulated one (in `test/support`), so that a year, a crash or a full disk run in milliseconds. Types only.
 */
import type { UnixSeconds } from './time.ts';

/** Wall clock and monotonic clock. Read once an event; the instant is then handed down. */
export interface Clock {
  now(): UnixSeconds;
  /** Milliseconds that never step, from an arbitrary origin. */
  monotonicMs(): number;
}

/** Cryptographically strong octets. */
export interface Random {
  octets(count: number): Uint8Array;
}

/** What `FileStore.stat` tells; `kind` is that of the name itself (symbolic links are not followed). */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly octets: number;
  readonly modifiedMs: number;
  readonly inode: number;
  readonly mode: number;
}

/** Thrown by a FileStore; `code` is the system's (`ENOENT`, `EACCES`, `ENOSPC`, …). */
export class FileStoreError extends Error {
  override readonly name = 'FileStoreError';
  readonly code: string;
  readonly path: string;
  constructor(code: string, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/**
 * Files, as far as keys and state need them. Reads are synchronous. Writes are durable when their promise resolves, so
 * that those of many zones are on their way at once; they reject, as reads throw, with FileStoreError.
 */
export interface FileStore {
  /** Reads a regular file of at most `limitOctets`; follows no symbolic link. */
  read(path: string, limitOctets: number): Uint8Array;
  /** What a regular file has, in pieces of moderate size, each valid until the next; follows no symbolic link. */
  pieces(path: string): Iterable<Uint8Array>;
  /** Creates files (mode 0600; none of them may exist) in one directory, whole and durable. */
  createDurable(files: readonly NewFile[]): Promise<void>;
  /**
   * Replaces `path` atomically and durably: temporary file, fsync, rename, fsync of the directory. `before` has
   * resolved when the new content gets its name; if it rejects, nothing is replaced.
   */
  replaceDurable(path: string, octets: Uint8Array, before?: Promise<void>): Promise<void>;
  /**
   * Replaces `path` atomically, for what can be made again: when power is lost, it may be the old file, a part of the new
   * one, or gone.
   */
  replace(path: string, octets: Uint8Array): Promise<void>;
  /** Appends octets and makes them durable. */
  appendDurable(path: string, octets: Uint8Array): Promise<void>;
  /** Renames files from one directory to another, or within one; then makes both directories durable. */
  renameDurable(renames: readonly Rename[]): Promise<void>;
  /** Removes a file and makes the directory durable; a missing file is no error. */
  removeDurable(path: string): Promise<void>;
  /** Creates a directory (mode 0700) and its parents, durably; an existing one is no error. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, sorted. */
  list(path: string): string[];
  /** Undefined if nothing has that name. */
  stat(path: string): FileStat | undefined;
}

/** A file to be created. */
export interface NewFile {
  readonly path: string;
  readonly octets: Uint8Array;
}

export interface Rename {
  readonly from: string;
  readonly to: string;
}
