/**
 * Notices that something in the zones directory may have changed, and asks for a look; what has changed the look
 * itself finds out. Events of the system are hints only (they get lost, and some file systems have none): a look every
 * ten seconds is the rule, and events make it sooner. One watch on the directory costs the same for any number of files.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Log } from '../ops/log.ts';
import type { Scheduler } from './scheduler.ts';

const RESCAN_MS = 10_000;
/** While the directory cannot be read. */
const RETRY_MS = 1_000;
const DEBOUNCE_MS = 50;
/** A look may take a twentieth of the time at most. */
const LOOK_SHARE = 20;

export interface WatchOptions {
  readonly directory: string;
  readonly log: Log;
  readonly scheduler: Scheduler;
  /** Looks at the directory; returns its inode, or undefined if it cannot be read. */
  readonly look: () => number | undefined;
}

export class ZonesWatch {
  readonly #options: WatchOptions;
  #watcher: FSWatcher | undefined;
  #inode: number | undefined;
  #lookMs = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** When the next look is due because something asked for it. */
  #soonAtMs = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Looks at once, and from now on. */
  start(): void {
    this.lookNow();
  }

  /** Looks soon: after `ms`, and not too soon after the last look. */
  lookSoon(ms = DEBOUNCE_MS): void {
    if (this.#isStopped) return;
    const now = performance.now();
    const atMs = Math.max(now + ms, this.#lookedAtMs + this.#lookMs * LOOK_SHARE);
    if (atMs >= this.#soonAtMs) return;
    this.#soonAtMs = atMs;
    this.#options.scheduler.after('look soon', atMs - now, () => this.lookNow());
  }

  /** Looks now. */
  lookNow(): void {
    if (this.#isStopped) return;
    const { scheduler, look } = this.#options;
    scheduler.cancel('look soon');
    this.#soonAtMs = Number.POSITIVE_INFINITY;
    const startedMs = performance.now();
    const inode = look();
    this.#lookedAtMs = performance.now();
    this.#lookMs = this.#lookedAtMs - startedMs;
    if (inode !== this.#inode || this.#watcher === undefined) this.#watch(inode);
    const pauseMs = inode === undefined ? RETRY_MS : RESCAN_MS;
    scheduler.after('look', Math.max(pauseMs, this.#lookMs * LOOK_SHARE), () => this.lookNow());
  }

  stop(): void {
    this.#isStopped = true;
    this.#watcher?.close();
  }

  #watch(inode: number | undefined): void {
    const { directory, log } = this.#options;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#inode = inode;
    if (inode === undefined) return;
    try {
      const watcher = watch(directory, { persistent: false }, () => this.lookSoon());
      watcher.on('error', (error) => {
        log.warn({ error: error.message }, `no events from ${directory}: it is looked at every 10 s`);
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch (error) {
      const { message } = error as Error;
      log.warn({ error: message }, `no events from ${directory}: it is looked at every 10 s`);
    }
  }
}
