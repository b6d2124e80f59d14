/** A clock that moves only when it is told to. */
import type { Clock } from '../../src/base/ports.ts';
import { parseDuration, plus, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';

export class ManualClock implements Clock {
  #now: UnixSeconds;
  #monotonicMs = 0;

  /** `start` in seconds since 1970; the default is 2026-11-24T12:00:00Z. */
  constructor(start = 1_795_521_600) {
    this.#now = unixSeconds(start);
  }

  now(): UnixSeconds {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Lets time pass, on both clocks: `1h30m` or seconds. */
  advance(duration: string | number): UnixSeconds {
    const seconds = typeof duration === 'number' ? duration : parseDuration(duration);
    if (seconds === undefined || seconds < 0) throw new TypeError(`not a duration: ${duration}`);
    this.#monotonicMs += seconds * 1000;
    this.#now = plus(this.#now, seconds);
    return this.#now;
  }

  /** Sets the wall clock alone, as an operator or NTP would; the monotonic clock does not notice. */
  step(to: number): void {
    this.#now = unixSeconds(to);
  }
}
