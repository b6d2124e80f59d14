import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { Heap } from '../../../src/daemon/heap.ts';
import { Scheduler } from '../../../src/daemon/scheduler.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function setup() {
  const clock = new ManualClock();
  const scheduler = new Scheduler(clock);
  const ran: string[] = [];
  const pass = (seconds: number) => {
    clock.advance(seconds);
    scheduler.runDue();
  };
  return { clock, scheduler, ran, pass, note: (word: string) => () => ran.push(word) };
}

describe('scheduler', () => {
  it('runs each entry once, when it is due, in order', () => {
    const { clock, scheduler, ran, pass, note } = setup();
    scheduler.at('b', plus(clock.now(), 20), note('b'));
    scheduler.at('a', plus(clock.now(), 10), note('a'));
    scheduler.after('c', 5_000, note('c'));
    pass(4);
    expect(ran).toEqual([]);
    pass(1);
    expect(ran).toEqual(['c']);
    pass(100);
    expect(ran).toEqual(['c', 'a', 'b']);
    pass(1_000);
    expect(ran).toHaveLength(3);
    scheduler.close();
  });

  it('replaces and cancels by key', () => {
    const { clock, scheduler, ran, pass, note } = setup();
    scheduler.at('a', plus(clock.now(), 10), note('first'));
    scheduler.at('a', plus(clock.now(), 30), note('second'));
    scheduler.after('b', 1_000, note('b'));
    scheduler.cancel('b');
    expect(scheduler.has('b')).toBe(false);
    expect(scheduler.due(9)).toEqual([{ key: 'a', at: plus(clock.now(), 30) }]);
    pass(20);
    expect(ran).toEqual([]);
    pass(10);
    expect(ran).toEqual(['second']);
    scheduler.close();
  });

  it('wakes a sleeper once, at its newest instant, and shows it by its name', () => {
    const { clock, scheduler, ran, pass } = setup();
    const sleeper = (timer: string) => ({ timer, wake: (at: number) => ran.push(`${timer} ${at}`) });
    const [one, other, gone] = [sleeper('one'), sleeper('other'), sleeper('gone')];
    const at = plus(clock.now(), 20);
    scheduler.wakeAt(one, plus(clock.now(), 10));
    scheduler.wakeAt(other, at);
    scheduler.wakeAt(one, plus(at, 1));
    scheduler.wakeAt(gone, at);
    scheduler.cancel(gone);
    expect(scheduler.due(9)).toEqual([
      { key: 'other', at },
      { key: 'one', at: plus(at, 1) },
    ]);
    pass(15);
    expect(ran).toEqual([]);
    pass(15);
    expect(ran).toEqual([`other ${at}`, `one ${plus(at, 1)}`]);
    pass(100);
    expect(ran).toHaveLength(2);
    scheduler.close();
  });

  it('follows the wall clock for instants, the monotonic one for delays', () => {
    const { clock, scheduler, ran, note } = setup();
    scheduler.at('instant', plus(clock.now(), 3_600), note('instant'));
    scheduler.after('delay', 3_600_000, note('delay'));
    clock.step(clock.now() + 4_000);
    scheduler.runDue();
    expect(ran).toEqual(['instant']);
    scheduler.close();
  });

  it('runs what an entry adds in a later round, so that a round ends', () => {
    const { clock, scheduler, pass } = setup();
    let runs = 0;
    const again = () => {
      runs++;
      scheduler.at('again', clock.now(), again);
    };
    scheduler.at('again', clock.now(), again);
    pass(1);
    expect(runs).toBe(1);
    scheduler.close();
    pass(1);
    expect(runs).toBe(1);
  });

  it('lets others have their turn while it works off a crowd, in the order in which it was due', async () => {
    const { clock, scheduler } = setup();
    const order: (number | string)[] = [];
    for (let i = 99; i >= 0; i--) {
      scheduler.at(`zone ${i}`, plus(clock.now(), i), () => {
        order.push(i);
        clock.advance(0.01);
      });
    }
    clock.advance(100);
    scheduler.runDue();
    expect(order.length).toBeLessThan(10);
    order.push('others');
    const from = Date.now();
    while (order.length < 101 && Date.now() - from < 5_000) await new Promise((done) => setTimeout(done, 1));
    expect(order.filter((one) => one !== 'others')).toEqual(Array.from({ length: 100 }, (_, i) => i));
    scheduler.close();
  });

  it('keeps no pile of replaced entries', () => {
    const { clock, scheduler } = setup();
    for (let i = 0; i < 10_000; i++) scheduler.at('a', plus(clock.now(), 1_000 + i), () => i);
    expect(scheduler.due(9)).toHaveLength(1);
    expect(scheduler.heldEntries).toBeLessThan(200);
    scheduler.close();
  });
});

describe('heap', () => {
  it('gives items in order and drops what is not retained', () => {
    const heap = new Heap<number>((a, b) => a - b);
    for (const item of [5, 3, 9, 1, 7, 3, 2, 8]) heap.push(item);
    heap.retain((item) => item !== 3);
    const out: (number | undefined)[] = [];
    while (heap.items.length > 0) out.push(heap.pop());
    expect(out).toEqual([1, 2, 5, 7, 8, 9]);
    expect(heap.pop()).toBeUndefined();
  });
});
