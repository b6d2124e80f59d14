/**
 * `npm run bench:load [ROUNDS [RELOADS]]`: a zone of 990,000 records (DESIGN §9 W7 and the memory of W9). First
 * `keyturn zone check` beside the checkers of others, in turn; then a server that loads the zone, reloads it again and
 * again with 1 % changed while dnsperf asks at half load, and gives its memory back when the file is removed. The server has
 * one core for all its threads, all else has the other. With no rounds only the server is measured, and nothing is written
 * to the results.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { printMessage, readMessage } from '../test/support/message.ts';
import { freePort, run, ServerProcess, Workplace, waitUntil } from '../test/support/processes.ts';
import { queryOctets } from '../test/support/served.ts';
import { costOf, type ProgramCost } from './cost.ts';
import { parseLatencies, parseReport, runLoad } from './dnsperf.ts';
import { memoryOf } from './proc.ts';
import { needPrograms } from './programs.ts';
import { machine, median, percentile, spread, table, versionOf, writeSection } from './results.ts';
import { ask } from './servers.ts';
import { largeZone } from './zonetext.ts';

const ORIGIN = 'large.example.';
const NAMES = 330_000;
const MIB = 2 ** 20;
/** W7: the whole server. */
const MOST_OCTETS = 300 * MIB;
/** W9: p99 may be so much, or twice what it was. */
const LEAST_GOAL_MS = 10;
const PROBES_PER_SECOND = 1_000;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const CLI = resolve('dist/cli.js');

const [rounds = 3, reloads = 20] = process.argv.slice(2).map(Number);
needPrograms(['taskset', 'dig', 'dnsperf']);
if (rounds > 0) needPrograms(['named-checkzone', 'nsd', 'nsd-checkzone', 'kzonecheck']);
const workplace = new Workplace();
const [zones, keys] = [workplace.at('zones'), workplace.at('keys')];
const file = workplace.at('zones', `${ORIGIN}zone`);
const aside = workplace.at('aside');
for (const folder of [zones, keys]) mkdirSync(folder, { mode: 0o700 });
writeFileSync(file, largeZone(NAMES, 1));
const sections: string[] = [];
try {
  if (rounds > 0) sections.push(await checkers());
  sections.push(await server());
  const head = `\`npm run bench:load -- ${rounds} ${reloads}\`, ${new Date().toISOString().slice(0, 16)}Z. ${machine()}.`;
  const text = ['## A zone of 990,000 records', head, ...sections].join('\n\n');
  console.log(`\n${text}`);
  if (rounds > 0) writeSection('load', text);
} finally {
  workplace.remove();
}

// ---- Checkers ----

/** Parses and checks the file with each program in turn; a table of time, CPU and memory. */
async function checkers(): Promise<string> {
  const contenders: readonly [name: string, program: string, ...args: string[]][] = [
    ['keyturn zone check', process.execPath, CLI, 'zone', 'check', file],
    [`named-checkzone ${await versionOf('named-checkzone', '-v')}`, 'named-checkzone', '-q', ORIGIN, file],
    [`nsd-checkzone ${await versionOf('nsd', '-v')}`, 'nsd-checkzone', ORIGIN, file],
    [`kzonecheck ${await versionOf('kzonecheck', '-V')}`, 'kzonecheck', '-o', ORIGIN, file],
  ];
  const costs = contenders.map((): ProgramCost[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, [name, program, ...args]] of contenders.entries()) {
      const cost = await costOf(program, args);
      costs[i]!.push(cost);
      console.log(
        `${name.padEnd(28)}${cost.wallS.toFixed(2)} s, CPU ${cost.cpuS.toFixed(2)} s, ${mib(cost.peakOctets)}`,
      );
    }
  }
  const ours = costs[0]!;
  const rows = contenders.map(([name], i) => [
    name,
    spread(costs[i]!.map(({ wallS }) => wallS)),
    spread(costs[i]!.map(({ cpuS }) => cpuS)),
    mib(median(costs[i]!.map(({ peakOctets }) => peakOctets))),
    i === 0 ? '' : median(ours.map(({ cpuS }, round) => cpuS / costs[i]![round]!.cpuS)).toFixed(2),
  ]);
  const note = 'W7 wants Keyturn ÷ named-checkzone ≤ 1.0. Each row is the median [least–most] of the rounds.';
  return `${note}\n\n${table(['program', 'seconds', 'CPU seconds', 'peak memory', 'CPU of Keyturn ÷ it'], rows)}`;
}

// ---- The server ----

async function server(): Promise<string> {
  const port = await freePort();
  const startedMs = performance.now();
  const args = [
    '-c',
    `${SERVER_CORE}`,
    process.execPath,
    CLI,
    'serve',
    '--zones',
    zones,
    '--keys',
    keys,
    '--listen',
    `127.0.0.1:${port}`,
    '--workers',
    '1',
  ];
  const daemon = new ServerProcess('taskset', [...args, '--udp', 'batched', '--log-level', 'warn']);
  try {
    await waitForSerial(port, 1);
    const startMs = performance.now() - startedMs;
    await sleep(2_000);
    const loaded = memoryOf(daemon.pid);
    const reloading = await reloadUnderLoad(port, daemon);
    const removedMs = await removeZone(port);
    await sleep(3_000);
    const rows = [
      ['start to the first answer', seconds(startMs)],
      [
        'resident memory, serving',
        `${mib(loaded.rss)} (goal ≤ ${mib(MOST_OCTETS)}: ${loaded.rss <= MOST_OCTETS ? 'reached' : '**missed**'})`,
      ],
      ['peak while it loaded', mib(loaded.peak)],
      ...reloading,
      ['file removed to REFUSED', seconds(removedMs)],
      ['resident memory then', mib(memoryOf(daemon.pid).rss)],
    ];
    return table(['whole server, signed, one worker', ''], rows);
  } finally {
    await daemon.stop();
  }
}

/** Drops in version after version while dnsperf asks at half of what the server can do; rows of the report. */
async function reloadUnderLoad(port: number, daemon: ServerProcess): Promise<string[][]> {
  const questions = workplace.at('questions');
  const lines = Array.from({ length: 50_000 }, (_, i) => `host${(i * 7_919) % NAMES}.${ORIGIN} A`);
  writeFileSync(questions, `${lines.join('\n')}\n`);
  const load = { port, file: questions, dnssecOk: true, inFlight: 150, core: LOAD_CORE };
  await runLoad({ ...load, seconds: 3 });
  const full = await runLoad({ ...load, seconds: 3 });
  const rate = Math.round(full.perSecond / 2);
  const before = await signatureOf(port, 'host5');
  // What they print goes to files: this program does not read while it makes a zone, and a full pipe would hold them up.
  const asking = (output: string, more: readonly string[]) =>
    new ServerProcess('sh', [
      ...['-c', 'exec "$@" > "$0"', output, 'taskset', '-c', `${LOAD_CORE}`, 'dnsperf'],
      ...['-s', '127.0.0.1', '-p', `${port}`, '-d', questions, '-D', '-e', '-b', '4096'],
      ...['-q', '150', '-t', '5', '-l', '3600', ...more],
    ]);
  const outputs = [workplace.at('asked'), workplace.at('probed')] as const;
  const [asked, probed] = outputs;
  const dnsperf = asking(asked, ['-Q', `${rate - PROBES_PER_SECOND}`]);
  // The other one tells the time of each answer, which would be too much of all.
  const prober = asking(probed, ['-Q', `${PROBES_PER_SECOND}`, '-v']);
  await sleep(2_000);
  const calm = await latenciesDuring(probed, () => sleep(10_000));
  const tookMs: number[] = [];
  const memory: number[] = [];
  const meanwhile: number[][] = [];
  for (let serial = 2; serial <= reloads + 1; serial++) {
    writeFileSync(aside, largeZone(NAMES, serial));
    await sleep(500);
    const during = await latenciesDuring(probed, async () => {
      const fromMs = performance.now();
      renameSync(aside, file);
      await waitForSerial(port, serial);
      tookMs.push(performance.now() - fromMs);
      // What follows the switch counts as well: memory that goes back.
      await sleep(1_000);
    });
    meanwhile.push(during);
    memory.push(memoryOf(daemon.pid).rss);
    console.log(
      `serial ${serial} after ${seconds(tookMs.at(-1)!)}, ${mib(memory.at(-1)!)}, ${latency(during)}`,
    );
  }
  for (const one of [dnsperf, prober]) await one.stop('SIGINT');
  const [main, probes] = outputs.map((output) => parseReport(readFileSync(output, 'latin1')));
  const isKept = (await signatureOf(port, 'host5')) === before;
  return reloadRows({
    rate,
    most: main!,
    probed: probes!,
    isKept,
    calm,
    meanwhile,
    tookMs,
    memory,
    pid: daemon.pid,
  });
}

/** What was seen while zones were reloaded under load. */
interface Reloading {
  readonly rate: number;
  readonly most: ReturnType<typeof parseReport>;
  readonly probed: ReturnType<typeof parseReport>;
  readonly isKept: boolean;
  /** Latencies before, and of each reload, in milliseconds. */
  readonly calm: readonly number[];
  readonly meanwhile: readonly (readonly number[])[];
  readonly tookMs: readonly number[];
  /** Resident, after each reload, in octets. */
  readonly memory: readonly number[];
  readonly pid: number;
}

function reloadRows(seen: Reloading): string[][] {
  const { rate, most, probed, isKept, calm, meanwhile, tookMs, memory, pid } = seen;
  const all = meanwhile.flat();
  const goalMs = Math.max(2 * percentile(calm, 0.99), LEAST_GOAL_MS);
  const isQuick = percentile(all, 0.99) <= goalMs;
  const [second = Number.NaN, last = Number.NaN] = [memory[1], memory.at(-1)];
  return [
    [
      '1 % changed: file dropped in to served (500 ms of it to see that it is complete)',
      `${spread(tookMs.map((ms) => ms / 1_000))} s`,
    ],
    ['resident memory after the second reload', mib(second)],
    [
      `resident memory after ${reloads} reloads`,
      `${mib(last)} (goal ≤ 1.1 × after the second: ${last <= 1.1 * second ? 'reached' : '**missed**'})`,
    ],
    ['most, one second after any reload', mib(Math.max(...memory))],
    ['signature of an rrset that did not change', isKept ? 'the same octets' : '**made anew**'],
    [
      `queries at half load (${rate}/s) meanwhile`,
      `${most.completed + probed.completed} answered, ${most.lost + probed.lost} lost, ${most.rcodes}`,
    ],
    [`p50, p99, most of ${calm.length} answers before`, latency(calm)],
    [
      `the same of ${all.length} from each file to a second after it was served`,
      `${latency(all)} (goal p99 ≤ ${goalMs.toFixed(1)} ms: ${isQuick ? 'reached' : '**missed**'})`,
    ],
    [
      'p99 of the worst reload',
      `${Math.max(...meanwhile.map((one) => percentile(one, 0.99))).toFixed(2)} ms`,
    ],
    ['most memory that the process ever had', mib(memoryOf(pid).peak)],
  ];
}

/** What the answers took that were written to `probed` while `work` was done, in milliseconds. */
async function latenciesDuring(probed: string, work: () => Promise<unknown>): Promise<number[]> {
  const from = statSync(probed).size;
  await work();
  return parseLatencies(readFileSync(probed, 'latin1').slice(from));
}

async function removeZone(port: number): Promise<number> {
  const fromMs = performance.now();
  rmSync(file);
  const isRefused = async (): Promise<boolean> =>
    (await ask(port, ORIGIN, 'SOA')).includes('status: REFUSED');
  await waitUntil(isRefused, 'the zone is gone', 60_000);
  return performance.now() - fromMs;
}

async function waitForSerial(port: number, serial: number): Promise<void> {
  await waitUntil(async () => (await serialOf(port)) === serial, `serial ${serial}`, 120_000);
}

/** The serial that is served; undefined if none is. A program that asked would cost as much as what it waits for. */
async function serialOf(port: number): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.send(queryOctets(ORIGIN, 'SOA'));
    const [octets] = (await once(socket, 'message', { signal: AbortSignal.timeout(1_000) })) as [Buffer];
    const serial = /\bSOA \S+ \S+ (\d+) /.exec(printMessage(readMessage(octets)))?.[1];
    return serial === undefined ? undefined : Number(serial);
  } catch {
    return undefined; // nobody listens yet, or the answer was late
  } finally {
    socket.close();
  }
}

/** The RRSIG line that dig shows for the address of a host. */
async function signatureOf(port: number, label: string): Promise<string> {
  const fixed = ['-r', '+noall', '+answer', '+nosplit', '+dnssec', '@127.0.0.1', '-p', `${port}`];
  const { stdout } = await run('dig', [...fixed, `${label}.${ORIGIN}`, 'A'], 10_000);
  const line = stdout.split('\n').find((text) => /\sRRSIG\s/.test(text));
  if (line === undefined) throw new Error(`no signature for ${label}\n${stdout}`);
  return line;
}

/** In milliseconds. */
function latency(latenciesMs: readonly number[]): string {
  return [0.5, 0.99, 1].map((share) => percentile(latenciesMs, share).toFixed(2)).join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

function mib(octets: number): string {
  return `${Math.round(octets / MIB)} MiB`;
}
