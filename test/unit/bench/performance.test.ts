/** docs/performance.md shows what bench/results.md says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renewPage } from '../../../bench/performance.ts';

const PAGE = 'docs/performance.md';
const MARKS = [
  '<!-- begin results: made of bench/results.md by each bench that writes there -->',
  '<!-- end results -->',
];

const RESULTS = `# What the benches measured

## CPU a query beside others

\`npm run bench:peers -- 1 1\`

| row | work | server | µs | Keyturn ÷ it |
| --- | --- | --- | --- | --- |
| W1 | positive, DO | keyturn | 5.00 [4.00–6.00] |  |
|  |  | knot | 5.10 [5.00–5.20] | 0.98 (goal ≤ 1: reached) |
|  |  | pdns | – | 0.70 (goal ≤ 0.6: **missed**) |

## A zone of 990,000 records

| whole server |  |
| --- | --- |
| start | 2.00 s |
| resident memory | 241 MiB (goal ≤ 300 MiB: reached) |

| first table without a goal | seconds |
| --- | --- |
| knot | 2 |

| work | how much | p50 | p99 |
| --- | --- | --- | --- |
| reload | a little changed | 2 ms | 5 ms (goal ≤ 10 ms: reached) |
|  | much changed | 2 ms | 15 ms (goal ≤ 10 ms: **missed**) |
`;

describe('docs/performance.md', () => {
  it('is in step with bench/results.md', () => {
    const page = readFileSync(PAGE, 'utf8');
    const renewed = renewPage(page, readFileSync('bench/results.md', 'utf8'));
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(PAGE, renewed);
    else expect(page).toBe(renewed);
  });

  it('has all rows of bench:peers, and of other benches each figure with a goal', () => {
    const renewed = renewPage(`before\n${MARKS.join('\nold\n')}\nbehind\n`, RESULTS);
    const load = '[A zone of 990,000 records](../bench/results.md#a-zone-of-990000-records)';
    expect(renewed.split('\n')).toEqual([
      'before',
      MARKS[0],
      '',
      ...RESULTS.split('\n').slice(6, 11),
      '',
      'What other benches measured that has a goal:',
      '',
      '| bench | what | measured |',
      '| --- | --- | --- |',
      `| ${load} | resident memory | 241 MiB (goal ≤ 300 MiB: reached) |`,
      `| ${load} | reload, a little changed | p99: 5 ms (goal ≤ 10 ms: reached) |`,
      `| ${load} | reload, much changed | p99: 15 ms (goal ≤ 10 ms: **missed**) |`,
      '',
      MARKS[1],
      'behind',
      '',
    ]);
    expect(renewPage(renewed, RESULTS)).toBe(renewed);
  });

  it('must have its marks', () => {
    expect(() => renewPage('no marks', RESULTS)).toThrow('lacks the marks');
  });
});
