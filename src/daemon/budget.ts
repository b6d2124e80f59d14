/**
 * A limit of events in any second, whatever window is taken: a tenth of them may come at once after a pause, the others
 * come evenly. Who asks has taken what is granted.
 *
 *     burst b = rate / 10, gap g = 1.05 s / (rate − b + 1)   ⇒   b at once, then at most rate − b within the second
 *
 * The twentieth is for delays on the way: who receives the messages shall not see more of them in a second either.
 */
const SECOND_MS = 1_000;
const WITH_DELAYS_MS = 1_050;
const BURST_PARTS = 10;

export class Budget {
  readonly #gapMs: number;
  /** How far ahead of an even pace it may be. */
  readonly #aheadMs: number;
  /** When an even pace would have the next event, in monotonic milliseconds. */
  #dueMs = 0;
  /** When events were granted, within the last second. */
  #recent: number[] = [];
  /** The most that were granted within a second. */
  most = 0;

  /** `rate`: events in a second, at least 1. */
  constructor(rate: number) {
    const burst = Math.max(1, Math.floor(rate / BURST_PARTS));
    this.#gapMs = WITH_DELAYS_MS / (rate - burst + 1);
    this.#aheadMs = (burst - 1) * this.#gapMs;
  }

  /** 0: granted. Else the milliseconds after which to ask again. */
  take(nowMs: number): number {
    const waitMs = this.#dueMs - this.#aheadMs - nowMs;
    if (waitMs > 0) return waitMs;
    this.#dueMs = Math.max(this.#dueMs, nowMs) + this.#gapMs;
    this.#recent = this.#recentAt(nowMs);
    this.#recent.push(nowMs);
    this.most = Math.max(this.most, this.#recent.length);
    return 0;
  }

  /** Events that were granted within the last second. */
  lately(nowMs: number): number {
    this.#recent = this.#recentAt(nowMs);
    return this.#recent.length;
  }

  #recentAt(nowMs: number): number[] {
    const from = this.#recent.findIndex((atMs) => atMs > nowMs - SECOND_MS);
    return from === -1 ? [] : from === 0 ? this.#recent : this.#recent.slice(from);
  }
}
