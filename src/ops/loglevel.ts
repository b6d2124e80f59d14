/** The level of the log at run time: changed by an operator, for a while or until the server ends. */
import type { UnixSeconds } from '../base/time.ts';
import type { LogLevel } from './log.ts';

/** A log whose level can be set. */
export interface Leveled {
  level: string;
}

/** Calls back later, once; the same key replaces. */
export interface Timers {
  at(key: string, instant: UnixSeconds, run: () => void): void;
  cancel(key: string): void;
}

const TIMER = 'log level';

export class LogLevels {
  readonly #log: Leveled;
  readonly #timers: Timers;
  /** That of the configuration, or the last one that was set for good. */
  #usual: LogLevel;
  #current: LogLevel;
  #until: UnixSeconds | null = null;

  constructor(log: Leveled, usual: LogLevel, timers: Timers) {
    this.#log = log;
    this.#timers = timers;
    this.#usual = usual;
    this.#current = usual;
  }

  get current(): LogLevel {
    return this.#current;
  }

  /** What it goes back to. */
  get usual(): LogLevel {
    return this.#usual;
  }

  /** When it goes back by itself; null if it does not. */
  get until(): UnixSeconds | null {
    return this.#until;
  }

  /** Sets the level, until an instant or for good. */
  set(level: LogLevel, until: UnixSeconds | null): void {
    this.#timers.cancel(TIMER);
    if (until === null) this.#usual = level;
    this.#put(level, until);
    if (until !== null) this.#timers.at(TIMER, until, () => this.#put(this.#usual, null));
  }

  #put(level: LogLevel, until: UnixSeconds | null): void {
    this.#current = level;
    this.#until = until;
    this.#log.level = level;
  }
}
