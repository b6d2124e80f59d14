import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import {
  alreadyBegun,
  type BulkJob,
  cancelled,
  gapMs,
  matchesGlob,
  nextZone,
  outcomeIn,
  withBeginning,
  withOutcomes,
} from '../../../src/kasp/bulk.ts';
import { keyIn, leaving, rollingZone, SCENE_TIME } from '../../support/zone-scene.ts';

const LATER = plus(SCENE_TIME, 60);
const REFUSED = { kind: 'failed', code: 'TOO_SOON', message: 'too soon' } as const;
const DONE = { kind: 'done' } as const;

function jobOf(changes: Partial<BulkJob> = {}): BulkJob {
  return {
    id: 'job',
    request: { type: 'csk' },
    chosen: 'all',
    startedAt: SCENE_TIME,
    spread: 0,
    maxParallel: 10,
    stopAfter: 10,
    state: 'running',
    endedAt: null,
    zones: ['a.', 'b.', 'c.'],
    next: 0,
    running: [],
    failed: [],
    ...changes,
  };
}

const begun = (job: BulkJob) => withBeginning(job, { kind: 'begun', rolloverId: `r-${job.next}` }, LATER);

describe('the pace of a bulk rotation', () => {
  it('spreads the beginnings evenly, and never begins without a pause', () => {
    expect(gapMs(jobOf({ spread: 30 }))).toBe(10_000);
    expect(gapMs(jobOf())).toBe(50);
    expect(gapMs(jobOf({ spread: 1, zones: Array(1_000).fill('a.') }))).toBe(50);
  });

  it('begins zones in their order, as many at once as it may', () => {
    let job = jobOf({ maxParallel: 2 });
    expect(nextZone(job)).toBe('a.');
    job = begun(begun(job));
    expect(job.running.map(({ zone }) => zone)).toEqual(['a.', 'b.']);
    expect(nextZone(job)).toBeUndefined();
    job = withOutcomes(job, ({ zone }) => (zone === 'a.' ? DONE : { kind: 'running' }), LATER);
    expect(job.running.map(({ zone }) => zone)).toEqual(['b.']);
    expect(nextZone(job)).toBe('c.');
  });

  it('ends when all zones have ended', () => {
    let job = begun(begun(begun(jobOf())));
    expect(nextZone(job)).toBeUndefined();
    expect(job.endedAt).toBeNull();
    job = withOutcomes(job, () => DONE, LATER);
    expect(job).toMatchObject({ state: 'done', endedAt: LATER, running: [], failed: [] });
  });

  it('stops after so many failures, and follows what runs', () => {
    let job = jobOf({ stopAfter: 1 });
    job = withBeginning(begun(job), REFUSED, LATER);
    expect(job).toMatchObject({ state: 'stopped', endedAt: null, next: 2 });
    expect(job.failed).toEqual([{ zone: 'b.', code: 'TOO_SOON', message: 'too soon' }]);
    expect(nextZone(job)).toBeUndefined();
    job = withOutcomes(job, () => DONE, LATER);
    expect(job).toMatchObject({ state: 'stopped', endedAt: LATER });
  });

  it('counts rollovers that fail later as well', () => {
    const job = withOutcomes(begun(jobOf({ stopAfter: 1 })), () => REFUSED, LATER);
    expect(job).toMatchObject({ state: 'stopped', endedAt: LATER });
    expect(job.failed.map(({ zone }) => zone)).toEqual(['a.']);
  });

  it('has not stopped if the last zone fails: nothing was left out', () => {
    const job = withBeginning(jobOf({ zones: ['a.'], stopAfter: 1 }), REFUSED, LATER);
    expect(job).toMatchObject({ state: 'done', endedAt: LATER });
  });

  it('is cancelled at once, and follows what runs', () => {
    expect(cancelled(jobOf(), LATER)).toMatchObject({ state: 'cancelled', endedAt: LATER });
    const job = cancelled(begun(jobOf()), LATER);
    expect(job).toMatchObject({ state: 'cancelled', endedAt: null });
    expect(nextZone(job)).toBeUndefined();
    expect(withOutcomes(job, () => DONE, plus(LATER, 9))).toMatchObject({ endedAt: plus(LATER, 9) });
  });
});

describe('the states of zones', () => {
  const keys = [leaving('old', 'O/O/O/O'), keyIn('new', 'R/R/R/H')];
  const rolling = rollingZone(keys, { id: 'mine', type: 'csk', startedAt: LATER });

  it('finds a rollover that was begun before the job file told so', () => {
    expect(alreadyBegun(rolling, jobOf())).toEqual({ kind: 'begun', rolloverId: 'mine' });
    expect(alreadyBegun(rolling, jobOf({ startedAt: plus(LATER, 1) }))).toBeUndefined();
    expect(alreadyBegun(rolling, jobOf({ request: { type: 'zsk' } }))).toBeUndefined();
  });

  it('finds keys that are newer than the job', () => {
    const lastStarted = { 'key-signing': LATER, 'zone-signing': LATER };
    const still = { ...rolling, rollover: null, lastStarted };
    expect(alreadyBegun(still, jobOf())).toEqual({ kind: 'replaced' });
    const half = { ...still, lastStarted: { ...lastStarted, 'key-signing': null } };
    expect(alreadyBegun(half, jobOf())).toBeUndefined();
    expect(alreadyBegun(half, jobOf({ request: { type: 'zsk' } }))).toEqual({ kind: 'replaced' });
  });

  it('tells how a rollover stands', () => {
    expect(outcomeIn(rolling, 'mine').kind).toBe('running');
    expect(outcomeIn(rolling, 'another').kind).toBe('done');
    const undone = rollingZone(keys, { id: 'mine', cancelledAt: LATER });
    expect(outcomeIn(undone, 'mine')).toMatchObject({ kind: 'failed', code: 'CANCELLED' });
  });
});

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['*.example.', 'a.example.', true],
    ['*.example.', 'a.b.example.', true],
    ['*.example.', 'example.', false],
    ['a?.example.', 'ab.example.', true],
    ['a?.example.', 'a.example.', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*a', 'ba.', false],
    ['a', '', false],
    ['', 'a', false],
    ['**', 'a', true],
    ['(a|b)+', 'a', false],
  ])('%s on %s: %s', (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected);
  });

  it('takes no time that explodes', () => {
    const from = performance.now();
    expect(matchesGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(1_000))).toBe(false);
    expect(performance.now() - from).toBeLessThan(1_000);
  });
});
