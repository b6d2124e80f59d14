/** Operations on bulk rotations over real zones. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobHandlers } from '../../../src/control/jobs.ts';
import { OPERATIONS } from '../../../src/control/operations.ts';
import { BulkRunner } from '../../../src/daemon/bulk.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { createLog } from '../../../src/ops/log.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { callsOf } from '../../support/calls.ts';
import { strongRandom } from '../../support/random.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const SPLIT = { ...DEFAULT_POLICY, scheme: 'ksk-zsk' } as const;
const bench = new ZonesBench({ policies: { 'split.example.': SPLIT } });
const { clock, scheduler, zones, config } = bench;
const bulk = new BulkRunner({
  ...{ clock, scheduler, zones, keysDirectory: config.keysDirectory, events: bench.events },
  files: new DiskFileStore(),
  random: strongRandom,
  log: createLog('fatal' as 'error', { isTerminal: false }),
});
const handlers = createJobHandlers({ clock, zones, bulk });

beforeAll(async () => {
  for (const name of ['a', 'b', 'split']) bench.write(`${name}.example.zone`, zoneText(1));
  await bench.settle();
});
afterAll(async () => {
  await bulk.close();
  await bench.close();
});

const { call, failureOf: errorOf } = callsOf(() => handlers);

async function failureOf(...asked: Parameters<typeof errorOf>): Promise<string> {
  const { kind, code } = await errorOf(...asked);
  return `${kind} ${code}`;
}

const dry = { dryRun: true, type: 'csk' };

describe('job.start', () => {
  it('wants one choice of zones, and a type that can be meant', async () => {
    expect(await failureOf('job.start', dry)).toBe('USAGE_WRONG ONE_CHOICE');
    expect(await failureOf('job.start', { ...dry, all: true, match: '*' })).toBe('USAGE_WRONG ONE_CHOICE');
    expect(await failureOf('job.start', { ...dry, all: true, to: 'csk' })).toBe('USAGE_WRONG TO_UNSUITABLE');
    expect(() => OPERATIONS['job.start'].params.parse({ all: true })).toThrow();
    expect(() =>
      OPERATIONS['job.start'].params.parse({ ...dry, all: true, emergency: 'containment' }),
    ).toThrow();
  });

  it.each([
    [{ all: true }, 2],
    [{ match: '*.EXAMPLE' }, 2],
    [{ match: 'a.example' }, 1],
    [{ policy: 'default' }, 2],
    [{ policy: 'split.example.', type: 'zsk' }, 1],
    [{ all: true, type: 'algorithm', to: 'ED25519' }, 3],
  ])('chooses by %o', async (choice, count) => {
    expect(await call('job.start', { ...dry, ...choice })).toMatchObject({ job: null, zones: count });
  });

  it('says which zones are left out, and when nothing is left', async () => {
    expect((await call('job.start', { ...dry, all: true })).leftOut).toEqual([
      { code: 'WRONG_SCHEME', zones: 1, example: 'split.example.' },
    ]);
    expect(await failureOf('job.start', { ...dry, policy: 'none' })).toBe('NO_SUCH_OBJECT NO_SUCH_ZONE');
    expect(await failureOf('job.start', { ...dry, match: 'split.*' })).toBe('NO_SUCH_OBJECT NO_SUCH_ZONE');
    expect(bulk.jobs).toEqual([]);
  });

  it('starts a job, shows it, and starts no second one', async () => {
    const { job, lasts } = await call('job.start', { type: 'csk', all: true, spread: '3600' });
    expect(job).toMatchObject({ state: 'running', zones: { total: 2, pending: 2 } });
    expect(lasts).toBe(1_800);
    clock.advance(1);
    scheduler.runDue();
    await bench.rest();
    expect((await call('job.list', {})).jobs).toHaveLength(1);
    const shown = await call('job.show', { job: job!.id.slice(0, 8) });
    expect(shown).toMatchObject({ zones: { running: 1, pending: 1 }, pending: ['b.example.'] });
    expect(shown.running).toMatchObject([{ zone: 'a.example.', stalled: false }]);
    expect(await failureOf('job.start', { type: 'csk', all: true })).toBe('REFUSED JOB_RUNNING');
    expect(await failureOf('job.show', { job: 'nothing' })).toBe('NO_SUCH_OBJECT NO_SUCH_JOB');
    const again = await call('job.start', { ...dry, all: true });
    expect(again.refusedNow).toMatchObject([{ zones: 1, example: 'a.example.' }]);
  });

  it('is cancelled once', async () => {
    const [job] = bulk.jobs;
    expect(await call('job.cancel', { job: job!.id })).toMatchObject({
      state: 'cancelled',
      zones: { pending: 1 },
    });
    expect(await failureOf('job.cancel', { job: job!.id })).toBe('REFUSED JOB_NOT_RUNNING');
  });
});
