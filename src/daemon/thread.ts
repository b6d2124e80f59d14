/**
 * One worker thread that shall always run: started again when it dies, at once the first time, then after growing
 * pauses. What it must know after a start is given again by `onStart`.
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../ops/log.ts';
import type { Scheduler } from './scheduler.ts';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** Messages in a list: a thread takes the whole of one between two queries. */
const MAX_LIST = 256;
/** A thread that has run for this long has not died of its start. */
const STEADY_MS = 60_000;

export interface ThreadOptions<In, Out> {
  readonly name: string;
  /** Compiled JavaScript. */
  readonly entry: URL;
  readonly workerData?: unknown;
  /** The part of its heap where new objects are; V8 decides if it is left out. */
  readonly youngGenerationMib?: number;
  readonly log: Log;
  readonly scheduler: Scheduler;
  /** What is posted instead of a list of messages; the list itself if this is left out. */
  readonly fold?: (messages: readonly Out[]) => readonly unknown[];
  /** A fresh thread waits for messages. */
  readonly onStart: () => void;
  readonly onMessage: (message: In) => void;
  /** It died; nothing that was posted will be answered any more. */
  readonly onDeath?: (error: Error) => void;
}

export class SupervisedThread<In, Out> {
  readonly name: string;
  readonly #options: ThreadOptions<In, Out>;
  #worker: Worker | undefined;
  #isStopping = false;
  #startedMs = 0;
  #pauseMs = 0;
  #restarts = 0;
  #ended: Promise<void> = Promise.resolve();
  /** What this turn of the loop has posted. */
  #outbox: Out[] = [];

  constructor(options: ThreadOptions<In, Out>) {
    this.name = options.name;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    const { entry, workerData, youngGenerationMib, onMessage, onStart } = this.#options;
    const resourceLimits =
      youngGenerationMib === undefined ? {} : { maxYoungGenerationSizeMb: youngGenerationMib };
    const worker = new Worker(entry, { workerData, resourceLimits, name: this.name });
    this.#worker = worker;
    this.#outbox = [];
    this.#startedMs = performance.now();
    let reason = new Error('it ended by itself');
    worker.on('message', (message: In) => {
      if (this.#worker === worker) onMessage(message);
    });
    worker.on('error', (error) => {
      reason = error instanceof Error ? error : new Error(String(error));
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        if (this.#worker === worker) this.#onExit(reason);
        resolve();
      });
    });
    onStart();
  }

  /**
   * Posts a message. Those of one turn of the loop go as one list, in order: of many zones each would cost both sides
   * more than what it tells. One to a dead thread is lost, which `onStart` makes up for.
   */
  post(message: Out): void {
    if (this.#worker === undefined) return;
    const waiting = this.#outbox.push(message);
    // A thread need not wait for the end of a long turn.
    if (waiting === MAX_LIST) this.#flush();
    else if (waiting === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const { fold = (messages) => messages } = this.#options;
    const messages = this.#outbox;
    this.#outbox = [];
    if (messages.length > 0) this.#worker?.postMessage(fold(messages));
  }

  /** Expects the thread to end by itself (it was told to), and ends it after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true;
    this.#options.scheduler.cancel(this.#key);
    const worker = this.#worker;
    if (worker === undefined) return;
    const timer = setTimeout(() => void worker.terminate(), withinMs);
    await this.#ended;
    clearTimeout(timer);
  }

  get #key(): string {
    return `restart ${this.name}`;
  }

  #onExit(reason: Error): void {
    const { log, scheduler, onDeath } = this.#options;
    this.#worker = undefined;
    if (this.#isStopping) return;
    const isSteady = performance.now() - this.#startedMs > STEADY_MS;
    this.#pauseMs = isSteady ? 0 : Math.min(MAX_PAUSE_MS, this.#pauseMs * 2 || FIRST_PAUSE_MS);
    this.#restarts++;
    log.error(
      { thread: this.name, error: reason.stack ?? reason.message, restarts: this.#restarts },
      `thread ${this.name} died: ${reason.message}; it is started again`,
    );
    onDeath?.(reason);
    scheduler.after(this.#key, this.#restarts === 1 ? 0 : this.#pauseMs, () => this.start());
  }
}
