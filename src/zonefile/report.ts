/** Collects what is wrong in a zone's files, up to a limit, and finds line and column of an offset. */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { ZoneFileLimits } from './limits.ts';

const NEWLINE = 10;
/** Longer lines are not shown: the caret would be far out. */
const MAX_SHOWN_OCTETS = 4096;

/** A place in a file: an offset, and an earlier one whose line is known. */
export interface Place {
  readonly file: string;
  readonly octets: Uint8Array;
  readonly offset: number;
  readonly knownAt: number;
  readonly knownLine: number;
}

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** The diagnostics of one zone. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  readonly #limits: ZoneFileLimits;
  #errors = 0;
  #warnings = 0;
  #once: Set<string> | undefined;

  constructor(limits: ZoneFileLimits) {
    this.#limits = limits;
  }

  /** No more errors are wanted: reading stops. */
  get isFull(): boolean {
    return this.#errors >= this.#limits.errors;
  }

  get errors(): number {
    return this.#errors;
  }

  error(finding: Finding, place: Place): void {
    if (this.isFull) return;
    this.#errors++;
    this.diagnostics.push(diagnosticOf('error', finding, place));
    if (!this.isFull) return;
    const message = `${this.#errors} errors: the rest of the zone was not read`;
    this.diagnostics.push(
      wholeFile('error', { code: 'ZONE_MORE_ERRORS', message, fix: 'mend these first' }, place.file),
    );
  }

  warn(finding: Finding, place: Place): void {
    const count = this.#warnings++;
    if (count < this.#limits.warnings) this.diagnostics.push(diagnosticOf('warning', finding, place));
    else if (count === this.#limits.warnings) {
      this.diagnostics.push(
        wholeFile(
          'warning',
          { code: 'ZONE_MORE_WARNINGS', message: 'more warnings are not shown' },
          place.file,
        ),
      );
    }
  }

  /** A warning that is told once for the zone. */
  warnOnce(finding: Finding, place: Place): void {
    this.#once ??= new Set();
    if (this.#once.has(finding.code)) return;
    this.#once.add(finding.code);
    this.warn(finding, place);
  }
}

function wholeFile(severity: Diagnostic['severity'], finding: Finding, file: string): Diagnostic {
  const { code, message, fix } = finding;
  return { severity, code, message, file, line: 0, column: 0, ...(fix === undefined ? {} : { fix }) };
}

function diagnosticOf(severity: Diagnostic['severity'], finding: Finding, place: Place): Diagnostic {
  const { file, octets, offset, knownAt, knownLine } = place;
  let line = knownLine;
  let lineAt = octets.lastIndexOf(NEWLINE, knownAt - 1) + 1;
  if (knownAt === 0) lineAt = 0;
  for (let at = knownAt; at < offset; at++) {
    if (octets[at] !== NEWLINE) continue;
    line++;
    lineAt = at + 1;
  }
  const column = offset - lineAt + 1;
  const lineEnd = octets.indexOf(NEWLINE, lineAt);
  const shown = octets.subarray(
    lineAt,
    Math.min(lineEnd === -1 ? octets.length : lineEnd, lineAt + MAX_SHOWN_OCTETS),
  );
  const base = { ...wholeFile(severity, finding, file), line, column };
  if (column > MAX_SHOWN_OCTETS) return base;
  return { ...base, sourceLine: String.fromCharCode(...shown).replace(/\r$/, '') };
}
