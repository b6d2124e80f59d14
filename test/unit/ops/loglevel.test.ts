import { afterEach, describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { Scheduler } from '../../../src/daemon/scheduler.ts';
import { LogLevels } from '../../../src/ops/loglevel.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const clock = new ManualClock(1_800_000_000);
const scheduler = new Scheduler(clock);
afterEach(() => scheduler.cancel('log level'));

function leveled() {
  const log = { level: 'info' };
  return { log, levels: new LogLevels(log, 'info', scheduler) };
}

describe('LogLevels', () => {
  it('goes back by itself after the time', () => {
    const { log, levels } = leveled();
    levels.set('trace', plus(clock.now(), 600));
    expect([log.level, levels.current, levels.usual]).toEqual(['trace', 'trace', 'info']);
    clock.advance(599);
    scheduler.runDue();
    expect(log.level).toBe('trace');
    clock.advance(1);
    scheduler.runDue();
    expect([log.level, levels.until]).toEqual(['info', null]);
  });

  it('goes back to what was set for good meanwhile', () => {
    const { log, levels } = leveled();
    levels.set('debug', plus(clock.now(), 60));
    levels.set('warn', null);
    clock.advance(61);
    scheduler.runDue();
    expect([log.level, levels.usual]).toEqual(['warn', 'warn']);
    levels.set('error', plus(clock.now(), 60));
    clock.advance(61);
    scheduler.runDue();
    expect(log.level).toBe('warn');
  });

  it('lets a later order replace an earlier one', () => {
    const { log, levels } = leveled();
    levels.set('trace', plus(clock.now(), 60));
    levels.set('debug', plus(clock.now(), 600));
    clock.advance(100);
    scheduler.runDue();
    expect(log.level).toBe('debug');
  });
});
