/** Images that nobody serves any more: nothing in the control plane holds their memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { nameOf } from '../../../src/wire/name.ts';
import type { ImageMemory } from '../../../src/zone/image.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'a.example.';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let bench: ZonesBench | undefined;
afterEach(() => bench?.close());

async function served(serial: number): Promise<ZonesBench> {
  const opened = new ZonesBench();
  bench = opened;
  await write(opened, serial);
  return opened;
}

async function write(opened: ZonesBench, serial: number): Promise<void> {
  opened.write('a.example.zone', zoneText(serial));
  await opened.settle();
  expect(opened.serial(ZONE)).toBe(serial);
}

/** Memory of the epoch that is served; weak, and in a function of its own, so that this test does not hold it. */
function memoryOf(opened: ZonesBench): WeakRef<ImageMemory>[] {
  const { image, apex, signers } = opened.zones.find(nameOf(ZONE))!.keeper.epoch!;
  return [image, apex!, signers[0]!.table].map((memory) => new WeakRef(memory));
}

/** What is left of it after a collection. What was posted stands for messages that threads have taken. */
async function left(opened: ZonesBench, memory: readonly WeakRef<ImageMemory>[]): Promise<number> {
  opened.posted.length = 0;
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return memory.filter((one) => one.deref() !== undefined).length;
}

it('is held while a zone is served', async () => {
  const opened = await served(1);
  expect(await left(opened, memoryOf(opened))).toBe(3);
});

it('goes when the next content of a zone is served', async () => {
  const opened = await served(1);
  const memory = memoryOf(opened);
  await write(opened, 2);
  expect(await left(opened, memory)).toBe(0);
});

it('goes with the zone, whose cancelled timers last longer', async () => {
  const opened = await served(1);
  const memory = memoryOf(opened);
  opened.remove('a.example.zone');
  await opened.settle();
  expect(opened.zones.find(nameOf(ZONE))).toBeUndefined();
  expect(opened.scheduler.heldEntries).toBeGreaterThan(0);
  expect(await left(opened, memory)).toBe(0);
});
