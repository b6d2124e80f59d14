/**
 * Jobs of the loader thread, first come first served. The thread has one large file at a time; of small ones it has a
 * few dozen, as many zones would wait for messages otherwise. A job during which the thread dies has failed and is not
 * tried again, or a file that kills the loader would keep all others from loading; which one that was it has noted.
 */
import type { LoadJob, LoadOutcome, LoadReply } from './messages.ts';

/** Jobs that the thread has at once, and octets of their files, unless one file is larger. */
const MAX_GIVEN = 128;
const MAX_GIVEN_OCTETS = 256 << 10;

interface Waiting {
  readonly job: LoadJob;
  readonly done: (outcome: LoadOutcome) => void;
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
  #queue: Waiting[] = [];
  #next = 0;
  #jobs = 0;
  /** What the thread was given, by number, in order. */
  readonly #given = new Map<number, Waiting>();
  #givenOctets = 0;
  #isUp = false;

  constructor(post: (job: LoadJob) => void) {
    this.#post = post;
  }

  /** Jobs that wait or run. */
  get size(): number {
    return this.#queue.length - this.#next + this.#given.size;
  }

  load(job: Omit<LoadJob, 'job'>): Promise<LoadOutcome> {
    return new Promise((done) => {
      this.#queue.push({ job: { ...job, job: ++this.#jobs }, done });
      this.#pump();
    });
  }

  onStart(): void {
    this.#isUp = true;
    this.#pump();
  }

  onReply({ job, outcome }: LoadReply): void {
    const waiting = this.#take(job);
    if (waiting === undefined) return;
    this.#pump();
    waiting.done(outcome);
  }

  /** Fails the job that the thread was at; those that it was given beside are given to the next one. */
  onDeath(error: Error): void {
    this.#isUp = false;
    const [first] = this.#given.keys();
    const guilty = this.#take(this.progress.job) ?? (first === undefined ? undefined : this.#take(first));
    this.#queue = [...this.#given.values(), ...this.#queue.slice(this.#next)];
    this.#next = 0;
    this.#given.clear();
    this.#givenOctets = 0;
    guilty?.done({
      kind: 'fault',
      fault: { code: 'ZONE_LOADER_DIED', message: `the loader thread died of it: ${error.message}` },
    });
  }

  #take(job: number): Waiting | undefined {
    const waiting = this.#given.get(job);
    if (waiting === undefined) return undefined;
    this.#given.delete(job);
    this.#givenOctets -= weightOf(waiting.job);
    return waiting;
  }

  #pump(): void {
    while (this.#isUp && this.#next < this.#queue.length) {
      const waiting = this.#queue[this.#next]!;
      const { job } = waiting;
      const isFull = this.#given.size >= MAX_GIVEN || this.#givenOctets + weightOf(job) > MAX_GIVEN_OCTETS;
      if (this.#given.size > 0 && isFull) break;
      this.#next++;
      this.#given.set(job.job, waiting);
      this.#givenOctets += weightOf(job);
      this.#post(job);
    }
    // A job that is done must not stay here: it holds an image. Shifting for each of many would be quadratic.
    if (this.#next === this.#queue.length || this.#next > 1_000) {
      this.#queue.splice(0, this.#next);
      this.#next = 0;
    }
  }
}

/** A file of unknown size goes alone. */
function weightOf({ octets = MAX_GIVEN_OCTETS }: LoadJob): number {
  return octets;
}
