/**
 * The wall clock, watched (ROLLOVER 1.9). When it jumps ahead of the monotonic clock, waits that only seem to be over
 * would be cut short: what time alone makes true is then not taken until somebody says that the clock is right, or it
 * is set back. A jump back only makes waits longer.
 */
import type { Clock } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';

/** Smaller steps are those of NTP at work. */
const MAX_STEP_S = 300;

export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #wall: UnixSeconds;
  #monotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonicMs = clock.monotonicMs();
  }

  now(): UnixSeconds {
    return this.#clock.now();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** By how many seconds the wall clock is ahead of what has really passed since it was last trusted. */
  get aheadSeconds(): number {
    const passed = (this.#clock.monotonicMs() - this.#monotonicMs) / 1_000;
    return Math.max(0, Math.round(this.#clock.now() - this.#wall - passed));
  }

  /** False after a jump ahead; call it at least as often as time matters. */
  get isTrusted(): boolean {
    if (this.aheadSeconds > MAX_STEP_S) return false;
    this.trust();
    return true;
  }

  /** Takes the time for right as it is now. */
  trust(): void {
    this.#wall = this.#clock.now();
    this.#monotonicMs = this.#clock.monotonicMs();
  }
}
