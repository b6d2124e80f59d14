import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { NAGIOS_EXIT, nagiosLine, printHealth } from '../../../src/cli/watch-output.ts';
import { explain } from '../../../src/control/codes.ts';
import { healthOf } from '../../../src/control/health.ts';
import { type HealthResult, health as shape } from '../../../src/control/watch-shapes.ts';
import type { BulkJob } from '../../../src/kasp/bulk.ts';
import { capturedRunner } from '../../support/captured.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const DAY = 86_400;
const UP = [{ name: 'udp-1', running: true, restarts: 0 }];

let bench: ZonesBench;
beforeEach(async () => {
  bench = new ZonesBench();
  bench.write('a.example.zone', zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

function health(threads = UP, later = 0, jobs: readonly BulkJob[] = []): HealthResult {
  const context = {
    zones: bench.zones,
    supervisor: { threads: () => threads },
    bulk: { jobs },
    alarms: () => bench.zones.alarms,
  };
  const result = healthOf(context, plus(bench.clock.now(), later));
  for (const { code } of result.findings) expect(explain(code), code).toBeDefined();
  return shape.parse(result);
}

describe('health', () => {
  it('is well when nothing needs a person', () => {
    const found = health();
    expect(found).toMatchObject({ level: 'ok', findings: [], more: 0, zones: { total: 1, served: 1 } });
    expect(found.signaturesLeft).toBeGreaterThan(DAY);
  });

  it('tells a zone that is stale, and one that failed', async () => {
    bench.write('a.example.zone', `${zoneText(2)}www IN A x\n`);
    bench.write('b.example.zone', '@ 300 IN A 192.0.2.1\n');
    await bench.settle();
    const { level, findings } = health();
    expect(level).toBe('critical');
    expect(findings).toMatchObject([
      { level: 'critical', code: 'ZONE_NO_SOA', zone: 'b.example.' },
      { level: 'warning', code: 'ZONE_BAD_RDATA', zone: 'a.example.' },
    ]);
    expect(findings[1]!.message).toContain('still serving serial 1');
    expect(findings[0]!.fix).toContain('keyturn zone reload b.example.');
  });

  it('tells of signatures that expire and were not renewed', () => {
    const left = health().signaturesLeft!;
    expect(health(UP, left - DAY).findings).toMatchObject([
      { code: 'SIGNATURES_EXPIRING', level: 'critical' },
    ]);
    expect(health(UP, left + 5).findings[0]!.message).toContain('expired at');
  });

  it('tells of a thread that is down', () => {
    const { findings } = health([...UP, { name: 'stream', running: false, restarts: 3 }]);
    expect(findings).toMatchObject([{ code: 'THREAD_DOWN', level: 'critical', zone: null }]);
    expect(findings[0]!.message).toContain('stream');
  });

  it('tells of a job that stopped, until there is another one', () => {
    const job: BulkJob = {
      ...{
        id: 'one',
        request: { type: 'zsk' },
        chosen: 'all',
        zones: [],
        spread: 0,
        maxParallel: 1,
        stopAfter: 1,
      },
      ...{ startedAt: bench.clock.now(), endedAt: bench.clock.now(), next: 0, running: [], failed: [] },
      state: 'stopped',
    };
    expect(health(UP, 0, [job]).findings).toMatchObject([{ code: 'JOB_STOPPED', level: 'warning' }]);
    expect(health(UP, 0, [job, { ...job, id: 'two', state: 'done' }]).findings).toEqual([]);
  });

  it('tells of alarms, and of files that name no zone', async () => {
    for (const name of ['b', 'c', 'd', 'e']) bench.write(`${name}.example.zone`, zoneText(1));
    bench.write('a..b.zone', zoneText(1));
    await bench.settle();
    for (const name of ['a', 'b', 'c', 'd']) bench.remove(`${name}.example.zone`);
    await bench.settle();
    const codes = health().findings.map(({ code }) => code);
    expect(codes).toEqual(['ZONES_VANISHED', 'ZONE_FILE_NAME']);
    expect(health().zones.held).toBe(4);
  });

  it('waits a week before it speaks of what the parent shall do', async () => {
    for (let quarter = 0; quarter < 20; quarter++) {
      bench.scheduler.runDue();
      await bench.settle(DAY / 12);
    }
    const waits = bench.zones.all()[0]!.signing!.waiting;
    expect(waits.map(({ reason, record }) => `${record} ${reason}`)).toContain('ds parent_ds');
    const overdue = (later: number) =>
      health(UP, later).findings.filter(({ code }) => code === 'ZONE_NEVER_SECURED');
    expect(overdue(0)).toEqual([]);
    expect(overdue(9 * DAY)).toMatchObject([{ level: 'warning', zone: 'a.example.' }]);
    expect(overdue(9 * DAY)[0]!.fix).toContain('keyturn rollover confirm-ds a.example.');
  });
});

describe('how it looks', () => {
  const finding = {
    level: 'warning',
    code: 'DS_OVERDUE',
    zone: 'a.',
    message: 'late | very',
    fix: 'do it',
  } as const;
  const result: HealthResult = {
    level: 'warning',
    checkedAt: '2026-11-24T12:00:00Z',
    zones: { total: 3, served: 2, stale: 1, failed: 0, held: 0 },
    rollovers: { running: 1, stalled: 0 },
    signaturesLeft: 3_600,
    needs: [],
    findings: [finding],
    more: 2,
  };

  it('says what, with its code, and what to do', () => {
    const { runner, out } = capturedRunner();
    printHealth(runner.output, result);
    const text = out.join('\n');
    expect(text).toMatch(/^warn warning: 3 to see to\n/);
    expect(text).toContain('the first expires in 1h');
    expect(text).toContain('warn a.: late | very [DS_OVERDUE]\n    fix: do it');
    expect(text).toMatch(/and 2 more$/);
  });

  it('says that nothing needs a person only if nothing does', () => {
    const fine: HealthResult = { ...result, level: 'ok', findings: [], more: 0 };
    const textOf = (shown: HealthResult) => {
      const { runner, out } = capturedRunner();
      printHealth(runner.output, shown);
      return out.join('\n');
    };
    expect(textOf(fine)).toMatch(/^ok nothing needs a person\n/);
    const waits = textOf({ ...fine, needs: [{ zone: 'a.', what: 'its DS', command: 'keyturn ds a.' }] });
    expect(waits).toMatch(/^ok nothing is wrong\n/);
    expect(waits).toMatch(/a\. needs you: its DS:\n +keyturn ds a\.$/);
  });

  it('is one line with performance data for monitoring', () => {
    expect(nagiosLine(result)).toBe(
      'KEYTURN WARNING - a.: late / very [DS_OVERDUE], and 2 more | zones=3 served=2 stale=1 failed=0 held=0 ' +
        'rollovers=1 stalled=0 signatures_left=3600s',
    );
    expect(nagiosLine({ ...result, level: 'ok', findings: [], more: 0 })).toMatch(
      /^KEYTURN OK - 2 zones served \|/,
    );
    expect(NAGIOS_EXIT).toEqual({ ok: 0, warning: 1, critical: 2 });
  });
});
