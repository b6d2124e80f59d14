/**
 * Who works on the keys of a zone, and when. What a turn waits for is mostly the disk, so a few zones have their turns
 * at the same time, and one zone has one turn at a time. Among those who wait:
 *
 *     orders of operators ─▶ what is due: the oldest and the youngest alternate ─▶ bulk work
 *
 * The oldest first keeps everybody from being forgotten; the youngest first keeps a zone that falls due behind a
 * thousand others from waiting for them. Ages are those of instants, so that the second half of a turn (its
 * acknowledgement) is as old as the first one, and a crowd is one crowd. In it, who has begun comes before who has not: the
 * keys of a zone are awake until it has ended (decision 0024).
 */
import type { UnixSeconds } from '../base/time.ts';
import { Heap } from './heap.ts';

/** Twice the threads that Node has for files: while the disk works for some, others are computed. */
const MAX_AT_ONCE = 8;

/**
 * Turns that begin in one turn of the event loop: some 20 ms of those that wait for nothing, as most do at a start.
 * Messages, timers and the control socket have their turn in between.
 */
const MAX_IN_A_ROW = 64;

export type Urgency = 'order' | 'due' | 'bulk';

/** How much a turn matters, and since when it is due. */
export interface Pace {
  readonly urgency: Urgency;
  readonly due: UnixSeconds;
  /** Order of arrival of the work that it is a part of; that of its own if it is all of it. */
  readonly arrival?: number;
}

interface Waiting {
  readonly zone: string;
  readonly due: number;
  /** Order of arrival of its work. */
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
  /** Turns that have begun in this turn of the event loop. */
  #inARow = 0;
  /** Turns in the heaps that have not begun. */
  #due = 0;
  #isYoungestNext = false;
  #isStarting = false;
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
  run<T>(zone: string, { urgency, due, arrival }: Pace, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      const waiting = { zone, due, arrival: arrival ?? ++this.#arrivals, begin, hasBegun: false };
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

  /** The pace of work that arrives now and may take several turns: those that follow come before what arrives later. */
  paceOf(urgency: Urgency, due: UnixSeconds): Pace {
    return { urgency, due, arrival: ++this.#arrivals };
  }

  /** Begins no bulk work until `started`: zones are being loaded for the first time, and nothing is to delay them. */
  start(): void {
    this.#isStarting = true;
  }

  started(): void {
    this.#isStarting = false;
    this.#fill();
  }

  /** What can wait gives way to zones that are still to be served. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Begins no other turn; resolves when those that have begun are over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running);
  }

  #fill(): void {
    while (this.#running.size < this.#atOnce && this.#inARow < MAX_IN_A_ROW && !this.#isClosed) {
      const next = this.#orders.shift() ?? this.#nextDue() ?? this.#nextBulk();
      if (next === undefined) return;
      const parked = this.#parked.get(next.zone);
      if (parked !== undefined) parked.push(next);
      else this.#begin(next);
    }
  }

  #begin(waiting: Waiting): void {
    const { zone } = waiting;
    if (!this.#parked.has(zone)) this.#parked.set(zone, []);
    if (this.#inARow++ === 0) setImmediate(this.#goOn);
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

  readonly #goOn = (): void => {
    this.#inARow = 0;
    this.#fill();
  };

  #nextBulk(): Waiting | undefined {
    return this.#isStarting ? undefined : this.#bulk.pop();
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
