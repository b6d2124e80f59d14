/** After turns of very many zones the heap of this thread is put in order: each leaves what lived for a while. */
import type { Clock } from '../base/ports.ts';
import { collectIfDoubled, compactSoon } from './garbage.ts';
import type { Scheduler } from './scheduler.ts';
import { Turns } from './turns.ts';

/** So many turns in a row leave enough behind. */
const CROWD_TURNS = 1_000;
/** Turns with less than that between them are in a row. Threads that answer have collected their heaps meanwhile. */
export const QUIET_MS = 2_000;
/** A crowd may thin out for hours, so that there is never quiet: no longer than this is waited for it. */
const LONGEST_MS = 60_000;
/** Of the timer; a start has it set as well. */
export const COMPACTING = 'compact';

/** Turns that keep the heap small while they are many, and have it compacted when they are over. */
export function turnsWithCrowds(
  scheduler: Scheduler,
  clock: Clock,
  compact: () => void = compactSoon,
): Turns {
  let crowd = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  let latestMs = 0;
  const turns = new Turns({
    onEnd: (isIdle) => {
      const now = clock.monotonicMs();
      crowd = now - lastMs < QUIET_MS ? crowd + 1 : 1;
      lastMs = now;
      if (crowd % CROWD_TURNS === 0) collectIfDoubled();
      if (!isIdle || crowd < CROWD_TURNS || scheduler.has(COMPACTING)) return;
      latestMs = now + LONGEST_MS;
      scheduler.after(COMPACTING, QUIET_MS, compactIfQuiet);
    },
  });
  const compactIfQuiet = () => {
    const now = clock.monotonicMs();
    if (turns.isIdle && (now - lastMs >= QUIET_MS || now >= latestMs)) {
      crowd = 0;
      compact();
    } else {
      scheduler.after(COMPACTING, QUIET_MS, compactIfQuiet);
    }
  };
  return turns;
}
