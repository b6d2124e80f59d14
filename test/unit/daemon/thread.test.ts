/** A real worker thread that dies. */
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Scheduler } from '../../../src/daemon/scheduler.ts';
import { SupervisedThread } from '../../../src/daemon/thread.ts';
import { createLog } from '../../../src/ops/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Workplace, waitUntil } from '../../support/processes.ts';

const SCRIPT = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', (messages) => messages.forEach(take));
function take(message) {
  if (message === 'throw') throw new Error('thrown in the thread');
  if (message === 'exit') process.exit(3);
  if (message === 'stop') parentPort.close();
  else parentPort.postMessage('echo ' + message);
}
`;

const place = new Workplace();
const entry = place.at('worker.mjs');
fs.writeFileSync(entry, SCRIPT);

function setup() {
  const clock = new ManualClock();
  const scheduler = new Scheduler(clock);
  const received: string[] = [];
  const deaths: string[] = [];
  let starts = 0;
  const thread = new SupervisedThread<string, string>({
    name: 'test',
    entry: pathToFileURL(entry),
    log: createLog('fatal' as 'error', { isTerminal: false }),
    scheduler,
    onStart: () => {
      starts++;
    },
    onMessage: (message) => received.push(message),
    onDeath: (error) => deaths.push(error.message),
  });
  const restart = (seconds: number) => {
    clock.advance(seconds);
    scheduler.runDue();
  };
  return { thread, scheduler, received, deaths, restart, starts: () => starts };
}

describe('a thread that dies', () => {
  let running: ReturnType<typeof setup>;
  afterEach(async () => {
    await running.thread.stop(0);
    running.scheduler.close();
  });

  it('is started again, tells why it died, and works', async () => {
    running = setup();
    const { thread, received, deaths, restart, starts } = running;
    thread.start();
    thread.post('one');
    await waitUntil(() => received.includes('echo one'), 'an echo');
    thread.post('throw');
    await waitUntil(() => deaths.length === 1, 'its death');
    expect(deaths).toEqual(['thrown in the thread']);
    restart(0);
    expect(starts()).toBe(2);
    thread.post('two');
    await waitUntil(() => received.includes('echo two'), 'an echo of the second life');
    expect(thread.restarts).toBe(1);
  });

  it('waits longer and longer when it dies again and again', async () => {
    running = setup();
    const { thread, deaths, restart, starts } = running;
    thread.start();
    for (let life = 1; life <= 3; life++) {
      thread.post('exit');
      await waitUntil(() => deaths.length === life, `death ${life}`);
      restart(0);
      expect(starts(), 'at once the first time only').toBe(life === 1 ? 2 : life);
      restart(1);
      expect(starts()).toBe(life + 1);
    }
  });

  it('is not started again when it was to stop', async () => {
    running = setup();
    const { thread, deaths, restart, starts } = running;
    thread.start();
    const stopped = thread.stop(10_000);
    thread.post('stop');
    await stopped;
    restart(60);
    expect(deaths).toEqual([]);
    expect(starts()).toBe(1);
    place.remove();
  });
});
