/**
 * `npm run bench:bulk [-- ZONES] [--dir DIR] [--seconds S] [--rate QPS] [--samples N]`: all ZSKs of many zones rolled by
 * one command, with the real daemon. How long `zone list` takes; what the job costs the threads that answer; that it
 * outlives a kill half-way and ends with one new ZSK a zone.
 *
 * CPU a query is told from samples of a few seconds each. A job cannot be paused, so a second daemon, with copies of
 * the same zones and keys, does nothing but answer: each sample asks both in turn. What slows the machine slows the
 * twin too; the ratio to it, busy over quiet, leaves out what others did to the machine.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, type Output, run, ServerProcess, waitUntil } from '../test/support/processes.ts';
import { checkRolled, zskIds } from './bulk-keys.ts';
import { type Lists, report } from './bulk-report.ts';
import { busyIn, type Phase, type Sample, type Server, sampleOf } from './bulk-samples.ts';
import { runLoad } from './dnsperf.ts';
import { cpuSeconds, waitedForSeconds } from './proc.ts';
import { busiest, threadSeconds } from './threads.ts';

const CLI = resolve('dist/cli.js');
const LISTS = 5;
const MAX_PARALLEL = 1_000;
const START_MS = 1_200_000;
const START = ['rollover', 'start', '--all', '--type', 'zsk', '--max-parallel', `${MAX_PARALLEL}`];
/** A zone of a bulk rotation is begun 50 ms after the one before at the least; this is what a slow machine may need. */
const MS_PER_ZONE = 400;
const TTL = 5;
const WAITS = [
  `dnskeyTtl: ${TTL}s, cdsTtl: ${TTL}s, maxZoneTtl: ${TTL}s, publishSafety: 1s, retireSafety: 1s, propagation: 1s`,
  'parent: { propagation: 1s, dsTtl: 10s }, cdsHold: 10s, minInterval: 0s, bootstrapHold: 0s, validity: 7d',
  'lifetime: { csk: unlimited, ksk: unlimited, zsk: unlimited }',
].join(', ');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '10000' },
    samples: { type: 'string', default: '8' },
  },
});
const count = Number(positionals[0] ?? 10_000);
const [seconds, rate, quietSamples] = [values.seconds, values.rate, values.samples].map(Number) as [
  number,
  number,
  number,
];
const folder = mkdtempSync(join(values.dir, 'keyturn-bulk-'));
const zonesFolder = join(folder, 'zones');
const questions = join(folder, 'questions');
const options = `--dir ${values.dir} --seconds ${seconds} --rate ${rate} --samples ${quietSamples}`;
const command = `npm run bench:bulk -- ${count} ${options}`;
const zoneNames = Array.from({ length: count }, (_, i) => `z${String(i).padStart(5, '0')}.example`);
const startedMs = performance.now();
const daemons: ServerProcess[] = [];
const samples = new Map<Phase, Sample[]>();
try {
  makeZones();
  await bench();
} finally {
  for (const daemon of daemons) if (!daemon.hasEnded) await daemon.stop('SIGTERM', 60_000);
  rmSync(folder, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  say(`${count} zones below ${folder}`);
  let server = await start('main', 'it serves all zones');
  const firstStartS = lapS();
  await untilRefusesNone(server);
  const lists = await timeLists(server);
  const before = zskIds(keysOf(server.name), zoneNames);
  const twin = await makeTwin(server);
  await collect('quiet before', { server, twin }, quietSamples);

  const job = await startJob(server);
  let bar = job.bar;
  const jobFromMs = performance.now();
  await collect('busy before the kill', { server, twin }, Number.POSITIVE_INFINITY, async () => {
    return (await jobOf(server, job.id)).zones.done >= count / 2;
  });
  const atKill = await jobOf(server, job.id);
  if (atKill.state !== 'running') throw new Error('the job was over before the kill: take more zones');
  say(`SIGKILL at ${atKill.zones.done} done, ${atKill.zones.running} running`);
  const bars = [await killed(server, bar)];
  const killedMs = performance.now();
  server = await start('main', 'it serves all zones again');
  const restartS = (performance.now() - killedMs) / 1_000;
  bar = atTerminal(server, 'job', 'show', job.id, '--follow');
  await collect('busy after the restart', { server, twin }, Number.POSITIVE_INFINITY, async () => {
    return (await jobOf(server, job.id)).state !== 'running';
  });
  await waitUntil(() => bar.hasEnded, 'the bar ends', MS_PER_ZONE * count, server.process);
  bars.push(barOf(bar));
  const ended = await jobOf(server, job.id);
  const jobS = (performance.now() - jobFromMs) / 1_000;
  await collect('quiet after', { server, twin }, quietSamples);
  const rolled = await checkRolled(before, keysOf(server.name), server.port);
  await report({
    ...{ command, count, dir: values.dir, rate, seconds, maxParallel: MAX_PARALLEL, ttl: TTL },
    ...{ firstStartS, restartS, jobS, lists, bars, samples, rolled },
    killedAt: atKill.zones.done,
    job: ended,
  });
}

// ---- Zones and daemons ----

function makeZones(): void {
  mkdirSync(zonesFolder, { mode: 0o700 });
  const text = `$TTL ${TTL}\n@ SOA ns hostmaster 1 7200 900 1209600 ${TTL}\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.2\n`;
  for (const zone of zoneNames) writeFileSync(join(zonesFolder, `${zone}.zone`), text);
  // A step that shares no factor with the number of zones visits each once.
  const order = Array.from({ length: count }, (_, i) => (i * 7_919) % count);
  writeFileSync(questions, order.map((i) => `www.${zoneNames[i]} A\n`).join(''));
}

function keysOf(name: string): string {
  return join(folder, `keys-${name}`);
}

/** Starts a daemon; returns when it serves all zones, and which of its threads answers is known. */
async function start(name: string, what: string): Promise<Server> {
  const port = await freePort();
  const control = join(folder, `${name}.sock`);
  const config = join(folder, `${name}.yaml`);
  writeFileSync(config, `policies:\n  default: { scheme: ksk-zsk, algorithm: ECDSAP256SHA256, ${WAITS} }\n`);
  const args = [CLI, 'serve', '--config', config, '--zones', zonesFolder, '--keys', keysOf(name)];
  const listen = [
    '--listen',
    `127.0.0.1:${port}`,
    '--control',
    control,
    '--workers',
    '1',
    '--udp',
    'batched',
  ];
  const process_ = new ServerProcess(process.execPath, [...args, ...listen]);
  daemons.push(process_);
  const isServing = async (): Promise<boolean> => {
    await sleep(1_000);
    const status = await run(process.execPath, [CLI, '--control', control, '--json', 'status']);
    return status.code === 0 && JSON.parse(status.stdout).zones.served === count;
  };
  await waitUntil(isServing, `${name}: ${what}`, START_MS, process_);
  const server = { name, port, control, process: process_, pid: process_.pid, threads: [] };
  // All names are asked for, so that their signatures are made; that is also when the thread that answers shows.
  const from = threadSeconds(process_.pid);
  await runLoad({ ...load(port), seconds: Math.max(4, Math.ceil(count / 2_000)) });
  const threads = busiest(process_.pid, 1, from, threadSeconds(process_.pid));
  say(`${name}: ${what} (thread ${threads[0]} of process ${process_.pid} answers)`);
  return { ...server, threads };
}

function load(port: number) {
  return { port, file: questions, seconds, dnssecOk: true, inFlight: 150, core: 1, rate };
}

/** A daemon with copies of the keys that does nothing but answer. */
async function makeTwin({ name }: Server): Promise<Server> {
  const filter = (source: string): boolean => lstatSync(source).isDirectory() || lstatSync(source).isFile();
  cpSync(keysOf(name), keysOf('twin'), { recursive: true, filter });
  return start('twin', 'it serves all zones too');
}

// ---- Commands ----

function keyturn({ control }: Server, ...args: string[]): Promise<Output> {
  return run(process.execPath, [CLI, '--control', control, ...args], 120_000);
}

async function json<T>(server: Server, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await keyturn(server, '--json', ...args);
  if (code !== 0) throw new Error(`keyturn ${args.join(' ')}: exit ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

interface Job {
  readonly id: string;
  readonly state: string;
  readonly zones: Readonly<Record<'total' | 'pending' | 'running' | 'done' | 'failed', number>>;
}

async function jobOf(server: Server, id: string): Promise<Job> {
  const { jobs } = await json<{ readonly jobs: readonly Job[] }>(server, 'job', 'list');
  const job = jobs.find((one) => one.id === id);
  if (job === undefined) throw new Error(`the job ${id} is gone`);
  return job;
}

/** Times `zone list`, as text and as JSON: the whole command, its start included; and its CPU, the daemon's too. */
async function timeLists(server: Server): Promise<Lists> {
  const lists: Lists = { text: [], json: [], cpu: [] };
  for (let i = 0; i < LISTS; i++) {
    for (const kind of ['text', 'json'] as const) {
      const [fromMs, cpuFrom, daemonFrom] = [performance.now(), waitedForSeconds(), cpuSeconds(server.pid)];
      const { stdout } = await keyturn(server, 'zone', 'list', ...(kind === 'json' ? ['--json'] : []));
      lists[kind].push((performance.now() - fromMs) / 1_000);
      if (kind === 'text') lists.cpu.push(waitedForSeconds() - cpuFrom + cpuSeconds(server.pid) - daemonFrom);
      const zones =
        kind === 'json' ? JSON.parse(stdout).zones.length : stdout.match(/^z\d+\.example/gm)?.length;
      if (zones !== count) throw new Error(`zone list (${kind}) tells of ${zones} zones`);
    }
  }
  say(`zone list: ${lists.text.map((s) => s.toFixed(2)).join(' ')} s`);
  return lists;
}

/** The keys of a zone that is new must be known everywhere before they can be replaced. */
async function untilRefusesNone(server: Server): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    await sleep(2_000);
    type Dry = { readonly zones: number; readonly refusedNow: readonly unknown[] };
    const { zones, refusedNow } = await json<Dry>(server, ...START, '--dry-run');
    return zones === count && refusedNow.length === 0;
  };
  await waitUntil(isReady, 'no zone refuses a rollover', START_MS, server.process);
  say('all zones can be rolled');
}

/** Starts the job as a person would, at a terminal, so that a bar shows how it goes. */
async function startJob(server: Server): Promise<{ id: string; bar: ServerProcess }> {
  const bar = atTerminal(server, ...START);
  let id: string | undefined;
  const isStarted = async (): Promise<boolean> => {
    const { jobs } = await json<{ readonly jobs: readonly Job[] }>(server, 'job', 'list');
    id = jobs.at(-1)?.id;
    return id !== undefined;
  };
  await waitUntil(isStarted, 'the job starts', 60_000, server.process);
  return { id: id!, bar };
}

/** A command with a terminal of its own. */
function atTerminal({ control }: Server, ...args: string[]): ServerProcess {
  const line = [process.execPath, CLI, '--control', control, '--yes', ...args].join(' ');
  const process_ = new ServerProcess('script', ['--quiet', '--return', '--command', line, '/dev/null']);
  daemons.push(process_);
  return process_;
}

/** The last state of the bar that a command drew. */
function barOf({ lines }: ServerProcess): string {
  const drawn = lines.join('\n').match(/\[[#-]{30}\] \d+ of [\w ,./]*(?: left|failed)/g);
  if (drawn === null) throw new Error(`no bar was drawn:\n${lines.slice(-20).join('\n')}`);
  return drawn.at(-1)!;
}

/** Kills the daemon in the midst of its work; the bar that it had drawn. */
async function killed({ process: daemon }: Server, bar: ServerProcess): Promise<string> {
  daemon.signal('SIGKILL');
  await daemon.ended;
  await bar.ended;
  return barOf(bar);
}

// ---- Samples ----

/** Samples both daemons in turn, `most` times or until `isOver`; a sample in which it got over does not count. */
async function collect(
  phase: Phase,
  { server, twin }: { readonly server: Server; readonly twin: Server },
  most: number,
  isOver: () => Promise<boolean> = async () => false,
): Promise<void> {
  const taken: Sample[] = [];
  samples.set(phase, taken);
  while (taken.length < most && !(await isOver())) {
    const made = await signaturesOf(server);
    const sample = await sampleOf(load(0), server, twin);
    if (most === Number.POSITIVE_INFINITY && (await isOver())) return;
    const signatures = (await signaturesOf(server)) - made;
    taken.push({ ...sample, signatures });
    say(`${phase}: ${busyIn(taken.at(-1)!)}`);
  }
}

/** Signatures that were made on the query path. */
async function signaturesOf(server: Server): Promise<number> {
  const { counters } = await json<{ readonly counters: Record<string, number> }>(server, 'status');
  return counters.signaturesMade!;
}

function lapS(): number {
  return (performance.now() - startedMs) / 1_000;
}

function say(text: string): void {
  console.log(`${lapS().toFixed(0).padStart(5)} s  ${text}`);
}
