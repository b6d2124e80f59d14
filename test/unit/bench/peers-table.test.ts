/** The table of bench:peers: ratios within rounds, goals, and rows that are kept from one run to the next. */
import { describe, expect, it } from 'vitest';
import { groupOf, groupsOf, mergedTable, ratioOf, verdict } from '../../../bench/peers-table.ts';
import { percentile } from '../../../bench/results.ts';
import { chosenRows, ELSEWHERE, ROWS, WORKS } from '../../../bench/works.ts';

function runs(server: string, cpuUs: readonly number[], most?: number) {
  const shared = { server, cpuUs, perSecond: [100_400, 99_800], lost: 3, latenciesMs: [0.4, 0.1, 9] };
  return most === undefined ? shared : { ...shared, most };
}

const GROUP = groupOf('W1', 'positive, DO', '11-28 16:00 2 × 1 s', [
  runs('keyturn', [5, 8]),
  runs('knot', [5, 10], 0.95),
]);

describe('the table of bench:peers', () => {
  it('compares within each round, so that a slow round hits both', () => {
    expect(ratioOf([5, 50, 6], [10, 100, 10])).toBe(0.5);
  });

  it('says of each goal whether it was reached', () => {
    expect(verdict(1, 1)).toBe('1.00 (goal ≤ 1: reached)');
    expect(verdict(1.01, 1)).toBe('1.01 (goal ≤ 1: **missed**)');
    expect(verdict(3, undefined)).toBe('3.00');
  });

  it('has a row for each server', () => {
    expect(GROUP).toEqual([
      [
        'W1',
        'positive, DO',
        'keyturn',
        '6.50 [5.00–8.00]',
        '',
        '100 k',
        '3',
        '0.40, 9.00, 9.00',
        '11-28 16:00 2 × 1 s',
      ],
      [
        '',
        '',
        'knot',
        '7.50 [5.00–10.00]',
        '0.90 (goal ≤ 0.95: reached)',
        '100 k',
        '3',
        '0.40, 9.00, 9.00',
        '',
      ],
    ]);
  });

  it('keeps rows that were not measured again, and puts all in order', () => {
    const first = mergedTable(new Map(), new Map([['W1', GROUP]]), ['W1', 'W2']);
    const other = groupOf('W2', 'random', 'later', [runs('keyturn', [7]), runs('knot', [6])]);
    const second = mergedTable(groupsOf(`head\n\n${first}`), new Map([['W2', other]]), ['W2', 'W1']);
    expect([...groupsOf(second)]).toEqual([
      ['W2', other],
      ['W1', GROUP],
    ]);
    expect(groupsOf(second).get('W1')).toEqual(groupsOf(first).get('W1'));
  });
});

describe('percentiles', () => {
  it('are values that were measured', () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 101, 199, 200]);
  });
});

describe('the rows', () => {
  it('are all of DESIGN §9, each once', () => {
    expect(new Set(ROWS).size).toBe(ROWS.length);
    for (const goal of ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9']) {
      expect(ROWS.some((row) => row === goal || row.startsWith(`${goal}-`))).toBe(true);
    }
  });

  it('can be chosen by their beginning', () => {
    expect(chosenRows(['W2'])).toEqual(['W2', 'W2-clients', 'W2-nsec3']);
    expect(chosenRows(['W5-referral', 'W4'])).toEqual(['W4', 'W5-referral']);
    expect(chosenRows([])).toHaveLength(ROWS.length - ELSEWHERE.length);
    expect(() => chosenRows(['W1', 'W7'])).toThrow(/^no row W7: there are W1, /);
  });

  it('compare a server of ours with others', () => {
    for (const { ours, rivals } of WORKS) {
      expect(ours).toMatch(/^keyturn/);
      expect(rivals.every(({ name }) => !name.startsWith('keyturn'))).toBe(true);
    }
  });
});
