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

/** Files, as far as keys and state need them. All calls are synchronous and throw FileStoreError. */
export interface FileStore {
  /** Reads a regular file of at most `limitOctets`; follows no symbolic link. */
  read(path: string, limitOctets: number): Uint8Array;
  /** Creates `path` (mode 0600, fails if it exists), writes all octets and makes them durable (fsync). */
  createDurable(path: string, octets: Uint8Array): void;
  /** Replaces `path` atomically and durably: temporary file, fsync, rename, fsync of the directory. */
  replaceDurable(path: string, octets: Uint8Array): void;
  /** Appends octets and makes them durable. */
  appendDurable(path: string, octets: Uint8Array): void;
  /** Renames within one file system, then makes both directories durable. */
  renameDurable(from: string, to: string): void;
  /** Removes a file and makes the directory durable; a missing file is no error. */
  removeDurable(path: string): void;
  /** Creates a directory (mode 0700) and its parents, durably; an existing one is no error. */
  makeDirectory(path: string): void;
  /** Names in a directory, sorted. */
  list(path: string): string[];
  /** Undefined if nothing has that name. */
  stat(path: string): FileStat | undefined;
}
