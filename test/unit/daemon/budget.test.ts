/** The budget of messages to parents: whatever second is looked at, no more than the rate were granted in it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Budget } from '../../../src/daemon/budget.ts';

/** Asks as often as it may, with pauses; the instants at which it was granted. */
function granted(rate: number, pauses: readonly number[]): number[] {
  const budget = new Budget(rate);
  const times: number[] = [];
  let now = 0;
  for (const pause of pauses) {
    now += pause;
    for (let asked = 0; asked < 2 * rate + 3; asked++) {
      const wait = budget.take(now);
      if (wait === 0) times.push(now);
      else now += wait;
    }
  }
  return times;
}

it('grants no more than the rate in any second, and counts the most that it did', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 5 }),
      (rate, pauses) => {
        const times = granted(rate, pauses);
        const most = Math.max(
          ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length),
        );
        expect(most).toBeLessThanOrEqual(rate);
      },
    ),
    { numRuns: 60 },
  );
});

it('comes close to the rate when all of it is wanted', () => {
  const times = granted(100, [0, 0, 0, 0]);
  const seconds = (times.at(-1)! - times[0]!) / 1_000;
  expect(times.length / seconds).toBeGreaterThan(85);
});

it('tells how many were granted lately', () => {
  const budget = new Budget(20);
  expect([budget.take(0), budget.take(0)]).toEqual([0, 0]);
  expect(budget.take(0)).toBeGreaterThan(0);
  expect(budget.lately(500)).toBe(2);
  expect(budget.lately(1_001)).toBe(0);
  expect(budget.most).toBe(2);
});
