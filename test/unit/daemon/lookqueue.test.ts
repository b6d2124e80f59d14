/** Turns of looks at parents: who is asked for first, zones that wait for their parent, then all others. */
import { expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { LookQueue, type LookUrgency } from '../../../src/daemon/lookqueue.ts';

/** A queue with one look under way, which `end` ends, and what has begun in which order. */
function busyQueue() {
  const queue = new LookQueue<string>(1);
  const begun: string[] = [];
  let end: () => void = () => undefined;
  const first = queue.run('first', 'idle', unixSeconds(10), () => new Promise<void>((done) => (end = done)));
  const add = (zone: string, urgency: LookUrgency, due = 20) =>
    queue.run(zone, urgency, unixSeconds(due), async () => void begun.push(zone));
  return { queue, begun, add, first, end: () => end() };
}

it('gives turns by urgency, and by arrival within each', async () => {
  const { queue, begun, add, end } = busyQueue();
  const all = [
    add('a', 'idle'),
    add('b', 'awaited'),
    add('c', 'asked'),
    add('d', 'awaited'),
    add('e', 'idle'),
  ];
  expect([queue.running, queue.waiting]).toEqual([1, 5]);
  await Promise.resolve();
  end();
  await Promise.all(all);
  expect(begun).toEqual(['c', 'b', 'd', 'a', 'e']);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

it('hurries a look that waits, and never slows one down', async () => {
  const { queue, begun, add, end } = busyQueue();
  const all = [add('a', 'idle'), add('b', 'idle'), add('c', 'asked')];
  queue.hurry('b', 'awaited');
  queue.hurry('c', 'awaited');
  queue.hurry('nobody', 'asked');
  await Promise.resolve();
  end();
  await Promise.all(all);
  expect(begun).toEqual(['c', 'b', 'a']);
});

it('knows since when the oldest one is due', async () => {
  const { queue, add, end } = busyQueue();
  expect(queue.oldestDue).toBeNull();
  const all = [add('a', 'asked', 40), add('b', 'idle', 30)];
  expect(queue.oldestDue).toBe(30);
  await Promise.resolve();
  end();
  await Promise.all(all);
});

it('gives the turn of a look that failed to the next', async () => {
  const queue = new LookQueue<string>(1);
  const failing = queue.run('a', 'idle', unixSeconds(1), () => Promise.reject(new Error('no way')));
  const next = queue.run('b', 'idle', unixSeconds(1), async () => 'seen');
  await expect(failing).rejects.toThrow('no way');
  expect(await next).toBe('seen');
});
