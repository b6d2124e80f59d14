/** A clock that is known to be wrong (ROLLOVER 1.9): what it says of time is not acted upon. */
import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { next } from '../../../src/kasp/next.ts';
import { atRest, POLICY, runToStep, SPLIT, started, YEAR } from '../../support/pitfall-zones.ts';
import { DAY, FACTS } from '../../support/rollover-world.ts';

const DOUBTED = { ...FACTS, isClockTrusted: false };

describe('a clock that is ahead', () => {
  it('takes no observation, and drops no version that caches may hold', () => {
    const rig = started(atRest(SPLIT), { type: 'ksk', method: 'swap' });
    runToStep(rig, 'drain');
    const ahead = plus(rig.now, 60 * DAY);
    const doubted = next(rig.state, DOUBTED, SPLIT, ahead);
    expect(doubted.zoneState.logs).toEqual(rig.state.logs);
    expect(doubted.zoneState.keys).toEqual(rig.state.keys);
    expect(doubted.waiting.map(({ reason }) => reason)).toContain('clock_step');
    const trusted = next(rig.state, FACTS, SPLIT, ahead);
    expect(trusted.zoneState.logs.ds.length).toBeLessThan(rig.state.logs.ds.length);
    expect(trusted.zoneState.rollover?.step).toBe('remove');
  });

  it('starts no rollover by a lifetime', () => {
    const rig = atRest(POLICY);
    const policy = { ...POLICY, lifetime: { ...POLICY.lifetime, csk: YEAR } };
    const ahead = plus(rig.now, 2 * YEAR);
    expect(next(rig.state, DOUBTED, policy, ahead).due).toBeNull();
    expect(next(rig.state, FACTS, policy, ahead).due).toEqual({ type: 'csk' });
  });

  it('destroys no key', () => {
    const rig = started(atRest(SPLIT), { type: 'zsk' });
    rig.runUntil(({ rollover }) => rollover === null, 'the end');
    const ahead = plus(rig.now, 2 * POLICY.purgeAfter);
    const purges = (facts: typeof DOUBTED) =>
      next(rig.state, facts, SPLIT, ahead).actions.filter(({ kind }) => kind === 'purge').length;
    expect(purges(DOUBTED)).toBe(0);
    expect(purges({ ...FACTS, isClockTrusted: true })).toBe(1);
  });
});
