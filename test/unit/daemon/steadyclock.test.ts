import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
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

  it('takes no jump of five minutes for a step, and none back that ends where time really is', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START + 300);
    expect(steady.isTrusted).toBe(true);
    clock.step(START - 86_400);
    expect(steady.isTrusted).toBe(true);
    clock.step(START + 300);
    expect(steady.isTrusted, 'it is right again').toBe(true);
    clock.step(START + 601);
    expect(steady.isTrusted).toBe(false);
  });
});

describe('key time', () => {
  it('never goes back, whatever the wall clock does', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    let before = steady.keyInstant().now;
    let random = 1;
    for (let i = 0; i < 2_000; i++) {
      random = (random * 48_271) % 2_147_483_647;
      if (random % 3 === 0) clock.step(START + (random % 1_000_000));
      else clock.advance((random % 1_000) / 7);
      if (random % 50 === 0) steady.trust();
      const { now } = steady.keyInstant();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  it('runs on by what has really passed while the wall clock is behind, and dates by it what ends', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START - 86_400);
    clock.advance(3_600);
    expect(steady.keyInstant()).toEqual({ now: START + 3_600, ended: START + 3_601 });
    expect(steady.now(), 'signatures are made by the wall clock').toBe(START - 82_800);
    // Set right: what was dated meanwhile is not in the future, and not too early.
    clock.step(START + 3_600);
    expect(steady.keyInstant()).toEqual({ now: START + 3_600, ended: START + 3_601 });
    expect(steady.isTrusted).toBe(true);
  });

  it('does not follow a jump ahead; what ends meanwhile is dated by the later clock', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START + 86_400);
    clock.advance(10);
    expect(steady.keyInstant()).toEqual({ now: START + 10, ended: START + 86_411 });
    clock.step(START + 10);
    expect(steady.keyInstant()).toEqual({ now: START + 10, ended: START + 11 });
    clock.step(START + 86_410);
    steady.trust();
    expect(steady.keyInstant()).toEqual({ now: START + 86_410, ended: START + 86_411 });
  });

  it('begins where a former process was, and tells that the wall clock is behind it', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock, unixSeconds(START + 7_200));
    expect(steady.keyInstant().now).toBe(START + 7_200);
    expect(steady.behindSeconds).toBe(7_200);
    expect(steady.isTrusted).toBe(true);
    clock.advance(60);
    expect(steady.keyInstant().now).toBe(START + 7_260);
    steady.trust();
    expect(steady.behindSeconds, 'somebody says that the wall clock is right').toBe(0);
    expect(steady.keyInstant().now, 'and what was dated stays in the past').toBe(START + 7_260);
    clock.step(START - 86_400);
    expect(steady.behindSeconds).toBeGreaterThan(86_400);
  });

  it('tells when the wall clock will be where key time has to be', () => {
    const clock = new ManualClock(START);
    const steady = new SteadyClock(clock);
    clock.step(START - 1_000);
    expect(steady.wallTimeOf(unixSeconds(START + 60))).toBe(START - 940);
  });
});
