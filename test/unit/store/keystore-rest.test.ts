/** Keys of a zone that rest: nothing of them is lost, and what is made durable goes on where it was. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { ZSK_ROLES } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import type { ZoneKeys } from '../../../src/store/keystore.ts';
import { openZoneKeys } from '../../../src/store/openkeys.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { seededRandom } from '../../support/random.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);
const EVENT = { kind: 'order', order: 'pause' };

async function openedIn(files: SimulatedFiles): Promise<ZoneKeys> {
  const place = {
    files,
    random: seededRandom('rest'),
    keysDirectory: '/keys',
    origin: nameOf('example.com.'),
  };
  const keys = await openZoneKeys({ ...place, policy: { ...DEFAULT_POLICY, scheme: 'ksk-zsk' }, now: NOW });
  if (!keys.isSaved) await keys.commit({ zoneState: keys.zoneState, now: NOW });
  return keys;
}

const commit = (keys: ZoneKeys, pausedSince: number | null) =>
  keys.commit({
    zoneState: { ...keys.zoneState, pausedSince: pausedSince === null ? null : unixSeconds(pausedSince) },
    events: [EVENT],
    now: NOW,
  });

describe('keys that rest', () => {
  it('are counted, read, committed and purged as if they were awake', async () => {
    const files = new SimulatedFiles();
    const keys = await openedIn(files);
    const before = keys.zoneState;
    keys.rest();
    expect([keys.count, keys.generation, keys.isSaved]).toEqual([2, 1, true]);
    expect(keys.zoneState).toEqual(before);
    const made = await keys.createKey(ZSK_ROLES, 13, NOW);
    keys.rest();
    const gone = { ...made, goal: 'OUT' as const };
    await keys.commit({ zoneState: { ...before, keys: [...before.keys, gone] }, now: NOW });
    keys.rest();
    await keys.commit({ zoneState: before, purged: [gone], now: NOW });
    keys.rest();
    expect(keys.tombstones.map(({ id }) => id)).toEqual([made.id]);
    keys.wake();
    expect(keys.zoneState).toBe(keys.zoneState);
    const read = await openedIn(files);
    expect([read.generation, read.zoneState, read.tombstones]).toEqual([3, before, keys.tombstones]);
  });

  it('go on with one chain of their trail, however often they rest', async () => {
    const keys = await openedIn(new SimulatedFiles());
    for (const at of [NOW, null, NOW + 1]) {
      await commit(keys, at);
      keys.rest();
    }
    const { entries, torn, brokenAt } = keys.history();
    expect([entries.map(({ generation }) => generation), torn, brokenAt]).toEqual([[2, 3, 4], 0, null]);
  });

  it('tell a step once that is tried again after the disk has failed', async () => {
    let failed = 0;
    for (let step = 1; step < 12; step++) {
      const files = new SimulatedFiles();
      const keys = await openedIn(files);
      files.failAt(step, 'ENOSPC', 1);
      const isSaved = await commit(keys, NOW).then(
        () => true,
        () => false,
      );
      keys.rest();
      files.restart();
      if (isSaved) continue;
      failed++;
      expect(keys.zoneState.pausedSince, `step ${step}`).toBeNull();
      await commit(keys, NOW);
      const generations = keys.history().entries.map(({ generation }) => generation);
      expect(generations.length, 'once for each generation').toBe(new Set(generations).size);
      expect(keys.zoneState.pausedSince).toBe(NOW);
    }
    expect(failed).toBeGreaterThan(2);
  });
});
