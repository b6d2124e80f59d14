/**
 * Which zones have a directory of keys that an earlier process left: one listing tells it for all, where a look for each of
 * a hundred thousand zones that have none would take longer than to parse them.
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
  /** Names of zones; undefined if they are not known. */
  #zones: Set<string> | undefined;
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
    return !isPlain || this.#zones === undefined || this.#zones.has(zone);
  }

  /** This process has written into that of the zone. */
  note(zone: string): void {
    this.#zones?.add(zone);
  }

  #read(): Set<string> | undefined {
    try {
      const origins = this.#files
        .list(this.#keysDirectory)
        .map((stem) => originOfFileName(`${stem}${ZONE_FILE_SUFFIX}`));
      return new Set(origins.flatMap((origin) => (typeof origin === 'string' ? [] : [formatName(origin)])));
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      return undefined; // who looks at one of them is told why
    }
  }
}
