/**
 * The time that key states go by (ROLLOVER 1.9). The wall clock may be set; what has really passed only the monotonic
 * one knows. So key time never goes back, and runs on while the wall clock is behind it:
 *
 *     wall a little ahead   it is followed (NTP at work)
 *     wall far ahead        in doubt: waits would be cut short. Nothing is taken by time alone until somebody says
 *                           that the clock is right, or it is set back. Key time runs on as if nothing had happened
 *     wall behind           it was ahead before, or is wrong now: key time runs on by the monotonic clock
 *
 * A former process left its newest key time on disk (store/heartbeat): a clock that starts before it starts there.
 * Signatures go by the wall clock, `now`: validators have no other.
 */
import type { Clock } from '../base/ports.ts';
import { roundedUp, type UnixSeconds, unixSeconds } from '../base/time.ts';

/** Smaller steps are those of NTP at work. */
const MAX_STEP_S = 300;
/** Sums of fractions must not fall below the whole second that they make. */
const EPSILON_S = 1e-6;

/** The time that an event of the key states has. */
export interface KeyInstant {
  /** Not later than it really is: what has to have passed by now. Never goes back. */
  readonly now: UnixSeconds;
  /** Not earlier than it really is: when something ended, or was seen. */
  readonly ended: UnixSeconds;
}

export class SteadyClock implements Clock {
  readonly #clock: Clock;
  /** Key time less monotonic time, in seconds. Only grows. */
  #offset: number;
  /** The wall clock was said to be right while it was so many seconds behind key time. */
  #allowedBehind = 0;

  /** `floor`: the newest key time of former processes. */
  constructor(clock: Clock, floor?: UnixSeconds) {
    this.#clock = clock;
    this.#offset = Math.max(clock.now(), floor ?? 0) - clock.monotonicMs() / 1_000;
  }

  /** The wall clock. */
  now(): UnixSeconds {
    return this.#clock.now();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  keyInstant(): KeyInstant {
    const ahead = this.#ahead();
    if (ahead > 0 && ahead <= MAX_STEP_S) this.#offset += ahead;
    const now = this.#steady();
    return { now, ended: roundedUp(Math.max(now, this.#clock.now()) as UnixSeconds) };
  }

  /** The instant of the wall clock at which key time will be `at`. */
  wallTimeOf(at: UnixSeconds): UnixSeconds {
    return unixSeconds(at - this.keyInstant().now + this.#clock.now());
  }

  /** By how many seconds the wall clock is ahead of key time. */
  get aheadSeconds(): number {
    return Math.max(0, Math.round(this.#ahead()));
  }

  /** By how many seconds the wall clock is behind key time, if that matters and nobody said that it is right. */
  get behindSeconds(): number {
    const behind = this.#steady() - this.#clock.now();
    if (behind < this.#allowedBehind - MAX_STEP_S) this.#allowedBehind = 0;
    return behind > this.#allowedBehind + MAX_STEP_S ? behind : 0;
  }

  /** False after a jump ahead; call it at least as often as time matters. */
  get isTrusted(): boolean {
    this.keyInstant();
    return this.#ahead() <= MAX_STEP_S;
  }

  /** Somebody says that the wall clock is right. */
  trust(): void {
    this.#offset += Math.max(0, this.#ahead());
    this.#allowedBehind = Math.max(0, this.#steady() - this.#clock.now());
  }

  /** Negative if the wall clock is behind. */
  #ahead(): number {
    return this.#clock.now() - this.#clock.monotonicMs() / 1_000 - this.#offset;
  }

  #steady(): UnixSeconds {
    return unixSeconds(this.#clock.monotonicMs() / 1_000 + this.#offset + EPSILON_S);
  }
}
