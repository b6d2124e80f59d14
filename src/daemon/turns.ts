/**
 * Who works on the keys of a zone, and when. What a turn waits for is mostly the disk, so a few zones have their turns
 * at the same time, and one zone has one turn at a time. Among those who wait:
 *
 *     orders of operators ─▶ what is due: the oldest and the youngest alternate ─▶ bulk work
 *
 * The oldest first keeps everybody from being forgotten; the youngest first keeps a zone that falls due behind a
 * thousand others from waiting for them. Ages are those of instants, so that the second half of a turn (its
 * acknowledgement) is as old as the first one, and a crowd is one crowd.
 */
import type { UnixSeconds } from '../base/time.ts';
import { Heap } from './heap.ts';

/** Twice the threads that Node has for files: while the disk works for some, others are computed. */
const MAX_AT_ONCE = 8;

export type Urgency = 'order' | 'due' | 'bulk';

/** How much a turn matters, and since when it is due. */
export interface Pace {
  readonly urgency: Urgency;
  readonly due: UnixSeconds;
}

interface Waiting {
  readonly due: number;
  /** Order of arrival. */
  readonly arrival: number;
  /** Begins the turn; resolves when it is over, whatever came of it. */
  readonly begin: () => Promise<void>;
  hasBegun: boolean;
}

export class Turns {
  readonly #atOnce: number;
  readonly #orders: Waiting[] = [];
  /** Both heaps hold the same turns; one that has begun is dropped from the other when it comes up there. */
  readonly #oldest = new Heap<Waiting>((a, b) => a.due - b.due || a.arrival - b.arrival);
  readonly #youngest = new Heap<Waiting>((a, b) => b.due - a.due || a.arrival - b.arrival);
  readonly #bulk: Waiting[] = [];
  /** The last turn of each zone that has one. */
  readonly #lastOf = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #arrivals = 0;
  /** Turns in the heaps that have not begun. */
  #due = 0;
  #isYoungestNext = false;
  #isClosed = false;

  constructor(atOnce = MAX_AT_ONCE) {
    this.#atOnce = atOnce;
  }

  /** Nobody has a turn, or waits for one. */
  get isIdle(): boolean {
    return this.#running.size + this.#orders.length + this.#due + this.#bulk.length === 0;
  }

  /** Runs `work` when it is the turn of the zone; settles as `work` does, or never if this is closed before. */
  run<T>(zone: string, { urgency, due }: Pace, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = () => this.#exclusively(zone, () => work().then(resolve, reject));
      const waiting = { due, arrival: ++this.#arrivals, begin, hasBegun: false };
      if (urgency === 'order') this.#orders.push(waiting);
      else if (urgency === 'bulk') this.#bulk.push(waiting);
      else {
        this.#due++;
        this.#oldest.push(waiting);
        this.#youngest.push(waiting);
      }
      this.#fill();
    });
  }

  /** Begins no other turn; resolves when those that have begun are over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running);
  }

  #exclusively(zone: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#lastOf.get(zone) ?? Promise.resolve()).then(work);
    this.#lastOf.set(zone, turn);
    return turn.then(() => {
      if (this.#lastOf.get(zone) === turn) this.#lastOf.delete(zone);
    });
  }

  #fill(): void {
    while (this.#running.size < this.#atOnce && !this.#isClosed) {
      const next = this.#orders.shift() ?? this.#nextDue() ?? this.#bulk.shift();
      if (next === undefined) return;
      const turn = next.begin().then(() => {
        this.#running.delete(turn);
        this.#fill();
      });
      this.#running.add(turn);
    }
  }

  #nextDue(): Waiting | undefined {
    if (this.#due === 0) return undefined;
    const heap = this.#isYoungestNext ? this.#youngest : this.#oldest;
    this.#isYoungestNext = !this.#isYoungestNext;
    let next = heap.pop()!;
    while (next.hasBegun) next = heap.pop()!;
    this.#due--;
    next.hasBegun = true;
    // What has begun must not pile up in the other heap.
    for (const one of [this.#oldest, this.#youngest]) {
      if (one.items.length > 2 * this.#due + 64 || this.#due === 0) one.retain(({ hasBegun }) => !hasBegun);
    }
    return next;
  }
}
