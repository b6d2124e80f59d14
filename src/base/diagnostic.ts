/**
 * Diagnostics: what is wrong in an operator's text, where, and how to fix it. Parsers and checks collect them; the
 * shell prints them. Codes are stable words for `keyturn explain` and for tools.
 */

/** One finding in an operator's text. Lines and columns count from 1; 0 means "the file as a whole". */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable, upper case: `ZONE_CNAME_AND_OTHER`. */
  readonly code: string;
  /** One sentence without a full stop: what is wrong. */
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The source line, for the caret; absent when there is none to show. */
  readonly sourceLine?: string;
  /** What to do about it, if more is to be said than the message does. */
  readonly fix?: string;
}

const SHOWN_COLUMNS = 160;

/** A source line made safe to print: controls and non-ASCII become `?`; tabs become one blank, so carets line up. */
function printable(line: string): string {
  return line.replace(/\t/g, ' ').replace(/[^\x20-\x7e]/g, '?');
}

/** Formats one diagnostic as `file:line:column: severity: message [CODE]`, source line, caret and fix. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, code, sourceLine, fix } = diagnostic;
  const place = line > 0 ? `${file}:${line}${column > 0 ? `:${column}` : ''}` : file;
  const rows = [`${place}: ${severity}: ${message} [${code}]`];
  if (sourceLine !== undefined) {
    const from = column > SHOWN_COLUMNS - 20 ? column - SHOWN_COLUMNS / 2 : 0;
    rows.push(`    ${printable(sourceLine.slice(from, from + SHOWN_COLUMNS))}`);
    if (column > 0) rows.push(`    ${' '.repeat(column - 1 - from)}^`);
  }
  if (fix !== undefined) rows.push(`    fix: ${fix}`);
  return rows.map(harmless).join('\n');
}

/** Nothing that a terminal obeys, whoever wrote the message or named the file: C0, C1, direction marks. */
function harmless(row: string): string {
  return row.replace(/\p{C}/gu, '?');
}

/** True if any of them is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/** `2 errors, 1 warning`. */
export function severityWords(findings: readonly Pick<Diagnostic, 'severity'>[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`;
}

/** `1 zone`, `2 zones`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
