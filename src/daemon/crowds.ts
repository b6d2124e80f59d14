/** After turns of very many zones the heap of this thread is put in order: each leaves what lived for a while. */
import type { Clock } from '../base/ports.ts';
import { compactSoon } from './garbage.ts';
import type { Scheduler } from './scheduler.ts';
import { Turns } from './turns.ts';

/** So many turns in a row leave enough behind. */
const CROWD_TURNS = 1_000;
/** Turns with less than that between them are in a row. Threads that answer have collected their heaps meanwhile. */
export const QUIET_MS = 2_000;
/** Of the timer; a start has it set as well. */
export const COMPACTING = 'compact';

/** Turns after crowds of which the heap is compacted. */
export function turnsWithCrowds(scheduler: Scheduler, clock: Clock): Turns {
  let crowd = 0;
  let idleSinceMs = Number.NEGATIVE_INFINITY;
  const turns = new Turns({
    onIdle: (ended) => {
      const now = clock.monotonicMs();
      crowd = now - idleSinceMs < QUIET_MS ? crowd + ended : ended;
      idleSinceMs = now;
      if (crowd >= CROWD_TURNS) scheduler.after(COMPACTING, QUIET_MS, compact);
    },
  });
  const compact = () => {
    // Whoever has a turn now is the last of the crowd, or one of another.
    if (turns.isIdle) compactSoon();
  };
  return turns;
}
