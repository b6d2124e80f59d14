/**
 * The large zone of DESIGN §9 at its full size, 990,000 records, with the limits of its memory (W7, W9): what the
 * whole server holds when it serves, that reloads do not add to it, and that it is given back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryOf } from '../../bench/proc.ts';
import { LargeZone } from '../support/large-zone.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

const MIB = 2 ** 20;
const RELOADS = 20;
/** The zone image and its like must be gone after the zone is: at least this much is given back. */
const GIVEN_BACK_OCTETS = 60 * MIB;

describeWithPeers(['dig'], 'a zone of 990,000 records', () => {
  const workplace = new Workplace();
  let zone: LargeZone;

  beforeAll(async () => {
    zone = await LargeZone.start(workplace, 330_000);
  }, 120_000);

  afterAll(async () => {
    await zone?.daemon.stop();
    workplace.remove();
  });

  /** Octets that the server holds once its garbage is gone. */
  async function resident(): Promise<number> {
    await sleep(2_000);
    return memoryOf(zone.daemon.process.pid).rss;
  }

  it('takes at most 300 MiB for the whole server', async () => {
    expect(await resident()).toBeLessThan(300 * MIB);
  });

  it('is reloaded again and again, loses no query and takes no more memory', async () => {
    const kept = await zone.textOf(50);
    await zone.reload(2);
    await zone.reload(3);
    const second = await resident();
    for (let serial = 4; serial <= RELOADS + 1; serial++) await zone.reload(serial);
    expect(await zone.textOf(50)).toEqual(kept);
    expect(await resident()).toBeLessThan(second * 1.1);
  });

  it('gives its memory back when it is removed', async () => {
    const before = await resident();
    await zone.remove();
    expect(before - (await resident())).toBeGreaterThan(GIVEN_BACK_OCTETS);
  });
});
