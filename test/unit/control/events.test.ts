import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type EventQuery, eventStream } from '../../../src/control/events.ts';
import { OperationError } from '../../../src/control/operation.ts';
import { eventLine } from '../../../src/control/watch-shapes.ts';
import { EventRing } from '../../../src/ops/events.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const START = 1_800_000_000;
const FIRST = START * 1_000_000 + 1;

function ringOf(count: number, capacity = 10_000): EventRing {
  const ring = new EventRing(new ManualClock(START), capacity);
  addTo(ring, 1, count);
  return ring;
}

function addTo(ring: EventRing, from: number, to: number, padding = ''): void {
  for (let i = from; i <= to; i++) {
    const zone = i % 2 === 0 ? 'even.' : 'odd.';
    ring.add({ kind: 'loaded', zone, message: `${i}${padding}` });
  }
}

const ALL: EventQuery = { follow: false, limit: 100, zone: undefined };

async function read(ring: EventRing, query: Partial<EventQuery>): Promise<string[]> {
  let text = '';
  for await (const part of eventStream(ring, { ...ALL, ...query })) text += part;
  return messagesOf(text);
}

/** The messages of lines, each of which has the shape that the table promises. */
function messagesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const event = eventLine.parse(JSON.parse(line));
    return 'missed' in event ? `missed ${event.missed}` : String(event.message);
  });
}

describe('events', () => {
  it('gives the newest, of all zones or of one', async () => {
    const ring = ringOf(500);
    expect(await read(ring, { limit: 3 })).toEqual(['498', '499', '500']);
    expect(await read(ring, { limit: 2, zone: 'odd.' })).toEqual(['497', '499']);
    expect(await read(ring, { limit: 5, zone: 'none.' })).toEqual([]);
    expect(await read(ring, { limit: 1_000 })).toHaveLength(500);
    expect(await read(ring, { limit: 0 })).toEqual([]);
  });

  it('goes on behind a number, and says what is missing', async () => {
    const ring = ringOf(50, 10);
    expect(await read(ring, { since: FIRST + 46, limit: 2 })).toEqual(['48', '49']);
    expect(await read(ring, { since: FIRST + 9, limit: 2 })).toEqual(['missed 30', '41', '42']);
    expect(await read(ring, { since: FIRST + 49 })).toEqual([]);
  });
});

describe('events --follow', () => {
  it('gives what happens as it happens, the limit notwithstanding', async () => {
    const ring = ringOf(5);
    const stream = eventStream(ring, { ...ALL, follow: true, limit: 2, zone: undefined });
    let text = '';
    stream.on('data', (part: string) => {
      text += part;
    });
    await sleep(5);
    expect(messagesOf(text)).toEqual(['4', '5']);
    addTo(ring, 6, 9);
    await sleep(5);
    expect(messagesOf(text)).toEqual(['4', '5', '6', '7', '8', '9']);
    stream.destroy();
    await once(stream, 'close');
    expect(ring.listeners).toBe(0);
  });

  it('holds little for a reader that takes nothing, and tells it what it missed', async () => {
    const ring = ringOf(0, 1_000);
    const stream = eventStream(ring, { ...ALL, follow: true, since: FIRST - 1, limit: 0 });
    stream.read(0);
    addTo(ring, 1, 50_000, 'x'.repeat(100));
    await sleep(5);
    expect(stream.readableLength).toBeLessThan(200_000);
    const messages = await drained(stream);
    const missed = messages.find((message) => message.startsWith('missed'));
    expect(missed).toBeDefined();
    const count = Number(missed!.split(' ')[1]);
    expect(messages.length - 1 + count).toBe(50_000);
    expect(messages.at(-1)).toMatch(/^50000x/);
    stream.destroy();
  });

  it('ends for a reader that goes away while it waits', async () => {
    const ring = ringOf(0);
    const stream = eventStream(ring, { ...ALL, follow: true });
    stream.resume();
    await sleep(5);
    expect(ring.listeners).toBe(1);
    stream.destroy();
    await once(stream, 'close');
    expect(ring.listeners).toBe(0);
    addTo(ring, 1, 1);
  });

  it('lets in so many readers and no more', () => {
    const ring = ringOf(0);
    const streams = Array.from({ length: 64 }, () => eventStream(ring, { ...ALL, follow: true }));
    expect(() => eventStream(ring, { ...ALL, follow: true })).toThrow(OperationError);
    expect(() => eventStream(ring, ALL)).not.toThrow();
    streams[0]!.destroy();
    streams.push(eventStream(ring, { ...ALL, follow: true }));
    for (const stream of streams) stream.destroy();
    expect(ring.listeners).toBe(0);
  });
});

/** Reads until nothing comes for a while. */
async function drained(stream: Readable): Promise<string[]> {
  let text = '';
  stream.on('data', (part: string) => {
    text += part;
  });
  for (let before = -1; before !== text.length; ) {
    before = text.length;
    await sleep(20);
  }
  return messagesOf(text);
}
