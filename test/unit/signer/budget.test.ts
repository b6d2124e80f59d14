import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { SigningBudget } from '../../../src/signer/budget.ts';
import { ALGORITHM } from '../../../src/wire/iana.ts';
import { NOW } from '../../support/served.ts';

const P256 = ALGORITHM.ECDSAP256SHA256;
const P384 = ALGORITHM.ECDSAP384SHA384;

/** How many of `tries` are granted. */
function granted(tries: number, take: () => boolean): number {
  return Array.from({ length: tries }, take).filter((isGranted) => isGranted).length;
}

describe('SigningBudget', () => {
  it('grants so many signatures each second', () => {
    const budget = new SigningBudget(10);
    expect(granted(30, () => budget.take(P256, NOW))).toBe(10);
    expect(granted(30, () => budget.take(ALGORITHM.ED25519, plus(NOW, 1)))).toBe(10);
    expect(granted(30, () => budget.take(P256, plus(NOW, 60)))).toBe(10);
  });

  it('counts a P-384 signature for what it costs, and lets what was overdrawn be paid back', () => {
    const budget = new SigningBudget(10);
    const perSecond = (at: number) => granted(30, () => budget.take(P384, plus(NOW, at)));
    expect(Array.from({ length: 6 }, (_, at) => perSecond(at))).toEqual([1, 0, 1, 0, 1, 0]);
    expect(perSecond(3600)).toBe(1);
  });

  it('begins a new second when the clock was set back', () => {
    const budget = new SigningBudget(2);
    expect(granted(5, () => budget.take(P256, NOW))).toBe(2);
    expect(granted(5, () => budget.take(P256, plus(NOW, -500)))).toBe(2);
  });

  it('sends a bounded number of sources to TCP each second', () => {
    const budget = new SigningBudget(10);
    expect(granted(100, () => budget.takeTruncation(NOW))).toBe(40);
    expect(granted(100, () => budget.takeTruncation(plus(NOW, 1)))).toBe(40);
    expect(granted(30, () => budget.take(P256, plus(NOW, 1)))).toBe(10);
  });

  it('grants nothing while others wait, and takes nothing for that', () => {
    const budget = new SigningBudget(10);
    budget.isBehind = true;
    expect(granted(30, () => budget.take(P256, NOW))).toBe(0);
    expect(granted(100, () => budget.takeTruncation(NOW))).toBe(40);
    budget.isBehind = false;
    expect(granted(30, () => budget.take(P256, NOW))).toBe(10);
  });

  it('has no bound at 0', () => {
    const budget = new SigningBudget(0);
    budget.isBehind = true;
    expect(granted(100_000, () => budget.take(P384, NOW))).toBe(100_000);
  });
});
