/** One run of dnsperf, and what it cost the server. */
import { runOk } from '../test/support/processes.ts';
import { cpuSeconds } from './proc.ts';

export interface LoadRun {
  readonly port: number;
  /** Questions, one a line. */
  readonly file: string;
  /** How long; `once`: until each question was asked once. */
  readonly seconds: number | 'once';
  readonly dnssecOk: boolean;
  readonly inFlight: number;
  /** The core that dnsperf runs on. */
  readonly core: number;
  /** Queries a second at most; without it as many as the server answers. */
  readonly rate?: number;
  /** Sockets, or connections; 1 unless told. */
  readonly clients?: number;
  /** UDP unless told. */
  readonly transport?: 'udp' | 'tcp';
  /** Time after which a query is lost; 5 s unless told. */
  readonly timeoutSeconds?: number;
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

/** Time for dnsperf to start, and to wait for what is lost. */
const GRACE_MS = 30_000;
/** The most that a run of all questions once may take. */
const ONCE_MS = 300_000;

/** Runs dnsperf to its end. */
export async function runLoad(load: LoadRun): Promise<LoadResult> {
  return parseReport(await dnsperf(load, []));
}

/** Runs dnsperf and tells what each answer took, in milliseconds. It prints a line for each: ask at a low `rate`. */
export async function runTimed(load: LoadRun): Promise<LoadResult & { readonly latenciesMs: number[] }> {
  const text = await dnsperf(load, ['-v']);
  return { ...parseReport(text), latenciesMs: parseLatencies(text) };
}

function dnsperf(load: LoadRun, more: readonly string[]): Promise<string> {
  const { seconds, core, rate, clients = 1, transport = 'udp', timeoutSeconds = 5 } = load;
  const args = ['-c', `${core}`, 'dnsperf', '-s', '127.0.0.1', '-p', `${load.port}`, '-d', load.file];
  args.push('-q', `${load.inFlight}`, '-t', `${timeoutSeconds}`, '-b', '4096');
  args.push('-c', `${clients}`, '-m', transport);
  args.push(...(seconds === 'once' ? ['-n', '1'] : ['-l', `${seconds}`]));
  if (load.dnssecOk) args.push('-D', '-e');
  if (rate !== undefined) args.push('-Q', `${rate}`);
  const withinMs = seconds === 'once' ? ONCE_MS : seconds * 1_000 + GRACE_MS;
  return runOk('taskset', [...args, ...more], withinMs);
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

/** Reads the lines of `-v`: `> NOERROR host1.example. A 0.000251`. Those that timed out have no time. */
export function parseLatencies(text: string): number[] {
  return [...text.matchAll(/^> \S+ \S+ \S+ (\d+\.\d+)$/gm)].map(([, seconds]) => Number(seconds) * 1_000);
}
