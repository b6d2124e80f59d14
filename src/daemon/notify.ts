/** What systemd hears of us (sd_notify): ready, stopping, alive. Without NOTIFY_SOCKET nobody listens. */
import type { Log } from '../ops/log.ts';
import { sendToUnix } from '../transport/datagram-out.ts';
import { loadLibc } from '../transport/libc.ts';
import type { Scheduler } from './scheduler.ts';

/** A sign of life comes in so many parts of the time in which one must come. */
const WATCHDOG_PARTS = 3;
const MICROSECONDS_PER_MS = 1_000;

export class ServiceManager {
  readonly #path: string | undefined;
  readonly #watchdogMs: number;
  readonly #log: Log;

  /** Takes the variables out of the environment. */
  constructor(environment: NodeJS.ProcessEnv, pid: number, log: Log) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
    this.#path = NOTIFY_SOCKET;
    const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid;
    this.#watchdogMs = isOurs ? Number(WATCHDOG_USEC ?? 0) / MICROSECONDS_PER_MS : 0;
    this.#log = log;
    delete environment.NOTIFY_SOCKET;
    delete environment.WATCHDOG_USEC;
    delete environment.WATCHDOG_PID;
  }

  /** Tells one thing or several: `READY=1`, `STATUS=…`. */
  tell(...lines: readonly string[]): void {
    if (this.#path === undefined) return;
    const libc = loadLibc();
    const isTold = typeof libc === 'object' && sendToUnix(libc, this.#path, lines.join('\n'));
    if (!isTold) {
      const because = typeof libc === 'string' ? libc : 'nobody takes it';
      this.#log.warn({ socket: this.#path, because }, `systemd was not told ${lines[0]}: ${because}`);
    }
  }

  /** Gives signs of life, as long as the event loop of the control plane turns. */
  watch(scheduler: Scheduler): void {
    if (this.#path === undefined || !(this.#watchdogMs > 0)) return;
    const beat = () => {
      this.tell('WATCHDOG=1');
      scheduler.after('watchdog', this.#watchdogMs / WATCHDOG_PARTS, beat);
    };
    beat();
  }
}
