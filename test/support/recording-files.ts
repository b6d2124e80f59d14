/** Files on the disk, with a record of what is made durable, in the order in which it was asked for and was done. */
import path from 'node:path';
import type { FileStore, NewFile, Rename } from '../../src/base/ports.ts';
import { DiskFileStore } from '../../src/store/files.ts';

/** A write: `replace state.json`, by the zone's directory. */
export interface Write {
  readonly what: string;
  readonly directory: string;
  isDone: boolean;
}

export class RecordingFiles implements FileStore {
  readonly writes: Write[] = [];
  readonly #files = new DiskFileStore();

  /** What was made durable in a directory, in the order of the calls. */
  of(directory: string): string[] {
    return this.writes.filter((one) => one.directory === directory).map(({ what }) => what);
  }

  read(file: string, limitOctets: number): Uint8Array {
    return this.#files.read(file, limitOctets);
  }

  pieces(file: string): Iterable<Uint8Array> {
    return this.#files.pieces(file);
  }

  list(directory: string): string[] {
    return this.#files.list(directory);
  }

  stat(file: string): ReturnType<FileStore['stat']> {
    return this.#files.stat(file);
  }

  createDurable(files: readonly NewFile[]): Promise<void> {
    return this.#record(`create ${files.length}`, files[0]!.path, () => this.#files.createDurable(files));
  }

  replaceDurable(file: string, octets: Uint8Array, before?: Promise<void>): Promise<void> {
    return this.#record(`replace ${path.basename(file)}`, file, () =>
      this.#files.replaceDurable(file, octets, before),
    );
  }

  /** Not a record of what is durable. */
  replace(file: string, octets: Uint8Array): Promise<void> {
    return this.#files.replace(file, octets);
  }

  appendDurable(file: string, octets: Uint8Array): Promise<void> {
    return this.#record(`append ${path.basename(file)}`, file, () => this.#files.appendDurable(file, octets));
  }

  renameDurable(renames: readonly Rename[]): Promise<void> {
    return this.#record(`rename ${renames.length}`, renames[0]!.to, () => this.#files.renameDurable(renames));
  }

  removeDurable(file: string): Promise<void> {
    return this.#record('remove', file, () => this.#files.removeDurable(file));
  }

  makeDirectory(directory: string): Promise<void> {
    return this.#record('directory', `${directory}/`, () => this.#files.makeDirectory(directory));
  }

  async #record(what: string, file: string, act: () => Promise<void>): Promise<void> {
    const directory = path.basename(file.endsWith('/') ? file : path.dirname(file));
    const write: Write = { what, directory, isDone: false };
    this.writes.push(write);
    await act();
    write.isDone = true;
  }
}
