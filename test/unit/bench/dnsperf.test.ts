/** What dnsperf 2.10 prints, read. */
import { describe, expect, it } from 'vitest';
import { parseLatencies, parseReport } from '../../../bench/dnsperf.ts';

const PRINTED = `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 23953 -n 1 -v -D
> NOERROR host1.bench.example A 0.000251
> NXDOMAIN host2.bench.example A 0.001221
> T host3.bench.example A
[Status] Testing complete (end of file)

Statistics:

  Queries sent:         3
  Queries completed:    2 (66.67%)
  Queries lost:         1 (33.33%)

  Response codes:       NOERROR 1 (50.00%), NXDOMAIN 1 (50.00%)
  Average packet size:  request 48, response 398
  Run time (s):         0.002157
  Queries per second:   1390.820584

  Average Latency (s):  0.000736 (min 0.000251, max 0.001221)
  Latency StdDev (s):   0.000021
`;

describe('dnsperf', () => {
  it('tells what became of the queries', () => {
    expect(parseReport(PRINTED)).toEqual({
      sent: 3,
      completed: 2,
      lost: 1,
      perSecond: 1390.820584,
      rcodes: 'NOERROR 1 (50.00%), NXDOMAIN 1 (50.00%)',
      averageMs: expect.closeTo(0.736, 6),
      maximumMs: expect.closeTo(1.221, 6),
    });
  });

  it('tells how long each answer took, and nothing of those that never came', () => {
    expect(parseLatencies(PRINTED)).toEqual([expect.closeTo(0.251, 6), expect.closeTo(1.221, 6)]);
  });

  it('shows the end of a report that it cannot read', () => {
    expect(() => parseReport('Error: unable to open file')).toThrow(
      /^dnsperf printed no .*\nError: unable to open file$/,
    );
  });
});
