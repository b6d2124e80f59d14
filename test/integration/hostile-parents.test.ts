/**
 * Hostile parents, end to end (ROLLOVER 3.4, 3.5): no key state moves that the truth at the parent forbids, the status
 * names the reason, and once the parent is honest the rollover goes on by itself. What each parent does is a row of
 * `support/hostile-conduct.ts`; `test/long` has the rows that take a whole rollover.
 */
import { expect, it } from 'vitest';
import { HOSTILITIES } from '../support/hostile-conduct.ts';
import { childOf, HostileTrial, tableOf } from '../support/hostile-trial.ts';

it('are named, hold rollovers up, and are followed once they are honest', { timeout: 180_000 }, async () => {
  const trial = await HostileTrial.start(HOSTILITIES.filter(({ step }) => step === 'request'));
  try {
    const outcomes = await trial.beHostile();
    console.info(tableOf(outcomes));
    expect(outcomes.map(({ name, at }) => [name, at])).toEqual(
      outcomes.map(({ name, step }) => [name, step]),
    );

    const { parents } = await trial.status();
    const awaiting = new Set(parents!.awaiting.map(({ zone }) => zone));
    expect(outcomes.map(childOf).filter((child) => !awaiting.has(child))).toEqual([]);
    expect(parents!.mostPerSecond).toBeLessThanOrEqual(parents!.rate);
    const { stdout } = await trial.daemon.keyturn('rollover', 'status', 'unsigned.test.');
    expect(stdout).toMatch(
      /at the parent {3}ns2\.test\. \(127\.0\.12\.12\): .*\[PARENT_BOGUS\], since \d{4}-/,
    );
    expect((await trial.daemon.keyturn('status')).stdout).toMatch(
      / {2}silent\.test\. waits: .*\[PARENT_SILENT\]/,
    );

    expect(['ignores.test.', 'blind.test.'].map((child) => trial.parent.notifiedOf(child) > 0)).toEqual([
      true,
      false,
    ]);

    await trial.beHonest('going on');
    expect(trial.faults()).toEqual([]);
  } finally {
    await trial.stop();
  }
});
