/** Samples of `bulk.ts`: what a query costs the threads that answer it, of a daemon at work and of its idle twin. */
import type { ServerProcess } from '../test/support/processes.ts';
import { type LoadRun, runLoad } from './dnsperf.ts';
import { cpuSeconds } from './proc.ts';
import { machineSeconds, threadSeconds } from './threads.ts';

export type Phase = 'quiet before' | 'busy before the kill' | 'busy after the restart' | 'quiet after';

/** A daemon that answers. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly control: string;
  readonly process: ServerProcess;
  readonly pid: number;
  /** Ids of the threads that answer UDP. */
  readonly threads: readonly number[];
}

/** Some seconds of load on a daemon, then on its twin. */
export interface Sample {
  /** Microseconds of CPU of the threads that answer, for each answer. */
  readonly cpuUs: number;
  readonly twinUs: number;
  /** Answers to the daemon at work. */
  readonly perSecond: number;
  readonly lost: number;
  /** Cores that the main thread of the daemon kept busy while it was asked. */
  readonly mainCores: number;
  /** Cores that were kept busy by what is no part of this bench. */
  readonly otherCores: number;
  /** Signatures that the daemon made on the query path. */
  readonly signatures: number;
}

/** One sample; `load` without its port. The signatures are for the caller to fill in. */
export async function sampleOf(
  load: LoadRun,
  server: Server,
  twin: Server,
): Promise<Omit<Sample, 'signatures'>> {
  const [fromMs, machineFrom, oursFrom] = [performance.now(), machineSeconds(), cpuSeconds(process.pid)];
  const own = await costOf({ ...load, port: server.port }, server);
  const other = await costOf({ ...load, port: twin.port }, twin);
  const busyS = machineSeconds() - machineFrom - (cpuSeconds(process.pid) - oursFrom);
  return {
    cpuUs: own.cpuUs,
    twinUs: other.cpuUs,
    perSecond: own.perSecond,
    lost: own.lost,
    mainCores: own.mainCores,
    otherCores: Math.max(0, busyS) / ((performance.now() - fromMs) / 1_000),
  };
}

async function costOf(load: LoadRun, { pid, threads }: Server) {
  const [fromMs, before] = [performance.now(), threadSeconds(pid)];
  const { completed, perSecond, lost } = await runLoad(load);
  const after = threadSeconds(pid);
  const tookS = (performance.now() - fromMs) / 1_000;
  const grown = (thread: number): number => (after.get(thread) ?? 0) - (before.get(thread) ?? 0);
  const answering = threads.reduce((sum, thread) => sum + grown(thread), 0);
  return { cpuUs: (answering * 1e6) / completed, perSecond, lost, mainCores: grown(pid) / tookS };
}

/** A sample in one line. */
export function busyIn(sample: Sample): string {
  const { cpuUs, twinUs, perSecond, lost, mainCores, otherCores, signatures } = sample;
  return [
    `${cpuUs.toFixed(2)} µs a query, twin ${twinUs.toFixed(2)}, ratio ${(cpuUs / twinUs).toFixed(3)}`,
    `${Math.round(perSecond)}/s, lost ${lost}, ${signatures} signatures made`,
    `main thread ${mainCores.toFixed(2)} cores, others ${otherCores.toFixed(2)}`,
  ].join('; ');
}
