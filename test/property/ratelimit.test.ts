/** The accounts of the rate limit against an obvious twin, and what a crowd of sources can do to one of them: nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWER_CLASS, VERDICT } from '../../src/answer/ratelimit.ts';
import { AccountTable, makeTableMemory, NO_ACCOUNT } from '../../src/answer/ratelimit-table.ts';
import { COUNTER, Counters } from '../../src/base/counters.ts';

import { KEY, limiterOf, peerOf } from '../support/ratelimit.ts';
import { SeededRandom } from '../support/zones.ts';

const START = 1_795_000_000;
const WINDOW = 15;

/** Accounts as a map without bounds. */
class Twin {
  readonly #accounts = new Map<string, { last: number; balance: number }>();

  charge(key: string, rate: number, now: number): number {
    const account = this.#accounts.get(key) ?? { last: now, balance: rate };
    this.#accounts.set(key, account);
    const earned = account.balance + (now - account.last) * rate;
    if (now > account.last) account.balance = Math.min(rate, earned);
    if (now < account.last) account.balance = rate;
    account.last = now;
    account.balance = Math.max(account.balance - 1, -rate * WINDOW);
    return account.balance;
  }
}

describe('AccountTable', () => {
  const step = fc.record({
    source: fc.nat(5),
    low: fc.nat(1),
    zone: fc.nat(2),
    kind: fc.integer({ min: 1, max: 3 }),
    waitS: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: -20, max: 40 })),
  });

  it('counts like a map as long as no account makes room', () => {
    const rate = 3;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const counters = new Counters();
        const table = new AccountTable(makeTableMemory(65_536, KEY), counters);
        const twin = new Twin();
        let now = START;
        for (const { source, low, zone, kind, waitS } of steps) {
          now += waitS;
          const account = table.open(source, low, zone, kind, rate, now);
          const balance = table.charge(account, rate, rate * WINDOW, now);
          expect(balance).toBe(twin.charge(`${source} ${low} ${zone} ${kind}`, rate, now));
        }
      }),
    );
  });

  it('keeps keys apart that lie in one set and differ in one word', () => {
    const table = new AccountTable(makeTableMemory(4, KEY), new Counters());
    const keys: readonly (readonly [number, number, number, number])[] = [
      [1, 2, 3, 4],
      [9, 2, 3, 4],
      [1, 9, 3, 4],
      [1, 2, 9, 4],
    ];
    const accounts = keys.map((key) => table.open(...key, 5, START));
    expect(new Set(accounts).size).toBe(4);
    expect(keys.map((key) => table.find(...key))).toEqual(accounts);
    expect(table.find(1, 2, 3, 9)).toBe(NO_ACCOUNT);
  });

  it('never takes more memory than it was made with, and always has an account to give', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), (accounts, seed) => {
        const memory = makeTableMemory(accounts, KEY);
        const table = new AccountTable(memory, new Counters());
        expect(table.capacity).toBeGreaterThanOrEqual(accounts);
        expect(memory.byteLength).toBe(64 + 32 * table.capacity);
        const random = new SeededRandom(seed);
        for (let i = 0; i < 1_000; i++) {
          const source = random.below(2 ** 31);
          const account = table.open(source, 0, 1, 1, 5, START + i);
          expect(table.charge(account, 5, 75, START + i)).toBe(4);
          expect(table.find(source, 0, 1, 1)).toBe(account);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('lets the account that was silent longest make room, of two the one that owes less', () => {
    // One set of four places.
    const counters = new Counters();
    const table = new AccountTable(makeTableMemory(4, KEY), counters);
    const charge = (source: number, times: number, now: number) => {
      for (let i = 0; i < times; i++) table.charge(table.open(source, 0, 1, 1, 5, now), 5, 75, now);
    };
    const isThere = (source: number) => table.find(source, 0, 1, 1) !== NO_ACCOUNT;
    charge(1, 20, START);
    charge(2, 1, START + 1);
    charge(3, 3, START + 1);
    charge(4, 20, START + 1);
    charge(5, 1, START + 1);
    expect([1, 2, 3, 4, 5].map(isThere)).toEqual([false, true, true, true, true]);
    expect(counters.get(COUNTER.RATE_FORGIVEN)).toBe(1);
    charge(6, 2, START + 1);
    charge(7, 2, START + 1);
    // Two of those that had taken one; the debt of 4 stays.
    expect([2, 3, 4, 5, 6, 7].map(isThere)).toEqual([false, true, true, false, true, true]);
    expect(counters.get(COUNTER.RATE_FORGIVEN)).toBe(1);
  });
});

describe('a source that keeps to its rate', () => {
  it('is always answered, whatever others do, however small the table is', () => {
    const random = new SeededRandom(6);
    for (const accounts of [4, 64, 4096]) {
      const { limiter } = limiterOf({ rates: [10, 10, 10, 10], windowS: WINDOW, slip: 2 }, accounts);
      const honest = peerOf('198.51.100.7');
      for (let second = 0; second < 40; second++) {
        for (let i = 0; i < 10; i++) {
          for (let flood = 0; flood < 100; flood++) {
            const forged = peerOf(`${1 + random.below(197)}.${random.below(256)}.${random.below(8)}.1`);
            limiter.judge(forged, false, 1, random.below(4), START + second);
          }
          expect(limiter.judge(honest, false, 1, ANSWER_CLASS.POSITIVE, START + second)).toBe(VERDICT.ANSWER);
        }
      }
    }
  });
});

describe('a source that is flooded', () => {
  it('gets no more than its rate, with a crowd of others beside it', () => {
    const { limiter } = limiterOf({ rates: [10, 10, 10, 10], windowS: WINDOW, slip: 0 });
    const random = new SeededRandom(7);
    const victim = peerOf('192.0.2.1');
    let answered = 0;
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 500; i++) {
        const other = peerOf(`10.${random.below(256)}.${random.below(256)}.1`);
        limiter.judge(other, false, 1, ANSWER_CLASS.POSITIVE, START + second);
        if (limiter.judge(victim, false, 1, ANSWER_CLASS.POSITIVE, START + second) === VERDICT.ANSWER)
          answered++;
      }
    }
    // The first second's, and none while it lasts.
    expect(answered).toBe(10);
  });
});
