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
  it('gives one file of unknown size at a time, in order, once the thread is up', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    const [a, b] = [queue.load(JOB), queue.load(JOB)];
    expect(posted).toEqual([]);
    queue.onStart();
    expect(posted).toEqual([1]);
    expect(queue.size).toBe(2);
    queue.onReplies([{ job: 1, outcome: UNCHANGED }]);
    expect(await a).toBe(UNCHANGED);
    expect(posted).toEqual([1, 2]);
    queue.onReplies([{ job: 2, outcome: UNCHANGED }]);
    expect(await b).toBe(UNCHANGED);
    expect(queue.size).toBe(0);
  });

  it('gives small files together, and a large one alone', () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    queue.onStart();
    for (const octets of [300, 300, 1e9, 300]) void queue.load({ ...JOB, octets });
    expect(posted).toEqual([1, 2]);
    queue.onReplies([{ job: 1, outcome: UNCHANGED }]);
    expect(posted).toEqual([1, 2]);
    queue.onReplies([{ job: 2, outcome: UNCHANGED }]);
    expect(posted).toEqual([1, 2, 3]);
    queue.onReplies([{ job: 3, outcome: UNCHANGED }]);
    expect(posted).toEqual([1, 2, 3, 4]);
  });

  it('fails the job during which the thread died, and gives the others to the next thread', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    queue.onStart();
    const jobs = Array.from({ length: 4 }, () => queue.load({ ...JOB, octets: 300 }));
    queue.onReplies([{ job: 1, outcome: UNCHANGED }]);
    queue.progress.begin(3);
    queue.onDeath(new Error('out of memory'));
    expect(await jobs[2]).toMatchObject({ kind: 'fault', fault: { code: 'ZONE_LOADER_DIED' } });
    expect(posted).toEqual([1, 2, 3, 4]);
    queue.onStart();
    // Job 3 was that of the thread that died: if that says something still, nobody listens.
    expect(posted.slice(4)).toEqual([5, 6]);
    for (const job of [3, 5, 6]) queue.onReplies([{ job, outcome: UNCHANGED }]);
    expect(await Promise.all([jobs[0], jobs[1], jobs[3]])).toEqual([UNCHANGED, UNCHANGED, UNCHANGED]);
  });

  it('blames the first job of a thread that died between two of them', async () => {
    const queue = new LoadQueue(() => undefined);
    queue.onStart();
    const [a] = [queue.load(JOB), queue.load(JOB)];
    queue.onDeath(new Error('out of memory'));
    expect(await a).toMatchObject({ kind: 'fault' });
    expect(queue.size).toBe(1);
  });

  it('takes thousands of jobs', async () => {
    const posted: number[] = [];
    const queue = new LoadQueue(({ job }) => posted.push(job));
    const jobs = Array.from({ length: 5_000 }, () => queue.load(JOB));
    queue.onStart();
    for (let i = 0; i < jobs.length; i++) queue.onReplies([{ job: posted.at(-1)!, outcome: UNCHANGED }]);
    await Promise.all(jobs);
    expect(posted).toEqual(Array.from(posted, (_, i) => i + 1));
  });
});
