/** What a start leaves scattered is moved together, by whatever version of V8 this is. */
import { setTimeout } from 'node:timers/promises';
import { getHeapCodeStatistics, getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { collectIfDoubled, collectSoon, compactSoon } from '../../../src/daemon/garbage.ts';

const KEPT_EVERY = 7;

/** Octets of the old generation that are mapped, and those of them that hold objects. */
function oldSpace(): { readonly mapped: number; readonly used: number } {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return { mapped: space?.space_size ?? 0, used: space?.space_used_size ?? 0 };
}

/** Of many objects that grew old side by side, some: each page has a few. */
function scattered(): object[] {
  const all = Array.from({ length: 2_000_000 }, (_, i) => ({ i }));
  return all.filter((_, i) => i % KEPT_EVERY === 0);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('has what is kept take little more room than it needs', async () => {
  const kept = scattered();
  collectSoon();
  await turn();
  const loose = oldSpace();
  compactSoon();
  await turn();
  const close = oldSpace();
  expect(kept.length).toBeGreaterThan(0);
  expect(loose.mapped - loose.used).toBeGreaterThan(16 << 20);
  expect(close.mapped - close.used).toBeLessThan((loose.mapped - loose.used) / 4);
});

it('forgets the byte code of what does not run', async () => {
  const octets = () => getHeapCodeStatistics().bytecode_and_metadata_size;
  const functions = Array.from({ length: 2_000 }, (_, i) => Function('x', `return x + ${i} * x - ${i}`));
  for (const [i, one] of functions.entries()) expect(one(2)).toBe(2 + i);
  collectSoon();
  await turn();
  const before = octets();
  compactSoon();
  await turn();
  expect(octets()).toBeLessThan(before / 2);
  expect(functions[7]?.(2), 'and compiles it again').toBe(9);
});

it('compacts once, and not at each collection that follows', async () => {
  compactSoon();
  await turn();
  const kept = scattered();
  collectSoon();
  await turn();
  const { mapped, used } = oldSpace();
  expect(kept.length).toBeGreaterThan(0);
  expect(mapped - used).toBeGreaterThan(16 << 20);
});

it('gives the room for new objects back when hardly any are made any more', { timeout: 40_000 }, async () => {
  const room = () =>
    getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
  expect(scattered().length).toBeGreaterThan(0);
  const grown = room();
  compactSoon();
  for (let i = 0; i < 300 && room() > grown / 4; i++) await setTimeout(100);
  expect(room()).toBeLessThanOrEqual(grown / 4);
});

it('collects when the heap has twice as much in it as was kept, and not before', async () => {
  const used = () => getHeapStatistics().used_heap_size;
  collectSoon();
  await turn();
  const kept = Math.max(used(), 64 << 20);
  const held: object[][] = [];
  // Held until it is old, as what waits for a disk.
  while (used() < 1.5 * kept) held.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
  collectIfDoubled();
  await turn();
  expect(used()).toBeGreaterThan(1.4 * kept);
  while (used() < 2.1 * kept) held.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
  held.length = 0;
  collectIfDoubled();
  await turn();
  expect(used()).toBeLessThan(1.2 * kept);
});
