/** Writes sections of `bench/results.md`: each bench replaces its own and leaves the others. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { run } from '../test/support/processes.ts';
import { renewPage } from './performance.ts';

const FILE = 'bench/results.md';
const PAGE = 'docs/performance.md';
const HEAD = `# What the benches measured

Each section is written by the command that it names; run it again to replace the section. Ratios count, not the
figures of one machine. A ratio above its goal is a loss and stands here as plainly as a win.
`;

/** The section that a bench wrote, without its marks; empty if there is none. */
export function readSection(bench: string): string {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const [, section = ''] =
    new RegExp(`<!-- begin ${bench} -->\\n([\\s\\S]*?)\\n<!-- end ${bench} -->`).exec(text) ?? [];
  return section;
}

/** Replaces the section of a bench (or adds it), and makes the tables of docs/performance.md anew. */
export function writeSection(bench: string, body: string): void {
  const [begin, end] = [`<!-- begin ${bench} -->`, `<!-- end ${bench} -->`];
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD;
  const section = `${begin}\n${body.trim()}\n${end}`;
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  const after =
    from === -1
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(to + end.length);
  writeFileSync(FILE, after);
  writeFileSync(PAGE, renewPage(readFileSync(PAGE, 'utf8'), after));
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The machine in one line. */
export function machine(): string {
  const models = new Set(cpus().map(({ model }) => model));
  return `${cpus().length} cores (${[...models].join(', ')}), ${process.platform} ${process.arch}, Node ${process.version}`;
}

/** The version that a program tells of itself. */
export async function versionOf(program: string, flag: string): Promise<string> {
  const { stdout, stderr } = await run(program, [flag], 10_000);
  return /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? 'unknown version';
}

/** The middle of the values, for two middles their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which `share` of them lie, of 0 to 1: the nearest that was measured. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** `5.12 [4.98–5.30]`: the median and the spread. */
export function spread(values: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} [${least.toFixed(digits)}–${most.toFixed(digits)}]`;
}
