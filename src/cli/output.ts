/** How results look: data on stdout, everything else on stderr; symbols and colors on a terminal only. */
import { stripVTControlCharacters } from 'node:util';
import type { Need, ZoneDetail, ZoneSummary } from '../control/shapes.ts';
import { keyWord } from '../control/words.ts';
import { memoryWords, octetWords } from './memory-output.ts';

/** Where output goes, and whether a person looks at it. */
export interface Output {
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr. */
  note(line: string): void;
}

/** The output of this process. */
export function processOutput(): Output {
  const isTerminal = process.stdout.isTTY === true;
  return {
    isTerminal,
    hasColor: isTerminal && process.env.NO_COLOR === undefined,
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
  };
}

type Level = 'ok' | 'warn' | 'error';
const SYMBOLS: Readonly<Record<Level, string>> = { ok: '✓', warn: '!', error: '✗' };
const COLORS: Readonly<Record<Level, number>> = { ok: 32, warn: 33, error: 31 };

/** `✓ served` in green on a terminal, `ok served` else: a color or symbol never carries the meaning alone. */
export function marked(output: Output, level: Level, text: string): string {
  const plain = `${output.isTerminal ? SYMBOLS[level] : level} ${text}`;
  return output.hasColor ? `\u001b[${COLORS[level]}m${plain}\u001b[39m` : plain;
}

/** `→` on a terminal. */
export function arrow({ isTerminal }: Output): string {
  return isTerminal ? '→' : '->';
}

const LEVEL_OF: Readonly<Record<ZoneSummary['state'], Level>> = {
  served: 'ok',
  loading: 'warn',
  stale: 'warn',
  held: 'warn',
  failed: 'error',
};

/** A table without lines; its columns are as wide as they need to be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title) => title.length);
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, widths[column]! - widthOf(cell))))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(lineOf).join('\n');
}

/** Columns of a text: colors take none. What we print is as wide as it has characters. */
function widthOf(text: string): number {
  return text.includes('\u001b') ? stripVTControlCharacters(text).length : text.length;
}

/** Rows of `zone list`. */
export function printZones(output: Output, zones: readonly ZoneSummary[]): void {
  if (zones.length === 0) {
    output.note('no zones: put a file like example.com.zone into the zones directory');
    return;
  }
  const rows = zones.map((zone) => [
    zone.zone,
    marked(output, zone.problem === null ? LEVEL_OF[zone.state] : worse(zone), zone.state),
    String(zone.serial ?? '-'),
    String(zone.records ?? '-'),
    keysOf(zone),
    cdsOf(zone),
    zone.problem === null ? '-' : zone.problem.code,
    ...(zone.memory === undefined ? [] : [octetWords(zone.memory.total)]),
  ]);
  const memory = zones[0]!.memory === undefined ? [] : ['MEMORY'];
  output.print(table(['ZONE', 'STATE', 'SERIAL', 'RECORDS', 'KEYS', 'CDS', 'PROBLEM', ...memory], rows));
}

function worse({ state }: ZoneSummary): Level {
  return state === 'failed' ? 'error' : 'warn';
}

function keysOf({ signed, keys }: ZoneSummary): string {
  if (!signed) return keys.length === 0 ? 'unsigned' : 'not signing';
  const inUse = keys.filter((key) => !isGone(key));
  return inUse.map((key) => `${keyWord(key)} ${key.tag}`).join(', ');
}

/** No cache has anything of the key any more: only its files are left. */
export function isGone({ goal, dnskey, krrsig, zrrsig, ds }: ZoneSummary['keys'][number]): boolean {
  return (
    goal === 'OUT' && [dnskey, krrsig, zrrsig, ds].every((state) => state === null || state === 'hidden')
  );
}

function cdsOf({ signed, cds }: ZoneSummary): string {
  if (!signed) return '-';
  if (cds.published) return 'published';
  return cds.from === null ? 'no' : `from ${cds.from}`;
}

/** `zone show`. */
export function printZone(output: Output, zone: ZoneDetail): void {
  const rows: [string, string][] = [
    ['state', marked(output, zone.problem === null ? LEVEL_OF[zone.state] : worse(zone), zone.state)],
    ['file', [zone.file, ...zone.includes].join(', ')],
    ['serial', `${zone.serial ?? '-'}, ${zone.records ?? 0} records, since ${zone.servedSince ?? '-'}`],
    ['policy', zone.policy],
    ['keys', keysOf(zone)],
    ['CDS', cdsOf(zone)],
  ];
  if (zone.memory !== undefined) rows.push(['memory', memoryWords(zone.memory)]);
  if (zone.signaturesRenewedAt !== null) rows.push(['apex re-signed', `at ${zone.signaturesRenewedAt}`]);
  output.print(zone.zone);
  for (const [name, value] of rows) output.print(`  ${name.padEnd(15)} ${value}`);
  for (const { id, tag, algorithm, flags, dnskey, krrsig, zrrsig, ds } of zone.keys) {
    const states = `dnskey ${dnskey ?? '-'}, krrsig ${krrsig ?? '-'}, zrrsig ${zrrsig ?? '-'}, ds ${ds ?? '-'}`;
    output.print(`  key ${String(tag).padEnd(11)} algorithm ${algorithm}, flags ${flags}: ${states} (${id})`);
  }
  for (const rollover of [zone.rollover, zone.overlapping].filter((one) => one !== null)) {
    output.print(`  rollover        ${rollover.type}, step ${rollover.step}, started ${rollover.startedAt}`);
  }
  for (const { tag, record, to, until, because } of zone.waiting) {
    const when = until === null ? '' : `, until ${until}`;
    output.print(`  waiting         key ${tag} ${record} ${arrow(output)} ${to}${when}: ${because}`);
  }
  for (const { name, types, infoCode, count, lastAt } of zone.errorReports) {
    const words = `${types} of ${name} failed, extended error ${infoCode}, ${count} times, last at ${lastAt}`;
    output.print(`  reported        ${words}`);
  }
  printNeeds(output, zone.needs);
  if (zone.problem !== null) {
    output.print(`  problem         ${zone.problem.message} [${zone.problem.code}]`);
    output.print(`  effect          ${zone.problem.effect}`);
  }
}

/** What only a person can do, with the line to type when it is done. */
export function printNeeds(output: Output, needs: readonly Need[]): void {
  for (const { zone, what, command } of needs) {
    output.print(`  ${marked(output, 'warn', `${zone} needs you: ${what}:`)}\n      ${command}`);
  }
}
