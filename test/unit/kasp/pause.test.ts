/** Manual mode: no action is taken, every observation is (ROLLOVER 1.2). */
import { describe, expect, it } from 'vitest';
import { formatStates } from '../../../src/kasp/key.ts';
import { next } from '../../../src/kasp/next.ts';
import { paused, pauseRefusal, resumed, resumeRefusal } from '../../../src/kasp/pause.ts';
import { atRest, SPLIT, started, YEAR } from '../../support/pitfall-zones.ts';
import type { RolloverRig } from '../../support/rollover-rig.ts';
import { DAY } from '../../support/rollover-world.ts';

const statesOf = (rig: RolloverRig) => rig.state.keys.map((key) => `${key.id} ${formatStates(key)}`);
const waitsOf = ({ state, facts, policy, now }: RolloverRig) =>
  next(state, facts, policy, now).waiting.map(({ reason }) => reason);

function pause(rig: RolloverRig): void {
  rig.state = paused(rig.state, rig.now);
  rig.wake();
}

function resume(rig: RolloverRig): void {
  rig.state = resumed(rig.state);
  rig.wake();
}

describe('a paused zone', () => {
  it('learns what caches know, and changes nothing that is served', () => {
    const rig = started(atRest(SPLIT), { type: 'zsk' });
    pause(rig);
    const served = rig.histories.zone.length;
    rig.run(30 * DAY);
    expect(statesOf(rig)).toEqual(['K1 O/O/-/O', 'Z1 O/-/O/-', 'Z2 O/-/H/-']);
    expect(rig.histories.zone.length).toBe(served);
    expect(waitsOf(rig)).toContain('paused');
    resume(rig);
    rig.run();
    expect(rig.state.rollover).toBeNull();
    expect(statesOf(rig).at(-1)).toBe('Z2 O/-/O/-');
    expect(rig.findings()).toEqual([]);
  });

  it('starts no rollover, by a lifetime or by an order', () => {
    const lifetime = { ...SPLIT.lifetime, zsk: 60 * DAY };
    const rig = atRest(SPLIT);
    pause(rig);
    rig.setPolicy({ ...SPLIT, lifetime });
    rig.run(YEAR);
    expect(next(rig.state, rig.facts, rig.policy, rig.now).due).toBeNull();
    expect(rig.start({ type: 'zsk' })).toBe('PAUSED');
    expect(rig.start({ type: 'zsk', emergency: 'continuity' })).toBe('PAUSED');
    rig.state = resumed(rig.state);
    expect(next(rig.state, rig.facts, rig.policy, rig.now).due).toMatchObject({ type: 'zsk' });
  });

  it('is paused once, and goes on once', () => {
    const { state, now } = atRest(SPLIT);
    expect(resumeRefusal(state)?.code).toBe('NOT_PAUSED');
    expect(pauseRefusal(state)).toBeUndefined();
    expect(pauseRefusal(paused(state, now))?.code).toBe('ALREADY_PAUSED');
    expect(resumed(paused(state, now))).toEqual(state);
  });
});
