/** The table of the conformance sweep in docs/conformance.md: made from a run, and compared with one. */

import type { SweepCase } from './conformance-case.ts';
import { brokenPart } from './conformance-rules.ts';
import type { Swept } from './conformance-sweep.ts';

/** The table stands between these lines. */
const BEGIN =
  '<!-- The sweep: UPDATE_GOLDEN=1 with test/interop/conformance-sweep.test.ts writes what follows. -->';
const END = '<!-- End of the sweep. -->';

/** A row of the table: one message, and the words of all servers, ours first. */
export interface SweepRow {
  readonly one: SweepCase;
  readonly told: readonly (readonly string[])[];
}

const HEAD = ['message', 'must be', 'Keyturn says', 'others, where they differ', 'why'] as const;

/** Groups as sections with a table each. `versions` names the peers, as `named 9.18.49`. */
export function formatSweep(rows: readonly SweepRow[], servers: readonly Swept[], versions: string): string {
  const groups = [...new Set(rows.map(({ one }) => one.group))];
  const parts = groups.map((group) => {
    const cells = rows.filter(({ one }) => one.group === group).map((row) => cellsOf(row, servers));
    return `### ${group}\n\n${formatTable([HEAD, ...cells])}`;
  });
  const faults = servers.map(({ name }, server) => {
    const isFault = ({ one, told }: SweepRow) =>
      brokenPart(one.rule, told[server]!, server === 0) !== undefined;
    return `${name} ${rows.filter(isFault).length}`;
  });
  const sum = `Of ${rows.length} answers, so many break a rule: ${faults.join(', ')}.`;
  return `Peers: ${versions}. ${sum}\n\n${parts.join('\n\n')}`;
}

function cellsOf({ one, told }: SweepRow, servers: readonly Swept[]): string[] {
  const ours = told[0]!.join(' ');
  const ownMark = brokenPart(one.rule, told[0]!, true) === undefined ? '' : ' ✗';
  const others = servers.slice(1).flatMap(({ name }, index) => {
    const words = told[index + 1]!;
    const mark = brokenPart(one.rule, words, false) === undefined ? '' : ' ✗';
    return words.join(' ') === ours ? [] : [`${name}: ${words.join(' ')}${mark}`];
  });
  return [one.title, one.rule.replaceAll('|', '/'), ours + ownMark, others.join('; '), one.because];
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

/** The table that a page holds; empty if it has none. */
export function sweepOf(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  return from < 0 || to < 0 ? '' : page.slice(from + BEGIN.length, to).trim();
}

/** The page with another table. */
export function withSweep(page: string, table: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < 0) throw new Error(`the page has no place for the sweep: ${BEGIN} … ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`;
}

/** A table without what other versions of the peers could say otherwise. */
export function withoutPeers(table: string): string {
  return table
    .split('\n')
    .filter((line) => !line.startsWith('Peers: ') && !/^\| -/.test(line))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return cells.length === HEAD.length + 2 ? cells.toSpliced(4, 1).join('|') : line;
    })
    .join('\n');
}
