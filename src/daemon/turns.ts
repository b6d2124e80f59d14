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
  readonly zone: string;
  readonly due: number;
  /** Order of arrival. */
  readonly arrival: number;
  /** Begins the turn; resolves when it is over, whatever came of it. */
  readonly begin: () => Promise<void>;
  hasBegun: boolean;
}

export interface TurnsOptions {
  readonly atOnce?: number;
  /** A turn is over; `isIdle` if nobody has one any more, or waits for one. */
  readonly onEnd?: (isIdle: boolean) => void;
}

export class Turns {
  readonly #atOnce: number;
  readonly #onEnd: (isIdle: boolean) => void;
  readonly #orders: Waiting[] = [];
  /** Both heaps hold the same turns; one that has begun is dropped from the other when it comes up there. */
  readonly #oldest = new Heap<Waiting>((a, b) => a.due - b.due || a.arrival - b.arrival);
  readonly #youngest = new Heap<Waiting>((a, b) => b.due - a.due || a.arrival - b.arrival);
  /** The oldest first: what a turn began is ended, and its keys rest, before others begin. */
  readonly #bulk = new Heap<Waiting>((a, b) => a.due - b.due || a.arrival - b.arrival);
  /** For each zone that has a turn, those that come next: they were picked, and hold up no other zone. */
  readonly #parked = new Map<string, Waiting[]>();
  readonly #running = new Set<Promise<void>>();
  #arrivals = 0;
  /** Turns in the heaps that have not begun. */
  #due = 0;
  #isYoungestNext = false;
  #isClosed = false;

  constructor({ atOnce = MAX_AT_ONCE, onEnd = () => undefined }: TurnsOptions = {}) {
    this.#atOnce = atOnce;
    this.#onEnd = onEnd;
  }

  /** Nobody has a turn, or waits for one. */
  get isIdle(): boolean {
    return this.#running.size + this.#orders.length + this.#due + this.#bulk.items.length === 0;
  }

  /** Runs `work` when it is the turn of the zone; settles as `work` does, or never if this is closed before. */
  run<T>(zone: string, { urgency, due }: Pace, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      const waiting = { zone, due, arrival: ++this.#arrivals, begin, hasBegun: false };
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

  #fill(): void {
    while (this.#running.size < this.#atOnce && !this.#isClosed) {
      const next = this.#orders.shift() ?? this.#nextDue() ?? this.#bulk.pop();
      if (next === undefined) return;
      const parked = this.#parked.get(next.zone);
      if (parked !== undefined) parked.push(next);
      else this.#begin(next);
    }
  }

  #begin(waiting: Waiting): void {
    const { zone } = waiting;
    if (!this.#parked.has(zone)) this.#parked.set(zone, []);
    // Not within the call that asks for it: who asks has something to do yet.
    const begun = Promise.resolve().then(waiting.begin);
    const turn = begun.then(() => {
      this.#running.delete(turn);
      const next = this.#isClosed ? undefined : this.#parked.get(zone)!.shift();
      if (next === undefined) this.#parked.delete(zone);
      else this.#begin(next);
      this.#fill();
      if (!this.#isClosed) this.#onEnd(this.isIdle);
    });
    this.#running.add(turn);
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
