/** Who has a turn when. Work is done when the test says so: nothing here depends on how long anything takes. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { type Pace, Turns, type Urgency } from '../../../src/daemon/turns.ts';

/** Turns whose work ends when it is told to. */
class Stage {
  /** In the order in which they began. */
  readonly begun: string[] = [];
  /** Of each turn that has ended, whether none was left. */
  readonly ends: boolean[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly turns: Turns;

  constructor(atOnce: number) {
    this.turns = new Turns({ atOnce, onEnd: (isIdle) => this.ends.push(isIdle) });
  }

  add(name: string, urgency: Urgency, due: number, zone = name): Promise<string> {
    return this.addAt(name, { urgency, due: unixSeconds(due) }, zone);
  }

  addAt(name: string, pace: Pace, zone = name): Promise<string> {
    return this.turns.run(zone, pace, () => {
      this.begun.push(name);
      return new Promise((end) => this.#ends.set(name, () => end(name)));
    });
  }

  /** Ends the work of a turn that has begun, and lets others begin. */
  async end(name: string): Promise<void> {
    const end = this.#ends.get(name);
    expect(end, `${name} has begun`).toBeDefined();
    this.#ends.delete(name);
    end!();
    await this.rest();
  }

  /** Lets everything happen that waits for nothing. */
  async rest(): Promise<void> {
    for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends what has begun, in that order, until nothing is left. */
  async endAll(): Promise<void> {
    await this.rest();
    for (let i = 0; i < 10_000 && this.#ends.size > 0; i++) await this.end([...this.#ends.keys()][0]!);
  }
}

describe('turns', () => {
  it('of a zone that falls due behind a crowd come after two others, whatever the size of the crowd', async () => {
    for (const crowd of [10, 1_000]) {
      const stage = new Stage(1);
      for (let i = 0; i < crowd; i++) void stage.add(`crowd ${i}`, 'due', 100);
      void stage.add('late', 'due', 101);
      await stage.endAll();
      expect(stage.begun).toHaveLength(crowd + 1);
      expect(stage.begun.indexOf('late')).toBeLessThanOrEqual(2);
    }
  });

  it('come to the oldest as well, while younger ones fall due all the time', async () => {
    const stage = new Stage(1);
    for (let i = 0; i < 20; i++) void stage.add(`old ${i}`, 'due', i);
    await stage.rest();
    for (let i = 0; i < 100; i++) {
      void stage.add(`young ${i}`, 'due', 1_000 + i);
      await stage.end(stage.begun.at(-1)!);
    }
    const old = stage.begun.filter((name) => name.startsWith('old'));
    expect(old).toEqual(Array.from({ length: 20 }, (_, i) => `old ${i}`));
  });

  it('come to orders first and to bulk work last', async () => {
    const stage = new Stage(1);
    void stage.add('bulk 1', 'bulk', 1);
    for (const name of ['bulk 2', 'bulk 3']) void stage.add(name, 'bulk', 1);
    for (const name of ['due 1', 'due 2']) void stage.add(name, 'due', 2);
    for (const name of ['order 1', 'order 2']) void stage.add(name, 'order', 3);
    await stage.endAll();
    const rest = ['order 1', 'order 2', 'due 1', 'due 2', 'bulk 2', 'bulk 3'];
    expect(stage.begun).toEqual(['bulk 1', ...rest]);
  });

  it('are had by so many at once, and by a zone one after the other', async () => {
    const stage = new Stage(3);
    for (let i = 0; i < 6; i++) void stage.add(`a${i}`, 'due', 1, 'a.example.');
    for (let i = 0; i < 3; i++) void stage.add(`b${i}`, 'due', 2, `b${i}.example.`);
    await stage.rest();
    expect(stage.begun, "other turns of the same zone take nobody's place").toEqual(['a0', 'b0', 'b1']);
    await stage.end('b0');
    expect(stage.begun.at(-1)).toBe('b2');
    await stage.end('a0');
    expect(stage.begun.at(-1)).toMatch(/^a/);
    expect(stage.begun).toHaveLength(5);
    await stage.endAll();
    const ofA = stage.begun.filter((name) => name.startsWith('a'));
    expect(ofA).toHaveLength(6);
    expect(stage.turns.isIdle).toBe(true);
  });

  it('go on after one that fails, and tell who asked', async () => {
    const turns = new Turns({ atOnce: 1 });
    const pace = { urgency: 'due', due: unixSeconds(1) } as const;
    const bad = turns.run('a', pace, () => Promise.reject(new Error('disk')));
    const thrown = turns.run('a', pace, () => {
      throw new Error('at once');
    });
    const good = turns.run('a', pace, () => Promise.resolve('good'));
    await expect(bad).rejects.toThrow('disk');
    await expect(thrown).rejects.toThrow('at once');
    expect(await good).toBe('good');
  });

  it('that wait for nothing let others have the event loop', async () => {
    const stage = new Stage(8);
    let isHeard = false;
    const heardAt: number[] = [];
    const turns = Array.from({ length: 1_000 }, (_, i) =>
      stage.turns.run(`z${i}`, { urgency: 'due', due: unixSeconds(1) }, async () => {
        if (isHeard) heardAt.push(i);
      }),
    );
    setImmediate(() => setImmediate(() => (isHeard = true)));
    await Promise.all(turns);
    expect(heardAt.length, 'turns that began after a timer').toBeGreaterThan(800);
  });

  it('tell when they end, and when none is left', async () => {
    const stage = new Stage(2);
    for (const name of ['a', 'b', 'c']) void stage.add(name, 'bulk', 1);
    await stage.rest();
    await stage.end('a');
    await stage.end('b');
    expect(stage.ends).toEqual([false, false]);
    await stage.endAll();
    void stage.add('d', 'due', 1);
    await stage.endAll();
    expect(stage.ends).toEqual([false, false, true, true]);
  });

  it.each(['due', 'bulk'] as const)(
    'come to who has begun before others that are as old: %s',
    async (urgency) => {
      const stage = new Stage(2);
      const crowd = Array.from({ length: 40 }, (_, i) => `z${i}`);
      for (const name of crowd) {
        const pace = stage.turns.paceOf(urgency, unixSeconds(100));
        void stage.addAt(name, pace).then(() => stage.addAt(`${name} again`, pace));
      }
      await stage.endAll();
      expect(stage.begun).toHaveLength(80);
      const open = stage.begun.map((_, i) => {
        const begun = stage.begun.slice(0, i + 1);
        return begun.filter((name) => !name.endsWith('again')).length * 2 - begun.length;
      });
      expect(Math.max(...open), 'zones that are in the middle of their work').toBeLessThanOrEqual(3);
    },
  );

  it('of bulk work wait until a start is over, and nothing else does', async () => {
    const stage = new Stage(2);
    stage.turns.start();
    for (const name of ['b1', 'b2', 'b3']) void stage.add(name, 'bulk', 1);
    void stage.add('due', 'due', 2);
    void stage.add('order', 'order', 3);
    await stage.endAll();
    expect(stage.begun).toEqual(['due', 'order']);
    expect(stage.turns.isIdle).toBe(false);
    stage.turns.started();
    await stage.endAll();
    expect(stage.begun).toEqual(['due', 'order', 'b1', 'b2', 'b3']);
  });

  it('end with those that have begun, once they are closed', async () => {
    const stage = new Stage(1);
    const first = stage.add('first', 'due', 1);
    void stage.add('second', 'order', 1);
    let isClosed = false;
    const closed = stage.turns.close().then(() => {
      isClosed = true;
    });
    await stage.rest();
    expect(isClosed).toBe(false);
    await stage.end('first');
    expect(await first).toBe('first');
    await closed;
    expect(stage.begun).toEqual(['first']);
  });
});
