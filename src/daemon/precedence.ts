/**
 * Threads that answer go first (decision 0026). The control plane gives way to them, and more so do threads that come with
 * the program and not from us: V8 collects and compiles in some, libuv waits for disks in others. With all of them alike, on
 * one core a thread that answers had a sixth of it while V8 collected the heap of the control plane with four helpers.
 */
import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Added to the niceness that the process was given: a third of what a thread that answers has, if both want one core. */
const CONTROL_PLANE = 5;
/** A tenth. With 19, a sixtieth, code for answers is compiled so late that a flood is not kept up with meanwhile. */
const HELPERS = 10;
const LEAST = constants.priority.PRIORITY_LOW;

/** Threads of this process but its first, as Linux numbers them: asked before we make any, all of them are helpers. */
export function helperThreads(): readonly number[] {
  try {
    return readdirSync('/proc/self/task')
      .map(Number)
      .filter((thread) => thread !== process.pid);
  } catch {
    return []; // no Linux, or no /proc
  }
}

/**
 * From now on these and the first thread give way. A thread has the precedence of who makes it: those that answer are there
 * already; one that is made later in place of a dead one is on a level with the control plane.
 */
export function letAnswersGoFirst(helpers: readonly number[]): void {
  const given = getPriority(process.pid);
  setNiceness(process.pid, given + CONTROL_PLANE);
  for (const helper of helpers) setNiceness(helper, given + HELPERS);
}

/** Of a thread as Linux numbers it; 0 is the one that asks. Elsewhere threads have no niceness: nothing is done. */
export function setNiceness(thread: number, niceness: number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(thread, Math.min(niceness, LEAST));
  } catch {
    return; // It has ended, or a sandbox does not let us: a little latency, no more.
  }
}
