import { describe, expect, it } from 'vitest';
import { EventRing } from '../../../src/ops/events.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const START = 1_800_000_000;
const FIRST = START * 1_000_000 + 1;

function ringOf(count: number, capacity = 10): EventRing {
  const ring = new EventRing(new ManualClock(START), capacity);
  for (let i = 1; i <= count; i++)
    ring.add({ kind: 'loaded', zone: 'a.', message: `event ${i}`, details: { i } });
  return ring;
}

describe('EventRing', () => {
  it('numbers events and dates them', () => {
    const { events, missed } = ringOf(2).after(0, 10);
    expect(missed).toBe(0);
    expect(events).toEqual([
      { seq: FIRST, at: '2027-01-15T08:00:00Z', kind: 'loaded', zone: 'a.', message: 'event 1', i: 1 },
      { seq: FIRST + 1, at: '2027-01-15T08:00:00Z', kind: 'loaded', zone: 'a.', message: 'event 2', i: 2 },
    ]);
  });

  it('gives what came after a number, so many at once', () => {
    const ring = ringOf(8);
    expect(ring.after(FIRST + 4, 2).events.map(({ i }) => i)).toEqual([6, 7]);
    expect(ring.after(ring.newest, 2).events).toEqual([]);
  });

  it('keeps the newest, and says how many a reader has missed', () => {
    const ring = ringOf(25);
    expect(ring.oldest).toBe(FIRST + 15);
    const { events, missed } = ring.after(FIRST + 3, 3);
    expect(missed).toBe(11);
    expect(events.map(({ i }) => i)).toEqual([16, 17, 18]);
  });

  it('takes a number of a process before as a beginning', () => {
    const { events, missed } = ringOf(3).after(FIRST - 5_000_000, 10);
    expect(missed).toBe(0);
    expect(events).toHaveLength(3);
  });

  it('takes a number of the future as a clock that went back', () => {
    const ring = ringOf(3);
    expect(ring.after(ring.newest + 1, 10).events).toHaveLength(3);
  });

  it('calls those who listen until they do not', () => {
    const ring = ringOf(0);
    let heard = 0;
    const stop = ring.listen(() => heard++);
    ring.add({ kind: 'alarm', zone: null, message: 'x' });
    expect(ring.listeners).toBe(1);
    stop();
    ring.add({ kind: 'alarm', zone: null, message: 'y' });
    expect([heard, ring.listeners]).toEqual([1, 0]);
  });
});
