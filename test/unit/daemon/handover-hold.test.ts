/** A DS is not handed over before every name server has the keys for it: an Internet in memory, and a program as channel. */
import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { obey } from '../../../src/daemon/orders.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { DAY, DiagnoseScene, ONE, OTHER, POLICY, ZONE } from '../../support/diagnose-scene.ts';
import { Workplace, waitUntil } from '../../support/processes.ts';
import { testKey } from '../../support/served.ts';

let scene: DiagnoseScene;
let place: Workplace;
afterEach(() => scene.bench.close());

/** Type and class. */
const QUESTION_FOR_DNSKEY = Buffer.of(0, 48, 0, 1);

const silent = () => ({ code: 'timeout', fault: 'no answer within 5 s' }) as const;
const handed = () => fs.readdirSync(place.path).filter((name) => name.startsWith('handed')).length;
const delivery = () => scene.bench.zones.handover.deliveries.dsOf(ZONE);

/** A zone without DS whose second server is behind. */
async function start(policy: Partial<Policy> = {}, hasDs = false): Promise<void> {
  place = new Workplace();
  fs.mkdirSync(place.at('keys'), { mode: 0o700 });
  const command = ['/bin/sh', '-c', 'cat >/dev/null; mktemp "$0/handed.XXXXXX"', place.path];
  const channels = new Map([['mail', { hook: { command, timeout: 10 } }]]);
  scene = await DiagnoseScene.start({
    ...{ hasDs, place, handover: { channels, reminders: [] } },
    policies: { [ZONE]: { ...POLICY, handover: ['mail'], ...policy } },
  });
  scene.internet.host(OTHER, scene.otherServer({ key: testKey() }));
}

/** Lets what is due run until something is true. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const check = async () => {
    await scene.bench.lapse(1);
    return isSo();
  };
  await waitUntil(check, what, 10_000);
}

/** Lets time pass, and signatures of the parent with it. */
async function pass(seconds: number): Promise<void> {
  scene.bench.clock.advance(seconds - 1);
  await scene.bench.lapse(1);
  scene.internet.signRoot();
  scene.parentHas(scene.usual(scene.ownDs()));
  scene.internet.host(ONE, scene.honestServer());
}

const heldBy = (text: string) => () =>
  delivery()?.outcomes.some(({ outcome, because }) => outcome === 'held' && because.includes(text)) === true;

it.each(['always', 'never'] as const)('waits for a server that is behind, with CDS %s', async (cds) => {
  await start({ cds });
  await until('the reason', heldBy(`ns2.${ZONE} (${OTHER}): not the DNSKEY RRset`));
  await pass(3_000);
  expect([handed(), delivery()?.state, delivery()?.tries]).toEqual([0, 'waiting', 0]);
  const told = scene.bench.events
    .after(0, 10_000)
    .events.filter(({ message }) => message.includes('not the DNSKEY'));
  expect(told, 'it is told once, however often it is looked at').toHaveLength(1);
  scene.internet.host(OTHER, scene.honestServer());
  await pass(301);
  await until('hand-over', () => delivery()?.state === 'handed');
  expect([handed(), delivery()?.tries]).toEqual([1, 1]);
});

it('waits a day for a server that says nothing, if another one has the keys', async () => {
  await start();
  scene.internet.script(OTHER, silent);
  await until('the reason', heldBy(`ns2.${ZONE} (${OTHER}): no answer`));
  await pass(DAY / 2);
  expect(handed()).toBe(0);
  await pass(DAY / 2 + 301);
  await until('hand-over', () => handed() === 1);
});

it('waits for ever when no server says anything', async () => {
  await start();
  for (const address of [ONE, OTHER]) scene.internet.script(address, silent);
  await pass(2 * DAY);
  expect([handed(), heldBy('no answer')()]).toEqual([0, true]);
});

it('waits for nobody if the policy says so, or to have no DS at all', async () => {
  await start({ handoverCheck: 'off' });
  await until('hand-over', () => handed() === 1);
  await scene.bench.close();
  await start({}, true);
  await until('nothing to do', () => delivery() === undefined);
  const { keeper, signing } = scene.zone;
  await keeper.change((at) => obey(signing!, { kind: 'insecure' }, at));
  await until('hand-over of the removal', () => handed() === 1);
  expect(JSON.parse(delivery()!.payload)).toMatchObject({ remove: true, ds: [] });
});

it('does not hand over what became wrong while servers were asked', async () => {
  await start();
  const { deliveries } = scene.bench.zones.handover;
  scene.internet.host(OTHER, scene.honestServer());
  scene.internet.script(OTHER, (query, honest) => {
    if (Buffer.from(query).includes(QUESTION_FOR_DNSKEY)) deliveries.dropDs(ZONE);
    return honest();
  });
  await until('the end of it', () => delivery() === undefined);
  await scene.bench.lapse(10);
  expect(handed()).toBe(0);
});
