/**
 * W4 of `bench:peers`: every name of a large zone asked for once, with DO, of a server that was just started. Each answer
 * needs one signature that was never made; what it costs beside that is what counts. Knot's module, which keeps no
 * signatures, is asked for a part of the names: the others would cost it as much.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workplace } from '../test/support/processes.ts';
import { type LoadResult, runCosted } from './dnsperf.ts';
import { type Group, groupOf, type Runs, verdict } from './peers-table.ts';
import { cpuSeconds } from './proc.ts';
import { median } from './results.ts';
import { ask, startServer } from './servers.ts';
import type { ServerName } from './setups.ts';
import { type SignatureCost, signatureUs } from './signature.ts';
import { coldQuestions, largeZone } from './zonetext.ts';

const ORIGIN = 'large.example.';
const NAMES = 330_000;
const IN_FLIGHT = 150;
const CONTENDERS: readonly { readonly name: ServerName; readonly count: number }[] = [
  { name: 'keyturn', count: NAMES },
  { name: 'knot onlinesign', count: 60_000 },
];
/** W4: microseconds beside the signature. */
const MOST_US = 8;
const SIGNATURES_TIMED = 20_000;
/** A server that used less of a core for a second has loaded its zone and rests. */
const IDLE_SHARE = 0.03;
const MOST_IDLE_WAITS = 30;

interface Cores {
  readonly server: number;
  readonly load: number;
}

interface ColdRun {
  readonly row: string;
  readonly rounds: number;
  /** The time, for the table. */
  readonly when: string;
}

/** The rows of the table: of each server the cost of an answer, of ours what is beside the signature. */
export async function measureCold(
  { row, rounds, when }: ColdRun,
  workplace: Workplace,
  cores: Cores,
): Promise<Group> {
  const zone = { origin: ORIGIN, text: largeZone(NAMES, 1) };
  const runs = CONTENDERS.map(({ name }) => ({
    server: name,
    cpuUs: [] as number[],
    perSecond: [] as number[],
    lost: 0,
  }));
  const beside: number[] = [];
  const signatures: SignatureCost[] = [];
  for (let round = 1; round <= rounds; round++) {
    const signature = signatureUs(SIGNATURES_TIMED);
    signatures.push(signature);
    for (const [i, { name, count }] of CONTENDERS.entries()) {
      const file = workplace.at('cold');
      writeFileSync(file, coldQuestions(ORIGIN, NAMES, count));
      const run = await runOnce({ name, file, zone }, workplace, cores);
      const tally = runs[i]!;
      tally.cpuUs.push(run.cpuUs);
      tally.perSecond.push(run.perSecond);
      tally.lost += run.lost;
      if (i === 0) beside.push(run.cpuUs - signature.ours);
      console.log(
        `round ${round}  ${row.padEnd(20)}${name.padEnd(18)}${run.cpuUs.toFixed(2).padStart(7)} µs` +
          `${Math.round(run.perSecond).toString().padStart(9)}/s  lost ${run.lost}` +
          `  signature ${signature.ours.toFixed(2)} µs`,
      );
    }
  }
  const what = `cold: ${NAMES} names asked once, DO`;
  const extent = `${when} ${rounds} rounds`;
  const [ours, ...others] = groupOf(
    row,
    what,
    extent,
    runs.map((run): Runs => ({ ...run, latenciesMs: [] })),
  );
  const [made, byNode] = [
    median(signatures.map(({ ours }) => ours)),
    median(signatures.map(({ node }) => node)),
  ];
  const cost = `${made.toFixed(2)}, by node:crypto ${byNode.toFixed(2)}`;
  const split = `1 signature (${cost}) + ${verdict(median(beside), MOST_US)}`;
  return [ours!.map((cell, i) => (i === RATIO_CELL ? split : cell)), ...others];
}

/** Of the table's head (bench/peers-table): ours has no ratio to itself there, but the goal of W4. */
const RATIO_CELL = 4;

interface Contest {
  readonly name: ServerName;
  readonly file: string;
  readonly zone: { readonly origin: string; readonly text: string };
}

/** Starts the server, lets it come to rest, asks, and ends it: what it signed is gone with it. */
async function runOnce(
  { name, file, zone }: Contest,
  workplace: Workplace,
  cores: Cores,
): Promise<LoadResult & { readonly cpuUs: number }> {
  const { port, process } = await startServer(name, zone, workplace, cores.server);
  try {
    const text = await ask(port, `host1.${ORIGIN}`, 'A', true);
    if (!/\sA\s+10\.0\.0\.1\n/.test(text) || !/\sRRSIG\s+A\s/.test(text))
      throw new Error(`${name} is not right\n${text}`);
    await untilIdle(process.pid);
    const load = {
      port,
      file,
      seconds: 'once',
      dnssecOk: true,
      inFlight: IN_FLIGHT,
      core: cores.load,
    } as const;
    const run = await runCosted(load, process.pid);
    if (!/^NOERROR \d+ \(100\.00%\)$/.test(run.rcodes)) throw new Error(`${name} answered ${run.rcodes}`);
    return run;
  } finally {
    await process.stop();
  }
}

async function untilIdle(pid: number): Promise<void> {
  for (let i = 0; i < MOST_IDLE_WAITS; i++) {
    const before = cpuSeconds(pid);
    await sleep(1_000);
    if (cpuSeconds(pid) - before < IDLE_SHARE) return;
  }
  throw new Error(`process ${pid} does not come to rest`);
}
