/** How the differences between the file of a zone and what is served look. */
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatDiagnostic } from '../base/diagnostic.ts';
import type { ZoneChange, ZoneDiff } from '../control/diff-shapes.ts';
import { FAILURE } from '../control/operation.ts';
import { arrow, marked, type Output } from './output.ts';

const SIGNS = { added: '+', removed: '-', retimed: '~' } as const;
const COLORS = { added: 32, removed: 31, retimed: 33 } as const;

/** `zone diff`. */
export function printDiff(output: Output, diff: ZoneDiff): void {
  const { zone, outcome, served, file, changes, more, notes, diagnostics } = diff;
  for (const diagnostic of diagnostics) output.print(formatDiagnostic(diagnostic as Diagnostic));
  for (const change of changes) output.print(changeLine(output, change));
  if (more > 0) output.print(`  and ${more} more changes`);
  for (const note of notes) output.print(marked(output, 'warn', note));
  if (outcome === 'rejected') {
    const effect = served === null ? 'nothing is served' : `serial ${served.serial} would stay served`;
    output.print(marked(output, 'error', `${zone} the file would not be loaded: ${effect}`));
    return;
  }
  const serials =
    served === null ? `new, serial ${file?.serial}` : serialWords(output, served.serial, file!.serial);
  output.print(`${zone} ${outcome === 'same' ? 'the file is what is served' : countWords(diff)}, ${serials}`);
}

function changeLine(output: Output, { change, name, type, ttl, ttlBefore, data }: ZoneChange): string {
  const what =
    change === 'retimed'
      ? `${name} ${type}: TTL ${ttlBefore} ${arrow(output)} ${ttl}`
      : `${name} ${ttl} IN ${type} ${data}`;
  const line = `${SIGNS[change]} ${what}`;
  return output.hasColor ? `\u001b[${COLORS[change]}m${line}\u001b[39m` : line;
}

export function countWords({
  added,
  removed,
  retimed,
}: Pick<ZoneDiff, 'added' | 'removed' | 'retimed'>): string {
  const counts = [`${added} added`, `${removed} removed`];
  if (retimed > 0) counts.push(`${retimed} with another TTL`);
  return counts.join(', ');
}

function serialWords(output: Output, before: number, after: number): string {
  return before === after ? `serial ${after}` : `serial ${before} ${arrow(output)} ${after}`;
}

/** 0 the same, 7 different, 1 the file is bad. */
export function diffExit({ outcome }: Pick<ZoneDiff, 'outcome'>): number {
  if (outcome === 'same') return 0;
  return outcome === 'different' ? FAILURE.MISMATCH.exit : FAILURE.DATA_WRONG.exit;
}
