/** Long work of the control plane in slices, between which it rests: threads that answer may share its core. */
import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 1;

/** Does work that yields when others may have their turn. What is done at once has no pause. */
export async function inSlices<T>(work: Generator<undefined, T, undefined>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await setTimeout(PAUSE_MS);
  }
}
