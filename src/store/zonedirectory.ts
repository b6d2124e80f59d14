/** The directory of a zone's keys, told by the name of the zone alone: a hundred thousand zones have one. */
import type { FileStore } from '../base/ports.ts';
import { type Name, nameOf } from '../wire/name.ts';
import type { KeyDirectory } from './keypairs.ts';
import { zoneKeysPath } from './keystore.ts';
import { STATE_FILE } from './state.ts';

export class ZoneDirectory implements KeyDirectory {
  readonly files: FileStore;
  readonly #keysDirectory: string;
  readonly #zone: string;

  /** `zone` is `formatName` of its origin. */
  constructor(files: FileStore, keysDirectory: string, zone: string) {
    this.files = files;
    this.#keysDirectory = keysDirectory;
    this.#zone = zone;
  }

  get origin(): Name {
    return nameOf(this.#zone);
  }

  get path(): string {
    return zoneKeysPath(this.#keysDirectory, this.origin);
  }
}

/** Whether a directory of keys holds any, or the state of some. */
export function hasKeys(files: FileStore, path: string): boolean {
  if (files.stat(path) === undefined) return false;
  return files
    .list(path)
    .some((name) => name === STATE_FILE || /^K.*\.(?:key|private)(?:\.new)?$/.test(name));
}
