/** What turns of zones make durable, and in which order many of them are served. Nothing here is timed. */
import { afterEach, describe, expect, it } from 'vitest';
import { obey } from '../../../src/daemon/orders.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { loadKept } from '../../../src/store/keptsignatures.ts';
import { stateDigest } from '../../../src/store/packedstate.ts';
import { readStateFile } from '../../../src/store/state.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { RecordingFiles } from '../../support/recording-files.ts';
import { type BenchOptions, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  ...{ scheme: 'ksk-zsk', dnskeyTtl: 20, cdsTtl: 5, publishSafety: 5, retireSafety: 5, propagation: 0 },
  ...{ parent: { propagation: 0, dsTtl: 30 }, minInterval: 0, bootstrapHold: 0 },
};
const ZONE = 'a.example.';
const DIRECTORY = 'a.example';

let bench: ZonesBench | undefined;
afterEach(() => bench?.close());

/** Zones that are signed and wait for their next step. */
async function signed(
  names: readonly string[],
  options: BenchOptions = {},
  policy = POLICY,
): Promise<ZonesBench> {
  const opened = new ZonesBench({
    ...options,
    policies: Object.fromEntries([...names, 'late.example.'].map((name) => [name, policy])),
  });
  bench = opened;
  for (const name of names) opened.write(`${name}zone`, zoneText(1));
  await opened.settle();
  return opened;
}

const zoneOf = (opened: ZonesBench, name: string): Zone => opened.zones.find(nameOf(name))!;

/** Goes to the next instant at which something of the zone is due, and does it. */
async function step(opened: ZonesBench, name: string): Promise<void> {
  const due = zoneOf(opened, name).signing!.nextWake!;
  opened.clock.advance(due - opened.clock.now());
  opened.scheduler.runDue();
  await opened.rest();
}

/** Begins all that is due, without a pause in which any of it could go on. */
function runAllDue(opened: ZonesBench): void {
  const { scheduler, clock } = opened;
  for (let due = scheduler.due(1)[0]; due !== undefined && due.at <= clock.now(); due = scheduler.due(1)[0]) {
    scheduler.runDue();
  }
}

describe('what is durable', () => {
  it('of a first start: keys, one state with its trail before anybody sees them, one after', async () => {
    const files = new RecordingFiles();
    await signed([ZONE], { files }, { ...POLICY, bootstrapHold: 'auto' });
    expect(files.of(DIRECTORY)).toEqual([
      ...['directory', 'create 4', 'rename 4'],
      ...['append audit.log', 'replace state.json'],
      'replace state.json',
    ]);
  });

  it('of a step that changes what is served: one commit before it, one when all threads have it', async () => {
    const files = new RecordingFiles();
    const opened = await signed([ZONE], { files });
    while (zoneOf(opened, ZONE).signing!.nextWake! < opened.clock.now() + 1_000) await step(opened, ZONE);
    const { signing, keeper } = zoneOf(opened, ZONE);
    files.writes.length = 0;
    const start = { kind: 'start', request: { type: 'zsk' } } as const;
    await (await keeper.change((at) => obey(signing!, start, at))).published;
    expect(files.of(DIRECTORY), 'an order, the new key and its publication').toEqual([
      ...['directory', 'create 2', 'rename 2'],
      ...['append audit.log', 'replace state.json'],
      'replace state.json',
    ]);
    files.writes.length = 0;
    opened.posted.length = 0;
    await step(opened, ZONE);
    expect(opened.posted.filter(({ kind }) => kind === 'publish')).toHaveLength(1);
    expect(files.of(DIRECTORY), 'the new key signs').toEqual([
      ...['append audit.log', 'replace state.json'],
      'replace state.json',
    ]);
  });

  it('is kept for the next start when keys rest', async () => {
    const files = new RecordingFiles();
    const opened = await signed([ZONE], { files });
    await opened.rest();
    const { signing, keeper } = zoneOf(opened, ZONE);
    const { path } = signing!.keys;
    const isKept = () => {
      const file = readStateFile(files, path)!;
      return loadKept(files, path)?.state?.digest === stateDigest(nameOf(ZONE), file);
    };
    expect(isKept()).toBe(true);
    const pause = { kind: 'pause' } as const;
    await (await keeper.change((at) => obey(signing!, pause, at))).published;
    await opened.rest();
    expect([signing!.zoneState.pausedSince === null, isKept()]).toEqual([false, true]);
    expect(loadKept(files, path)!.signatures.size, 'those that were made before hold on').toBeGreaterThan(3);
  });

  it('is so before it is served', async () => {
    const files = new RecordingFiles();
    const opened = await signed([ZONE], { files });
    const { signing, keeper } = zoneOf(opened, ZONE);
    files.writes.length = 0;
    const seen: string[][] = [];
    opened.onPost = () =>
      seen.push(files.writes.map(({ what, isDone }) => `${what}${isDone ? '' : ' (not done)'}`));
    const start = { kind: 'start', request: { type: 'zsk' } } as const;
    await (await keeper.change((at) => obey(signing!, start, at))).published;
    expect(seen).toEqual([['directory', 'create 2', 'rename 2', 'append audit.log', 'replace state.json']]);
  });
});

describe('a zone that falls due behind a crowd', () => {
  it('is served long before the last of them', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `zone${i}.example.`);
    const opened = await signed(names, {}, { ...POLICY, bootstrapHold: 'auto' });
    opened.write('late.example.zone', zoneText(1));
    await opened.settle();
    const dueOf = (name: string) => zoneOf(opened, name).signing!.nextWake!;
    const [due, late] = [dueOf(names[0]!), dueOf('late.example.')];
    expect(names.map(dueOf), 'the crowd is due at once').toEqual(names.map(() => due));
    expect(late).toBeGreaterThan(due);
    opened.posted.length = 0;
    opened.clock.advance(due - opened.clock.now());
    runAllDue(opened);
    opened.clock.advance(late - opened.clock.now());
    runAllDue(opened);
    await opened.rest();
    const served = opened.posted.flatMap((message) => (message.kind === 'publish' ? [message.id] : []));
    expect(new Set(served).size, 'all of them are served').toBe(41);
    expect(served.indexOf(zoneOf(opened, 'late.example.').id)).toBeLessThan(20);
  });
});

describe('a clock that is behind the one of the former process', () => {
  it('is told of, and key states go on from there', async () => {
    const future = Math.floor(Date.now() / 1_000) + 86_400;
    const opened = await signed([ZONE], { keyTime: future }, { ...POLICY, bootstrapHold: 'auto' });
    expect(opened.zones.alarms.map(({ code }) => code)).toEqual(['CLOCK_STEPPED']);
    expect(opened.zones.keyTime).toBeGreaterThanOrEqual(future);
    const { signing, served } = zoneOf(opened, ZONE);
    const [key] = signing!.zoneState.keys;
    expect(key!.states.dnskey!.since).toBeGreaterThanOrEqual(future);
    expect(served!.epoch.apexInception, 'signatures go by the wall clock').toBeLessThan(opened.clock.now());
    const before = key!.states.dnskey!.state;
    await stepBehind(opened);
    expect([before, zoneOf(opened, ZONE).signing!.zoneState.keys[0]!.states.dnskey!.state]).toEqual([
      'rumoured',
      'omnipresent',
    ]);
  });

  /** The next step, which the wall clock will see as much earlier as it is behind. */
  async function stepBehind(opened: ZonesBench): Promise<void> {
    const due = zoneOf(opened, ZONE).signing!.nextWake!;
    opened.clock.advance(due - opened.zones.keyTime);
    opened.scheduler.runDue();
    await opened.rest();
  }

  it('is no alarm any more when somebody says that it is right, and time does not go back', async () => {
    const future = Math.floor(Date.now() / 1_000) + 86_400;
    const opened = await signed([ZONE], { keyTime: future });
    opened.zones.trustClock();
    expect(opened.zones.alarms).toEqual([]);
    expect(opened.zones.keyTime).toBeGreaterThanOrEqual(future);
  });
});
