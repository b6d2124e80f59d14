/**
 * The audit trail of a zone: `audit.log` beside its keys, a JSON object a line, appended and never rewritten. It tells
 * people and tools what happened to the keys and why; nothing is ever decided by it (that is what the state is for),
 * so what cannot be appended is told to the caller and stops nothing. A line is on disk before the state that it tells
 * of: if power is lost in between, it tells of what is done anew, and another line of that generation follows.
 *
 *     {"at":"2026-11-24T12:00:00Z","generation":7,"kind":"edge","keyId":…}
 *
 * Power may be lost within a line, and a disk may fail there. So the first line of a process, and that after a failed
 * one, begins with a line feed of its own: what was torn stays alone on its line, and a reader skips it.
 */
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

/** Writes the trail of one zone. One instance per zone and process. */
export class AuditLog {
  readonly path: string;
  readonly #files: FileStore;
  #isAtLineStart = false;
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
    const lines = events.map((event) => JSON.stringify({ at: formatInstant(at), generation, ...event }));
    const text = `${this.#isAtLineStart ? '' : '\n'}${lines.join('\n')}\n`;
    this.#isAtLineStart = false;
    try {
      await this.#files.appendDurable(this.path, Buffer.from(text));
    } catch (error) {
      if (error instanceof FileStoreError) return error;
      throw error;
    }
    this.#isAtLineStart = true;
    this.#told = told;
    return undefined;
  }
}

/**
 * Reads the trail in `directory`, oldest first; none is empty. `torn` counts lines that are not whole. Throws
 * FileStoreError.
 */
export function readAudit(
  files: FileStore,
  directory: string,
): { readonly entries: readonly AuditEntry[]; readonly torn: number } {
  const path = `${directory}/${AUDIT_FILE}`;
  if (files.stat(path) === undefined) return { entries: [], torn: 0 };
  const text = new TextDecoder().decode(files.read(path, MAX_AUDIT_OCTETS));
  const lines = text.split('\n').filter((line) => line !== '');
  const entries = lines.map(readEntry).filter((entry) => entry !== undefined);
  return { entries, torn: lines.length - entries.length };
}

function readEntry(line: string): AuditEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { at: instant, generation, kind, ...details } = value as Record<string, unknown>;
  const milliseconds = typeof instant === 'string' ? Date.parse(instant) : Number.NaN;
  if (!Number.isFinite(milliseconds) || typeof kind !== 'string') return undefined;
  if (typeof generation !== 'number') return undefined;
  return { at: unixSeconds(milliseconds / 1000), generation, kind, details };
}
