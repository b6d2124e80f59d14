/**
 * DS RRsets that a zone has from its children: `children.log` beside its keys, a JSON object a line. The last line about a
 * child counts; those before are the trail of who had which DS, when and why.
 *
 *     {"at":"2026-11-28T12:00:00Z","child":"example.org.","ds":["1f2e…"],"inception":1795867200,"by":"CDS"}
 *     {"at":"2026-11-28T13:00:00Z","child":"example.org.","ds":null,"inception":0,"by":"operator"}
 *
 * `ds` is RDATA in hexadecimal, `[]` if the child asked for none, `null` if the zone file has its say again. A line that
 * power loss tore is skipped: what it told of was not served yet.
 *
 * Lines are appended. When most of them no longer count the file is written anew, atomically, with one line a child: it
 * stays in proportion to the children that it tells of, and is read in pieces, however large that is.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileStore } from '../base/ports.ts';
import { formatInstant, type UnixSeconds, unixSeconds } from '../base/time.ts';
import { formatName, type Name, nameOf } from '../wire/name.ts';
import { asObject, must, readInstant, readList, readSeconds, readText, ShapeError } from './json-shape.ts';
import { linesOf } from './lines.ts';

export const CHILDREN_FILE = 'children.log';
const HEX = /^(?:[0-9a-f]{2})+$/;
/** No DS RRset fills a message twice over, once for each digit. */
const MAX_LINE_OCTETS = 256 * 1024;

/** Lines beyond two a child that are kept before the file is written anew: some 4 MB of trail. */
export const SPARE_LINES = 16_384;
/** Lines that are made ready in one turn of the event loop. */
const LINES_A_TURN = 2_000;

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

/** Whether a directory of keys has one. Throws FileStoreError if nobody can say. */
export function hasChildrenLog(files: FileStore, directory: string): boolean {
  return files.stat(`${directory}/${CHILDREN_FILE}`) !== undefined;
}

/** One instance per zone and process. */
export class ChildrenLog {
  readonly path: string;
  readonly #files: FileStore;
  readonly #directory: string;
  readonly #spareLines: number;
  #known: Map<string, ChildDs> | undefined;
  #lines = 0;
  #isAtLineStart = false;
  /** Ends when the file has all that was noted: lines about a child are in the order in which they were noted. */
  #writing: Promise<void> = Promise.resolve();

  /** `directory` is that of the zone's keys; it is made when something is appended. */
  constructor(files: FileStore, directory: string, spareLines = SPARE_LINES) {
    this.#files = files;
    this.#directory = directory;
    this.#spareLines = spareLines;
    this.path = `${directory}/${CHILDREN_FILE}`;
  }

  /** What all children have by their own wish. Throws FileStoreError if the file cannot be read. */
  all(): readonly ChildDs[] {
    return [...this.#read().values()];
  }

  find(child: Name): ChildDs | undefined {
    return this.#read().get(formatName(child));
  }

  /** True if most lines no longer count, so that `compact` is worth its while. */
  get isLong(): boolean {
    return this.#lines > this.#spareLines + 2 * this.#read().size;
  }

  /**
   * Notes a DS RRset; durable when the promise resolves. The inception never goes back: a first DS, which was taken by
   * signals, must not open the way for older requests. Rejects with FileStoreError, and nothing has changed.
   */
  take(taken: ChildDs): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#read();
      const name = formatName(taken.child);
      const inception = unixSeconds(Math.max(taken.inception, known.get(name)?.inception ?? 0));
      const noted = { ...taken, inception };
      await this.#append(lineOf(noted));
      known.set(name, noted);
    });
  }

  /** From now on the zone file says which DS a child has. Rejects with FileStoreError. */
  drop(child: Name, at: UnixSeconds, by: string): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#read();
      const name = formatName(child);
      await this.#append(writtenLine({ at: formatInstant(at), child: name, ds: null, inception: 0, by }));
      known.delete(name);
    });
  }

  /** Writes the file anew, with the lines that count. Rejects with FileStoreError; then it is as it was. */
  compact(): Promise<void> {
    return this.#inTurn(async () => {
      const all = this.all();
      const parts: string[] = [];
      for (let i = 0; i < all.length; i += LINES_A_TURN) {
        parts.push(
          all
            .slice(i, i + LINES_A_TURN)
            .map(lineOf)
            .join(''),
        );
        await nextTurn();
      }
      await this.#files.replaceDurable(this.path, Buffer.concat(parts.map((part) => Buffer.from(part))));
      this.#lines = all.length;
      this.#isAtLineStart = true;
    });
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #append(line: string): Promise<void> {
    await this.#files.makeDirectory(this.#directory);
    const text = this.#isAtLineStart ? line : `\n${line}`;
    this.#isAtLineStart = false;
    await this.#files.appendDurable(this.path, Buffer.from(text));
    this.#isAtLineStart = true;
    this.#lines++;
  }

  #read(): Map<string, ChildDs> {
    this.#known ??= this.#readFile();
    return this.#known;
  }

  #readFile(): Map<string, ChildDs> {
    const found = new Map<string, ChildDs>();
    let lines = 0;
    if (this.#files.stat(this.path) !== undefined) {
      for (const line of linesOf(this.#files.pieces(this.path), MAX_LINE_OCTETS)) {
        lines++;
        const read = readLine(line);
        if (read === undefined) continue;
        if (read.ds === null) found.delete(read.child);
        else found.set(read.child, { ...read, child: nameOf(read.child), ds: read.ds });
      }
    }
    this.#lines = lines;
    return found;
  }
}

function lineOf({ child, ds, inception, at, by }: ChildDs): string {
  const hex = ds.map((rdata) => Buffer.from(rdata).toString('hex'));
  return writtenLine({ at: formatInstant(at), child: formatName(child), ds: hex, inception, by });
}

function writtenLine(line: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(line)}\n`;
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
