/**
 * The table of `bench:peers`. Rows that were not measured this time are taken over from the table that was there, so
 * that one row can be measured anew; each says when.
 */
import { median, percentile, spread, table } from './results.ts';

export const HEAD = [
  'row',
  'work',
  'server',
  'µs CPU a query',
  'Keyturn ÷ it',
  'queries/s',
  'lost',
  'p50, p99, most ms',
  'measured',
] as const;

/** What one server did in all rounds of a row. */
export interface Runs {
  readonly server: string;
  readonly cpuUs: readonly number[];
  readonly perSecond: readonly number[];
  readonly lost: number;
  readonly latenciesMs: readonly number[];
  /** Our CPU a query divided by its; none where the design sets none. */
  readonly most?: number;
}

/** Cells of a row and of those below it with the servers it is compared to. */
export type Group = readonly (readonly string[])[];

/** The cells of a row; `ours` stands first. */
export function groupOf(row: string, what: string, measured: string, runs: readonly Runs[]): Group {
  const [ours] = runs;
  return runs.map((theirs, i) => [
    i === 0 ? row : '',
    i === 0 ? what : '',
    theirs.server,
    spread(theirs.cpuUs),
    i === 0 ? '' : verdict(ratioOf(ours!.cpuUs, theirs.cpuUs), theirs.most),
    `${Math.round(median(theirs.perSecond) / 1_000)} k`,
    `${theirs.lost}`,
    latencyCell(theirs.latenciesMs),
    i === 0 ? measured : '',
  ]);
}

/** Median of the ratios within each round, so that what slowed a round counts out. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((us, round) => us / theirs[round]!));
}

/** `0.97 (goal ≤ 1: reached)`. */
export function verdict(value: number, most: number | undefined, digits = 2): string {
  const goal = most === undefined ? '' : ` (goal ≤ ${most}: ${value <= most ? 'reached' : '**missed**'})`;
  return `${value.toFixed(digits)}${goal}`;
}

function latencyCell(latenciesMs: readonly number[]): string {
  if (latenciesMs.length === 0) return '–';
  return [0.5, 0.99, 1].map((share) => percentile(latenciesMs, share).toFixed(2)).join(', ');
}

/** The groups of a section that was written before, by the name of the row. */
export function groupsOf(section: string): Map<string, Group> {
  const groups = new Map<string, string[][]>();
  let group: string[][] = [];
  for (const line of section.split('\n').filter((text) => text.startsWith('| '))) {
    const cells = line.slice(2, -2).split(' | ');
    if (cells.length !== HEAD.length || cells[0] === HEAD[0] || cells[0] === '---') continue;
    if (cells[0] !== '') groups.set(cells[0]!, (group = []));
    group.push(cells);
  }
  return groups;
}

/** The table of all rows in `order` that were measured now or before. */
export function mergedTable(
  before: ReadonlyMap<string, Group>,
  now: ReadonlyMap<string, Group>,
  order: readonly string[],
): string {
  return table(
    HEAD,
    order.flatMap((row) => now.get(row) ?? before.get(row) ?? []),
  );
}
