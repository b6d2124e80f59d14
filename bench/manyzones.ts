/**
 * `npm run bench:manyzones -- [ZONES [SIGNED]] [--dir FOLDER]`: so many small zones, eight records each (DESIGN §9 W8).
 * Keyturn unsigned, NSD, Knot and BIND in turn: how long from the start until all zones are answered, CPU and memory;
 * then Keyturn with SIGNED of these zones signed: the first start, which makes their keys, and one that finds them. With
 * `--prepared FOLDER` zones and keys stay there, and a run that finds them measures the second start alone.
 *
 * Ready means: a sample of the zones, among them the last in the order of names, answers its SOA.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, run, ServerProcess } from '../test/support/processes.ts';
import { type Command, type Fleet, keyturn, knot, named, nsd, zoneText } from './manyzones-servers.ts';
import { cpuSeconds, proportionalMemory } from './proc.ts';
import { needPrograms } from './programs.ts';
import { machine, table, versionOf, writeSection } from './results.ts';
import { ask } from './servers.ts';

const MIB = 2 ** 20;
/** W8. */
const GOALS = { unsignedRatio: 2, unsignedOctets: 400e6, restartS: 30, signedOctets: 700e6 };
const SAMPLE = 97;
const LONGEST_MS = 3_600_000;
/** Memory is read twice: soon after all zones answer, and when what the start needed for a while can have gone back. */
const SOON_MS = 5_000;
const SETTLED_MS = 15_000;

const { values, positionals } = parseArgs({
  options: {
    dir: { type: 'string', default: tmpdir() },
    only: { type: 'string' },
    prepared: { type: 'string' },
  },
  allowPositionals: true,
});
needPrograms(['dig']);
if (values.only !== 'signed') needPrograms(['nsd', 'knotd', 'named']);
const count = Number(positionals[0] ?? 100_000);
const signedCount = Number(positionals[1] ?? count);
const place = mkdtempSync(join(values.dir, 'keyturn-many-'));

interface Start {
  readonly readyS: number;
  readonly cpuS: number;
  /** Proportional set size of the process tree, `SOON_MS` and `SETTLED_MS` after it was ready. */
  readonly octets: readonly [soon: number, settled: number];
}

function fleetOf(zones: string, size: number): Fleet {
  mkdirSync(zones, { mode: 0o700, recursive: true });
  const origins = Array.from({ length: size }, (_, i) => `zone${`${i}`.padStart(7, '0')}.example.`);
  for (const [i, origin] of origins.entries()) {
    const file = join(zones, `${origin}zone`);
    if (!existsSync(file)) writeFileSync(file, zoneText(i));
  }
  return { zones, origins, folder: place, port: 0 };
}

/** Starts a server, waits until it answers for all zones, measures and stops it. */
async function measure(
  name: string,
  fleet: Fleet,
  command: (fleet: Fleet) => Command,
  isSigned = false,
): Promise<Start> {
  const folder = mkdtempSync(join(place, 'server-'));
  const port = await freePort();
  const own = { ...fleet, folder, port };
  const [program, ...args] = command(own);
  const startedMs = performance.now();
  const server = new ServerProcess(program, args);
  try {
    await untilAllAnswer(server, own, isSigned);
    const readyS = (performance.now() - startedMs) / 1_000;
    const cpuS = cpuSeconds(server.pid);
    await sleep(SOON_MS);
    const soon = proportionalMemory(server.pid);
    await sleep(SETTLED_MS - SOON_MS);
    const octets = [soon, proportionalMemory(server.pid)] as const;
    console.log(
      `${name.padEnd(28)}${readyS.toFixed(1)} s, CPU ${cpuS.toFixed(1)} s, ${octets.map(mib).join(', ')}`,
    );
    return { readyS, cpuS, octets };
  } finally {
    await server.stop('SIGTERM', 60_000);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Servers load in an order of their own: the sample is from all over, and ends with the last name. */
async function untilAllAnswer(server: ServerProcess, fleet: Fleet, isSigned: boolean): Promise<void> {
  const { origins, port, folder } = fleet;
  const last = origins.length - 1;
  const sample = Array.from({ length: SAMPLE }, (_, i) => origins[Math.round((last * (i + 1)) / SAMPLE)]!);
  const questions = join(folder, 'questions');
  writeFileSync(questions, sample.map((origin) => `${origin} SOA\n`).join(''));
  const until = performance.now() + LONGEST_MS;
  const pattern = isSigned ? /\sRRSIG\sSOA\s/g : /\sSOA\s/g;
  for (;;) {
    if (server.hasEnded) throw new Error(`the server ended\n${server.tail()}`);
    if (performance.now() > until) throw new Error('not ready within an hour');
    await sleep(50);
    if (!(await ask(port, origins[last]!, 'SOA')).includes('status: NOERROR')) continue;
    const flags = [
      '-r',
      '+noall',
      '+answer',
      '+norecurse',
      '+tries=1',
      '+time=2',
      isSigned ? '+dnssec' : '+nodnssec',
    ];
    const { stdout } = await run('dig', [...flags, '@127.0.0.1', '-p', `${port}`, '-f', questions], 300_000);
    if ((stdout.match(pattern) ?? []).length === SAMPLE) return;
  }
}

function mib(octets: number): string {
  return `${Math.round(octets / MIB)} MiB`;
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : '**missed**';
}

function row(name: string, { readyS, cpuS, octets }: Start, goals: string): string[] {
  return [name, readyS.toFixed(1), cpuS.toFixed(1), ...octets.map(mib), goals];
}

function memoryVerdict({ octets: [soon, settled] }: Start, goal: number): string {
  const verdicts = `${verdict(soon <= goal)} after 5 s, ${verdict(settled <= goal)} after 15 s`;
  return `≤ ${goal / 1e6} MB (${mib(goal)}): ${verdicts}`;
}

async function unsigned(): Promise<string[][]> {
  const fleet = fleetOf(join(place, 'zones'), count);
  const ours = await measure('keyturn --unsigned', fleet, (own) =>
    keyturn(own, join(own.folder, 'keys'), ['--unsigned']),
  );
  const theirs = [
    [`nsd ${await versionOf('nsd', '-v')}`, await measure('nsd', fleet, nsd)],
    [`knot ${await versionOf('knotd', '-V')}`, await measure('knot', fleet, knot)],
    [`named ${await versionOf('named', '-v')}`, await measure('named', fleet, named)],
  ] as const;
  const ratio = ours.readyS / theirs[0][1].readyS;
  const goals =
    `${ratio.toFixed(2)} × NSD (goal ≤ ${GOALS.unsignedRatio}: ${verdict(ratio <= GOALS.unsignedRatio)}), ` +
    `${(ours.cpuS / theirs[0][1].cpuS).toFixed(2)} × its CPU; ` +
    memoryVerdict(ours, GOALS.unsignedOctets);
  return [row('keyturn --unsigned', ours, goals), ...theirs.map(([name, start]) => row(name, start, ''))];
}

async function signed(): Promise<string[][]> {
  const folder = values.prepared ?? place;
  const fleet = fleetOf(join(folder, 'signed'), signedCount);
  const keys = join(folder, 'keys');
  const start = (name: string) => measure(name, fleet, (own) => keyturn(own, keys, []), true);
  const first = existsSync(keys) ? undefined : await start('keyturn, first start');
  const again = await start('keyturn, signed restart');
  const { restartS, signedOctets } = GOALS;
  const isFair = signedCount >= 100_000;
  const goals = isFair
    ? `≤ ${restartS} s: ${verdict(again.readyS <= restartS)}; ${memoryVerdict(again, signedOctets)}`
    : `goals are for 100,000 zones`;
  const made = `keyturn, ${signedCount} zones signed, first start with its keys made`;
  return [
    ...(first === undefined ? [] : [row(made, first, '')]),
    row(`keyturn, ${signedCount} zones signed, start that finds them`, again, goals),
  ];
}

try {
  const rows = [
    ...(values.only === 'signed' ? [] : await unsigned()),
    ...(values.only === 'unsigned' ? [] : await signed()),
  ];
  const head =
    `\`npm run bench:manyzones -- ${process.argv.slice(2).join(' ')}\`, ${new Date().toISOString().slice(0, 16)}Z. ` +
    `${machine()}. Load ${loadavg()[0]!.toFixed(1)} at the end.`;
  const note =
    'One UDP worker each. Ready is when a sample of the zones and the last of them are answered; memory is the ' +
    'proportional set size of the process tree five and fifteen seconds later.';
  const columns = ['server', 'seconds until ready', 'CPU seconds then', 'memory, 5 s', '15 s', 'goals (W8)'];
  const text = [`## ${count} zones of 8 records`, head, note, table(columns, rows)].join('\n\n');
  console.log(`\n${text}`);
  if (values.only === undefined) writeSection('manyzones', text);
} finally {
  rmSync(place, { recursive: true, force: true });
}
