/**
 * `npm run bench:peers [-- SECONDS [ROUNDS [ROW…]]]`: CPU a query of Keyturn beside Knot, NSD, PowerDNS and BIND (DESIGN
 * §9), the servers on core 0 and dnsperf on core 1, all in turn in each round, so that a slow moment hits them alike. First
 * the answers are looked at: a server that is fast at the wrong thing ends the bench. Rows that are not named keep in
 * `bench/results.md` what was measured before.
 */
import { writeFileSync } from 'node:fs';
import { Workplace } from '../test/support/processes.ts';
import { measureCold } from './cold.ts';
import { type LoadRun, runCosted, runTimed } from './dnsperf.ts';
import { type Group, groupOf, groupsOf, HEAD, mergedTable, type Runs } from './peers-table.ts';
import { needPrograms } from './programs.ts';
import { machine, readSection, versionOf, writeSection } from './results.ts';
import { untilRight } from './rightanswers.ts';
import { type BenchServer, startServer } from './servers.ts';
import type { ServerName } from './setups.ts';
import { COLD_ROW, chosenRows, ELSEWHERE, ROWS, WORKS, type Work } from './works.ts';
import { QUESTIONS, smallZone } from './zonetext.ts';

const ORIGIN = 'bench.example.';
const NAMES = 10_000;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
/** Below what the socket queue of each server holds: with more, Knot loses the surplus of the first burst. */
const IN_FLIGHT = 150;
/** Connections that hold several queries each. */
const IN_FLIGHT_TCP = 600;
/** Latencies are taken at a rate that each of the servers bears: where one is full, they tell of the queue alone. */
const PACED = 5_000;
const PACED_SECONDS = 1;
/** At least: 10,000 signatures are made by then, and the code is compiled. */
const WARM_UP_SECONDS = 2;
/** New names a run: no server answers so many in a second. */
const NEW_NAMES_PER_SECOND = 250_000;

const VERSIONS = [
  ['Knot', 'knotd', '-V'],
  ['NSD', 'nsd', '-v'],
  ['PowerDNS', 'pdns_server', '--version'],
  ['BIND', 'named', '-v'],
  ['dnsperf', 'dnsperf', '-h'],
] as const;

/** All runs of one server for one work. */
interface Tally {
  readonly server: BenchServer;
  readonly most: number | undefined;
  readonly cpuUs: number[];
  readonly perSecond: number[];
  readonly latenciesMs: number[];
  lost: number;
}

const [secondsText = '3', roundsText = '3', ...words] = process.argv.slice(2);
const [seconds, rounds] = [Number(secondsText), Number(roundsText)];
const rows = chosenRows(words);
const works = WORKS.filter(({ row }) => rows.includes(row));
const workplace = new Workplace();
const servers = new Map<ServerName, BenchServer>();
let namesUsed = 0;
needPrograms(['taskset', 'dig', 'dnsperf', 'knotd', 'nsd', 'named', 'pdns_server', 'pdnsutil']);
try {
  const measured = new Map<string, Group>(works.length > 0 ? await measureWarm() : []);
  await stopServers();
  if (rows.includes(COLD_ROW)) {
    const cores = { server: SERVER_CORE, load: LOAD_CORE };
    measured.set(COLD_ROW, await measureCold({ row: COLD_ROW, rounds, when: when('') }, workplace, cores));
  }
  await report(measured);
} finally {
  await stopServers();
  workplace.remove();
}

async function measureWarm(): Promise<[row: string, group: Group][]> {
  const zone = { origin: ORIGIN, text: smallZone(NAMES) };
  for (const name of serverNames(works)) {
    const server = await startServer(name, zone, workplace, SERVER_CORE);
    servers.set(name, server);
    await untilRight(server, ORIGIN);
  }
  const tallies = new Map(works.map((work) => [work, newTallies(work)]));
  // Round 0 warms up and is not counted: signatures are made, code is compiled.
  for (let round = 0; round <= rounds; round++) {
    for (const [work, contenders] of tallies) {
      for (const tally of contenders) await runOnce(work, tally, round);
    }
  }
  return [...tallies].map(([{ row, what }, contenders]) => [
    row,
    groupOf(row, what, when(`${rounds} × ${seconds} s`), contenders.map(runsOf)),
  ]);
}

function serverNames(chosen: readonly Work[]): Set<ServerName> {
  return new Set(chosen.flatMap(({ ours, rivals }) => [ours, ...rivals.map(({ name }) => name)]));
}

function newTallies({ ours, rivals }: Work): Tally[] {
  return [{ name: ours, most: undefined }, ...rivals].map(({ name, most }) => ({
    server: servers.get(name)!,
    most,
    cpuUs: [],
    perSecond: [],
    latenciesMs: [],
    lost: 0,
  }));
}

function runsOf({ server, most, ...runs }: Tally): Runs {
  return { server: server.name, ...runs, ...(most === undefined ? {} : { most }) };
}

/** As many queries as the server answers, then a steady few for their latency. */
async function runOnce(work: Work, tally: Tally, round: number): Promise<void> {
  const { process } = tally.server;
  const load = loadOf(work, tally.server);
  const span = round === 0 ? Math.max(seconds, WARM_UP_SECONDS) : seconds;
  const full = await runCosted(
    { ...load, seconds: span, file: questionsOf(work, span * NEW_NAMES_PER_SECOND) },
    process.pid,
  );
  console.log(
    `${round === 0 ? 'warm-up' : `round ${round}`}  ${work.row.padEnd(20)}${tally.server.name.padEnd(18)}` +
      `${full.cpuUs.toFixed(2).padStart(7)} µs${Math.round(full.perSecond).toString().padStart(9)}/s` +
      `  lost ${full.lost}  ${full.rcodes}`,
  );
  if (round === 0) return;
  const file = questionsOf(work, PACED_SECONDS * PACED * 2);
  const paced = await runTimed({ ...load, seconds: PACED_SECONDS, rate: PACED, file });
  tally.cpuUs.push(full.cpuUs);
  tally.perSecond.push(full.perSecond);
  tally.latenciesMs.push(...paced.latenciesMs);
  tally.lost += full.lost + paced.lost;
}

function loadOf(
  { dnssecOk, clients, transport }: Work,
  { port }: BenchServer,
): Omit<LoadRun, 'file' | 'seconds'> {
  const inFlight = transport === 'tcp' ? IN_FLIGHT_TCP : IN_FLIGHT;
  return { port, dnssecOk, clients, transport, inFlight, core: LOAD_CORE };
}

/** A file of questions; names that do not exist are asked for once and never again. */
function questionsOf({ questions }: Work, count: number): string {
  const file = workplace.at('questions');
  writeFileSync(file, QUESTIONS[questions]({ origin: ORIGIN, names: NAMES, from: namesUsed, count }));
  namesUsed += count;
  return file;
}

async function stopServers(): Promise<void> {
  for (const { process } of servers.values()) await process.stop();
  servers.clear();
}

function when(extent: string): string {
  return `${new Date().toISOString().slice(5, 16).replace('T', ' ')} ${extent}`.trim();
}

async function report(measured: ReadonlyMap<string, Group>): Promise<void> {
  const links = ELSEWHERE.map(([row, what, bench]): [string, Group] => [
    row,
    [[row, what, `see \`npm run ${bench}\` below`, ...HEAD.slice(3).map(() => '')]],
  ]);
  const merged = mergedTable(groupsOf(readSection('peers')), new Map([...measured, ...links]), ROWS);
  const versions = await Promise.all(
    VERSIONS.map(async ([maker, program, flag]) => `${maker} ${await versionOf(program, flag)}`),
  );
  const text = [
    '## CPU a query beside other servers',
    `\`npm run bench:peers -- SECONDS ROUNDS [ROW…]\`. ${machine()}. ${versions.join(', ')}.`,
    `A zone of ${NAMES} names; servers on core ${SERVER_CORE} (one thread that answers each), dnsperf on core ` +
      `${LOAD_CORE} with ${IN_FLIGHT} queries in flight (TCP: ${IN_FLIGHT_TCP}); rounds in turn after a warm-up; medians ` +
      '[least–most] of user and system time of the whole process tree. Knot and BIND signed their zones beforehand; ' +
      'Keyturn, PowerDNS and `onlinesign` (a module of Knot) sign online. One client is one socket, as of a load ' +
      `balancer or a forwarder. Latencies are those of ${PACED} queries a second, which each of them bears.`,
    merged,
  ].join('\n\n');
  console.log(`\n${text}`);
  writeSection('peers', text);
}
