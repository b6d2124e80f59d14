/**
 * Everything that is due later, in one place: the only timers of the control plane. An entry has a key, which is a name or
 * who wakes, so that it can be replaced and shown. Entries at an instant follow the wall clock, also when it is set; entries
 * after a number of milliseconds follow the monotonic one.
 */
import type { Clock } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import { Heap } from './heap.ts';

/** The wall clock may be set at any time: it is looked at this often. */
const MAX_SLEEP_MS = 10_000;
/**
 * When thousands of entries are due at once, the event loop has its turn after so many milliseconds: the control socket
 * answers and acknowledgements of threads are heard while they are worked off, in the order in which they were due.
 */
const SLICE_MS = 20;

/**
 * Who wakes at an instant that is ever another one. A hundred thousand zones are: for each, a name and a function would be
 * larger than all else that is kept here.
 */
export interface Sleeper {
  /** What `status` shows of it. */
  readonly timer: string;
  /** It is the instant, or later. */
  wake(at: UnixSeconds): void;
}

interface Entry {
  readonly key: string | Sleeper;
  /** UnixSeconds, or monotonic milliseconds. */
  readonly due: number;
  /** Of a key that is a name. */
  readonly run?: () => void;
}

/** What is due at an instant, for `status`. */
export interface DueEntry {
  readonly key: string;
  readonly at: UnixSeconds;
}

export class Scheduler {
  readonly #clock: Clock;
  readonly #entries = new Map<string | Sleeper, Entry>();
  readonly #atInstant = new Heap<Entry>((a, b) => a.due - b.due);
  readonly #afterDelay = new Heap<Entry>((a, b) => a.due - b.due);
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `run` once at the instant; replaces what has the same key. */
  at(key: string, instant: UnixSeconds, run: () => void): void {
    this.#add(this.#atInstant, { key, due: instant, run });
  }

  /** Wakes a sleeper once at the instant, which takes the place of that before. */
  wakeAt(sleeper: Sleeper, instant: UnixSeconds): void {
    this.#add(this.#atInstant, { key: sleeper, due: instant });
  }

  /** Runs `run` once after `ms` milliseconds; replaces what has the same key. */
  after(key: string, ms: number, run: () => void): void {
    this.#add(this.#afterDelay, { key, due: this.#clock.monotonicMs() + ms, run });
  }

  cancel(key: string | Sleeper): void {
    this.#entries.delete(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Resolves after `ms` milliseconds; never if the scheduler is closed before. */
  sleep(key: string, ms: number): Promise<void> {
    return new Promise((resolve) => this.after(key, ms, resolve));
  }

  /** The next `count` entries that are due at instants. */
  due(count: number): DueEntry[] {
    const live = this.#atInstant.items.filter((entry) => this.#entries.get(entry.key) === entry);
    live.sort((a, b) => a.due - b.due);
    return live.slice(0, count).map(({ key, due }) => {
      return { key: typeof key === 'string' ? key : key.timer, at: due as UnixSeconds };
    });
  }

  /** Entries in memory, replaced ones among them. */
  get heldEntries(): number {
    return this.#atInstant.items.length + this.#afterDelay.items.length;
  }

  close(): void {
    this.#isClosed = true;
    this.#entries.clear();
    clearTimeout(this.#timer);
  }

  /** Runs what is due. The timer calls it, and tests with a clock of their own. */
  runDue(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    this.#runDueOf(this.#afterDelay, () => this.#clock.monotonicMs());
    this.#runDueOf(this.#atInstant, () => this.#clock.now());
    this.#arm();
  }

  #add(heap: Heap<Entry>, entry: Entry): void {
    if (this.#isClosed) return;
    this.#entries.set(entry.key, entry);
    // Replaced entries stay in the heap until they are due; they must not pile up.
    if (heap.items.length > 2 * this.#entries.size + 64) {
      heap.retain((item) => this.#entries.get(item.key) === item);
    }
    heap.push(entry);
    this.#arm();
  }

  #runDueOf(heap: Heap<Entry>, nowOf: () => number): void {
    // What an entry adds has its turn in the next round, so that a round ends.
    const now = nowOf();
    const endMs = this.#clock.monotonicMs() + SLICE_MS;
    for (let rounds = heap.items.length; rounds > 0; rounds--) {
      const first = heap.items[0];
      if (first === undefined || first.due > now || this.#clock.monotonicMs() >= endMs) return;
      heap.pop();
      if (this.#entries.get(first.key) !== first) continue;
      this.#entries.delete(first.key);
      if (typeof first.key === 'string') first.run?.();
      else first.key.wake(first.due as UnixSeconds);
    }
  }

  #arm(): void {
    if (this.#isClosed) return;
    const monotonic = this.#clock.monotonicMs();
    const delay = (this.#afterDelay.items[0]?.due ?? Number.POSITIVE_INFINITY) - monotonic;
    const instant = ((this.#atInstant.items[0]?.due ?? Number.POSITIVE_INFINITY) - this.#clock.now()) * 1_000;
    const sleepMs = Math.max(0, Math.min(delay, instant, MAX_SLEEP_MS));
    if (monotonic + sleepMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = monotonic + sleepMs;
    this.#timer = setTimeout(() => this.runDue(), Math.ceil(sleepMs));
  }
}
