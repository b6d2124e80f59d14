/**
 * Gives the memory of zone images back soon after nobody serves them. V8 leaves shared memory out of its account, and
 * a thread that answers queries makes next to no garbage: without a word from here images of 100 MB would pile up,
 * each kept by a few dead objects in some thread. Collecting a thread's own small heap takes a few milliseconds.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Less than this is not worth a collection. */
const COLLECT_OCTETS = 16 << 20;

let collect: (() => void) | undefined;
let droppedOctets = 0;
let isPending = false;

/** This thread has let go of memory of this size; when it is much, it is collected in a turn of its own. */
export function noteDropped(octets: number): void {
  droppedOctets += octets;
  if (droppedOctets >= COLLECT_OCTETS) collectSoon();
}

/**
 * Collects in a turn of its own: this thread has begun, and what that took is garbage now. Room for new objects that grew
 * meanwhile, up to 48 MiB, goes back only when it is found empty by another round.
 */
export function collectSoon(rounds = 1): void {
  if (isPending) return;
  isPending = true;
  setImmediate(() => {
    isPending = false;
    droppedOctets = 0;
    collect ??= exposeCollector();
    collect();
    if (rounds > 1) collectSoon(rounds - 1);
  });
}

function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
