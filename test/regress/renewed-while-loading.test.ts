/**
 * A zone whose signals changed while it was loaded: the load was of what was signaled before, and the zone counted as up to
 * date when it ended. After a start, half of the zones that asked for a DS were signaled nowhere.
 */
import { afterEach, expect, it } from 'vitest';
import type { Zone } from '../../src/daemon/zone.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ZonesBench, zoneText } from '../support/zones-bench.ts';

let bench: ZonesBench;
afterEach(() => bench.close());

async function loadsAfter(renew: (zone: Zone) => void): Promise<number> {
  bench = new ZonesBench();
  bench.write('a.test.zone', zoneText(1));
  await bench.settle();
  const before = bench.loads;
  const zone = bench.zones.find(nameOf('a.test.'))!;
  renew(zone);
  expect(bench.loads).toBe(before + 1);
  await bench.settle();
  expect(zone.isSettled).toBe(true);
  return bench.loads - before;
}

it('is loaded once more', async () => {
  const renewTwice = (zone: Zone) => {
    zone.renew();
    zone.renew();
  };
  expect(await loadsAfter(renewTwice)).toBe(2);
});

it('is loaded once if nothing was renewed meanwhile', async () => {
  expect(await loadsAfter((zone) => zone.renew())).toBe(1);
});
