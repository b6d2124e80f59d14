/** One run of dnsperf, and what it cost the server. */
import { runOk } from '../test/support/processes.ts';
import { cpuSeconds } from './proc.ts';

export interface LoadRun {
  readonly port: number;
  /** Questions, one a line. */
  readonly file: string;
  readonly seconds: number;
  readonly dnssecOk: boolean;
  readonly inFlight: number;
  /** The core that dnsperf runs on. */
  readonly core: number;
  /** Queries a second at most; without it as many as the server answers. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  readonly perSecond: number;
  /** rcode → answers, as dnsperf prints them: `NOERROR 1000 (100.00%)`. */
  readonly rcodes: string;
  readonly averageMs: number;
  readonly maximumMs: number;
}

/** Runs dnsperf to its end. */
export async function runLoad(load: LoadRun): Promise<LoadResult> {
  const args = ['-c', `${load.core}`, 'dnsperf', '-s', '127.0.0.1', '-p', `${load.port}`, '-d', load.file];
  args.push('-l', `${load.seconds}`, '-q', `${load.inFlight}`, '-t', '5', '-b', '4096');
  if (load.dnssecOk) args.push('-e', '-D');
  if (load.rate !== undefined) args.push('-Q', `${load.rate}`);
  return parseReport(await runOk('taskset', args, (load.seconds + 30) * 1_000));
}

/** Runs dnsperf against a server; microseconds of CPU that the server's processes used for each answer. */
export async function runCosted(
  load: LoadRun,
  pid: number,
): Promise<LoadResult & { readonly cpuUs: number }> {
  const before = cpuSeconds(pid);
  const result = await runLoad(load);
  return { ...result, cpuUs: ((cpuSeconds(pid) - before) * 1e6) / result.completed };
}

/** Reads what dnsperf printed at its end. */
export function parseReport(text: string): LoadResult {
  const value = (label: string): string => {
    const found = new RegExp(`^ *${label}: +(.*)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`dnsperf printed no "${label}"\n${text.slice(-2_000)}`);
    return found;
  };
  const latency = /^([\d.]+) \(min [\d.]+, max ([\d.]+)\)/.exec(value('Average Latency \\(s\\)'));
  return {
    sent: Number.parseInt(value('Queries sent'), 10),
    completed: Number.parseInt(value('Queries completed'), 10),
    lost: Number.parseInt(value('Queries lost'), 10),
    perSecond: Number.parseFloat(value('Queries per second')),
    rcodes: value('Response codes'),
    averageMs: Number(latency?.[1]) * 1_000,
    maximumMs: Number(latency?.[2]) * 1_000,
  };
}
