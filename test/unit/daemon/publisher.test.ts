import { describe, expect, it } from 'vitest';
import type { ToData } from '../../../src/daemon/messages.ts';
import { type DataThread, Publisher } from '../../../src/daemon/publisher.ts';
import { unsignedEpoch } from '../../../src/signer/epoch.ts';

const epoch = () => unsignedEpoch(new SharedArrayBuffer(8));

function thread(name: string): DataThread & { readonly messages: ToData[] } {
  const messages: ToData[] = [];
  return { name, messages, post: (message) => messages.push(message) };
}

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

const versionOf = (message: ToData | undefined) =>
  message !== undefined && 'version' in message ? message.version : 0;

describe('publisher', () => {
  it('is done with a change when every thread has acknowledged it', async () => {
    const publisher = new Publisher();
    const [a, b] = [thread('a'), thread('b')];
    publisher.attach(a);
    publisher.attach(b);
    const first = publisher.publish(1, epoch());
    const second = publisher.remove(1);
    publisher.acknowledge(a, versionOf(a.messages[1]));
    expect(await isDone(first)).toBe(false);
    publisher.acknowledge(b, versionOf(b.messages[0]));
    expect(await isDone(first)).toBe(true);
    expect(await isDone(second)).toBe(false);
    publisher.acknowledge(b, versionOf(b.messages[1]));
    expect(await isDone(second)).toBe(true);
    expect(a.messages.map(({ kind }) => kind)).toEqual(['publish', 'remove']);
  });

  it('gives a thread that starts anew everything, and waits for it', async () => {
    const publisher = new Publisher();
    const a = thread('a');
    publisher.attach(a);
    void publisher.publish(1, epoch());
    void publisher.publish(2, epoch());
    const last = publisher.publish(1, epoch());
    publisher.acknowledge(a, 3);
    expect(await isDone(last)).toBe(true);
    const b = thread('b');
    publisher.attach(b);
    expect(b.messages.map((message) => ('id' in message ? message.id : 0))).toEqual([1, 2]);
    const next = publisher.publish(3, epoch());
    publisher.acknowledge(a, 4);
    expect(await isDone(next)).toBe(false);
    publisher.acknowledge(b, versionOf(b.messages.at(-1)));
    expect(await isDone(next)).toBe(true);
  });

  it('does not wait for a thread that died', async () => {
    const publisher = new Publisher();
    const [a, b] = [thread('a'), thread('b')];
    publisher.attach(a);
    publisher.attach(b);
    const change = publisher.publish(1, epoch());
    publisher.acknowledge(a, 1);
    expect(await isDone(change)).toBe(false);
    publisher.detach(b);
    expect(await isDone(change)).toBe(true);
    publisher.acknowledge(b, 99);
    expect(publisher.applied()).toEqual(new Map([['a', 1]]));
  });

  it('has nothing to do for the removal of what it does not serve', async () => {
    const publisher = new Publisher();
    publisher.attach(thread('a'));
    expect(await isDone(publisher.remove(7))).toBe(true);
    expect(publisher.version).toBe(0);
  });
});
