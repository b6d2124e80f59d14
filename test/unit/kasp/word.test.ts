/** What an operator says of the DS is said once, and counts from when it lasts (ROLLOVER 2.9). */
import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { formatStates, stateOf } from '../../../src/kasp/key.ts';
import { next } from '../../../src/kasp/next.ts';
import { observeDs } from '../../../src/kasp/parent.ts';
import { hearDs, hearNoDs } from '../../../src/kasp/word.ts';
import { atRest, SPLIT, started } from '../../support/pitfall-zones.ts';
import type { RolloverRig } from '../../support/rollover-rig.ts';
import { DAY, HOUR, WORLD } from '../../support/rollover-world.ts';

/** A parent that no monitor looks at, and that a person tends. */
const DEAF = {
  ...WORLD,
  parent: { ...WORLD.parent, isMute: true, monitorDelay: 1_000 * DAY, watchInterval: 1_000 * DAY },
};

function tended(method: 'additive' | 'swap'): RolloverRig {
  const rig = atRest(SPLIT);
  rig.world = DEAF;
  return started(rig, { type: 'ksk', method });
}

function say(rig: RolloverRig, keyId: string, seen: boolean): void {
  rig.state = hearDs(rig.state, { keyId, seen, ttl: null }, rig.policy, rig.now);
  rig.wake();
}

const dsOf = (rig: RolloverRig, id: string) => stateOf(rig.state.keys.find((key) => key.id === id)!, 'ds');
const waitsOf = ({ state, facts, policy, now }: RolloverRig) => next(state, facts, policy, now).waiting;

describe('the word of an operator', () => {
  it.each(['additive', 'swap'] as const)(
    'that a registrar replaced the DS ends a rollover (%s)',
    (method) => {
      const rig = tended(method);
      rig.runUntil(() => dsOf(rig, 'K2') === 'rumoured', 'a DS is asked for');
      rig.setDs(['K2']);
      say(rig, 'K2', true);
      say(rig, 'K1', false);
      rig.run(60 * DAY);
      expect(rig.state.rollover).toBeNull();
      expect(rig.state.dsWords).toEqual([]);
      expect(rig.state.keys.map(formatStates)).toEqual(['H/H/-/H', 'O/-/O/-', 'O/O/-/O']);
      // Its DS went before its turn: until then the old key is taken for known, which costs nobody anything.
      expect(rig.findings().filter(({ versions }) => !versions.startsWith('ds(K1) is O'))).toEqual([]);
    },
  );

  it('counts from when no other CDS can be had, and says so', () => {
    const rig = tended('additive');
    rig.runUntil(() => dsOf(rig, 'K2') === 'rumoured', 'a DS is asked for');
    const asked = rig.now;
    rig.setDs(['K1', 'K2']);
    say(rig, 'K2', true);
    expect(rig.state.dsWords).toEqual([{ keyId: 'K2', seen: true }]);
    rig.runUntil(({ pendingSince }) => pendingSince === null, 'all servers have the CDS');
    const [wait] = waitsOf(rig).filter(({ record, to }) => record === 'ds' && to === 'omnipresent');
    expect(wait).toMatchObject({ reason: 'cds_hold', because: expect.stringContaining('it was confirmed') });
    expect(wait!.until).toBeGreaterThan(asked);
    rig.run(wait!.until! - rig.now + HOUR);
    expect(rig.state.dsWords).toEqual([]);
    expect(rig.state.keys.find(({ id }) => id === 'K2')!.dsObservation.seenAllAt).toBe(wait!.until);
  });

  it('is replaced by another, and by what a monitor finds', () => {
    const rig = tended('additive');
    rig.runUntil(() => dsOf(rig, 'K2') === 'rumoured', 'a DS is asked for');
    say(rig, 'K2', true);
    say(rig, 'K2', false);
    expect(rig.state.dsWords).toEqual([]);
    say(rig, 'K2', true);
    rig.state = observeDs(rig.state, { keyId: 'K2', seen: false, ttl: null }, rig.policy, plus(rig.now, 1));
    expect(rig.state.dsWords).toEqual([]);
  });

  it('that a DS is gone does not last while CDS bring it back to an algorithm that has no other', () => {
    const rig = atRest(SPLIT);
    rig.world = DEAF;
    started(rig, { type: 'algorithm', algorithm: 15 });
    const [old, made] = ['K1', 'K2'];
    rig.runUntil(() => dsOf(rig, made!) === 'rumoured', 'a DS is asked for');
    say(rig, made!, true);
    say(rig, old!, false);
    expect(rig.state.dsWords.filter(({ seen }) => !seen)).toEqual([]);
    rig.run(60 * DAY);
    expect(dsOf(rig, old!), 'its end was asked for since').toBe('unretentive');
    rig.setDs([made!]);
    say(rig, old!, false);
    rig.run(60 * DAY);
    expect(dsOf(rig, old!)).toBe('hidden');
    expect(rig.state.rollover).toBeNull();
  });

  it('is forgotten by a cancel: it was said of what was asked before', () => {
    const rig = tended('additive');
    rig.runUntil(() => dsOf(rig, 'K2') === 'rumoured', 'a DS is asked for');
    say(rig, 'K2', true);
    rig.cancel();
    expect(rig.state.dsWords).toEqual([]);
  });

  it('that the parent has no DS at all is about every key', () => {
    const rig = atRest(SPLIT);
    rig.world = DEAF;
    rig.unsign();
    rig.runUntil(() => dsOf(rig, 'K1') === 'unretentive', 'the end of the DS is asked for');
    rig.setDs([]);
    rig.state = hearNoDs(rig.state, rig.policy, rig.now);
    rig.wake();
    rig.run(60 * DAY);
    expect(rig.state.rollover).toBeNull();
    expect(rig.state.keys.map(formatStates)).toEqual(['H/H/-/H', 'H/-/H/-']);
    expect(rig.findings({ isEverSecure: false })).toEqual([]);
  });
});
