/** Deliveries as an operator sees them: what is dead is listed, tried again, and dropped. The channel is a real program. */
import fs from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHandoverHandlers } from '../../../src/control/handover-handlers.ts';
import { createParentHandlers } from '../../../src/control/parent-handlers.ts';
import { type Calls, callsOf } from '../../support/calls.ts';
import { Workplace, waitUntil } from '../../support/processes.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'child.test.';
const POLICY = { ...QUICK_POLICY, cds: 'always', handover: ['mail'] } as const;
const REMINDER = {
  kind: 'alarm',
  zone: ZONE,
  message: 'the parent still has the old DS',
  details: { code: 'PARENT_LATE', level: 'warning', fix: 'tell the registrar' },
} as const;

type Operations = 'handover.list' | 'handover.retry' | 'handover.drop';

let place: Workplace;
let bench: ZonesBench;
let calls: Calls<Operations>;
const mended = () => place.at('mended');

beforeEach(() => {
  place = new Workplace();
  fs.mkdirSync(place.at('keys'), { mode: 0o700 });
  begin();
});
afterEach(async () => {
  await bench.close();
});

/** A server whose channel fails for good as long as a file is missing. */
function begin(): void {
  const command = ['/bin/sh', '-c', 'cat >/dev/null; test -e "$0" || exit 3', mended()];
  const channels = new Map([['mail', { hook: { command, timeout: 10 } }]]);
  bench = new ZonesBench({
    place,
    policies: { [ZONE]: POLICY },
    handover: { channels, reminders: ['mail'] },
  });
  calls = callsOf(() => createHandoverHandlers(bench));
}

const states = () => bench.zones.handover.deliveries.all().map(({ topic, state }) => `${topic} ${state}`);

/** Lets what is due run until the deliveries are these. */
async function until(...wanted: string[]): Promise<void> {
  const isSo = async () => {
    await bench.lapse(1);
    return states().join() === wanted.join();
  };
  await waitUntil(isSo, `${wanted}`, 10_000);
}

it('lists a reminder that no channel has taken, and tries it again when told to', async () => {
  bench.zones.handover.remind(REMINDER);
  await until('reminder dead');
  expect(await calls.call('handover.list', { zone: ZONE })).toMatchObject({
    deliveries: [
      {
        ...{ zone: ZONE, topic: 'reminder', code: 'PARENT_LATE', state: 'dead', channel: 'mail', tries: 1 },
        ...{
          nextAt: null,
          outcomes: [{ channel: 'mail', outcome: 'failed', because: expect.stringMatching(/exit 3/) }],
        },
      },
    ],
  });
  fs.writeFileSync(mended(), '');
  const { deliveries } = await calls.call('handover.retry', { zone: ZONE });
  expect(deliveries).toMatchObject([{ state: 'waiting', tries: 0 }]);
  await until();
  expect(await calls.call('handover.list', {})).toEqual({ deliveries: [] });
});

it('keeps a dead reminder over a restart, and tries it anew when the same is told again', async () => {
  bench.zones.handover.remind(REMINDER);
  await until('reminder dead');
  await bench.zones.handover.close();
  begin();
  expect(states()).toEqual(['reminder dead']);
  fs.writeFileSync(mended(), '');
  bench.zones.handover.remind(REMINDER);
  await until();
});

it('finds what is about the server under the root', async () => {
  bench.zones.handover.remind({ ...REMINDER, zone: null });
  await until('reminder dead');
  expect(await calls.call('handover.list', { zone: '.' })).toMatchObject({ deliveries: [{ zone: null }] });
  expect(await calls.call('handover.drop', { zone: '.' })).toEqual({ deliveries: [] });
  expect(await calls.failureOf('handover.drop', { zone: '.' })).toMatchObject({ code: 'NO_SUCH_DELIVERY' });
});

it('drops a dead DS until it is to be tried again, and the parent view tells of it', async () => {
  bench.write('child.test.zone', zoneText(1));
  await bench.settle();
  await until('ds-wanted dead');
  const parent = callsOf(() => createParentHandlers(bench));
  const { handover } = await parent.call('parent.show', { zone: ZONE });
  expect(handover).toMatchObject([{ channel: 'mail', outcome: 'failed' }]);
  const dropped = await calls.call('handover.drop', { zone: ZONE });
  expect(dropped.deliveries).toMatchObject([{ topic: 'ds-wanted', state: 'dropped', nextAt: null }]);
  await bench.lapse(60);
  expect(states(), 'turns of the keys do not bring it back').toEqual(['ds-wanted dropped']);
  fs.writeFileSync(mended(), '');
  await calls.call('handover.retry', { zone: ZONE });
  await until('ds-wanted handed');
  expect(await calls.failureOf('handover.retry', { zone: ZONE })).toMatchObject({ code: 'NO_SUCH_DELIVERY' });
  expect(await calls.failureOf('handover.list', { zone: 'x.' })).toMatchObject({ code: 'NO_SUCH_ZONE' });
});
