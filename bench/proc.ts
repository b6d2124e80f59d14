/** What Linux tells of a process and its descendants under /proc: CPU used and memory held. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: /proc counts CPU in hundredths of a second on every Linux. */
export const TICKS_PER_SECOND = 100;

/** Process ids of `root` and of all its descendants that live now. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const fields = /^\d+$/.test(entry) ? statOf(Number(entry)) : undefined;
    if (fields === undefined) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []));
  return tree;
}

/** Seconds of CPU (user and system, all threads) that the whole tree has used, children that ended included. */
export function cpuSeconds(root: number): number {
  let ticks = 0;
  for (const pid of processTree(root)) {
    const fields = statOf(pid) ?? [];
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), which counts from 1 and the name as one.
    for (let field = 11; field <= 14; field++) ticks += Number(fields[field] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Seconds that the host of this virtual machine gave to others while one of these cores had work to do. */
export function stolenSeconds(cores: readonly number[]): number {
  const lines = readProc('/proc/stat')?.split('\n') ?? [];
  // cpuN user nice system idle iowait irq softirq steal … (proc(5))
  const ticks = cores.map((core) => lines.find((line) => line.startsWith(`cpu${core} `))?.split(' ')[8]);
  return ticks.reduce((sum, count) => sum + Number(count ?? 0), 0) / TICKS_PER_SECOND;
}

/** Seconds of CPU of all children of this process that have ended and were waited for. */
export function waitedForSeconds(): number {
  const fields = statOf(process.pid) ?? [];
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** Fields of /proc/PID/stat behind the name (which may hold blanks and parentheses); undefined if it is gone. */
function statOf(pid: number): string[] | undefined {
  return statFields(`/proc/${pid}/stat`);
}

/** The same of any such file, of a thread also. */
export function statFields(path: string): string[] | undefined {
  const text = readProc(path);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Octets of memory that is resident now, and the most that ever was, of one process. */
export function memoryOf(pid: number): { readonly rss: number; readonly peak: number } {
  const text = readProc(`/proc/${pid}/status`) ?? '';
  const kilobytes = (word: string): number =>
    Number(new RegExp(`^${word}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { rss: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
}

/** Octets of memory of a process and its descendants; what they share counts once. */
export function proportionalMemory(root: number): number {
  let kilobytes = 0;
  for (const pid of processTree(root)) {
    kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
  }
  return kilobytes * 1_024;
}

/** Undefined if what it tells of has ended, or if it is not told here. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined; // it ended while we looked
    throw error;
  }
}
