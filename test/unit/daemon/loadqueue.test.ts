import { describe, expect, it } from 'vitest';
import { LoadQueue } from '../../../src/daemon/loadqueue.ts';
import type { LoadJob, LoadOutcome } from '../../../src/daemon/messages.ts';

const JOB: Omit<LoadJob, 'job'> = {
  directory: 'zones',
  file: 'zones/a.zone',
  origin: Uint8Array.of(1, 97, 0),
  limitOctets: 1,
  expected: undefined,
  isFresh: false,
  servedDigest: undefined,
  seed: 0,
  denial: { mode: 'nsec', optOut: false },
};
const UNCHANGED: LoadOutcome = { kind: 'unchanged', includes: [] };

describe('load queue', () => {
  it('runs one job at a time, in order, once the thread is up', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    const [a, b] = [queue.load(JOB), queue.load(JOB)];
    expect(posted).toEqual([]);
    queue.onStart();
    expect(posted).toEqual([1]);
    expect(queue.size).toBe(2);
    queue.onReply({ job: 1, outcome: UNCHANGED });
    expect(await a).toBe(UNCHANGED);
    expect(posted).toEqual([1, 2]);
    queue.onReply({ job: 2, outcome: UNCHANGED });
    expect(await b).toBe(UNCHANGED);
    expect(queue.size).toBe(0);
  });

  it('fails the job during which the thread died, and only that', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    queue.onStart();
    const [a, b] = [queue.load(JOB), queue.load(JOB)];
    queue.onDeath(new Error('out of memory'));
    expect(await a).toMatchObject({ kind: 'fault', fault: { code: 'ZONE_LOADER_DIED' } });
    expect(posted).toEqual([1]);
    queue.onStart();
    expect(posted).toEqual([1, 2]);
    queue.onReply({ job: 1, outcome: UNCHANGED });
    queue.onReply({ job: 2, outcome: UNCHANGED });
    expect(await b).toBe(UNCHANGED);
  });

  it('takes thousands of jobs', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    const jobs = Array.from({ length: 5_000 }, () => queue.load(JOB));
    queue.onStart();
    for (let i = 0; i < jobs.length; i++) queue.onReply({ job: posted.at(-1)!, outcome: UNCHANGED });
    await Promise.all(jobs);
    expect(posted).toEqual(Array.from(posted, (_, i) => i + 1));
  });
});
