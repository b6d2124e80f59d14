/** All hostile parents of `support/hostile-conduct.ts`, until every rollover is over; CI has most of them (integration). */
import { expect, it } from 'vitest';
import { HOSTILITIES } from '../support/hostile-conduct.ts';
import { HostileTrial, tableOf } from '../support/hostile-trial.ts';

it('never lead a rollover astray, from start to end', async () => {
  const trial = await HostileTrial.start(HOSTILITIES);
  try {
    const outcomes = await trial.beHostile();
    console.info(tableOf(outcomes));
    const held = outcomes.filter(({ step }) => step !== null);
    expect(held.map(({ name, at }) => [name, at])).toEqual(held.map(({ name, step }) => [name, step]));
    await trial.beHonest('over');
    expect(trial.faults()).toEqual([]);
  } finally {
    await trial.stop();
  }
});
