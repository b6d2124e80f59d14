import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../src/cli/job-follow.ts';
import type { JobSummary } from '../../../src/control/job-shapes.ts';

const JOB: JobSummary = {
  ...{
    id: '01',
    type: 'zsk',
    chosen: 'all',
    state: 'running',
    startedAt: '2026-11-24T12:00:00Z',
    endedAt: null,
  },
  ...{ spread: 0, maxParallel: 100, stopAfter: 10 },
  zones: { total: 400, pending: 200, running: 98, done: 100, failed: 2 },
};

describe('the progress of a job', () => {
  it('is a bar with counts, rate and what is left', () => {
    expect(progressLine(JOB, 2, true)).toBe(
      '[#######-----------------------] 102 of 400 zones, 98 running, 2 failed, 2.0/s, about 2m29s left',
    );
  });

  it('promises nothing before something is done, and nothing at the end', () => {
    expect(progressLine(JOB, 0, false)).toBe('102 of 400 zones, 98 running, 2 failed');
    const over = { ...JOB, zones: { total: 1, pending: 0, running: 0, done: 1, failed: 0 } };
    expect(progressLine(over, 1, true)).toBe(`[${'#'.repeat(30)}] 1 of 1 zones, 0 running, 0 failed`);
    const none = { ...JOB, zones: { total: 0, pending: 0, running: 0, done: 0, failed: 0 } };
    expect(progressLine(none, 0, true)).toBe(`[${'#'.repeat(30)}] 0 of 0 zones, 0 running, 0 failed`);
  });
});
