/**
 * Who looks at the parent next. Looks take turns, as all of them share one budget of questions:
 *
 *     an operator asks ─▶ the zone waits for its parent ─▶ nothing is waited for
 *
 * and who came first within each. So a rollover goes on at once though ten thousand idle zones are looked at after a
 * start, and those are spread over as long as the budget takes.
 */
import type { UnixSeconds } from '../base/time.ts';

/** In the order of turns. */
export const LOOK_URGENCIES = ['asked', 'awaited', 'idle'] as const;
export type LookUrgency = (typeof LOOK_URGENCIES)[number];

interface Waiting {
  /** Since when the look is due. */
  readonly due: UnixSeconds;
  readonly begin: () => void;
}

export class LookQueue<Zone> {
  readonly #atOnce: number;
  readonly #lines: Readonly<Record<LookUrgency, Map<Zone, Waiting>>> = {
    asked: new Map(),
    awaited: new Map(),
    idle: new Map(),
  };
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Looks that have begun. */
  get running(): number {
    return this.#running;
  }

  /** Looks that wait for their turn. */
  get waiting(): number {
    return LOOK_URGENCIES.reduce((sum, urgency) => sum + this.#lines[urgency].size, 0);
  }

  /** Since when the look is due that has waited longest; null if none waits. */
  get oldestDue(): UnixSeconds | null {
    let oldest: UnixSeconds | null = null;
    for (const urgency of LOOK_URGENCIES) {
      for (const { due } of this.#lines[urgency].values()) {
        if (oldest === null || due < oldest) oldest = due;
      }
    }
    return oldest;
  }

  /** Runs `work` when it is its turn. A zone waits once at a time. */
  async run<T>(zone: Zone, urgency: LookUrgency, due: UnixSeconds, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#lines[urgency].set(zone, { due, begin });
      this.#fill();
    });
    try {
      return await work();
    } finally {
      this.#running--;
      this.#fill();
    }
  }

  /** A look that waits is more urgent than it was: it has its turn among those. */
  hurry(zone: Zone, urgency: LookUrgency): void {
    const less = LOOK_URGENCIES.slice(LOOK_URGENCIES.indexOf(urgency) + 1);
    for (const line of less.map((one) => this.#lines[one])) {
      const waiting = line.get(zone);
      if (waiting === undefined) continue;
      line.delete(zone);
      this.#lines[urgency].set(zone, waiting);
    }
  }

  #fill(): void {
    while (this.#running < this.#atOnce) {
      const line = LOOK_URGENCIES.map((urgency) => this.#lines[urgency]).find(({ size }) => size > 0);
      const first = line?.entries().next().value;
      if (first === undefined) return;
      line!.delete(first[0]);
      this.#running++;
      first[1].begin();
    }
  }
}
