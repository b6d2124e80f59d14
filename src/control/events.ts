/**
 * `events` as a stream: a JSON object a line, as they happen. A reader costs a number and one portion: what it does
 * not take stays in the ring, and what falls out of that is told as missed. An empty line now and then tells a reader
 * that the server is there, and the server that the reader is.
 */
import { Readable } from 'node:stream';
import type { EventRing, NumberedEvent } from '../ops/events.ts';
import { OperationError } from './operation.ts';

/** Events in one write. */
const PORTION = 200;
const ALIVE_MS = 30_000;
const MAX_READERS = 64;

/** What a reader wants. */
export interface EventQuery {
  /** Name of the only zone, as `formatName` gives it. */
  readonly zone: string | undefined;
  readonly since?: number | undefined;
  readonly limit: number;
  readonly follow: boolean;
}

/** Events as lines. Throws OperationError if too many follow already. */
export function eventStream(ring: EventRing, query: EventQuery): Readable {
  if (query.follow && ring.listeners >= MAX_READERS) {
    const message = `${MAX_READERS} readers follow the events already`;
    throw new OperationError(
      'REFUSED',
      'TOO_MANY_READERS',
      message,
      'end one of them, or leave --follow out',
    );
  }
  return new EventStream(ring, query);
}

class EventStream extends Readable {
  readonly #ring: EventRing;
  readonly #query: EventQuery;
  /** Number of the last event that was looked at. */
  #at: number;
  #left: number;
  #isHungry = false;
  #stop: (() => void) | undefined;

  constructor(ring: EventRing, query: EventQuery) {
    super({ encoding: 'utf8' });
    this.#ring = ring;
    this.#query = query;
    this.#left = query.limit;
    this.#at = query.since ?? startOf(ring, query);
    if (!query.follow) return;
    const stopListening = ring.listen(() => this.#feed());
    const alive = setInterval(() => this.#isHungry && this.#give('\n'), ALIVE_MS);
    alive.unref();
    this.#stop = () => {
      stopListening();
      clearInterval(alive);
    };
  }

  override _read(): void {
    this.#isHungry = true;
    this.#feed();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stop?.();
    done(error);
  }

  /** Hands on what there is, if the reader takes it. */
  #feed(): void {
    while (this.#isHungry) {
      const { events, missed } = this.#ring.after(this.#at, PORTION);
      const last = events.at(-1);
      if (last === undefined) {
        this.#end();
        return;
      }
      this.#at = last.seq;
      const fitting = events.filter((event) => this.#isWanted(event)).slice(0, this.#room);
      this.#left -= fitting.length;
      const lines = fitting.map((event) => JSON.stringify(event));
      if (missed > 0) lines.unshift(JSON.stringify({ kind: 'missed', missed }));
      if (lines.length > 0) this.#give(`${lines.join('\n')}\n`);
      if (this.#room === 0) {
        this.#end();
        return;
      }
    }
  }

  /** Whoever follows gets all that happens, whatever the limit. */
  get #room(): number {
    return this.#query.follow ? Number.POSITIVE_INFINITY : this.#left;
  }

  #isWanted({ zone }: NumberedEvent): boolean {
    return this.#query.zone === undefined || zone === this.#query.zone;
  }

  #give(text: string): void {
    this.#isHungry = this.push(text);
  }

  #end(): void {
    if (this.#query.follow) return;
    this.#isHungry = false;
    this.push(null);
  }
}

/** The number behind which the newest `limit` events begin. */
function startOf(ring: EventRing, { zone, limit }: EventQuery): number {
  if (zone === undefined) return Math.max(ring.oldest - 1, ring.newest - limit);
  const { events } = ring.after(ring.oldest - 1, Number.POSITIVE_INFINITY);
  const fitting = events.filter((event) => event.zone === zone);
  const first = limit === 0 ? undefined : fitting.slice(-limit)[0];
  return first === undefined ? ring.newest : first.seq - 1;
}
