/**
 * `npm run bench:threads [-- SECONDS [ROUNDS [RATE…]]]`: CPU a query and memory of Keyturn, and of Knot beside it, with one
 * and with two threads for UDP at the same load (20,000, 40,000 and 80,000 queries a second unless told), which one can
 * bear.
 * On a machine of two cores dnsperf needs a part of one, core 1, which the second thread then shares; so CPU is compared,
 * and not how many queries the two can answer.
 */
import { writeFileSync } from 'node:fs';
import { Workplace } from '../test/support/processes.ts';
import { type LoadResult, runCosted, runLoad } from './dnsperf.ts';
import { ratioOf, verdict } from './peers-table.ts';
import { memoryOf } from './proc.ts';
import { needPrograms } from './programs.ts';
import { machine, median, spread, table, versionOf, writeSection } from './results.ts';
import { untilRight } from './rightanswers.ts';
import { type BenchServer, startServer } from './servers.ts';
import type { ServerName } from './setups.ts';
import { busiest, threadSeconds } from './threads.ts';
import { QUESTIONS, smallZone } from './zonetext.ts';

const ORIGIN = 'bench.example.';
const NAMES = 10_000;
const CORES = '0,1';
const LOAD_CORE = 1;
/** The kernel spreads sockets, not queries, among the threads. */
const CLIENTS = 100;
/** As in bench:peers: with more, Knot loses the surplus of the first burst. */
const IN_FLIGHT = 150;
/** With one thread and with two. */
const PAIRS: readonly (readonly [one: ServerName, two: ServerName])[] = [
  ['keyturn', 'keyturn two workers'],
  ['knot', 'knot two workers'],
];
const MOST_CPU = 1.1;
const MOST_MEMORY = 1.1;
const WARM_UP_SECONDS = 2;
const MIB = 2 ** 20;

const [secondsText = '3', roundsText = '3', ...rateTexts] = process.argv.slice(2);
const [seconds, rounds] = [Number(secondsText), Number(roundsText)];
const rates = rateTexts.length === 0 ? [20_000, 40_000, 80_000] : rateTexts.map(Number);
const workplace = new Workplace();
const questions = workplace.at('questions');
const zone = { origin: ORIGIN, text: smallZone(NAMES) };

/** A server at a rate, in all rounds. */
interface Tally {
  readonly rate: number;
  readonly name: ServerName;
  readonly runs: Run[];
}

interface Run extends LoadResult {
  readonly cpuUs: number;
  /** Of the CPU of the two busiest threads: what the busier one used. */
  readonly busierShare: number;
  /** Octets that were resident after it. */
  readonly rss: number;
}

needPrograms(['taskset', 'dig', 'dnsperf', 'knotd']);
try {
  writeFileSync(questions, QUESTIONS.positive({ origin: ORIGIN, names: NAMES, from: 0, count: 0 }));
  const names = PAIRS.flat();
  const tallies = rates.flatMap((rate) => names.map((name): Tally => ({ rate, name, runs: [] })));
  for (let round = 1; round <= rounds; round++) await runRound(tallies, names, round);
  await report(tallies);
} finally {
  workplace.remove();
}

/** All servers are started anew: two of one kind differ by some percent of memory for as long as they run. */
async function runRound(
  tallies: readonly Tally[],
  names: readonly ServerName[],
  round: number,
): Promise<void> {
  const servers = new Map<ServerName, BenchServer>();
  const place = new Workplace();
  try {
    for (const name of names) {
      const server = await startServer(name, zone, place, CORES);
      servers.set(name, server);
      await untilRight(server, ORIGIN);
      await runLoad({ ...loadOf(server, rates[0]!), seconds: WARM_UP_SECONDS });
    }
    for (const tally of tallies) await runOnce(tally, servers.get(tally.name)!, round);
  } finally {
    for (const { process } of servers.values()) await process.stop();
    place.remove();
  }
}

function loadOf({ port }: BenchServer, rate: number) {
  const load = { port, rate, seconds, file: questions, dnssecOk: true };
  return { ...load, clients: CLIENTS, inFlight: IN_FLIGHT, core: LOAD_CORE };
}

async function runOnce({ rate, runs }: Tally, server: BenchServer, round: number): Promise<void> {
  const { pid } = server.process;
  const before = threadSeconds(pid);
  const run = await runCosted(loadOf(server, rate), pid);
  const after = threadSeconds(pid);
  const used = busiest(pid, 2, before, after).map((thread) => after.get(thread)! - (before.get(thread) ?? 0));
  const busierShare = used[0]! / (used[0]! + (used[1] ?? 0));
  runs.push({ ...run, busierShare, rss: memoryOf(pid).rss });
  console.log(
    `round ${round}  ${rate}/s  ${server.name.padEnd(20)}${run.cpuUs.toFixed(2).padStart(7)} µs` +
      `${Math.round(run.perSecond).toString().padStart(9)}/s  lost ${run.lost}  busier thread ${percent(busierShare)}`,
  );
}

async function report(tallies: readonly Tally[]): Promise<void> {
  const rows = tallies.map(({ rate, name, runs }, i) => {
    const [maker, isTwo] = [name.split(' ')[0]!, isSecond(name)];
    const costs = runs.map(({ cpuUs }) => cpuUs);
    const one = tallies[i - 1]?.runs.map(({ cpuUs }) => cpuUs) ?? [];
    return [
      `${rate}, ${maker}, ${isTwo ? 'two threads' : 'one thread'}`,
      spread(costs),
      isTwo ? verdict(ratioOf(costs, one), maker === 'keyturn' ? MOST_CPU : undefined) : '',
      `${Math.round(median(runs.map(({ perSecond }) => perSecond)))}`,
      `${runs.reduce((sum, { lost }) => sum + lost, 0)}`,
      percent(median(runs.map(({ busierShare }) => busierShare))),
    ];
  });
  const memory = PAIRS.flat().map((name) => memoryIn(tallies.filter((tally) => tally.name === name)));
  const text = [
    '## Two threads for UDP',
    `\`npm run bench:threads -- ${[seconds, rounds, ...rates].join(' ')}\`, ${new Date().toISOString().slice(0, 16)}Z. ` +
      `${machine()}. Knot ${await versionOf('knotd', '-V')}, dnsperf ${await versionOf('dnsperf', '-h')}.`,
    `A zone of ${NAMES} names, positive answers with DO, ${CLIENTS} clients. The server may use both cores; dnsperf, on ` +
      `core ${LOAD_CORE}, offers a load below what one thread can answer; ${rounds} rounds of ${seconds} s in turn, each ` +
      'with servers started anew; ' +
      'medians [least–most]. The fewer queries wait for a thread, the smaller its batches, and the more a query costs.',
    table(
      ['offered a second, server', 'µs CPU a query', 'two ÷ one', 'queries/s', 'lost', 'busier thread'],
      rows,
    ),
    table(
      ['resident memory, median after each run', 'one thread', 'two threads', 'two ÷ one'],
      PAIRS.map(([name], i) => {
        const [one, two] = [memory[2 * i]!, memory[2 * i + 1]!];
        return [name, mib(one), mib(two), verdict(two / one, name === 'keyturn' ? MOST_MEMORY : undefined)];
      }),
    ),
  ].join('\n\n');
  console.log(`\n${text}`);
  writeSection('threads', text);
}

function memoryIn(tallies: readonly Tally[]): number {
  return median(tallies.flatMap(({ runs }) => runs.map(({ rss }) => rss)));
}

function isSecond(name: ServerName): boolean {
  return PAIRS.some(([, two]) => two === name);
}

function mib(octets: number): string {
  return `${Math.round(octets / MIB)} MiB`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
