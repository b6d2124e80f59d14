/** The threads of the built server, one of which dies while it serves. */
import { afterEach, expect, it } from 'vitest';
import { RESPONDER_DEFAULTS } from '../../src/answer/settings.ts';
import { Publisher } from '../../src/daemon/publisher.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { Supervisor } from '../../src/daemon/supervisor.ts';
import { EventRing } from '../../src/ops/events.ts';
import { createLog } from '../../src/ops/log.ts';
import { type Epoch, unsignedEpoch } from '../../src/signer/epoch.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ZoneImage } from '../../src/zone/image.ts';
import { Asker, type Question } from '../support/asker.ts';
import { freePort, waitUntil } from '../support/processes.ts';
import { imageOf } from '../support/served.ts';

const ORIGIN = 'thread.example.';
const ZONE = '@ 300 IN SOA ns.test. admin.test. 7 7200 900 1209600 300\n@ 300 IN NS ns.test.\n';
const SOA: Question = { name: nameOf(ORIGIN), type: 6 };
/** What no thread can open: its death. */
const POISON: Epoch = unsignedEpoch(new SharedArrayBuffer(64));

/** More sockets than could all be given to one thread of two by chance. */
const MANY = 40;

let ending: (() => Promise<void>) | undefined;
afterEach(async () => {
  await ending?.();
});

/** Two threads share the port where the kernel spreads datagrams: what one leaves behind when it dies shall answer again. */
const KINDS = [
  { udp: 'dgram', udpThreads: 1 },
  { udp: 'batched', udpThreads: 2 },
] as const;

it.each(KINDS)(
  'serves everything again after threads died, and waits for none that is dead ($udp)',
  async ({ udp, udpThreads }) => {
    const clock = {
      now: () => Math.floor(Date.now() / 1_000) as never,
      monotonicMs: () => performance.now(),
    };
    const scheduler = new Scheduler(clock);
    const publisher = new Publisher();
    const events = new EventRing(clock);
    const image = imageOf(ORIGIN, ZONE, { nsec: false });
    const port = await freePort();
    const listen = [{ address: '127.0.0.1', port }];
    const supervisor = new Supervisor({
      listen,
      ...{ udp, udpThreads },
      onNotified: () => {},
      transport: { streams: {}, tlsListen: [], proxies: [] },
      handed: null,
      mayShare: false,
      answers: {
        rateLimit: null,
        accounts: new SharedArrayBuffer(0),
        isMinimal: false,
        synthesis: RESPONDER_DEFAULTS.synthesis,
        cookies: RESPONDER_DEFAULTS.cookies,
        takesNotify: false,
        opt: RESPONDER_DEFAULTS.opt,
        identity: RESPONDER_DEFAULTS.identity,
      },
      seed: ZoneImage.open(image).seed,
      clock,
      log: createLog('fatal' as 'error', { isTerminal: false }),
      events,
      scheduler,
      publisher,
    });
    const asker = new Asker(port, { dnssec: false, timeoutMs: 500, tries: 1 });
    ending = async () => {
      asker.close();
      scheduler.close();
      await supervisor.stop();
    };
    supervisor.start();
    await publisher.publish(1, unsignedEpoch(image));
    await supervisor.listen();
    supervisor.becomeAlone();
    const isAnswering = async () => {
      const answer = await asker.ask(SOA).catch(() => undefined);
      return answer?.rcode === 0 && answer.answers === 1;
    };
    expect(await isAnswering()).toBe(true);

    const poisoned = publisher.publish(2, POISON);
    const hasDied = () =>
      supervisor.threads().every(({ name, restarts }) => name === 'loader' || restarts > 0);
    await waitUntil(hasDied, 'both data threads died');
    await publisher.remove(2);
    await poisoned;
    await waitUntil(isAnswering, 'the zone is served again', 20_000);
    await waitUntil(() => supervisor.threads().every(({ running }) => running), 'all threads run');
    // Each asks from a port of its own, and the kernel spreads them over all that it thinks are read.
    for (let i = 0; i < MANY; i++) {
      const other = new Asker(port, { dnssec: false, timeoutMs: 500, tries: 1 });
      expect((await other.ask(SOA)).rcode).toBe(0);
      other.close();
    }
    const told = events.after(0, 100).events.filter(({ kind }) => kind === 'thread');
    expect(told.map(({ thread }) => thread)).toEqual(expect.arrayContaining(['stream', 'udp-1']));
  },
  60_000,
);
