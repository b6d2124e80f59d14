/**
 * Large blocks of memory go back to the system when they are freed. glibc maps blocks from 128 KiB on one by one at first,
 * but takes the size of each that is freed, up to 32 MiB, as a reason to keep blocks of that size for later (mallopt(3),
 * M_MMAP_THRESHOLD). What a zone needs while it is loaded is dozens of such blocks, once in a while, in a heap of its
 * thread that never shrinks: 50 to 120 MiB for a zone of a million records. A limit that is set stays as it is.
 */
import { type Libc, loadLibc } from '../transport/libc.ts';

const M_MMAP_THRESHOLD = -3;
/** Smaller blocks are kept and used again: a thread has few of them, and mapping them costs more than it saves. */
const MAPPED_OCTETS = 1 << 20;

/** For the whole process, from now on. Without glibc nothing is done: the memory serves the next load. */
export function returnLargeBlocks(libc: Libc | string = loadLibc()): void {
  if (typeof libc !== 'string') libc.mallopt(M_MMAP_THRESHOLD, MAPPED_OCTETS);
}

/**
 * Gives back whole pages that are free, of the heaps of all threads: what OpenSSL needs for keys that are used once lies
 * among what lasts. A few milliseconds for each 100 MiB. Without glibc nothing is done.
 */
export function returnFreePages(libc: Libc | string = loadLibc()): void {
  if (typeof libc !== 'string') libc.malloc_trim(0);
}
