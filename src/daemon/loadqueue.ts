/**
 * Jobs of the loader thread: one at a time, first come first served. A job during which the thread dies has failed and
 * is not tried again, or a file that kills the loader would keep all others from loading.
 */
import type { LoadJob, LoadOutcome, LoadReply } from './messages.ts';

interface Waiting {
  readonly job: LoadJob;
  readonly done: (outcome: LoadOutcome) => void;
}

export class LoadQueue {
  readonly #post: (job: LoadJob) => void;
  readonly #queue: Waiting[] = [];
  #next = 0;
  #jobs = 0;
  #running: Waiting | undefined;
  #isUp = false;

  constructor(post: (job: LoadJob) => void) {
    this.#post = post;
  }

  /** Jobs that wait or run. */
  get size(): number {
    return this.#queue.length - this.#next + (this.#running === undefined ? 0 : 1);
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
    const running = this.#running;
    if (running?.job.job !== job) return;
    this.#running = undefined;
    this.#pump();
    running.done(outcome);
  }

  onDeath(error: Error): void {
    this.#isUp = false;
    const running = this.#running;
    this.#running = undefined;
    running?.done({
      kind: 'fault',
      fault: { code: 'ZONE_LOADER_DIED', message: `the loader thread died of it: ${error.message}` },
    });
  }

  #pump(): void {
    if (!this.#isUp || this.#running !== undefined || this.#next === this.#queue.length) return;
    this.#running = this.#queue[this.#next++];
    // A job that is done must not stay here: it holds an image. Shifting for each of many would be quadratic.
    if (this.#next === this.#queue.length || this.#next > 1_000) {
      this.#queue.splice(0, this.#next);
      this.#next = 0;
    }
    if (this.#running !== undefined) this.#post(this.#running.job);
  }
}
