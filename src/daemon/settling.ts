/**
 * Whether a file has settled: nobody writes to it any more, as far as its size, times and inode tell. A file that was
 * last written long ago has; any other must be seen unchanged for a while.
 */
import type { Clock } from '../base/ports.ts';
import type { FileSignature } from '../store/zonefile.ts';
import type { SeenZone } from '../store/zones.ts';

/** How long a file must not change before it is read. */
export const SETTLE_MS = 500;
/** The same for a file that lost more than half of what is served: it may be half written. */
const SHRUNK_SETTLE_MS = 5_000;
/** A file written this recently must end in a line end; what has shrunk is no longer fresh once it has settled. */
const FRESH_MS = 3_000;

export class Settling {
  readonly #clock: Clock;
  #candidate: { readonly signature: FileSignature; readonly sinceMs: number } | undefined;
  /** It changed while it was read: its times are not to be trusted. */
  #isRestless = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Milliseconds until the file counts as settled; 0 if it does. `signature` covers what it includes; `servedOctets`
   * is the size of the file that is served, 0 if none is.
   */
  waitMs(seen: SeenZone, signature: FileSignature, servedOctets: number): number {
    const now = this.#clock.monotonicMs();
    const settleMs = seen.octets * 2 < servedOctets ? SHRUNK_SETTLE_MS : SETTLE_MS;
    if (!this.#isRestless && this.#ageMs(seen) > settleMs) return 0;
    if (this.#candidate?.signature !== signature) this.#candidate = { signature, sinceMs: now };
    return Math.max(0, this.#candidate.sinceMs + settleMs - now);
  }

  /** The file was read, or was found to be changing still, so that its time starts anew. */
  done(isRestless: boolean): void {
    this.#candidate = undefined;
    this.#isRestless = isRestless;
  }

  isFresh(seen: SeenZone): boolean {
    return this.#ageMs(seen) < FRESH_MS;
  }

  #ageMs({ modifiedMs }: SeenZone): number {
    return this.#clock.now() * 1_000 - modifiedMs;
  }
}
