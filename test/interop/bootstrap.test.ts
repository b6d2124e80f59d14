/**
 * The first DS by authenticated signals (RFC 9615), as others see it: delv and unbound validate what is signaled, in zones
 * of all three modes of denial; the operator's preflight agrees with what the registry has, and signals go when the DS
 * comes.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { delv, writeAnchors } from '../support/delv.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace, waitUntil } from '../support/processes.ts';
import { CHILD, HOSTERS, PARENT, SignalScene, signalBelow } from '../support/signal-scene.ts';
import { Unbound } from '../support/unbound.ts';

const TYPES = ['CDS', 'CDNSKEY'] as const;
const NOERROR = 0;
const NXDOMAIN = 3;

describeWithPeers(['dig', 'delv', 'unbound'], 'a zone that gets its first DS by signals', () => {
  const workplace = new Workplace();
  let scene: SignalScene;
  let unbound: Unbound;

  beforeAll(async () => {
    scene = await SignalScene.start();
    const stubs = [...Object.values(HOSTERS), CHILD].map((origin) => ({ origin, port: scene.operator.port }));
    unbound = await Unbound.start(
      { stubs: [...stubs, { origin: PARENT, port: scene.registry.port }], trustAnchors: scene.anchors },
      workplace,
    );
    const isAsking = async () => (await scene.served(CHILD, 'CDS')).length > 0;
    await waitUntil(isAsking, 'the child asks for its DS', 30_000, scene.operator.process);
  }, 60_000);

  afterAll(async () => {
    await unbound?.stop();
    await scene?.stop();
    workplace.remove();
  });

  const isSignaled = async (hoster: string) => (await scene.served(signalBelow(hoster), 'CDS')).length > 0;

  it.each(Object.entries(HOSTERS))(
    'is signaled in a zone with %s, validated by others',
    async (mode, hoster) => {
      const name = signalBelow(hoster);
      await waitUntil(() => isSignaled(hoster), `signals in ${hoster}`, 15_000, scene.operator.process);
      const { answer } = await dig(scene.operator.port, hoster, 'DNSKEY');
      const anchors = workplace.at(`anchors-${mode}`);
      writeAnchors(
        anchors,
        hoster,
        answer.map(({ rdata }) => rdata),
      );
      const trusted = { origin: hoster, port: scene.operator.port, anchors };
      for (const type of TYPES) {
        expect(await scene.served(name, type)).toEqual(await scene.served(CHILD, type));
        expect(await delv(trusted, name, type)).toContain('; fully validated');
        const seen = await unbound.asker.ask({ name: nameOf(name), type: RRTYPE[type] });
        expect(seen).toMatchObject({ rcode: NOERROR, authentic: true });
        expect(seen.answers).toBeGreaterThan(1);
      }
      // Types that the name does not have, and names above it, which exist without any.
      for (const [owner, type] of [
        [name, 'TXT'],
        [name.slice('_dsboot.'.length), 'CDS'],
        [`_signal.ns.${hoster}`, 'CDNSKEY'],
      ] as const) {
        expect(await delv(trusted, owner, type)).toContain('; negative response, fully validated');
      }
      const none = { name: nameOf(`_dsboot.other.test._signal.ns.${hoster}`), type: RRTYPE.CDS };
      const denied = await unbound.asker.ask(none);
      expect(denied).toMatchObject({
        authentic: true,
        answers: 0,
        rcode: mode === 'compact' ? NOERROR : NXDOMAIN,
      });
    },
  );

  it('passes the preflight, and loses its signals when its DS is there', { timeout: 60_000 }, async () => {
    await Promise.all(
      Object.values(HOSTERS).map((hoster) =>
        waitUntil(() => isSignaled(hoster), `signals in ${hoster}`, 15_000, scene.operator.process),
      ),
    );
    const isReady = async () => (await scene.preflight()).bootstrap.state === 'ready';
    await waitUntil(isReady, 'the preflight is passed', 30_000, scene.operator.process);
    const ready = await scene.preflight();
    expect(ready).toMatchObject({ parent: PARENT, isAsking: true, signing: [] });
    expect(ready.bootstrap.signals.map(({ zone }) => zone).sort()).toEqual(Object.values(HOSTERS));
    await scene.register(await scene.childDs());
    const isGone = async () => !(await Promise.all(Object.values(HOSTERS).map(isSignaled))).some(Boolean);
    await waitUntil(isGone, 'the signals are gone', 30_000, scene.operator.process);
    expect((await scene.preflight()).bootstrap).toMatchObject({ state: 'secure', findings: [] });
    const secure = await unbound.asker.ask({ name: nameOf(CHILD), type: RRTYPE.SOA });
    expect(secure).toMatchObject({ rcode: NOERROR, authentic: true });
    expect(unbound.complaints).toEqual([]);
  });
});
