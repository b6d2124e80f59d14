/**
 * Jobs of the loader thread, first come first served. The thread has one large file at a time; of small ones it has many,
 * as they would wait for messages otherwise. What waits says what it wants only when it is given: a hundred thousand zones
 * that wait cost a place in a list each. A job during which the thread dies has failed and is not tried again, or a file
 * that kills the loader would keep all others from loading; which one that was it has noted.
 */
import type { LoadJob, LoadOutcome, LoadReply } from './messages.ts';

/** Jobs that the thread has at once, and octets of their files, unless one file is larger. */
const MAX_GIVEN = 16_384;
const MAX_GIVEN_OCTETS = 4 << 20;

/** What is to be loaded, without its number. */
export type NewJob = Omit<LoadJob, 'job'>;

/** Something that waits to be loaded. */
export interface Loadable {
  /** Size of the file when it was seen; a file of unknown size goes alone. */
  readonly fileOctets: number | undefined;
  /** What is wanted, now that it is given, by this number; undefined if nothing is any more. */
  job(number: number): LoadJob | undefined;
  loaded(outcome: LoadOutcome): void;
}

/** What the thread was given. */
interface Given {
  readonly loadable: Loadable;
  readonly octets: number;
}

/** Which job the loader is at: shared memory, as its last word must outlive it. */
export class LoadProgress {
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(4)) {
    this.#words = new Int32Array(memory);
  }

  get memory(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer;
  }

  /** The number of the job that was begun last; 0 if none was. */
  get job(): number {
    return Atomics.load(this.#words, 0);
  }

  begin(job: number): void {
    Atomics.store(this.#words, 0, job);
  }
}

export class LoadQueue {
  /** For the loader thread. */
  readonly progress = new LoadProgress();
  readonly #post: (job: LoadJob) => void;
  #queue: Loadable[] = [];
  #next = 0;
  #jobs = 0;
  /** What the thread was given, by number, in order. */
  readonly #given = new Map<number, Given>();
  #givenOctets = 0;
  #isUp = false;

  constructor(post: (job: LoadJob) => void) {
    this.#post = post;
  }

  /** Jobs that wait or run. */
  get size(): number {
    return this.#queue.length - this.#next + this.#given.size;
  }

  /** Lets something wait for its turn; it is told what came of it. */
  add(loadable: Loadable): void {
    this.#queue.push(loadable);
    this.#pump();
  }

  /** Loads what is known now. */
  load(job: NewJob): Promise<LoadOutcome> {
    return new Promise((loaded) =>
      this.add({ fileOctets: job.octets, job: (number) => ({ ...job, job: number }), loaded }),
    );
  }

  onStart(): void {
    this.#isUp = true;
    this.#pump();
  }

  onReplies(replies: readonly LoadReply[]): void {
    const loadables = replies.map(({ job }) => this.#take(job));
    this.#pump();
    for (const [i, loadable] of loadables.entries()) loadable?.loaded(replies[i]!.outcome);
  }

  /** Fails the job that the thread was at; those that it was given beside are given to the next one. */
  onDeath(error: Error): void {
    this.#isUp = false;
    const [first] = this.#given.keys();
    const guilty = this.#take(this.progress.job) ?? (first === undefined ? undefined : this.#take(first));
    const others = [...this.#given.values()].map(({ loadable }) => loadable);
    this.#queue = [...others, ...this.#queue.slice(this.#next)];
    this.#next = 0;
    this.#given.clear();
    this.#givenOctets = 0;
    guilty?.loaded({
      kind: 'fault',
      fault: { code: 'ZONE_LOADER_DIED', message: `the loader thread died of it: ${error.message}` },
    });
  }

  #take(job: number): Loadable | undefined {
    const given = this.#given.get(job);
    if (given === undefined) return undefined;
    this.#given.delete(job);
    this.#givenOctets -= given.octets;
    return given.loadable;
  }

  #pump(): void {
    while (this.#isUp && this.#next < this.#queue.length) {
      const loadable = this.#queue[this.#next]!;
      const octets = loadable.fileOctets ?? MAX_GIVEN_OCTETS;
      const isFull = this.#given.size >= MAX_GIVEN || this.#givenOctets + octets > MAX_GIVEN_OCTETS;
      if (this.#given.size > 0 && isFull) break;
      this.#next++;
      this.#give(loadable, octets);
    }
    // What is done must not stay here. Shifting for each of many would be quadratic.
    if (this.#next === this.#queue.length || this.#next > 1_000) {
      this.#queue.splice(0, this.#next);
      this.#next = 0;
    }
  }

  #give(loadable: Loadable, octets: number): void {
    const number = ++this.#jobs;
    const job = loadable.job(number);
    if (job === undefined) return;
    this.#given.set(number, { loadable, octets });
    this.#givenOctets += octets;
    this.#post(job);
  }
}
