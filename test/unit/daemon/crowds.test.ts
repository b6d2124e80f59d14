/** When it is worth putting the heap in order: after very many turns in a row, and not at any number of lone ones. */
import { expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { COMPACTING, QUIET_MS, turnsWithCrowds } from '../../../src/daemon/crowds.ts';
import { Scheduler } from '../../../src/daemon/scheduler.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const pace = { urgency: 'due', due: unixSeconds(1) } as const;

/** Runs so many turns, and says whether the heap was compacted after them, or is to be. */
function trial() {
  const clock = new ManualClock(1_800_000_000);
  const scheduler = new Scheduler(clock);
  let compacted = 0;
  const turns = turnsWithCrowds(scheduler, clock, () => compacted++);
  const run = async (count: number): Promise<boolean> => {
    await Promise.all(
      Array.from({ length: count }, (_, i) => turns.run(`z${i}`, pace, () => Promise.resolve())),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.isIdle).toBe(true);
    return scheduler.has(COMPACTING);
  };
  const pass = (seconds: number): number => {
    clock.advance(seconds);
    scheduler.runDue();
    return compacted;
  };
  return { clock, scheduler, turns, run, pass };
}

it('comes after a crowd', async () => {
  const { scheduler, run, pass } = trial();
  expect(await run(5_000)).toBe(true);
  expect(pass(1)).toBe(0);
  expect(pass(1)).toBe(1);
  expect(await run(100)).toBe(false);
  scheduler.close();
});

it('waits for the last of a crowd', async () => {
  const { scheduler, turns, run, pass } = trial();
  await run(5_000);
  let end: () => void = () => undefined;
  const last = turns.run('last', pace, () => new Promise<void>((resolve) => (end = resolve)));
  await new Promise((resolve) => setImmediate(resolve));
  expect(pass(2)).toBe(0);
  end();
  await last;
  await new Promise((resolve) => setImmediate(resolve));
  expect(pass(2)).toBe(1);
  scheduler.close();
});

it('comes after a minute of a crowd that thins out', async () => {
  const { scheduler, run, pass } = trial();
  await run(1_000);
  for (let second = 1; second < 60; second++) {
    expect(pass(1)).toBe(0);
    await run(1);
  }
  expect(pass(1)).toBe(1);
  scheduler.close();
});

it('comes after one in which nobody had a turn now and then', async () => {
  const { scheduler, clock, run } = trial();
  for (let i = 0; i < 9; i++) {
    expect(await run(100)).toBe(false);
    clock.advance(QUIET_MS / 1_000 - 1);
  }
  expect(await run(100)).toBe(true);
  scheduler.close();
});

it('does not come of turns with pauses between them', async () => {
  const { scheduler, clock, run } = trial();
  for (let i = 0; i < 30; i++) {
    expect(await run(100)).toBe(false);
    clock.advance(QUIET_MS / 1_000);
  }
  scheduler.close();
});
