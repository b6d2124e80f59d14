/** A year of a small fleet with parents of all kinds, losses of power and clock steps. The large one is in `test/long`. */
import { describe, expect, it } from 'vitest';
import { YEAR } from '../support/fleet-scenario.ts';
import { FleetZone } from '../support/fleet-simulation.ts';

const ZONES = 20;

describe('a simulated year', () => {
  it.each(Array.from({ length: ZONES }, (_, seed) => seed))('of zone %i is a good one', async (seed) => {
    const zone = new FleetZone(seed);
    await zone.run(YEAR);
    const verdict = zone.verdict();
    expect(verdict.length === 0 ? [] : [...verdict, JSON.stringify(zone.scenario), ...zone.story()]).toEqual(
      [],
    );
  });
});
