import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { nextTelling, reviewed } from '../../../src/kasp/concerns.ts';
import type { Concerned } from '../../../src/kasp/zonestate.ts';
import { NOON } from '../../support/kasp-states.ts';

const DAY = 86_400;
const STALE = 14 * DAY;
const one: Concerned = { code: 'A', since: NOON, toldAt: NOON };

describe('what is wrong', () => {
  it('is told at once, and is then known', () => {
    expect(reviewed([], ['A', 'B', 'A'], NOON, STALE)).toEqual({
      concerns: [one, { ...one, code: 'B' }],
      told: [
        { code: 'A', after: 0 },
        { code: 'B', after: 0 },
      ],
      over: [],
    });
    const known = [one];
    const again = reviewed(known, ['A'], plus(NOON, DAY - 1), STALE);
    expect(again).toEqual({ concerns: known, told: [], over: [] });
    expect(again.concerns, 'nothing is written that is as it was').toBe(known);
  });

  it('is told again as long as it lasts, ever more rarely and then weekly', () => {
    let known: readonly Concerned[] = [one];
    const days: number[] = [];
    for (let at = NOON; days.length < 7; ) {
      at = nextTelling(known, at, STALE)!;
      const found = reviewed(known, ['A'], at, STALE);
      expect(found.told).toHaveLength(1);
      days.push(found.told[0]!.after / DAY);
      known = found.concerns;
    }
    expect(days).toEqual([1, 3, 7, 14, 21, 28, 35]);
  });

  it('is told once of all that was missed', () => {
    const late = plus(NOON, 20 * DAY);
    const { told, concerns } = reviewed([one], ['A'], late, STALE);
    expect(told).toEqual([{ code: 'A', after: 14 * DAY }]);
    expect(reviewed(concerns, ['A'], late, STALE).told).toEqual([]);
  });

  it('is over when it is not found any more, and begins anew after that', () => {
    const over = reviewed([one, { ...one, code: 'B' }], ['B'], plus(NOON, 60), STALE);
    expect(over).toEqual({ concerns: [{ ...one, code: 'B' }], told: [], over: ['A'] });
    expect(reviewed(over.concerns, ['A', 'B'], plus(NOON, 90), STALE).told).toEqual([
      { code: 'A', after: 0 },
    ]);
    expect(nextTelling([], NOON, STALE)).toBeNull();
  });
});
