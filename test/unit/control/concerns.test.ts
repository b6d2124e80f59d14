/** What is wrong at the parent, as log, events, health and `status` tell it: real zones and keys, a parent in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { explain } from '../../../src/control/codes.ts';
import { healthOf } from '../../../src/control/health.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { obey } from '../../../src/daemon/orders.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import { isShown } from '../../../src/kasp/key.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const FILE = 'child.test.zone';
const DAY = 86_400;
const POLICY: Policy = { ...QUICK_POLICY, monitor: { interval: 600, rounds: 2, roundGap: 5 } };
const DELEGATED = `${ZONE} NS ns.elsewhere.`;
const FOREIGN = `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`;
const [ONE, OTHER] = PARENT_ADDRESSES;

let bench: ZonesBench;
let parent: ScriptedInternet;
afterEach(() => bench.close());

async function start(): Promise<void> {
  const begun = unixSeconds(Date.now() / 1_000);
  let isBegun = false;
  parent = new ScriptedInternet({ records: [DELEGATED] }, () => (isBegun ? bench.clock.now() : begun));
  bench = new ZonesBench({ policies: { [ZONE]: POLICY }, parents: parent.context });
  isBegun = true;
  bench.write(FILE, zoneText(1));
  await bench.settle();
}

const zone = () => bench.zones.find(nameOf(ZONE))!;
const state = () => zone().signing!.zoneState;

function ownDs(): string[] {
  return state().keys.map(({ flags, algorithm, publicKey }) => {
    const ds = dsRdata(nameOf(ZONE), dnskeyRdata(flags, algorithm, publicKey), 2);
    return `${ZONE} DS ${(ds[0]! << 8) | ds[1]!} ${ds[2]} ${ds[3]} ${Buffer.from(ds.subarray(4)).toString('hex')}`;
  });
}

/** The parent has these DS from now on; its signatures and those of the root are new. */
function parentHas(...records: readonly string[]): void {
  parent.signRoot();
  for (const address of PARENT_ADDRESSES) parent.serve(address, { records: [DELEGATED, ...records] });
}

/** Lets days pass at a parent that stays as it is: its signatures never grow old. */
async function days(count: number, ...records: readonly string[]): Promise<void> {
  for (let day = 0; day < count; day++) {
    bench.clock.advance(DAY - 60);
    parentHas(...records);
    bench.scheduler.runDue();
    await bench.rest();
    await bench.lapse(60);
  }
}

const alarms = (from = 0) =>
  bench.events
    .after(from, 10_000)
    .events.filter(({ kind }) => kind === 'alarm' || kind === 'alarm-over')
    .map(({ kind, code, after }) => `${kind} ${code}${after === undefined ? '' : ` ${Number(after) / DAY}`}`);

function codes(): string[] {
  const context = {
    ...{ zones: bench.zones, supervisor: { threads: () => [] }, bulk: { jobs: [] } },
    alarms: () => [],
  };
  const { findings } = healthOf(context, bench.clock.now());
  for (const { code } of findings) expect(explain(code), code).toBeDefined();
  return findings.map(({ level, code }) => `${level} ${code}`);
}

describe('DS records that fit no key', () => {
  it('are told at once, and again for as long as they are there, over restarts too', async () => {
    await start();
    parentHas(FOREIGN);
    await bench.lapse(60);
    expect(codes()).toContain('critical PARENT_DS_ORPHAN');
    expect(alarms()).toEqual(['alarm PARENT_DS_ORPHAN 0']);
    bench = await bench.restarted();
    await bench.settle();
    await bench.lapse(60);
    expect(codes()).toContain('critical PARENT_DS_ORPHAN');
    expect(alarms(), 'it was told of').toEqual([]);
    await days(4, FOREIGN);
    expect(alarms()).toEqual(['alarm PARENT_DS_ORPHAN 1', 'alarm PARENT_DS_ORPHAN 3']);
    parentHas();
    await bench.lapse(700);
    expect(alarms().at(-1)).toBe('alarm-over PARENT_DS_ORPHAN');
    expect(state().concerns).toEqual([]);
  });

  it('are not over because nobody can see them', async () => {
    await start();
    parentHas(FOREIGN);
    await bench.lapse(60);
    for (const address of PARENT_ADDRESSES) {
      parent.script(address, () => ({ code: 'timeout', fault: 'no answer within 5 s' }));
    }
    await bench.lapse(1_300);
    expect(alarms()).toEqual(['alarm PARENT_DS_ORPHAN 0']);
    expect(state().concerns.map(({ code }) => code)).toEqual(['PARENT_DS_ORPHAN']);
  });
});

describe('the DS of a key that was rolled out', () => {
  /** Rolls the CSK; returns the DS before and after. */
  async function rolled(): Promise<{ readonly before: string; readonly after: string }> {
    await start();
    const [before] = ownDs();
    parentHas(before!);
    await bench.lapse(700);
    const { call } = callsOf(() => createRolloverHandlers(bench));
    await call('rollover.start', { zone: ZONE, type: 'csk' });
    await bench.lapse(60);
    const after = ownDs().find((ds) => ds !== before)!;
    parentHas(before!, after);
    await bench.lapse(1_500);
    parentHas(after);
    await bench.lapse(3_000);
    expect(state().rollover).toBeNull();
    expect(alarms(), 'nothing was wrong on the way').toEqual([]);
    return { before: before!, after };
  }
  const servedTags = () => state().keys.flatMap((key) => (isShown(key, 'krrsig') ? [key.tag] : []));
  const tagIn = (ds: string) => Number(ds.split(' ')[2]);

  it('ends an outage by itself: one look is enough for its DNSKEY to be served again', async () => {
    const { before } = await rolled();
    expect(servedTags()).not.toContain(tagIn(before));
    parentHas(before);
    await bench.zones.monitor!.look(zone());
    await bench.rest();
    expect(servedTags()).toContain(tagIn(before));
    expect(codes()).toContain('warning PARENT_DS_RETURNED');
    expect(codes().join()).not.toContain('PARENT_DS_ORPHAN');
  });

  it('beside the one that fits is no outage, and is told as what it is', async () => {
    const { before, after } = await rolled();
    parentHas(before, after);
    await bench.zones.monitor!.look(zone());
    await bench.rest();
    expect(codes()).toEqual(['warning PARENT_DS_RETURNED']);
    expect(alarms()).toEqual(['alarm PARENT_DS_RETURNED 0']);
  });

  it('keeps its private half from being destroyed for as long as one server has it', async () => {
    const { before, after } = await rolled();
    const isKept = () => state().keys.some(({ tag }) => tag === tagIn(before));
    parent.serve(ONE, { records: [DELEGATED, before, after] });
    parent.serve(OTHER, { records: [DELEGATED, after] });
    await bench.zones.monitor!.look(zone());
    bench.clock.advance(POLICY.purgeAfter + DAY);
    await zone().keeper.turn();
    expect(isKept()).toBe(true);
    parentHas(after);
    for (let looks = 0; looks < 3; looks++) {
      await bench.zones.monitor!.look(zone());
      await bench.lapse(10);
    }
    bench.clock.advance(2 * POLICY.purgeAfter);
    await bench.lapse(10);
    expect(isKept()).toBe(false);
  });
});

describe('a zone that is served unsigned', () => {
  it('with a DS of a key of nobody is an outage of its own name', async () => {
    await start();
    await bench.lapse(100);
    const { keeper, signing } = zone();
    await keeper.change((at) => obey(signing!, { kind: 'no-ds' }, at));
    await keeper.change((at) => obey(signing!, { kind: 'insecure' }, at));
    await bench.lapse(3_000);
    expect(zone().served!.epoch.signers).toEqual([]);
    parentHas(FOREIGN);
    await bench.zones.monitor!.look(zone());
    await bench.rest();
    expect(codes()).toContain('critical PARENT_DS_UNSIGNED');
    expect(alarms()).toEqual(['alarm PARENT_DS_UNSIGNED 0']);
  });
});

describe('a zone whose file is gone', () => {
  it('is told of with the tags of its keys, until it is back', async () => {
    await start();
    parentHas(...ownDs());
    await bench.lapse(700);
    bench.remove(FILE);
    await bench.settle();
    expect(codes()).toEqual(['warning ZONE_HELD_FOR_DS']);
    expect(alarms()).toEqual(['alarm ZONE_HELD_FOR_DS 0']);
    bench.write(FILE, zoneText(2));
    await bench.settle();
    await bench.lapse(10);
    expect(codes()).toEqual([]);
    expect(alarms()).toEqual(['alarm ZONE_HELD_FOR_DS 0', 'alarm-over ZONE_HELD_FOR_DS']);
  });

  it('is held by what one server had at the last look, though nothing is proven', async () => {
    await start();
    await bench.lapse(100);
    parent.serve(ONE, { records: [DELEGATED, ...ownDs()] });
    await bench.zones.monitor!.look(zone());
    bench.remove(FILE);
    await bench.settle();
    expect(bench.serial(ZONE)).toBe(1);
    expect(codes()).toContain('warning ZONE_HELD_FOR_DS');
  });
});
