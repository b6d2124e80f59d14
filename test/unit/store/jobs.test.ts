import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import type { BulkJob } from '../../../src/kasp/bulk.ts';
import { formatJobs, loadJobs, parseJobs, saveJobs } from '../../../src/store/jobs.ts';
import { ShapeError } from '../../../src/store/json-shape.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const JOB: BulkJob = {
  id: 'f6f1a9a4-8f5b-4c8e-9d50-0d1c9a6f3a11',
  request: { type: 'algorithm', algorithm: 15, method: 'liberal', emergency: 'continuity' },
  chosen: 'match *.example.',
  startedAt: unixSeconds(1_795_521_600),
  spread: 3_600,
  maxParallel: 5,
  stopAfter: 3,
  state: 'stopped',
  endedAt: unixSeconds(1_795_525_200),
  zones: ['a.example.', 'b.example.', 'c.example.'],
  next: 2,
  running: [],
  failed: [{ zone: 'b.example.', code: 'TOO_SOON', message: 'too soon' }],
};
const RUNNING: BulkJob = {
  ...JOB,
  request: { type: 'scheme', scheme: 'ksk-zsk' },
  state: 'running',
  endedAt: null,
  running: [{ zone: 'a.example.', rolloverId: 'r' }],
};

describe('the job file', () => {
  it('gives back what was saved', async () => {
    const files = new SimulatedFiles();
    await files.makeDirectory('/keys');
    expect(loadJobs(files, '/keys')).toEqual([]);
    await saveJobs(files, '/keys', [JOB, RUNNING]);
    expect(loadJobs(files, '/keys')).toEqual([JOB, RUNNING]);
  });

  it.each([
    ['no JSON', (text: string) => text.slice(0, -20)],
    ['another format', (text: string) => text.replace('"format":1', '"format":2')],
    ['an unknown state', (text: string) => text.replace('"stopped"', '"paused"')],
    ['an unknown type', (text: string) => text.replace('"algorithm"', '"everything"')],
    ['a zone beyond the last', (text: string) => text.replace('"next":2', '"next":4')],
    ['a negative count', (text: string) => text.replace('"maxParallel":5', '"maxParallel":-5')],
    ['no instant', (text: string) => text.replace('2026-', 'then-')],
    ['no zones', (text: string) => text.replace(/"zones":\[.*?\],/, '')],
    ['an end with zones that run', (text: string) => text.replace('[]', '[{"zone":"a.","rolloverId":"r"}]')],
  ])('is damaged with %s', (_what, damage) => {
    const text = formatJobs([JOB]);
    expect(parseJobs(text)).toEqual([JOB]);
    expect(damage(text)).not.toBe(text);
    expect(() => parseJobs(damage(text))).toThrow(ShapeError);
  });
});
