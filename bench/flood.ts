/**
 * `npm run bench:flood [-- SECONDS [RATE…]]`: random names at RATE queries a second (20,000 and 60,000 unless told)
 * beside 5,000 legitimate ones, for each way to deny (issue 7). The server on core 0; dnsperf, which floods, and a client of
 * good faith (bench/prober) on core 1. Shown are what the client got, which rung of the signing budget each name of the
 * flood came to, and that no signature of a name that exists was made twice.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runOk, Workplace, waitUntil } from '../test/support/processes.ts';
import { type LoadResult, runLoad } from './dnsperf.ts';
import type { Probed } from './prober.ts';
import { cpuSeconds, memoryOf, stolenSeconds } from './proc.ts';
import { needPrograms } from './programs.ts';
import { machine, table, versionOf, writeSection } from './results.ts';
import { type Counters, countersOf, difference } from './running.ts';
import { ask, type BenchServer, startServer } from './servers.ts';
import type { ServerName } from './setups.ts';
import { allQuestions, QUESTIONS, smallZone } from './zonetext.ts';

const ORIGIN = 'bench.example.';
const NAMES = 10_000;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const CORES = [SERVER_CORE, LOAD_CORE];
const LEGITIMATE = 5_000;
/** Above it the goal does not hold: what is shown is where the ladder ends. */
const GOAL_RATE = 20_000;
const LEAST_ANSWERED = 0.999;
const MOST_P99_MS = 20;
/** Of 21,000 signatures one comes to the end of its window of 4 days each 16 s, and is then made anew. */
const MOST_RENEWED = 5;
const SERVERS: readonly ServerName[] = ['keyturn', 'keyturn nsec3', 'keyturn compact budgeted'];
/** A dropped query of the flood waits so long: as many may wait as are sent meanwhile, or dnsperf would send fewer. */
const FLOOD_TIMEOUT_SECONDS = 1;
const FLOOD_CLIENTS = 20;
/**
 * The flood is there before the client asks, and after. Until as many are sent as may wait, dnsperf takes a rest after each
 * second one and falls behind; what it owes by then (2,000 queries, once) it sends at four times its rate.
 */
const LEAD_SECONDS = 2 * FLOOD_TIMEOUT_SECONDS;
/** Long enough for the client to start: it would keep the core from dnsperf, which then sends what it owes at once. */
const START_MS = 1_000;
const MIB = 2 ** 20;

const [secondsText = '5', ...rateTexts] = process.argv.slice(2);
const seconds = Number(secondsText);
const rates = rateTexts.length === 0 ? [GOAL_RATE, 3 * GOAL_RATE] : rateTexts.map(Number);
const workplace = new Workplace();
let namesUsed = 0;

interface Flooded {
  readonly server: ServerName;
  /** 0: nobody floods. */
  readonly rate: number;
  readonly probed: Probed;
  readonly flood: LoadResult | null;
  readonly counted: Counters;
  /** Cores that the server used. */
  readonly cores: number;
  /** Of the two cores, the share of time that the host of this machine gave to others. */
  readonly stolen: number;
  readonly rss: number;
  /** From the end of the flood to a signed answer for a new name. */
  readonly recoveredMs: number;
  /** Signatures made when all names that exist were asked for again. */
  readonly madeAgain: number;
}

needPrograms(['taskset', 'dig', 'dnsperf']);
try {
  const floods: Flooded[] = [];
  for (const name of SERVERS) floods.push(...(await floodServer(name)));
  await report(floods);
} finally {
  workplace.remove();
}

async function floodServer(name: ServerName): Promise<Flooded[]> {
  const zone = { origin: ORIGIN, text: smallZone(NAMES) };
  const server = await startServer(name, zone, workplace, SERVER_CORE);
  try {
    await askAll(server);
    const floods: Flooded[] = [];
    for (const rate of [0, ...rates]) {
      floods.push(await floodOnce(server, rate));
      console.log(`${name}, ${rate}/s: ${JSON.stringify(floods.at(-1))}`);
    }
    return floods;
  } finally {
    await server.process.stop();
  }
}

async function floodOnce(server: BenchServer, rate: number): Promise<Flooded> {
  const before = await countersOf(server);
  const probing = probe(server);
  await sleep(START_MS);
  const [fromMs, cpu, stolenBefore] = [
    performance.now(),
    cpuSeconds(server.process.pid),
    stolenSeconds(CORES),
  ];
  const [probed, result] = await Promise.all([probing, rate === 0 ? null : flood(server, rate)]);
  const elapsed = (performance.now() - fromMs) / 1_000;
  const cores = (cpuSeconds(server.process.pid) - cpu) / elapsed;
  const stolen = (stolenSeconds(CORES) - stolenBefore) / (CORES.length * elapsed);
  const recoveredMs = await untilSigned(server);
  const after = await countersOf(server);
  await askAll(server);
  return {
    server: server.name,
    rate,
    probed,
    flood: result,
    counted: difference(before, after),
    cores,
    stolen,
    rss: memoryOf(server.process.pid).rss,
    recoveredMs,
    madeAgain: difference(after, await countersOf(server)).signaturesMade ?? Number.NaN,
  };
}

function flood({ port }: BenchServer, rate: number): Promise<LoadResult> {
  const file = workplace.at('flood');
  const span = seconds + 2 * LEAD_SECONDS;
  const count = span * rate;
  writeFileSync(file, QUESTIONS.nxdomain({ origin: ORIGIN, names: NAMES, from: namesUsed, count }));
  namesUsed += count;
  const waiting = { inFlight: rate * FLOOD_TIMEOUT_SECONDS, timeoutSeconds: FLOOD_TIMEOUT_SECONDS };
  const shape = { ...waiting, clients: FLOOD_CLIENTS, dnssecOk: true };
  return runLoad({ port, file, seconds: span, rate, core: LOAD_CORE, ...shape });
}

async function probe({ port }: BenchServer): Promise<Probed> {
  const program = resolve('build/bench/prober.js');
  const order = [port, ORIGIN, NAMES, LEGITIMATE, seconds, START_MS + LEAD_SECONDS * 1_000].map(String);
  const pinned = ['-c', `${LOAD_CORE}`, process.execPath, program, ...order];
  return JSON.parse(await runOk('taskset', pinned, seconds * 1_000 + 30_000)) as Probed;
}

/** Asks for every name that exists, with data and without, and for every referral. */
async function askAll({ port, name }: BenchServer): Promise<void> {
  const file = workplace.at('all');
  writeFileSync(file, allQuestions(ORIGIN, NAMES));
  const load = { port, file, seconds: 'once', dnssecOk: true, inFlight: 100, core: LOAD_CORE } as const;
  const { lost, rcodes } = await runLoad(load);
  if (lost > 0 || !/^NOERROR \d+ \(100\.00%\)$/.test(rcodes))
    throw new Error(`${name}: ${rcodes}, lost ${lost}`);
}

/** Milliseconds until a name that was never asked for is denied, signed and whole. */
async function untilSigned({ port, process: server }: BenchServer): Promise<number> {
  const fromMs = performance.now();
  const isSigned = async (): Promise<boolean> => {
    const text = await ask(port, `again${namesUsed++}.${ORIGIN}`, 'A', true);
    return /\sRRSIG\s+NSEC/.test(text) && !/flags: [^;]*\btc\b/.test(text);
  };
  await waitUntil(isSigned, 'a new name is signed for', 30_000, server);
  return performance.now() - fromMs;
}

// ---- The report ----

async function report(floods: readonly Flooded[]): Promise<void> {
  const text = [
    '## Floods of random names',
    `\`npm run bench:flood -- ${[seconds, ...rates].join(' ')}\`, ${new Date().toISOString().slice(0, 16)}Z. ` +
      `${machine()}. dnsperf ${await versionOf('dnsperf', '-h')}.`,
    `A zone of ${NAMES} names, DO; ${LEGITIMATE} legitimate queries a second for names that exist (65 % with data, ` +
      '15 % without, 10 % referrals, SOA and DNSKEY) beside names that do not exist, ' +
      `each asked for once, from ${FLOOD_CLIENTS} sockets, for ${seconds} s. Times (p50, p99, most ms) are from when a ` +
      'query left to when the kernel had the answer; `client late` is by how much queries left after they were due, ' +
      '`stolen` what the host of this machine gave to others of the two cores while they had work. ' +
      `One thread for UDP on core ${SERVER_CORE}, both clients on core ${LOAD_CORE}; the signing budget is the ` +
      'default, 9,000 a second.',
    table(
      [
        'denial, flood a second',
        'legitimate answered',
        'p50, p99, most ms',
        'client late',
        'cores used',
        'stolen',
        'memory',
      ],
      floods.map(clientRow),
    ),
    'The rungs of the signing budget: signatures of what the zone has, read and made; for made-up names, read from ' +
      'the cache and made; over the budget, answers sent to TCP (TC) and dropped. Then all names that exist are asked ' +
      `for again: what is made then was pushed out, but for some (${MOST_RENEWED} at most) whose window of 4 days ended.`,
    table(
      [
        'denial, flood a second',
        'read',
        'made',
        'made-up: read',
        'made',
        'TC',
        'dropped',
        'back after',
        'made again',
      ],
      floods.map(rungRow),
    ),
  ].join('\n\n');
  console.log(`\n${text}`);
  writeSection('flood', text);
}

function clientRow({ server, rate, probed, cores, stolen, rss }: Flooded): string[] {
  const share = probed.answered / probed.sent;
  const faults = Object.entries(probed.faults).map(([fault, count]) => `, ${count} ${fault}`);
  const isGoal = rate === GOAL_RATE;
  const answered = goal(isGoal, share >= LEAST_ANSWERED, `≥ ${LEAST_ANSWERED * 100} %`);
  const [, p99Ms = Number.POSITIVE_INFINITY] = probed.latenciesMs;
  const quick = goal(isGoal, p99Ms <= MOST_P99_MS, `p99 ≤ ${MOST_P99_MS} ms`);
  return [
    `${denialOf(server)}, ${rate}`,
    `${(share * 100).toFixed(3)} %${faults.join('')}${answered}`,
    `${probed.latenciesMs.map((ms) => ms.toFixed(1)).join(', ')}${quick}`,
    probed.lateMs.map((ms) => ms.toFixed(1)).join(', '),
    cores.toFixed(2),
    `${(stolen * 100).toFixed(1)} %`,
    `${Math.round(rss / MIB)} MiB`,
  ];
}

function rungRow({ server, rate, counted, recoveredMs, madeAgain }: Flooded): string[] {
  const of = (name: string): number => counted[name] ?? 0;
  const made = of('synthesizedMade');
  return [
    `${denialOf(server)}, ${rate}`,
    `${of('signaturesReused')}`,
    `${of('signaturesMade') - made}`,
    `${of('synthesizedReused')}`,
    `${made}`,
    `${of('budgetTruncated')}`,
    `${of('budgetDropped')}`,
    `${(recoveredMs / 1_000).toFixed(1)} s`,
    `${madeAgain}${goal(rate > 0, madeAgain <= MOST_RENEWED, `≤ ${MOST_RENEWED}`)}`,
  ];
}

function goal(isMeant: boolean, isReached: boolean, words: string): string {
  return isMeant ? ` (goal ${words}: ${isReached ? 'reached' : '**missed**'})` : '';
}

function denialOf(server: ServerName): string {
  return server.split(' ')[1] ?? 'nsec';
}
