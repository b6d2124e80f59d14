/**
 * What is to be handed over, on disk (`store/deliveries`): written as a whole, and what comes meanwhile shares the next
 * write.
 */
import type { FileStore } from '../base/ports.ts';
import type { Log } from '../ops/log.ts';
import { DELIVERIES_FILE, type Delivery, loadDeliveries, saveDeliveries } from '../store/deliveries.ts';
import type { Scheduler } from './scheduler.ts';

export interface DeliveriesFileContext {
  readonly files: FileStore;
  readonly keysDirectory: string;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

/** What could not be made durable is tried again. */
const SAVE_RETRY_MS = 10_000;

export class DeliveriesFile {
  readonly #context: DeliveriesFileContext;
  readonly #all: () => readonly Delivery[];
  /** The write that is under way, and the one that will have what came since. */
  #saving: Promise<void> | undefined;
  #nextSave: Promise<void> | undefined;

  /** `all`: what is to be on disk at a moment. */
  constructor(context: DeliveriesFileContext, all: () => readonly Delivery[]) {
    this.#context = context;
    this.#all = all;
  }

  /** A file that cannot be read stays until the next write; what zones want now is handed over anew. */
  load(): Delivery[] {
    const { files, keysDirectory, log } = this.#context;
    try {
      // A start is a new attempt: a DS RRset that was dead is handed over anew if it is still wanted.
      const left = loadDeliveries(files, keysDirectory);
      return left.filter(({ state, topic }) => state !== 'dead' || topic === 'reminder');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${DELIVERIES_FILE} cannot be read, and begins anew: ${why}`;
      log.error({ file: DELIVERIES_FILE, error: why }, message);
      return [];
    }
  }

  /** Resolves when the disk has what is known now, or has refused it. */
  save(): Promise<void> {
    if (this.#saving === undefined) {
      this.#saving = this.#write().finally(() => {
        this.#saving = undefined;
      });
      return this.#saving;
    }
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = undefined;
      return this.save();
    });
    return this.#nextSave;
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.#saving;
    await this.#nextSave;
  }

  async #write(): Promise<void> {
    const { files, keysDirectory, log, scheduler } = this.#context;
    try {
      await saveDeliveries(files, keysDirectory, this.#all());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `what is to be handed over is not kept on disk: ${why}`;
      log.error({ file: DELIVERIES_FILE, error: why }, message);
      scheduler.after('keep deliveries', SAVE_RETRY_MS, () => void this.save());
    }
  }
}
