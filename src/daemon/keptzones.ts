/**
 * Copies of zones whose files are gone while their parents name them, beside the keys: with one, such a zone is served after
 * a restart as well (docs/decisions/0014). They are in `.kept` of the keys directory, which the name of no zone can be, as
 * zone files like any other: to have a zone back one may move its copy.
 */
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type FileStore, FileStoreError } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { Log } from '../ops/log.ts';
import { exportZone } from '../signer/export.ts';
import { zoneFileName } from '../store/zonename.ts';
import { lookAtZones, type SeenZone, ZonesDirectoryError } from '../store/zones.ts';
import { formatName } from '../wire/name.ts';
import type { Zone } from './zone.ts';

const DIRECTORY = '.kept';
/** Lines that are made before others have their turn. */
const SLICE_LINES = 2_000;
const HEAD = '; kept by keyturn: the file of this zone is gone, and its parent still has a DS of it\n';

/**
 * Why a zone stays though its file is gone. accident: it vanished together with many others. parent: the parent has a DS
 * of it. Either is served until somebody says that it shall go; with the second it also goes when the DS has gone.
 */
export type Hold = 'accident' | 'parent';

export interface KeptContext {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly log: Log;
}

export class KeptZones {
  readonly directory: string;
  readonly #context: KeptContext;
  /** By the names of their zones; undefined before anybody looked. */
  #recalled: ReadonlyMap<string, SeenZone> | undefined;
  /** Zones that have a copy, or will have when their write is over. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(context: KeptContext) {
    this.#context = context;
    this.directory = path.join(context.keysDirectory, DIRECTORY);
  }

  /** What the processes before this one kept, without what has come back or gone since. */
  recalled(): SeenZone[] {
    this.#recalled ??= this.#look();
    return [...this.#recalled.values()].filter(({ name }) => this.#writes.has(name));
  }

  #look(): ReadonlyMap<string, SeenZone> {
    const { files, log } = this.#context;
    if (files.stat(this.directory) === undefined) return new Map();
    try {
      const { zones } = lookAtZones(this.directory);
      for (const name of zones.keys()) this.#writes.set(name, Promise.resolve());
      return new Map([...zones.values()].map((seen) => [seen.name, seen]));
    } catch (error) {
      if (!(error instanceof ZonesDirectoryError)) throw error;
      log.error({ code: error.code }, `zones that are kept for their DS are not served: ${error.message}`);
      return new Map();
    }
  }

  /** It has a copy, or will have. */
  has({ name }: Pick<Zone, 'name'>): boolean {
    return this.#writes.has(name);
  }

  /** Makes a copy of what is served, unless there is one. A write that fails is tried again by the next call. */
  keep(zone: Zone, now: UnixSeconds): void {
    if (this.#writes.has(zone.name) || zone.served === undefined) return;
    const write = this.#write(zone, now).catch((error: unknown) => {
      if (!(error instanceof FileStoreError)) throw error;
      this.#writes.delete(zone.name);
      const { code, message } = error;
      const text = `${zone.name} is served from memory alone, until the server ends: ${message}`;
      this.#context.log.error({ zone: zone.name, code, path: error.path }, text);
    });
    this.#writes.set(zone.name, write);
  }

  async #write({ served, origin, name }: Zone, now: UnixSeconds): Promise<void> {
    const { files } = this.#context;
    const chunks = [HEAD, `$ORIGIN ${name}\n`];
    let lines: string[] = [];
    for (const line of exportZone(served!.epoch, { signed: false }, now)) {
      if (lines.push(line) < SLICE_LINES) continue;
      chunks.push(`${lines.join('\n')}\n`);
      lines = [];
      await setImmediate();
    }
    if (lines.length > 0) chunks.push(`${lines.join('\n')}\n`);
    await files.makeDirectory(this.directory);
    await files.replaceDurable(
      path.join(this.directory, zoneFileName(origin)),
      Buffer.from(chunks.join(''), 'latin1'),
    );
  }

  /** The file of a zone is back, or the zone shall go: its copy is removed when it is written. Cheap if there is none. */
  async drop({ name, origin }: Pick<Zone, 'name' | 'origin'>): Promise<void> {
    const write = this.#writes.get(name);
    if (write === undefined) return;
    this.#writes.delete(name);
    await write;
    try {
      await this.#context.files.removeDurable(path.join(this.directory, zoneFileName(origin)));
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      const { code, message } = error;
      const text = `the copy of ${formatName(origin)} is not removed, and is served after a restart: ${message}`;
      this.#context.log.error({ zone: name, code, path: error.path }, text);
    }
  }

  /** Resolves when all copies that were begun are written. */
  async close(): Promise<void> {
    await Promise.all(this.#writes.values());
  }
}
