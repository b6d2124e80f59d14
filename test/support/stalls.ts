/**
 * Whether the machine stood still: tests whose waits are seconds prove nothing when processes get no turn for as long.
 * A timer that comes late shows it for this process, and an answer over loopback that takes long for the others.
 */

/** The margins of rollovers in tests are one second. */
const STALL_MS = 500;
const TICK_MS = 100;
/** What caches hold of such a time is gone after so long: two TTLs, rounded up, and a resolver's retry. */
const AFTERMATH_MS = 10_000;

export class Stalls {
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;
  /** The longest of late, and when it ended. */
  #longest = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  start(): void {
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.note(now - this.#lastMs - TICK_MS);
      this.#lastMs = now;
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Something took so many milliseconds longer than no time. */
  note(ms: number): void {
    if (ms < STALL_MS) return;
    this.#longest = Math.max(this.lately(), ms);
    this.#endedMs = performance.now();
  }

  /** Milliseconds of the longest stall that may still have consequences; 0 if there is none. */
  lately(): number {
    return performance.now() - this.#endedMs < AFTERMATH_MS ? this.#longest : 0;
  }
}
