/**
 * The memory of the C library, which a process keeps longer than it needs it.
 *
 * Large blocks go back to the system when they are freed. glibc maps blocks from 128 KiB on one by one at first, but takes
 * the size of each that is freed, up to 32 MiB, as a reason to keep blocks of that size for later (mallopt(3),
 * M_MMAP_THRESHOLD). What a zone needs while it is loaded is dozens of such blocks, once in a while, in a heap of its
 * thread that never shrinks: 50 to 120 MiB for a zone of a million records. A limit that is set stays as it is.
 *
 * Threads share heaps (arenas) that are there. V8 has threads of its own, which compile and collect now and then; a thread
 * of ours that gets a heap beside theirs takes 2 MiB for what would fit into what theirs have free. But two that sign at
 * once must not wait for each other: with one heap for all, a signature takes half as long again.
 */
import { type Libc, loadLibc } from '../transport/libc.ts';

const M_MMAP_THRESHOLD = -3;
const M_ARENA_MAX = -8;
/** As many as threads of V8: those are there before us. */
const LEAST_ARENAS = 4;
/** Smaller blocks are kept and used again: a thread has few of them, and mapping them costs more than it saves. */
const MAPPED_OCTETS = 1 << 20;

/** Of the whole process, with so many threads for UDP. Without glibc nothing is done: it works as well. */
export function saveMemory(udpThreads: number, libc: Libc | string = loadLibc()): void {
  if (typeof libc === 'string') return;
  libc.mallopt(M_MMAP_THRESHOLD, MAPPED_OCTETS);
  libc.mallopt(M_ARENA_MAX, Math.max(LEAST_ARENAS, udpThreads + 1));
}

/**
 * Gives back whole pages that are free, of the heaps of all threads: what OpenSSL needs for keys that are used once lies
 * among what lasts. A few milliseconds for each 100 MiB. Without glibc nothing is done.
 */
export function returnFreePages(libc: Libc | string = loadLibc()): void {
  if (typeof libc !== 'string') libc.malloc_trim(0);
}
