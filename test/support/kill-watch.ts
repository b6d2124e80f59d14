/**
 * Kills a process in the middle of its writes: folders are watched (inotify), and the signal is sent right upon the
 * n-th event of a kind, or a moment later. The process knows nothing of it. Kinds are told by file names alone, so
 * nothing here depends on which writes there are and in which order.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { basename } from 'node:path';

/** Files of the keys folder by what they are; the first pattern that fits counts. */
const FILE_KINDS: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^K.*\.private\.new$/, 'staged private key'],
  [/^K.*\.key\.new$/, 'staged public key'],
  [/^K.*\.private$/, 'private key'],
  [/^K.*\.key$/, 'public key'],
  [/^state\.json$/, 'state'],
  [/^state\.json\..*\.tmp$/, 'temporary state'],
  [/^audit\.log$/, 'audit log'],
];

/** Which event a process is killed at. */
export interface KillTarget {
  /** Only events of this kind count; undefined: all do. */
  readonly kind: string | undefined;
  /** The first is 1. */
  readonly count: number;
  /** If that does not come in `PATIENCE_MS`: so many events of any kind from then on. */
  readonly otherwise: number;
  /** From the event to the signal, in milliseconds; the watcher spins meanwhile. */
  readonly offsetMs: number;
}

/** When a process was killed. */
export interface Kill {
  /** Kind of the event that it was killed at; undefined if nothing was written for long. */
  readonly kind: string | undefined;
  /** Milliseconds of the wall clock. */
  readonly at: number;
}

/** After so long any event counts, and after twice that none is waited for. */
const PATIENCE_MS = 2_000;

interface Armed {
  readonly target: KillTarget;
  readonly kill: () => void;
  readonly resolve: (kill: Kill) => void;
  readonly timers: readonly NodeJS.Timeout[];
  kind: string | undefined;
  left: number;
}

/** Watches folders for as long as it is not closed. */
export class KillWatch {
  /** Kind → how many events were seen. */
  readonly seen = new Map<string, number>();
  readonly #watchers: readonly FSWatcher[];
  #armed: Armed | undefined;

  /** The folders must exist. */
  constructor(folders: readonly string[]) {
    this.#watchers = folders.map((folder) => {
      const names = new Set(readdirSync(folder));
      return watch(folder, (event, name) => {
        if (name !== null) this.#note(kindOf(event, basename(name), names));
      });
    });
  }

  /** Kills at the target; resolves when the signal is sent. */
  arm(target: KillTarget, kill: () => void): Promise<Kill> {
    return new Promise((resolve) => {
      const timers = [
        setTimeout(() => {
          if (this.#armed !== undefined)
            Object.assign(this.#armed, { kind: undefined, left: target.otherwise });
        }, PATIENCE_MS),
        setTimeout(() => this.#fire(undefined), 2 * PATIENCE_MS),
      ];
      this.#armed = { target, kill, resolve, timers, kind: target.kind, left: target.count };
    });
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #note(kind: string): void {
    this.seen.set(kind, (this.seen.get(kind) ?? 0) + 1);
    const armed = this.#armed;
    if (armed === undefined || (armed.kind !== undefined && armed.kind !== kind)) return;
    if (--armed.left <= 0) this.#fire(kind);
  }

  #fire(kind: string | undefined): void {
    const armed = this.#armed;
    if (armed === undefined) return;
    this.#armed = undefined;
    const until = performance.now() + armed.target.offsetMs;
    while (performance.now() < until); // a timer would be too coarse
    armed.kill();
    for (const timer of armed.timers) clearTimeout(timer);
    armed.resolve({ kind, at: Date.now() });
  }
}

/** What an event is, in words; `names` are the files that are there, and are kept so. */
function kindOf(event: string, name: string, names: Set<string>): string {
  const file =
    FILE_KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? `other (${name.replace(/\d+/g, 'N')})`;
  if (event === 'change') return `${file} written`;
  if (file === 'state') return 'state replaced';
  if (!names.delete(name)) {
    names.add(name);
    return `${file} created`;
  }
  return `${file} gone`;
}
