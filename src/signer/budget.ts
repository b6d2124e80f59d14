/**
 * @hot How much a thread may sign for names that exist only because somebody asks: those that the zone does not have,
 * and those that a wildcard is expanded to. There are as many of them as anybody likes to ask for, so that without a
 * bound a flood of random names would take the whole thread. Signatures of what the zone does have are not counted:
 * each is made once in its window, however often it is asked for.
 *
 * Two buckets that each second fills: one of signatures and, when that is empty, one of answers that send a source to
 * TCP. Threads for UDP and for TCP have budgets of their own, so that neither flood takes what the other needs.
 */
import type { UnixSeconds } from '../base/time.ts';
import { ALGORITHM } from '../wire/iana.ts';

/**
 * What a thread makes of its own accord: about 30 % of a core that makes 30,000 P-256 signatures a second (`bench:sign`).
 */
export const DEFAULT_SIGNATURES_PER_SECOND = 9_000;

/** A P-384 signature takes as long as so many P-256 ones: 780 µs and 32 µs. Ed25519 and P-256 are equals. */
const P384_COST = 24;

/** Sources that are sent to TCP, for each signature that might have been made: it costs that much less. */
const TRUNCATIONS_PER_SIGNATURE = 4;

/** One per thread. */
export class SigningBudget {
  readonly #perSecond: number;
  /** Others wait behind the query that is answered: what is spent now, they pay with their time. */
  isBehind = false;
  #second = 0;
  #signatures = 0;
  #truncations = 0;

  /** `perSecond` counts P-256 signatures; 0: there is no bound. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes a signature by `algorithm` out of this second's budget; false if it is spent or others wait. */
  take(algorithm: number, now: UnixSeconds): boolean {
    if (this.#perSecond === 0) return true;
    if (this.isBehind) return false;
    this.#refill(now);
    // The last one may cost more than is left: else a low rate would never do for a costly algorithm.
    if (this.#signatures <= 0) return false;
    this.#signatures -= algorithm === ALGORITHM.ECDSAP384SHA384 ? P384_COST : 1;
    return true;
  }

  /** True if another source may be told, in place of an answer, to come over TCP. */
  takeTruncation(now: UnixSeconds): boolean {
    this.#refill(now);
    if (this.#truncations <= 0) return false;
    this.#truncations--;
    return true;
  }

  #refill(now: UnixSeconds): void {
    if (now === this.#second) return;
    // A clock that was set back starts a new second as well.
    const seconds = Math.max(1, now - this.#second);
    this.#second = now;
    const overdrawn = Math.min(0, this.#signatures);
    this.#signatures = Math.min(this.#perSecond, overdrawn + seconds * this.#perSecond);
    this.#truncations = this.#perSecond * TRUNCATIONS_PER_SIGNATURE;
  }
}
