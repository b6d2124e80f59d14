/**
 * The audit trail of a zone: `audit.log` beside its keys, a JSON object a line, appended and never rewritten. It tells
 * people and tools what happened to the keys and why; nothing is ever decided by it (that is what the state is for),
 * so what cannot be appended is told to the caller and stops nothing. A line is on disk before the state that it tells
 * of. If power is lost in between, another line of that generation follows: what fell due by itself is done anew, while
 * an order of an operator, which was not acknowledged yet, is lost and stays told.
 *
 *     {"at":"2026-11-24T12:00:00Z","generation":7,"kind":"edge","keyId":…,"hash":"5f0c…"}
 *
 * Lines are chained: a hash is SHA-256 over the hash before it and the line without its own. Who changes or removes a
 * line in the middle must write all that follow anew, and the generation of the state tells of lines cut off the end.
 *
 * Power may be lost within a line, and a disk may fail there. So the first line of an `AuditLog`, and that after a failed
 * one, begins with a line feed of its own: what was torn stays alone on its line, and a reader skips it.
 */
import { createHash } from 'node:crypto';
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant, type UnixSeconds, unixSeconds } from '../base/time.ts';

export const AUDIT_FILE = 'audit.log';
/** About a million events; a zone that is rolled every day has some 20,000 in a year. */
const MAX_AUDIT_OCTETS = 256 * 1024 * 1024;

/** Something that happened: an action of the machine (kasp/step), a command, an observation. Plain data. */
export interface AuditEvent {
  readonly kind: string;
}

/** An event as it was written down. */
export interface AuditEntry {
  readonly at: UnixSeconds;
  /** Of the state that the event led to. */
  readonly generation: number;
  readonly kind: string;
  /** All of the event but its kind. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Writes the trail of one zone. One instance at a time for a zone. */
export class AuditLog {
  readonly path: string;
  readonly #files: FileStore;
  #isAtLineStart = false;
  /** Hash of the last line; undefined if what the file ends with is not known. */
  #head: string | undefined;
  /** What was appended last, and for which generation: a step that is tried again is told once. */
  #told = '';

  /** `directory` is that of the zone's keys, and exists when something is appended. */
  constructor(files: FileStore, directory: string) {
    this.#files = files;
    this.path = `${directory}/${AUDIT_FILE}`;
  }

  /** Appends events durably. Returns why that failed; some of them may then be in the file. */
  async append(
    events: readonly AuditEvent[],
    at: UnixSeconds,
    generation: number,
  ): Promise<FileStoreError | undefined> {
    const told = `${generation} ${JSON.stringify(events)}`;
    if (events.length === 0 || told === this.#told) return undefined;
    try {
      let head = this.#head ?? lastHash(this.#files, this.path);
      const lines = events.map((event) => {
        const line = JSON.stringify({ at: formatInstant(at), generation, ...event });
        head = chained(head, line);
        return `${line.slice(0, -1)},"hash":"${head}"}`;
      });
      const text = `${this.#isAtLineStart ? '' : '\n'}${lines.join('\n')}\n`;
      this.#isAtLineStart = false;
      this.#head = undefined;
      await this.#files.appendDurable(this.path, Buffer.from(text));
      this.#head = head;
    } catch (error) {
      if (error instanceof FileStoreError) return error;
      throw error;
    }
    this.#isAtLineStart = true;
    this.#told = told;
    return undefined;
  }
}

/** A trail as it was read. */
export interface AuditTrail {
  /** Oldest first. */
  readonly entries: readonly AuditEntry[];
  /** Lines that are not whole. */
  readonly torn: number;
  /** When the first entry was told that does not follow from those before it; null if the chain is whole. */
  readonly brokenAt: UnixSeconds | null;
}

/** Reads the trail in `directory`; none is empty. Throws FileStoreError. */
export function readAudit(files: FileStore, directory: string): AuditTrail {
  const entries: AuditEntry[] = [];
  let torn = 0;
  let head = '';
  let brokenAt: UnixSeconds | null = null;
  for (const line of linesOf(files, `${directory}/${AUDIT_FILE}`)) {
    const read = readEntry(line);
    if (read === undefined) {
      torn++;
      continue;
    }
    const { hash, entry } = read;
    entries.push(entry);
    // A trail may begin without hashes; once there is a chain, every line is in it.
    const isWhole = hash === undefined ? head === '' : hash === chained(head, withoutHash(line));
    if (!isWhole) brokenAt ??= entry.at;
    head = hash ?? head;
  }
  return { entries, torn, brokenAt };
}

/** The hash that the next line goes on from; empty if there is no chain yet. Looks at no more lines than it must. */
function lastHash(files: FileStore, path: string): string {
  const lines = linesOf(files, path);
  for (let i = lines.length - 1; i >= 0; i--) {
    const hash = readEntry(lines[i]!)?.hash;
    if (hash !== undefined) return hash;
  }
  return '';
}

function linesOf(files: FileStore, path: string): string[] {
  if (files.stat(path) === undefined) return [];
  const text = new TextDecoder().decode(files.read(path, MAX_AUDIT_OCTETS));
  return text.split('\n').filter((line) => line !== '');
}

const HASH_FIELD = /,"hash":"[0-9a-f]{64}"\}$/;

function withoutHash(line: string): string {
  return line.replace(HASH_FIELD, '}');
}

function chained(head: string, line: string): string {
  return createHash('sha256').update(`${head}\n${line}`).digest('hex');
}

function readEntry(line: string): { readonly entry: AuditEntry; readonly hash?: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { at: instant, generation, kind, hash, ...details } = value as Record<string, unknown>;
  const milliseconds = typeof instant === 'string' ? Date.parse(instant) : Number.NaN;
  if (!Number.isFinite(milliseconds) || typeof kind !== 'string') return undefined;
  if (typeof generation !== 'number') return undefined;
  const entry = { at: unixSeconds(milliseconds / 1000), generation, kind, details };
  return typeof hash === 'string' ? { entry, hash } : { entry };
}
