/** Large blocks of the C library's allocator, asked for through it. Of glibc only: elsewhere nothing is promised. */
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { returnFreePages, returnLargeBlocks } from '../../../src/daemon/allocator.ts';
import { loadLibc } from '../../../src/transport/libc.ts';

const PAGE_OCTETS = 4_096n;
/** What stands before a block that has a mapping of its own, as before any other. */
const HEAD_OCTETS = 16n;
const MIB = 1 << 20;

it.skipIf(typeof loadLibc() === 'string')('are mapped one by one, whatever was freed before', () => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load('libc.so.6');
  const malloc = library.func('void* malloc(size_t)');
  const free = library.func('void free(void*)');
  returnLargeBlocks();
  // The first one, freed, would make glibc keep all of this size.
  free(malloc(16 * MIB));
  const blocks = Array.from({ length: 8 }, (_, i) => malloc((2 + i) * MIB));
  const places = blocks.map((block) => koffi.address(block) % PAGE_OCTETS);
  for (const block of blocks) free(block);
  expect(places).toEqual(blocks.map(() => HEAD_OCTETS));
});

it.skipIf(typeof loadLibc() === 'string')(
  'go back to the system if they are free, though what is behind them is not',
  () => {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load('libc.so.6');
    const calloc = library.func('void* calloc(size_t, size_t)');
    const free = library.func('void free(void*)');
    returnFreePages();
    // Touched when they are cleared, or fresh from the system: either way they are taken once written.
    const blocks = Array.from({ length: 1_000 }, () => calloc(1, 64 << 10));
    for (const block of blocks) new Uint8Array(koffi.view(block, 64 << 10)).fill(1);
    const taken = process.memoryUsage.rss();
    for (const [i, block] of blocks.entries()) if (i % 10 !== 9) free(block);
    const held = process.memoryUsage.rss();
    returnFreePages();
    const left = process.memoryUsage.rss();
    for (const [i, block] of blocks.entries()) if (i % 10 === 9) free(block);
    expect(taken - held, 'what is free is kept').toBeLessThan(16 * MIB);
    expect(held - left, 'and given back').toBeGreaterThan(40 * MIB);
  },
);
