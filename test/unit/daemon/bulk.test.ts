/** Bulk rotations over real zones, keys and files. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BulkRunner } from '../../../src/daemon/bulk.ts';
import { obey } from '../../../src/daemon/orders.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { rolloversOf } from '../../../src/kasp/zonestate.ts';
import { createLog } from '../../../src/ops/log.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { strongRandom } from '../../support/random.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

/** Waits of seconds, and no parent to wait for. */
const QUICK: Policy = {
  ...DEFAULT_POLICY,
  scheme: 'ksk-zsk',
  lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
  dnskeyTtl: 1,
  publishSafety: 0,
  retireSafety: 0,
  propagation: 0,
  minInterval: 0,
  bootstrapHold: 0,
};
const NAMES = ['a.example.', 'b.example.', 'c.example.', 'd.example.'];
const ZSK = { type: 'zsk' } as const;

class FleetBench extends ZonesBench {
  readonly #runners: BulkRunner[] = [];

  constructor() {
    super({ policies: Object.fromEntries(NAMES.map((name) => [name, QUICK])) });
  }

  runner(): BulkRunner {
    const { clock, scheduler, zones, config, events } = this;
    const log = createLog('fatal' as 'error', { isTerminal: false });
    const { keysDirectory } = config;
    const runner = new BulkRunner({
      ...{ clock, scheduler, zones, keysDirectory, log, events },
      files: new DiskFileStore(),
      random: strongRandom,
    });
    this.#runners.push(runner);
    return runner;
  }

  override async close(): Promise<void> {
    for (const runner of this.#runners) await runner.close();
    await super.close();
  }

  zone(name: string): Zone {
    return this.zones.find(nameOf(name))!;
  }

  /** Rollovers that run, a zone and type each. */
  rolling(): string[] {
    return this.zones
      .all()
      .flatMap((zone) => rolloversOf(zone.signing!.zoneState).map(({ type }) => `${zone.name} ${type}`));
  }

  async pass(seconds: number, step = 1): Promise<void> {
    for (let passed = 0; passed < seconds; passed += step) {
      this.clock.advance(step);
      this.scheduler.runDue();
      await this.rest();
    }
  }
}

const limits = { spread: 0, maxParallel: 10, stopAfter: 10 };
const asked = { request: ZSK, chosen: 'all', zones: NAMES, ...limits };

let bench: FleetBench;
beforeEach(async () => {
  bench = new FleetBench();
  for (const name of NAMES) bench.write(`${name}zone`, zoneText(1));
  await bench.settle();
  await bench.pass(900, 150);
});
afterEach(() => bench.close());

describe('a bulk rotation', () => {
  it('replaces the keys of every zone, and ends', async () => {
    const before = NAMES.map((name) => bench.zone(name).signing!.zoneState.keys.length);
    const runner = bench.runner();
    await runner.start(asked);
    await bench.pass(5);
    expect(runner.active).toMatchObject({ state: 'running', next: 4 });
    expect(bench.rolling()).toEqual(NAMES.map((name) => `${name} zsk`));
    await bench.pass(1_500, 50);
    expect(bench.rolling()).toEqual([]);
    expect(runner.active).toBeUndefined();
    expect(runner.jobs.at(-1)).toMatchObject({ state: 'done', failed: [], running: [] });
    for (const [i, name] of NAMES.entries()) {
      const { keys } = bench.zone(name).signing!.zoneState;
      expect(keys).toHaveLength(before[i]! + 1);
      expect(keys.filter(({ goal }) => goal === 'OUT')).toHaveLength(1);
    }
  });

  it('spreads the beginnings over the time that was asked for', async () => {
    await bench.runner().start({ ...asked, spread: 240 });
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      await bench.pass(10, 5);
      counts.push(bench.rolling().length);
      await bench.pass(50, 25);
    }
    expect(counts).toEqual([1, 2, 3, 4]);
  });

  it('lets no more rollovers run at once than it may', async () => {
    const runner = bench.runner();
    await runner.start({ ...asked, maxParallel: 1 });
    let most = 0;
    for (let i = 0; i < 400 && runner.active !== undefined; i++) {
      await bench.pass(30, 10);
      most = Math.max(most, bench.rolling().length);
    }
    expect(most).toBe(1);
    expect(runner.jobs.at(-1)).toMatchObject({ state: 'done', failed: [], next: 4 });
  });

  it('stops after so many failures', async () => {
    const runner = bench.runner();
    await runner.start({ ...asked, request: { type: 'csk' }, stopAfter: 2 });
    await bench.pass(5);
    const [job] = runner.jobs;
    expect(job).toMatchObject({ state: 'stopped', next: 2 });
    expect(job!.failed.map(({ zone, code }) => `${zone} ${code}`)).toEqual([
      'a.example. WRONG_SCHEME',
      'b.example. WRONG_SCHEME',
    ]);
    const told = bench.events.after(0, 1_000).events.filter(({ kind }) => kind === 'job');
    expect(told.map(({ event, zone, code }) => [event, zone, code])).toEqual([
      ['started', null, undefined],
      ['failed', 'a.example.', 'WRONG_SCHEME'],
      ['failed', 'b.example.', 'WRONG_SCHEME'],
      ['stopped', null, undefined],
      ['ended', null, undefined],
    ]);
    expect(bench.rolling()).toEqual([]);
  });

  it('counts a zone that is gone, a disk that fails and a rollover that was cancelled', async () => {
    const runner = bench.runner();
    const keys = bench.place.at('keys', 'b.example');
    fs.rmSync(keys, { recursive: true });
    fs.writeFileSync(keys, 'no directory');
    await runner.start({ ...asked, zones: ['gone.example.', ...NAMES] });
    await bench.pass(5);
    const { signing } = bench.zone('a.example.');
    await bench.zone('a.example.').keeper.change((at) => obey(signing!, { kind: 'cancel' }, at));
    await bench.pass(5);
    const codes = runner.jobs[0]!.failed.map(({ zone, code }) => `${zone} ${code}`);
    expect(codes).toEqual([
      'gone.example. NO_SUCH_ZONE',
      'b.example. KEY_STORE_ENOTDIR',
      'a.example. CANCELLED',
    ]);
    expect(runner.jobs[0]!.running.map(({ zone }) => zone)).toEqual(['c.example.', 'd.example.']);
  });

  it('begins no other zone once it is cancelled, and lets go on what it has begun', async () => {
    const runner = bench.runner();
    await runner.start({ ...asked, spread: 400 });
    await bench.pass(10);
    expect(await runner.cancel()).toMatchObject({ state: 'cancelled', next: 1 });
    await bench.pass(1_200, 30);
    expect(bench.zone('b.example.').signing!.zoneState.keys).toHaveLength(2);
    expect(runner.active).toBeUndefined();
    expect(runner.jobs[0]).toMatchObject({ state: 'cancelled', failed: [], running: [] });
    expect(await runner.cancel()).toBeUndefined();
  });
});

describe('a restart in the middle of a bulk rotation', () => {
  it('goes on where it was, and begins no zone twice', async () => {
    const first = bench.runner();
    await first.start({ ...asked, spread: 400 });
    const file = bench.place.at('keys', 'bulk.json');
    const asStarted = fs.readFileSync(file);
    await bench.pass(210, 10);
    const begun = bench.rolling();
    expect(begun).toHaveLength(3);
    // As after a power cut: the file knows less than the zones.
    bench.scheduler.cancel('bulk rotation');
    bench.scheduler.cancel('bulk rotation file');
    fs.writeFileSync(file, asStarted);
    const second = bench.runner();
    expect(second.active).toMatchObject({ next: 0, running: [] });
    second.resume();
    await bench.pass(500, 10);
    const keys = NAMES.map((name) => bench.zone(name).signing!.zoneState.keys.length);
    expect(keys).toEqual([3, 3, 3, 3]);
    await bench.pass(1_500, 50);
    expect(second.jobs.at(-1)).toMatchObject({ state: 'done', failed: [], next: 4 });
  });

  it('reads the file that the first process left', async () => {
    const first = bench.runner();
    await first.start(asked);
    await bench.pass(3);
    await first.close();
    expect(bench.runner().jobs).toEqual(first.jobs);
    expect(first.jobs[0]!.running).toHaveLength(3);
  });

  it('puts a damaged file aside and serves on', async () => {
    const file = bench.place.at('keys', 'bulk.json');
    fs.writeFileSync(file, '{"format":1,"jobs":[{}]}');
    const runner = bench.runner();
    expect(runner.jobs).toEqual([]);
    expect((await runner.start(asked))!.zones).toEqual(NAMES);
    expect(fs.existsSync(`${file}.damaged`)).toBe(true);
  });
});
