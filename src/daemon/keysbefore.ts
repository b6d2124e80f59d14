/**
 * Which zones have a directory of keys that an earlier process left: one listing tells it for all, where a look for each of
 * a hundred thousand zones that have none would take longer than to parse them. Of names only hashes are kept: two that are
 * alike cost a look.
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { MAX_STEM_OCTETS } from '../store/stem.ts';
import { originOfFileName, ZONE_FILE_SUFFIX } from '../store/zonename.ts';
import { formatName } from '../wire/name.ts';

/** A character of a name is so many of a stem at most. */
const STEM_OCTETS_A_CHARACTER = 3;

export class KeysBefore {
  readonly #files: FileStore;
  readonly #keysDirectory: string;
  /** Hashes of names of zones; undefined if they are not known. */
  #zones: Set<number> | undefined;
  #isRead = false;

  constructor(files: FileStore, keysDirectory: string) {
    this.#files = files;
    this.#keysDirectory = keysDirectory;
  }

  /** False if there is certainly none of the zone; its name is as `formatName` has it. */
  mayBeOf(zone: string): boolean {
    if (!this.#isRead) this.#zones = this.#read();
    this.#isRead = true;
    // The directory of a long name may be its hash.
    const isPlain = zone.length * STEM_OCTETS_A_CHARACTER <= MAX_STEM_OCTETS;
    return !isPlain || this.#zones === undefined || this.#zones.has(hashOf(zone));
  }

  /** This process has written into that of the zone. */
  note(zone: string): void {
    this.#zones?.add(hashOf(zone));
  }

  #read(): Set<number> | undefined {
    try {
      const origins = this.#files
        .list(this.#keysDirectory)
        .map((stem) => originOfFileName(`${stem}${ZONE_FILE_SUFFIX}`));
      const names = origins.flatMap((origin) => (typeof origin === 'string' ? [] : [formatName(origin)]));
      return new Set(names.map(hashOf));
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      return undefined; // who looks at one of them is told why
    }
  }
}

/** FNV-1a, 32 bits with a sign: such a number is no object. */
function hashOf(name: string): number {
  let hash = 0x811c_9dc5 | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  return hash;
}
