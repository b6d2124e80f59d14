import { describe, expect, it } from 'vitest';
import { SteadyClock } from '../../../src/daemon/steadyclock.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const START = 1_795_521_600;

describe('steady clock', () => {
  it('is trusted while both clocks go alike, for years', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    for (let day = 0; day < 800; day++) {
      clock.advance('1d');
      // The monotonic clock may be off by a second a day: that is not a step.
      clock.step(clock.now() + 1);
      expect(steady.isTrusted).toBe(true);
    }
  });

  it('is not trusted after a jump ahead, until it is set back', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START + 301);
    expect(steady.isTrusted).toBe(false);
    clock.advance('10d');
    expect(steady.isTrusted).toBe(false);
    expect(steady.aheadSeconds).toBe(301);
    clock.step(clock.now() - 301);
    expect(steady.isTrusted).toBe(true);
  });

  it('is trusted again when somebody says so', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START + 86_400);
    expect(steady.isTrusted).toBe(false);
    steady.trust();
    expect(steady.isTrusted).toBe(true);
    expect(steady.aheadSeconds).toBe(0);
  });

  it('takes no jump of five minutes, and none back, for a step', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START + 300);
    expect(steady.isTrusted).toBe(true);
    clock.step(START - 86_400);
    expect(steady.isTrusted).toBe(true);
    clock.step(START);
    expect(steady.isTrusted, 'it was a day behind, and jumped').toBe(false);
  });
});
