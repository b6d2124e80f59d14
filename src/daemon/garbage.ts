/**
 * Gives the memory of zone images back soon after nobody serves them. V8 leaves shared memory out of its account, and
 * a thread that answers queries makes next to no garbage: without a word from here images of 100 MB would pile up,
 * each kept by a few dead objects in some thread. Collecting a thread's own small heap takes a few milliseconds.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { returnFreePages } from './allocator.ts';

/** Less than this is not worth a collection. */
const COLLECT_OCTETS = 16 << 20;

/**
 * How V8 is told to move together all that it finds alive, and to forget the byte code of what does not run just now: of a
 * start, hardly any is needed again. It is only looked at when a collection begins.
 */
const THOROUGHLY = ['compact-on-every-full-gc', 'stress-flush-code'];

/** Of less than this most is Node, and code of the start. */
const MOSTLY_CODE_OCTETS = 16 << 20;

/** A heap with less in it may double before it is worth a collection. */
const SMALL_HEAP_OCTETS = 64 << 20;

/**
 * When V8 is asked to give back room for new objects. It does if few were made since the collection before, at least five
 * seconds ago: a look at many zone files makes enough to prevent it once, and two of those are ten seconds apart.
 */
const QUIET_MS = [5_500, 11_000, 16_500];

let collect: Collect | undefined;
let droppedOctets = 0;
let isPending = false;
/** What was in the heap after the last collection from here. */
let keptOctets = 0;

/** As V8 has it: all that is garbage, or what is of the objects that are new. */
type Collect = (options?: { readonly type: 'minor' }) => void;

/** Has V8 give each thread that is made from now on a way to ask for collections. */
export function exposeCollectors(): void {
  if (globalThis.gc === undefined) setFlagsFromString('--expose-gc');
}

/** This thread has let go of memory of this size; when it is much, it is collected in a turn of its own. */
export function noteDropped(octets: number): void {
  droppedOctets += octets;
  if (droppedOctets >= COLLECT_OCTETS) collectSoon();
}

/** Collects in a turn of its own: this thread has begun, and what that took is garbage now. */
export function collectSoon(): void {
  if (isPending) return;
  isPending = true;
  setImmediate(() => {
    isPending = false;
    droppedOctets = 0;
    collectNow();
  });
}

/**
 * Collects if there is twice as much in the heap as was kept the last time. What lives for some milliseconds, as what waits
 * for a disk does, grows old in V8's eyes, and V8 lets that grow to four times of what is alive.
 */
export function collectIfDoubled(): void {
  const { used_heap_size: octets } = getHeapStatistics();
  if (octets >= 2 * Math.max(keptOctets, SMALL_HEAP_OCTETS)) collectSoon();
}

/**
 * As `collectSoon`, and moves together what is left. What a start keeps of many zones lies among what it needed for a
 * while, and of each collection V8 moves 4 MiB at the most: a third of the heap stays taken and empty. Moving takes about
 * 2 ms for each MB that is kept, and while it lasts room for both copies. Only this thread waits.
 *
 * The 32 MiB of room for new objects that a start needed go back when V8 collects new objects, in a few milliseconds, and
 * finds that few are made.
 */
export function compactSoon(): void {
  setImmediate(() => {
    collectThoroughly();
    settle();
  });
}

/**
 * As `compactSoon`, in a thread that has yet to begin its work. Of a small heap all code goes that does not run, in two
 * collections: the first parts functions from their code, the second finds that nobody has it.
 */
export function forgetStartSoon(): void {
  setImmediate(() => {
    collectThoroughly();
    if (keptOctets < MOSTLY_CODE_OCTETS) collectThoroughly();
    settle();
  });
}

/**
 * Flags are of the whole process: another thread that happens to collect meanwhile, a small heap, does it so too. If that
 * one ends first, this heap may stay as it is: it costs some memory, no more.
 */
function collectThoroughly(): void {
  for (const flag of THOROUGHLY) setFlagsFromString(`--${flag}`);
  collectNow();
  for (const flag of THOROUGHLY) setFlagsFromString(`--no-${flag}`);
}

/** Gives back what the collection made free, now and when V8 will. */
function settle(): void {
  returnFreePages();
  for (const ms of QUIET_MS) setTimeout(collectYoung, ms).unref();
}

/** Collects new objects. One thread gives back for all what V8 needed meanwhile to compile, in threads of its own. */
function collectYoung(): void {
  collect?.({ type: 'minor' });
  if (isMainThread) returnFreePages();
}

function collectNow(): void {
  collect ??= findCollector();
  collect();
  keptOctets = getHeapStatistics().used_heap_size;
}

/** A thread that is older than the flag has it only in a second context, which takes a quarter of a MiB for good. */
function findCollector(): Collect {
  exposeCollectors();
  return (globalThis.gc as Collect | undefined) ?? (runInNewContext('gc') as Collect);
}
