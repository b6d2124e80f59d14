/**
 * What all data threads shall serve, and what each of them does serve. Every change has a version; a change is done
 * (tDone of ROLLOVER 1.8) when every thread that answers queries has acknowledged it. A thread that starts anew is
 * given everything before it opens its sockets, so it never answers from less.
 */
import type { Epoch } from '../signer/epoch.ts';
import { epochOf, type KeptEpoch, keptOf } from '../signer/keptepoch.ts';
import type { ToData } from './messages.ts';

/** One data thread as the publisher sees it. */
export interface DataThread {
  readonly name: string;
  post(message: ToData): void;
}

interface Waiter {
  readonly version: number;
  readonly done: () => void;
}

export class Publisher {
  #version = 0;
  readonly #current = new Map<number, KeptEpoch>();
  /** The version that each live thread has applied. */
  readonly #applied = new Map<DataThread, number>();
  /** In the order of their versions. */
  readonly #waiters: Waiter[] = [];

  get version(): number {
    return this.#version;
  }

  /** Zones that are served. */
  get size(): number {
    return this.#current.size;
  }

  /** Serves zone `id` as `epoch`; resolves when all threads do. */
  publish(id: number, epoch: Epoch): Promise<void> {
    this.#current.set(id, keptOf(epoch));
    const version = ++this.#version;
    const message: ToData = { kind: 'publish', version, id, epoch };
    for (const thread of this.#applied.keys()) thread.post(message);
    return this.#done(version);
  }

  /** Serves zone `id` no more; resolves when no thread does. */
  remove(id: number): Promise<void> {
    if (!this.#current.delete(id)) return Promise.resolve();
    const version = ++this.#version;
    for (const thread of this.#applied.keys()) thread.post({ kind: 'remove', version, id });
    return this.#done(version);
  }

  /** A thread has started and serves nothing: gives it everything. */
  attach(thread: DataThread): void {
    const isBehind = this.#current.size > 0;
    this.#applied.set(thread, isBehind ? 0 : this.#version);
    for (const [id, kept] of this.#current) {
      thread.post({ kind: 'publish', version: this.#version, id, epoch: epochOf(kept) });
    }
  }

  /** A thread has died: it serves nothing and nobody waits for it. */
  detach(thread: DataThread): void {
    this.#applied.delete(thread);
    this.#settle();
  }

  acknowledge(thread: DataThread, version: number): void {
    if (!this.#applied.has(thread)) return;
    this.#applied.set(thread, version);
    this.#settle();
  }

  /** The version that each live thread has applied, by name. */
  applied(): Map<string, number> {
    return new Map([...this.#applied].map(([thread, version]) => [thread.name, version]));
  }

  #done(version: number): Promise<void> {
    if (version <= this.#reached()) return Promise.resolve();
    return new Promise((done) => this.#waiters.push({ version, done }));
  }

  /** The version that all threads have applied. */
  #reached(): number {
    let reached = this.#version;
    for (const version of this.#applied.values()) reached = Math.min(reached, version);
    return reached;
  }

  #settle(): void {
    const reached = this.#reached();
    const waiting = this.#waiters.findIndex(({ version }) => version > reached);
    const ready = this.#waiters.splice(0, waiting === -1 ? this.#waiters.length : waiting);
    for (const { done } of ready) done();
  }
}
