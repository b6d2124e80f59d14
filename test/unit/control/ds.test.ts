/** Which DS shall be at the parent and which shall leave it, over real keys, with a clock that the test moves. */
import { afterEach, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { dsOf } from '../../../src/control/ds.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { dsResult } from '../../../src/control/shapes.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { PARENT_ADDRESSES, ScriptedInternet } from '../../support/scripted-parent.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const DELEGATED = `${ZONE} NS ns.elsewhere.`;
const MONITORED = { ...QUICK_POLICY, monitor: { interval: 60, rounds: 2, roundGap: 5 } };

let bench: ZonesBench;
const { call } = callsOf(() => createRolloverHandlers(bench));
afterEach(() => bench.close());

async function start(policy = QUICK_POLICY, parents?: ScriptedInternet['context']): Promise<void> {
  bench = new ZonesBench({ policies: { [ZONE]: policy }, ...(parents && { parents }) });
  bench.write('child.test.zone', zoneText(1));
  await bench.settle();
}

const zone = () => bench.zones.find(nameOf(ZONE))!;
const tags = () => zone().signing!.zoneState.keys.map(({ tag }) => tag);
const show = () => dsResult.parse(dsOf(zone(), bench.zones.monitor));
const confirm = (tag: number, observed: string) =>
  call('rollover.confirm-ds', { zone: ZONE, key: tag, [observed]: true });

/** A CSK rollover in which the DS of the new key is asked for; the old one was seen. */
async function untilAsked(): Promise<[number, number]> {
  const [old] = tags();
  await confirm(old!, 'seen');
  await bench.lapse(60);
  await call('rollover.start', { zone: ZONE, type: 'csk' });
  expect(show().leaving).toMatchObject([{ when: 'later', because: 'first: new DNSKEY in all caches' }]);
  await bench.lapse(60);
  return [old!, tags()[1]!];
}

it('lets nothing leave while nothing rolls', async () => {
  await start();
  await confirm(tags()[0]!, 'seen');
  expect(show().leaving).toEqual([]);
});

it('keeps the old DS until the new one is in all caches, then lets it go, until it is said to be gone', async () => {
  await start();
  const [old, made] = await untilAsked();
  expect(show().ds.map(({ keyTag }) => keyTag)).toEqual([made]);
  const about = { keyTag: old, algorithm: 13, algorithmName: 'ECDSAP256SHA256', seen: true };
  const first = new RegExp(
    `^first the DS of key ${made}: every server of the parent must be seen with its DS`,
  );
  expect(show().leaving).toEqual([
    { ...about, when: 'later', from: null, because: expect.stringMatching(first) },
  ]);
  await confirm(made, 'seen');
  const { waiting } = await call('rollover.status', { zone: ZONE });
  const soaked = waiting.find(({ tag, record }) => tag === made && record === 'ds')!.until;
  expect(soaked).toMatch(/Z$/);
  expect(show().leaving).toMatchObject([{ ...about, when: 'later', from: soaked }]);
  await bench.lapse(60);
  expect(show().leaving).toEqual([
    { ...about, when: 'now', from: null, because: 'nothing needs it any more' },
  ]);
  await confirm(old, 'gone');
  expect(show().leaving).toEqual([]);
});

it('lets all go when the zone goes insecure, also what nobody has seen', async () => {
  await start();
  await call('zone.unsign', { zone: ZONE });
  expect(show()).toMatchObject({ ds: [], leaving: [{ keyTag: tags()[0], seen: false, when: 'now' }] });
  await call('rollover.confirm-ds', { zone: ZONE, none: true });
  expect(show().leaving).toEqual([]);
});

it('believes the last look more than what was said before', async () => {
  const begun = unixSeconds(Date.now() / 1_000);
  let isBegun = false;
  const parent = new ScriptedInternet({ records: [DELEGATED] }, () => (isBegun ? bench.clock.now() : begun));
  await start(MONITORED, parent.context);
  isBegun = true;
  await bench.lapse(120);
  const [first] = show().ds;
  const line = `${ZONE} DS ${first!.keyTag} ${first!.algorithm} ${first!.digestType} ${first!.digest}`;
  for (const address of PARENT_ADDRESSES) parent.serve(address, { records: [DELEGATED, line] });
  await bench.lapse(120);
  await call('zone.unsign', { zone: ZONE });
  expect(show().leaving).toMatchObject([{ keyTag: first!.keyTag, seen: true, when: 'now' }]);
  for (const address of PARENT_ADDRESSES) parent.serve(address, { records: [DELEGATED] });
  await bench.lapse(60);
  expect(show().leaving).toEqual([]);
});
