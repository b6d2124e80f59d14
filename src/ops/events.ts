/**
 * What happened lately: the newest events in memory, each with a number that never comes back. Readers keep nothing
 * but the number of the last event that they have seen; one that is too slow misses the oldest, and is told so.
 *
 * Numbers begin anew at every start, far above those of the process before: a reader that goes on where it was sees
 * what happened since, or learns that something is missing.
 */
import type { Clock } from '../base/ports.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';

/** What an event is about; stable words for tools. */
export const EVENT_KINDS = [
  'server',
  'thread',
  'loaded',
  'rejected',
  'removed',
  'keys',
  'edge',
  'ds',
  'child',
  'parent',
  'handover',
  'reported',
  'rollover',
  'order',
  'purge',
  'frozen',
  'limited',
  'job',
  'alarm',
  'alarm-over',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface NewEvent {
  readonly kind: EventKind;
  /** Null if it is about the server as a whole. */
  readonly zone: string | null;
  /** One sentence without a full stop, without the name of the zone. */
  readonly message: string;
  /** More, by kind: `code`, `serial`, `key`, `record`, `from`, `to`, `rollover`, `step`, `event`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An event as it is kept and handed on. */
export interface NumberedEvent {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly kind: EventKind;
  readonly zone: string | null;
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** Where events are told. */
export interface EventSink {
  add(event: NewEvent): void;
}

/** A portion of the events behind a number. */
export interface EventPortion {
  readonly events: readonly NumberedEvent[];
  /** Events that are gone from memory and would have come before these. */
  readonly missed: number;
}

const CAPACITY = 10_000;
/** Room for so many events a second before numbers of one process reach those of the next. */
const NUMBERS_PER_SECOND = 1_000_000;

export class EventRing implements EventSink {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #first: number;
  readonly #events: NumberedEvent[] = [];
  readonly #listeners = new Set<() => void>();
  /** Number of the newest event. */
  #newest: number;
  /** When it happened, as a number and as events have it: of zones that are loaded at once many have one. */
  #second = 0 as UnixSeconds;
  #at = '';

  constructor(clock: Clock, capacity = CAPACITY) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#newest = clock.now() * NUMBERS_PER_SECOND;
    this.#first = this.#newest + 1;
  }

  get newest(): number {
    return this.#newest;
  }

  /** Number of the oldest event in memory; that of the next one if there is none. */
  get oldest(): number {
    return Math.max(this.#first, this.#newest - this.#capacity + 1);
  }

  add({ kind, zone, message, details }: NewEvent): void {
    const seq = ++this.#newest;
    const second = this.#clock.now();
    if (second !== this.#second) this.#at = formatInstant(second);
    this.#second = second;
    const event = { seq, at: this.#at, kind, zone, message, ...details };
    this.#events[seq % this.#capacity] = event;
    for (const listener of this.#listeners) listener();
  }

  /** Up to `count` events with numbers above `after`, the oldest first. */
  after(after: number, count: number): EventPortion {
    // A number that is still to come is of a clock that went back: all that is here is news.
    const from = after > this.#newest ? this.oldest : Math.max(after + 1, this.oldest);
    const missed = after >= this.#first - 1 ? Math.max(0, from - after - 1) : 0;
    const events: NumberedEvent[] = [];
    for (let seq = from; seq <= this.#newest && events.length < count; seq++) {
      events.push(this.#events[seq % this.#capacity]!);
    }
    return { events, missed };
  }

  /** Calls `listener` at every event, until the function that is returned is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }
}
