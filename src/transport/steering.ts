/**
 * How many of the UDP threads get datagrams: as many as the load needs. Few queries spread over many threads come to each
 * of them one by one, and each pays for a wake-up and two passes through the kernel; in one thread they share those.
 *
 *     active (shared)   0: the kernel chooses among all; k: the first k sockets of each port share at random
 *     full              a thread has no time left, or does not keep up: twice as many
 *     idle              half as many would have time to spare, for a second: half as many
 *
 * The threads that get datagrams decide; who changes the number tells the kernel. What a thread has received already it
 * answers, whether it gets more or not.
 */
import { CLOCK_THREAD_CPUTIME_ID, type Libc } from './libc.ts';
import { ReuseportChooser } from './reuseport.ts';

/** Nobody steers. */
const OFF = 0;
const WINDOW_MS = 20;
/** So many windows must be full, one after the other: a moment is no load, and a socket's queue holds more than that. */
const FULL_WINDOWS = 3;
/** The load must be low on the average of this time: moments of more come with any load. */
const IDLE_MS = 1_000;
/** Parts of the time that a thread is busy: nothing may come on top; twice as much may. */
const FULL_SHARE = 0.85;
const IDLE_SHARE = 0.4;

/** Memory of the number of active threads, one for all of them. */
export function newSteeringMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** What the threads that serve the same ports share. */
export interface SharedSteering {
  readonly memory: SharedArrayBuffer;
  readonly threads: number;
}

/** The sockets of one thread, or of the process: any of a port speaks for all of that port. */
export class SteeredSockets {
  readonly #chooser: ReuseportChooser;
  readonly #active: Int32Array;
  readonly #fds: readonly number[];

  constructor(libc: Libc, memory: SharedArrayBuffer, fds: readonly number[]) {
    this.#chooser = new ReuseportChooser(libc);
    this.#active = new Int32Array(memory);
    this.#fds = fds;
  }

  get active(): number {
    return Atomics.load(this.#active, 0);
  }

  /** One thread is active from now on, and more when they are needed; all of them if the kernel cannot steer. */
  begin(): void {
    Atomics.store(this.#active, 0, 1);
    if (!this.#tell()) this.end();
  }

  /** The kernel chooses among all sockets from now on. */
  end(): void {
    Atomics.store(this.#active, 0, OFF);
    this.#tell();
  }

  /** Makes `count` active if `expected` are: whoever is second has judged by what is no longer so. */
  change(expected: number, count: number): void {
    if (Atomics.compareExchange(this.#active, 0, expected, count) === expected) this.#tell();
  }

  /** Tells the kernel, until what it was told is so: others may change the number meanwhile. */
  #tell(): boolean {
    for (;;) {
      const count = this.active;
      const isTold = this.#fds
        .map((fd) => (count === OFF ? this.#chooser.leaveToKernel(fd) : this.#chooser.spread(fd, count)))
        .every(Boolean);
      if (this.active === count) return isTold;
    }
  }
}

/** What a thread did in one window of its time. */
export interface Work {
  readonly wallMs: number;
  readonly busyMs: number;
  readonly batches: number;
  /** Batches after which more datagrams lay in the queue. */
  readonly full: number;
}

/** Judges the windows of one thread, each when it ends and all of a second together. */
export class Judge {
  #wallMs = 0;
  #busyMs = 0;
  #fullWindows = 0;

  /** How many shall be active after this window, in which `active` of `threads` were. */
  next({ wallMs, busyMs, batches, full }: Work, active: number, threads: number): number {
    // Somebody who gets nothing knows nothing of the load.
    if (batches === 0) return active;
    const isFull = busyMs >= FULL_SHARE * wallMs || full * 2 > batches;
    this.#fullWindows = isFull ? this.#fullWindows + 1 : 0;
    if (this.#fullWindows >= FULL_WINDOWS) return Math.min(active * 2, threads);
    this.#wallMs += wallMs;
    this.#busyMs += busyMs;
    if (this.#wallMs < IDLE_MS) return active;
    const isIdle = this.#busyMs <= IDLE_SHARE * this.#wallMs;
    this.#wallMs = 0;
    this.#busyMs = 0;
    return isIdle ? Math.ceil(active / 2) : active;
  }
}

/** The part of a thread: it measures itself, and has the number of active threads changed. */
export class Steering {
  readonly #libc: Libc;
  readonly #sockets: SteeredSockets;
  readonly #threads: number;
  readonly #cpuTime = new BigInt64Array(2);
  #judge = new Judge();
  #active = OFF;
  #fromMs = 0;
  #fromBusyMs = 0;
  #batches = 0;
  #full = 0;

  constructor(libc: Libc, fds: readonly number[], { memory, threads }: SharedSteering) {
    this.#libc = libc;
    this.#sockets = new SteeredSockets(libc, memory, fds);
    this.#threads = threads;
  }

  /** A batch was served. */
  count(isFull: boolean): void {
    this.#batches++;
    if (isFull) this.#full++;
  }

  /** Looks whether a window has ended; called between two turns of the event loop. */
  look(nowMs: number): void {
    const { active } = this.#sockets;
    if (active === OFF || nowMs - this.#fromMs < WINDOW_MS) return;
    const busyMs = this.#cpuMs();
    const work = {
      ...{ wallMs: nowMs - this.#fromMs, busyMs: busyMs - this.#fromBusyMs },
      ...{ batches: this.#batches, full: this.#full },
    };
    // What was seen while others were active says nothing of now.
    if (active !== this.#active) this.#judge = new Judge();
    else this.#change(this.#judge.next(work, active, this.#threads));
    this.#active = this.#sockets.active;
    this.#fromMs = nowMs;
    this.#fromBusyMs = busyMs;
    this.#batches = 0;
    this.#full = 0;
  }

  #change(count: number): void {
    if (count !== this.#active) this.#sockets.change(this.#active, count);
  }

  #cpuMs(): number {
    this.#libc.clock_gettime(CLOCK_THREAD_CPUTIME_ID, this.#cpuTime);
    return Number(this.#cpuTime[0]) * 1e3 + Number(this.#cpuTime[1]) / 1e6;
  }
}
