/**
 * `npm run bench:peers [SECONDS [ROUNDS]]`: CPU a query of Keyturn beside Knot and NSD (DESIGN §9 W1, W2, W3, W5), the
 * servers on core 0 and dnsperf on core 1, all in turn in each round, so that a slow moment hits them alike. First the
 * answers are looked at: a server that is fast at the wrong thing ends the bench.
 */
import { writeFileSync } from 'node:fs';
import { Workplace } from '../test/support/processes.ts';
import { type LoadResult, runCosted } from './dnsperf.ts';
import { machine, median, spread, table, versionOf, writeSection } from './results.ts';
import { ask, type BenchServer, type ServerName, startServer } from './servers.ts';
import { QUESTIONS, type Questions, smallZone } from './zonetext.ts';

const ORIGIN = 'bench.example.';
const NAMES = 10_000;
const SERVER_CORE = 0;
const LOAD_CORE = 1;
/** Below what the socket queue of each server holds: with more, Knot loses the surplus of the first burst. */
const IN_FLIGHT = 150;

/** One row of DESIGN §9: who is compared with what. The first server is ours. */
interface Work {
  readonly goal: string;
  readonly what: string;
  readonly questions: Questions;
  readonly dnssecOk: boolean;
  readonly servers: readonly ServerName[];
  /** The most that our CPU may be, as a multiple of the second server's; none where the design sets none. */
  readonly most?: number;
}

const UNSIGNED = ['keyturn unsigned', 'nsd unsigned', 'knot unsigned'] as const;
const SIGNED = ['keyturn', 'knot'] as const;
const HASHED = ['keyturn nsec3', 'knot nsec3'] as const;
const ONLINE = ['keyturn compact', 'knot onlinesign'] as const;
const WORKS: readonly Work[] = [
  { goal: 'W1', what: 'positive, DO', questions: 'positive', dnssecOk: true, servers: SIGNED, most: 1.0 },
  {
    goal: 'W2',
    what: 'random NXDOMAIN, DO',
    questions: 'nxdomain',
    dnssecOk: true,
    servers: SIGNED,
    most: 1.1,
  },
  {
    goal: 'W2',
    what: 'random NXDOMAIN, DO, NSEC3',
    questions: 'nxdomain',
    dnssecOk: true,
    servers: HASHED,
    most: 1.1,
  },
  {
    goal: 'W3',
    what: 'random NXDOMAIN, DO, compact',
    questions: 'nxdomain',
    dnssecOk: true,
    servers: ONLINE,
    most: 0.4,
  },
  {
    goal: 'W5',
    what: 'positive, unsigned',
    questions: 'positive',
    dnssecOk: false,
    servers: UNSIGNED,
    most: 0.8,
  },
  {
    goal: 'W5',
    what: 'referral, unsigned',
    questions: 'referral',
    dnssecOk: false,
    servers: UNSIGNED,
    most: 0.8,
  },
  {
    goal: '–',
    what: 'positive without DO, signed zone',
    questions: 'positive',
    dnssecOk: false,
    servers: SIGNED,
  },
  { goal: '–', what: 'referral, DO', questions: 'referral', dnssecOk: true, servers: SIGNED },
  { goal: '–', what: 'referral, DO, NSEC3', questions: 'referral', dnssecOk: true, servers: HASHED },
];

type Run = LoadResult & { readonly cpuUs: number };

interface Outcome {
  readonly work: Work;
  readonly runs: ReadonlyMap<ServerName, Run[]>;
}

const [seconds = 3, rounds = 3] = process.argv.slice(2).map(Number);
const workplace = new Workplace();
const servers = new Map<ServerName, BenchServer>();
try {
  const zone = { origin: ORIGIN, text: smallZone(NAMES) };
  for (const name of new Set(WORKS.flatMap((work) => work.servers))) {
    servers.set(name, await startServer(name, zone, workplace, SERVER_CORE));
    await checkAnswers(servers.get(name)!);
  }
  for (const questions of Object.keys(QUESTIONS) as Questions[]) {
    writeFileSync(workplace.at(questions), QUESTIONS[questions](ORIGIN, NAMES));
  }
  await report(await runRounds());
} finally {
  for (const { process } of servers.values()) await process.stop();
  workplace.remove();
}

/** Throws if an answer is not what the works count on: signed by a signed server, right in all. */
async function checkAnswers({ name, port }: BenchServer): Promise<void> {
  const isSigned = !name.endsWith('unsigned');
  const isCompact = name === 'keyturn compact' || name === 'knot onlinesign';
  const proof = name.endsWith('nsec3') ? /\sNSEC3\s+1 0 0 -/ : /\sNSEC\s/;
  const checks: readonly [qname: string, has: readonly RegExp[], signatures: number][] = [
    ['host77', [/status: NOERROR/, /flags: qr aa/, /host77\.bench\.example\.\s.*\sA\s+192\.0\.2\.77/], 1],
    [
      'n0such',
      [isCompact ? /status: NOERROR/ : /status: NXDOMAIN/, /\sSOA\s/, ...(isSigned ? [proof] : [])],
      isCompact ? 2 : name.endsWith('nsec3') ? 4 : 3,
    ],
    ['www.cut30', [/status: NOERROR/, /\sNS\s+ns\.cut30\./, /ns\.cut30\.\S+\s.*\sA\s/], 1],
  ];
  for (const [label, patterns, signatures] of checks) {
    const text = await ask(port, `${label}.${ORIGIN}`, 'A', isSigned);
    const missing = patterns.filter((pattern) => !pattern.test(text)).map(String);
    const found = text.match(/\sRRSIG\s+[A-Z]/g)?.length ?? 0;
    if (isSigned && found < signatures) missing.push(`${signatures} signatures (there are ${found})`);
    if (missing.length > 0) throw new Error(`${name}, ${label}: no ${missing.join(', no ')}\n${text}`);
  }
}

async function runRounds(): Promise<Outcome[]> {
  const outcomes = WORKS.map((work) => ({
    work,
    runs: new Map(work.servers.map((name): [ServerName, Run[]] => [name, []])),
  }));
  // Round 0 warms up and is not counted: signatures are made, code is compiled.
  for (let round = 0; round <= rounds; round++) {
    for (const { work, runs } of outcomes) {
      for (const name of work.servers) {
        const run = await runOnce(work, servers.get(name)!);
        if (round > 0) runs.get(name)!.push(run);
        console.log(
          `${round === 0 ? 'warm-up' : `round ${round}`}  ${work.what.padEnd(34)}${name.padEnd(18)}` +
            `${run.cpuUs.toFixed(2).padStart(7)} µs${Math.round(run.perSecond).toString().padStart(9)}/s` +
            `  lost ${run.lost}  ${run.rcodes}`,
        );
      }
    }
  }
  return outcomes;
}

function runOnce({ questions, dnssecOk }: Work, { port, process }: BenchServer): Promise<Run> {
  const load = {
    port,
    file: workplace.at(questions),
    seconds,
    dnssecOk,
    inFlight: IN_FLIGHT,
    core: LOAD_CORE,
  };
  return runCosted(load, process.pid);
}

async function report(outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.flatMap(({ work, runs }) => {
    const ours = runs.get(work.servers[0]!)!;
    return work.servers.map((name, i) => {
      const theirs = runs.get(name)!;
      return [
        i === 0 ? work.goal : '',
        i === 0 ? work.what : '',
        name,
        spread(theirs.map(({ cpuUs }) => cpuUs)),
        `${Math.round(median(theirs.map(({ perSecond }) => perSecond)) / 1000)} k`,
        `${theirs.reduce((sum, { lost }) => sum + lost, 0)}`,
        i === 0 ? '' : verdict(ratioOf(ours, theirs), i === 1 ? work.most : undefined),
      ];
    });
  });
  const head = ['goal', 'work', 'server', 'µs CPU a query', 'queries/s', 'lost', 'Keyturn ÷ it'];
  const versions = [
    `Knot ${await versionOf('knotd', '-V')}`,
    `NSD ${await versionOf('nsd', '-v')}`,
    `dnsperf ${await versionOf('dnsperf', '-h')}`,
  ].join(', ');
  const text = [
    '## CPU a query beside Knot and NSD',
    `\`npm run bench:peers -- ${seconds} ${rounds}\`, ${new Date().toISOString().slice(0, 16)}Z. ${machine()}. ${versions}.`,
    `A zone of ${NAMES} names; servers on core ${SERVER_CORE} (one worker each), dnsperf on core ${LOAD_CORE} with ` +
      `${IN_FLIGHT} in flight; ${rounds} rounds of ${seconds} s in turn after a warm-up; medians [least–most] of user and ` +
      'system time of the whole process tree. Knot signed its zone itself, beforehand; Keyturn signed online.',
    table(head, rows),
  ].join('\n\n');
  console.log(`\n${text}`);
  writeSection('peers', text);
}

/** Median of the ratios within each round, so that what slowed a round counts out. */
function ratioOf(ours: readonly Run[], theirs: readonly Run[]): number {
  return median(ours.map(({ cpuUs }, round) => cpuUs / theirs[round]!.cpuUs));
}

function verdict(ratio: number, most: number | undefined): string {
  const goal = most === undefined ? '' : ` (goal ≤ ${most}: ${ratio <= most ? 'reached' : '**missed**'})`;
  return `${ratio.toFixed(2)}${goal}`;
}
