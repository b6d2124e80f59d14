/** Looks at parents, as operations and health tell them: real zones and keys, a parent in memory, a clock that is moved. */
import { afterEach, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { printParent } from '../../../src/cli/parent-output.ts';
import { healthOf } from '../../../src/control/health.ts';
import { createParentHandlers } from '../../../src/control/parent-handlers.ts';
import { type ParentView, parentView } from '../../../src/control/parent-shapes.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../../src/dnssec/ds.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { capturedRunner } from '../../support/captured.ts';
import { PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const POLICY: Policy = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };
const DELEGATED = `${ZONE} NS ns.elsewhere.`;
const FOREIGN = `${ZONE} DS 4711 13 2 ${'AB'.repeat(32)}`;
const [ONE, OTHER] = PARENT_ADDRESSES;

let bench: ZonesBench;
afterEach(() => bench.close());

/** A zone below `test.` that is delegated without DS. */
async function start(): Promise<ScriptedInternet> {
  const begun = unixSeconds(Date.now() / 1_000);
  let isBegun = false;
  const clock = () => (isBegun ? bench.clock.now() : begun);
  const parent = new ScriptedInternet({ records: [DELEGATED] }, clock);
  bench = new ZonesBench({ policies: { [ZONE]: POLICY }, parents: parent.context });
  isBegun = true;
  bench.write('child.test.zone', zoneText(1));
  await bench.settle();
  return parent;
}

const signing = () => bench.zones.find(nameOf(ZONE))!.signing!;
const tags = () => signing().zoneState.keys.map(({ tag }) => tag);

/** DS records of the zone's keys, as lines. */
function ownDs(): string[] {
  return signing().zoneState.keys.map(({ flags, algorithm, publicKey }) => {
    const ds = dsRdata(nameOf(ZONE), dnskeyRdata(flags, algorithm, publicKey), 2);
    const digest = Buffer.from(ds.subarray(4)).toString('hex');
    return `${ZONE} DS ${(ds[0]! << 8) | ds[1]!} ${ds[2]} ${ds[3]} ${digest}`;
  });
}

const parentHas = (parent: ScriptedInternet, records: readonly string[], addresses: readonly string[]) => {
  for (const address of addresses) parent.serve(address, { records: [DELEGATED, ...records] });
};

async function show(): Promise<ParentView> {
  const { call } = callsOf(() => createParentHandlers(bench));
  return parentView.parse(await call('parent.show', { zone: ZONE }));
}

function codes(): string[] {
  const context = {
    zones: bench.zones,
    supervisor: { threads: () => [] },
    bulk: { jobs: [] },
    alarms: () => [],
  };
  return healthOf(context, bench.clock.now()).findings.map(({ level, code }) => `${level} ${code}`);
}

it('takes in a DS by itself when two looks have seen it on all servers', async () => {
  const parent = await start();
  parentHas(parent, ownDs(), [ONE]);
  await bench.lapse(120);
  expect((await show()).keys).toEqual([{ tag: tags()[0], ds: 'MIXED' }]);
  expect(signing().zoneState.delegation).toBe('unconfirmed');
  parentHas(parent, ownDs(), [OTHER]);
  await bench.lapse(120);
  const view = await show();
  expect(view).toMatchObject({ parent: 'test.', isSecure: true, agreeing: 2, code: null, foreign: [] });
  expect(view.servers.map(({ address, ds }) => [address, ds])).toEqual([
    [ONE, tags()],
    [OTHER, tags()],
  ]);
  expect(signing().zoneState).toMatchObject({
    delegation: 'secure',
    keys: [{ states: { ds: { state: 'omnipresent' } } }],
  });
  expect(codes()).toEqual([]);
});

it('rolls a key from start to end without a word of anybody', async () => {
  const parent = await start();
  parentHas(parent, ownDs(), PARENT_ADDRESSES);
  await bench.lapse(200);
  const [old] = tags();
  const { call } = callsOf(() => createRolloverHandlers(bench));
  await call('rollover.start', { zone: ZONE, type: 'csk' });
  await bench.lapse(120);
  expect(signing().zoneState.rollover?.step).toBe('request');
  parentHas(parent, ownDs(), PARENT_ADDRESSES);
  await bench.lapse(300);
  expect(signing().zoneState.rollover?.step).toBe('withdraw');
  parentHas(parent, ownDs().slice(1), PARENT_ADDRESSES);
  await bench.lapse(600);
  expect(signing().zoneState.rollover).toBeNull();
  expect(signing().zoneState.keys.find(({ tag }) => tag === old)?.states.dnskey?.state).toBe('hidden');
});

it('tells of DS records that fit no key: alone they are an outage, beside one that fits they are not', async () => {
  const parent = await start();
  parentHas(parent, [FOREIGN], PARENT_ADDRESSES);
  await bench.lapse(120);
  expect(codes()).toContain('critical PARENT_DS_ORPHAN');
  expect((await show()).foreign).toEqual([4711]);
  parentHas(parent, [...ownDs(), FOREIGN], [ONE]);
  await bench.lapse(120);
  expect(codes()).toContain('critical PARENT_DS_ORPHAN');
  parentHas(parent, [...ownDs(), FOREIGN], [OTHER]);
  await bench.lapse(120);
  expect(codes()).toEqual(['warning PARENT_DS_FOREIGN']);
});

it('tells after a day that a parent is silent, and why', async () => {
  const parent = await start();
  parent.script(OTHER, () => ({ code: 'timeout', fault: 'no answer within 5 s' }));
  await bench.lapse(3_600);
  expect(codes()).toEqual([]);
  bench.clock.advance(86_400);
  await bench.lapse(10);
  await bench.lapse(120);
  expect(codes()).toContain('warning PARENT_SILENT');
});

it('tells of a parent that shows this and that in turn', async () => {
  const parent = await start();
  parentHas(parent, ownDs(), PARENT_ADDRESSES);
  for (let i = 0; i < 8; i++) {
    parentHas(parent, i % 2 === 0 ? ownDs() : [], PARENT_ADDRESSES);
    await bench.zones.monitor!.look(bench.zones.find(nameOf(ZONE))!);
  }
  expect(codes()).toContain('warning PARENT_FLAPS');
  expect((await show()).reasons.map(({ code }) => code)).toContain('PARENT_FLAPS');
});

it('looks to a person like this', async () => {
  const parent = await start();
  parentHas(parent, ownDs(), [ONE]);
  parent.script(OTHER, () => ({ code: 'refused', fault: 'nobody listens there' }));
  await bench.lapse(60);
  const { runner, out } = capturedRunner();
  printParent(runner.output, await show());
  const text = out
    .join('\n')
    .replaceAll(String(tags()[0]), 'TAG')
    .replace(/\d{4}-\S+Z/g, 'TIME');
  expect(text).toMatch(/^child\.test\.\n {2}looked {10}at TIME, next at TIME\n {2}parent {10}test\.\n/);
  expect(text).toMatch(/192\.0\.2\.11 {2}TAG +30/);
  expect(text).toMatch(/192\.0\.2\.12 {2}unknown since TIME: nobody listens there \[PARENT_SILENT\] +-/);
});

it('is not looked at unless the configuration says how', async () => {
  bench = new ZonesBench({ policies: { [ZONE]: POLICY } });
  bench.write('child.test.zone', zoneText(1));
  await bench.settle();
  expect(await show()).toMatchObject({ isWatched: false, lookedAt: null, parent: null });
  const { failureOf } = callsOf(() => createParentHandlers(bench));
  expect(await failureOf('parent.look', { zone: ZONE })).toMatchObject({ code: 'PARENT_NOT_WATCHED' });
});
