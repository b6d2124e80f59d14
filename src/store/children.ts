/**
 * DS RRsets that a zone has from its children: `children.log` beside its keys, a JSON object a line, appended and never
 * rewritten. The last line about a child counts; all together are the trail of who had which DS, when and why.
 *
 *     {"at":"2026-11-28T12:00:00Z","child":"example.org.","ds":["1f2e…"],"inception":1795867200,"by":"CDS"}
 *     {"at":"2026-11-28T13:00:00Z","child":"example.org.","ds":null,"inception":0,"by":"operator"}
 *
 * `ds` is RDATA in hexadecimal, `[]` if the child asked for none, `null` if the zone file has its say again. A line that
 * power loss tore is skipped: what it told of was not served yet.
 */
import type { FileStore } from '../base/ports.ts';
import { formatInstant, type UnixSeconds, unixSeconds } from '../base/time.ts';
import { formatName, type Name, nameOf } from '../wire/name.ts';
import { asObject, must, readInstant, readList, readSeconds, readText, ShapeError } from './json-shape.ts';

export const CHILDREN_FILE = 'children.log';
const MAX_OCTETS = 256 * 1024 * 1024;
const HEX = /^(?:[0-9a-f]{2})+$/;

/** What a child has by its own wish. */
export interface ChildDs {
  readonly child: Name;
  /** RDATA; none if it asked for none. */
  readonly ds: readonly Uint8Array[];
  /** Of the newest signature over what it ever asked; 0 if it has only been signaled. */
  readonly inception: UnixSeconds;
  readonly at: UnixSeconds;
  /** By which proof: `CDS`, or `signals` (RFC 9615). */
  readonly by: string;
}

/** One instance per zone and process. */
export class ChildrenLog {
  readonly path: string;
  readonly #files: FileStore;
  readonly #directory: string;
  #known: Map<string, ChildDs> | undefined;
  #isAtLineStart = false;

  /** `directory` is that of the zone's keys; it is made when something is appended. */
  constructor(files: FileStore, directory: string) {
    this.#files = files;
    this.#directory = directory;
    this.path = `${directory}/${CHILDREN_FILE}`;
  }

  /** What all children have by their own wish. Throws FileStoreError if the file cannot be read. */
  all(): readonly ChildDs[] {
    return [...this.#read().values()];
  }

  find(child: Name): ChildDs | undefined {
    return this.#read().get(formatName(child));
  }

  /**
   * Notes a DS RRset; durable when the promise resolves. The inception never goes back: a first DS, which was taken by
   * signals, must not open the way for older requests. Rejects with FileStoreError, and nothing has changed.
   */
  async take({ child, ds, at, by, inception: signed }: ChildDs): Promise<void> {
    const inception = unixSeconds(Math.max(signed, this.find(child)?.inception ?? 0));
    const hex = ds.map((rdata) => Buffer.from(rdata).toString('hex'));
    await this.#append({ at: formatInstant(at), child: formatName(child), ds: hex, inception, by });
    this.#read().set(formatName(child), { child, ds, inception, at, by });
  }

  /** From now on the zone file says which DS a child has. Rejects with FileStoreError. */
  async drop(child: Name, at: UnixSeconds, by: string): Promise<void> {
    await this.#append({ at: formatInstant(at), child: formatName(child), ds: null, inception: 0, by });
    this.#read().delete(formatName(child));
  }

  async #append(line: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#files.makeDirectory(this.#directory);
    const text = `${this.#isAtLineStart ? '' : '\n'}${JSON.stringify(line)}\n`;
    this.#isAtLineStart = false;
    await this.#files.appendDurable(this.path, Buffer.from(text));
    this.#isAtLineStart = true;
  }

  #read(): Map<string, ChildDs> {
    this.#known ??= this.#readFile();
    return this.#known;
  }

  #readFile(): Map<string, ChildDs> {
    const found = new Map<string, ChildDs>();
    if (this.#files.stat(this.path) === undefined) return found;
    const text = new TextDecoder().decode(this.#files.read(this.path, MAX_OCTETS));
    for (const line of text.split('\n')) {
      const read = line === '' ? undefined : readLine(line);
      if (read === undefined) continue;
      if (read.ds === null) found.delete(read.child);
      else found.set(read.child, { ...read, child: nameOf(read.child), ds: read.ds });
    }
    return found;
  }
}

type Line = Omit<ChildDs, 'child' | 'ds'> & {
  readonly child: string;
  readonly ds: readonly Uint8Array[] | null;
};

/** Undefined if the line is not whole. */
function readLine(line: string): Line | undefined {
  try {
    const { at, child, ds, inception, by } = asObject(JSON.parse(line));
    const name = formatName(nameOf(readText(child)));
    return {
      child: name,
      ds: ds === null ? null : readList(ds, 'ds', readHex),
      inception: unixSeconds(readSeconds(inception)),
      at: readInstant(at),
      by: readText(by),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ShapeError || error instanceof TypeError)
      return undefined;
    throw error;
  }
}

function readHex(value: unknown): Uint8Array {
  must(typeof value === 'string' && HEX.test(value), 'RDATA is written in hexadecimal');
  return Uint8Array.from(Buffer.from(value, 'hex'));
}
