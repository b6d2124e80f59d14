/**
 * A process that took over opened its sockets after half a minute, whatever was loaded by then, and ended the one before:
 * of a server with many zones the rest were refused. It waits as long as the one before answers.
 */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { RETIRED_NAME } from '../../src/control/handover.ts';
import { Publisher } from '../../src/daemon/publisher.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { Succession } from '../../src/daemon/succession.ts';
import { createLog } from '../../src/ops/log.ts';
import { Workplace } from '../support/processes.ts';
import { ZonesBench, zoneText } from '../support/zones-bench.ts';

const clock = { now: () => Math.floor(Date.now() / 1_000) as never, monotonicMs: () => performance.now() };
const place = new Workplace();
const scheduler = new Scheduler(clock);
const bench = new ZonesBench();
afterEach(async () => {
  scheduler.close();
  await bench.close();
  place.remove();
});

it('waits for zones that are not loaded as long as the process before answers', async () => {
  const before = net.createServer((socket) => socket.resume()).listen(place.at(RETIRED_NAME));
  await once(before, 'listening');
  const log = createLog('fatal' as 'error', { isTerminal: false });
  const succession = await Succession.begin(place.path, { publisher: new Publisher(), scheduler, log });
  // A loader that has not come to it.
  Object.assign(bench.queue, { onReplies: () => undefined });
  bench.write('a.example.zone', zoneText(1));
  bench.zones.look();
  let isReady = false;
  const ready = succession!.ready(bench.zones).then(() => {
    isReady = true;
  });
  await sleep(200);
  expect(isReady).toBe(false);
  before.close();
  await ready;
  expect(isReady).toBe(true);
});
