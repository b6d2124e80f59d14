/**
 * CPU of single threads of a process, as Linux counts it. Node gives its threads no names, so those that answer
 * queries are known by their growth while queries come and nothing else is done.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readProc, statFields, TICKS_PER_SECOND } from './proc.ts';

/** Seconds of CPU of each thread of a process that lives, by thread id. */
export function threadSeconds(pid: number): Map<number, number> {
  const seconds = new Map<number, number>();
  for (const entry of readdirSync(`/proc/${pid}/task`)) {
    const used = secondsOf(pid, Number(entry));
    if (used !== undefined) seconds.set(Number(entry), used);
  }
  return seconds;
}

/** Where the kernel tells it, to the nanosecond; else in hundredths of a second. Undefined if the thread has ended. */
function secondsOf(pid: number, thread: number): number | undefined {
  const folder = `/proc/${pid}/task/${thread}`;
  const ms = /^se\.sum_exec_runtime\s*:\s*([\d.]+)/m.exec(readProc(`${folder}/sched`) ?? '')?.[1];
  if (ms !== undefined) return Number(ms) / 1_000;
  const fields = statFields(`${folder}/stat`);
  // utime and stime.
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The `count` threads, the main one left out, that used most between two looks. */
export function busiest(
  pid: number,
  count: number,
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number[] {
  const growth = [...after].map(([thread, seconds]) => ({
    thread,
    seconds: seconds - (before.get(thread) ?? 0),
  }));
  return growth
    .filter(({ thread }) => thread !== pid)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count)
    .map(({ thread }) => thread);
}

/** Seconds that all cores of the machine were busy since it started. */
export function machineSeconds(): number {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/\s+/).slice(1, 8).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields;
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}
