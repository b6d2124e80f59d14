/**
 * The serial that a zone is served with, where the policy lets Keyturn make it: kept beside the zone's keys, so that it
 * does not go back after a restart. A file that was never served with another content keeps its serial.
 */
import type { FileStore } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { KeystoreError } from '../store/keypairs.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import type { Name } from '../wire/name.ts';
import type { SerialMode } from '../zone/serial.ts';
import type { SerialRule } from './messages.ts';

const SERIAL_FILE = 'serial.json';
const FORMAT = 1;
const LIMIT_OCTETS = 4_096;

/** What was served last. */
interface Served {
  readonly serial: number;
  readonly digest: string;
}

export class ServedSerial {
  readonly #files: FileStore;
  readonly #keysDirectory: string;
  readonly #origin: Name;
  #served: Served | undefined;
  #isRead = false;
  /** That of the newest rule. */
  #mode: SerialMode = 'file';

  /**
   * `keysDirectory` is that of all zones' keys; that of the zone is made when it is needed. `served` is what this process
   * serves already, by a policy that left the serial to the file.
   */
  constructor(files: FileStore, keysDirectory: string, origin: Name, served?: Served) {
    this.#served = served;
    this.#files = files;
    this.#keysDirectory = keysDirectory;
    this.#origin = origin;
  }

  /** What the loader has to know. Throws KeystoreError or FileStoreError if the file cannot be read. */
  rule(mode: SerialMode, now: UnixSeconds): SerialRule {
    this.#mode = mode;
    if (!this.#isRead && mode !== 'file') {
      // What this process has served without a file counts more.
      this.#served ??= this.#read();
      this.#isRead = true;
    }
    return { mode, before: this.#served, now };
  }

  /** Notes what will be served; durable when the promise resolves, if it must be. */
  async note(served: Served): Promise<void> {
    const isSame = this.#served?.serial === served.serial && this.#served.digest === served.digest;
    if (!isSame && this.#mode !== 'file') {
      await this.#files.makeDirectory(this.#directory);
      const text = `${JSON.stringify({ format: FORMAT, ...served })}\n`;
      await this.#files.replaceDurable(this.#path, Buffer.from(text));
    }
    this.#served = served;
  }

  get #directory(): string {
    return zoneKeysPath(this.#keysDirectory, this.#origin);
  }

  get #path(): string {
    return `${this.#directory}/${SERIAL_FILE}`;
  }

  #read(): Served | undefined {
    if (this.#files.stat(this.#path) === undefined) return undefined;
    const text = Buffer.from(this.#files.read(this.#path, LIMIT_OCTETS)).toString('utf8');
    const served = servedOf(text);
    if (served !== undefined) return served;
    const message = `${this.#path} does not say which serial was served last`;
    throw new KeystoreError('SERIAL_UNREADABLE', message);
  }
}

function servedOf(text: string): Served | undefined {
  let value: Partial<Record<string, unknown>>;
  try {
    value = JSON.parse(text) as Partial<Record<string, unknown>>;
  } catch {
    return undefined; // half a file, or somebody else's
  }
  const { format, serial, digest } = value ?? {};
  const isSerial =
    typeof serial === 'number' && Number.isInteger(serial) && serial >= 0 && serial <= 0xffff_ffff;
  return format === FORMAT && isSerial && typeof digest === 'string' ? { serial, digest } : undefined;
}
