/** A year of 1,000 zones with parents of all kinds, losses of power and clock steps: nothing bogus, no key lost. */
import { describe, expect, it } from 'vitest';
import { YEAR } from '../support/fleet-scenario.ts';
import { FleetZone, type Tally } from '../support/fleet-simulation.ts';

const ZONES = 1_000;
const FIRST_SEED = 1_000_000;
const LIMIT_MS = 300_000;

describe('a simulated year', () => {
  it(`of ${ZONES} zones is a good one, and takes less than five minutes of a core`, {
    timeout: 10 * LIMIT_MS,
  }, async () => {
    const begun = process.cpuUsage();
    const bad: string[] = [];
    const sum = new Map<string, number>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ZONES; seed++) {
      const zone = new FleetZone(seed);
      await zone.run(YEAR);
      const verdict = zone.verdict();
      if (verdict.length > 0) bad.push(`zone ${seed}: ${verdict.join('\n')}\n${zone.story().join('\n')}`);
      addUp(sum, zone.tally);
    }
    const { user, system } = process.cpuUsage(begun);
    console.log(`${ZONES} zones: ${[...sum].map(([what, count]) => `${count} ${what}`).join(', ')}`);
    expect(bad.slice(0, 3)).toEqual([]);
    // A fleet in which nothing happens proves nothing.
    for (const [what, count] of sum) expect(count, what).toBeGreaterThan(ZONES / 2);
    expect((user + system) / 1_000, 'ms of a core').toBeLessThan(LIMIT_MS);
  });
});

function addUp(sum: Map<string, number>, tally: Tally): void {
  for (const [what, count] of Object.entries(tally)) sum.set(what, (sum.get(what) ?? 0) + count);
}
