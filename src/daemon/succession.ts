/**
 * Taking over from a process that answers (control/handover): until it has ended, it may serve the epochs before ours, so
 * to the publisher it is a thread that has not switched. No key state goes on while it is there.
 */
import { askForRelease, drainPredecessor, hasPredecessor } from '../control/handover.ts';
import type { Log } from '../ops/log.ts';
import type { DataThread, Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import type { Zones } from './zones.ts';

const LOOK_MS = 20;
const PATIENCE_MS = 900_000;
/** A process that drains is gone within five seconds. */
const LATE_MS = 10_000;

export interface SuccessionContext {
  readonly publisher: Publisher;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class Succession {
  readonly #keysDirectory: string;
  readonly #publisher: Publisher;
  readonly #log: Log;
  readonly #scheduler: Scheduler;
  readonly #predecessor: DataThread = { name: 'predecessor', post: () => undefined };

  private constructor(keysDirectory: string, { publisher, log, scheduler }: SuccessionContext) {
    this.#keysDirectory = keysDirectory;
    this.#publisher = publisher;
    this.#log = log;
    this.#scheduler = scheduler;
    publisher.attach(this.#predecessor);
  }

  /** Has the keys released; undefined if nobody answers from them. Throws SocketError. */
  static async begin(keysDirectory: string, context: SuccessionContext): Promise<Succession | undefined> {
    await askForRelease(keysDirectory);
    if (!(await hasPredecessor(keysDirectory))) return undefined;
    context.log.info({}, 'taking over: the process before answers until this one does');
    return new Succession(keysDirectory, context);
  }

  /**
   * Resolves when every zone that can be served is in effect in all threads of our own, when the process before is gone, or
   * after a quarter of an hour: until then it answers, so that there is no hurry.
   */
  async ready(zones: Zones): Promise<void> {
    let isOver = false;
    this.#scheduler.after('patience', PATIENCE_MS, () => {
      isOver = true;
    });
    while (!isOver && !this.#isReady(zones) && (await hasPredecessor(this.#keysDirectory))) {
      await this.#scheduler.sleep('succession', LOOK_MS);
    }
    this.#scheduler.cancel('patience');
  }

  #isReady(zones: Zones): boolean {
    const applied = this.#publisher.applied();
    applied.delete(this.#predecessor.name);
    const isApplied = [...applied.values()].every((version) => version === this.#publisher.version);
    return (
      isApplied && zones.all().every(({ served, problem }) => served !== undefined || problem !== undefined)
    );
  }

  /** We answer: the process before shall end. Resolves when it has. */
  async finish(): Promise<void> {
    this.#scheduler.after('predecessor', LATE_MS, () => {
      this.#log.error({}, 'the process before was told to end and has not: end it; key states wait for that');
    });
    await drainPredecessor(this.#keysDirectory);
    this.#scheduler.cancel('predecessor');
    this.#log.info({}, 'the process before has ended');
    this.#publisher.detach(this.#predecessor);
  }
}
