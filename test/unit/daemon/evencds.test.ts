/** Name servers that have other CDS than we do, and a parent that is told of them again: an Internet in memory. */
import { afterEach, expect, it } from 'vitest';
import { healthOf } from '../../../src/control/health.ts';
import { cdsText, compareCds } from '../../../src/daemon/evencds.ts';
import { ParentPush } from '../../../src/daemon/push.ts';
import { SteadyClock } from '../../../src/daemon/steadyclock.ts';
import { createLog } from '../../../src/ops/log.ts';
import { DAY, DiagnoseScene, ONE, OTHER } from '../../support/diagnose-scene.ts';
import { testKey } from '../../support/served.ts';

let scene: DiagnoseScene;
afterEach(() => scene.close());

const differing = () => {
  const { bench } = scene;
  const context = {
    ...{ zones: bench.zones, supervisor: { threads: () => [] }, bulk: { jobs: [] } },
    alarms: () => [],
  };
  return healthOf(context, bench.clock.now()).findings.filter(({ code }) => code === 'SERVERS_CDS_DIFFER');
};

const compared = () =>
  compareCds(scene.internet.context, scene.zone, cdsText(scene.zone), scene.bench.clock.now());

/** Lets time pass, and signatures of the parent with it. */
async function pass(seconds: number): Promise<void> {
  await scene.bench.lapse(seconds);
  scene.parentHas(scene.usual());
  scene.internet.host(ONE, scene.honestServer());
}

it('compares every server, and tells which differ and which are silent', async () => {
  scene = await DiagnoseScene.start();
  expect(await compared()).toEqual({ differing: [], silent: [], alike: 2 });
  scene.internet.host(OTHER, scene.otherServer({ key: testKey() }));
  expect(await compared()).toEqual({ differing: [`ns2.child.test. (${OTHER})`], silent: [], alike: 1 });
  scene.internet.script(ONE, () => ({ code: 'timeout', fault: 'no answer within 5 s' }));
  expect(await compared()).toMatchObject({ silent: [`ns1.child.test. (${ONE})`] });
});

it('is a concern when a server differs for over an hour, until all are alike', async () => {
  scene = await DiagnoseScene.start();
  scene.internet.host(OTHER, scene.otherServer({ key: testKey() }));
  await pass(3_700);
  expect(differing(), 'a secondary may be behind for a while').toEqual([]);
  await pass(2 * 3_700);
  expect(differing()).toMatchObject([{ level: 'warning', zone: 'child.test.' }]);
  expect(differing()[0]!.message).toContain(OTHER);
  scene.internet.host(OTHER, scene.honestServer());
  await pass(3_700);
  expect(differing()).toEqual([]);
  const told = scene.bench.events.after(0, 10_000).events.filter(({ code }) => code === 'SERVERS_CDS_DIFFER');
  expect(told.map(({ kind }) => kind)).toEqual(['alarm', 'alarm-over']);
});

it('takes a server that is silent neither for one that differs nor for one that is alike', async () => {
  scene = await DiagnoseScene.start();
  const { even } = scene.bench.zones.monitor!;
  const silent = () => ({ code: 'timeout', fault: 'no answer within 5 s' }) as const;
  scene.internet.script(OTHER, silent);
  await pass(DAY / 2);
  expect(even.differingOf(scene.zone)).toBeUndefined();
  scene.internet.script(OTHER, (_query, honest) => honest());
  await pass(DAY / 2);
  expect(even.differingOf(scene.zone)).toEqual([]);
  scene.internet.script(OTHER, silent);
  await pass(DAY / 2);
  expect(even.differingOf(scene.zone), 'it was alike when it was heard').toEqual([]);
  expect(differing()).toEqual([]);
});

it('tells a parent again every week that was told, and did nothing for as long as makes a wait stale', async () => {
  scene = await DiagnoseScene.start({ hasDs: false });
  const { bench, internet } = scene;
  const told: number[] = [];
  const start = bench.clock.now();
  const network = {
    ...{ rate: internet.rate, counters: internet.counters, close: () => undefined },
    exchange: internet.exchange.bind(internet),
    tell: (...message: Parameters<typeof internet.tell>) => {
      told.push(Math.floor((bench.clock.now() - start) / DAY));
      return internet.tell(...message);
    },
  };
  const push = new ParentPush({
    ...{ ...internet.context, network, clock: new SteadyClock(bench.clock) },
    ...{ scheduler: bench.scheduler, events: bench.events },
    log: createLog('fatal' as 'error', { isTerminal: false }),
  });
  for (let day = 0; day < 30; day++) {
    internet.signRoot();
    scene.parentHas(scene.usual(scene.ownDs()));
    for (const address of [ONE, OTHER]) internet.host(address, scene.honestServer());
    push.touch(scene.zone);
    await bench.lapse(60);
    bench.clock.advance(DAY - 60);
  }
  expect(told).toEqual([0, 14, 21, 28]);
});
