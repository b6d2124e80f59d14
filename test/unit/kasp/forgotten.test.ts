import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { forgottenRollovers } from '../../../src/kasp/forgotten.ts';
import type { Key } from '../../../src/kasp/key.ts';
import { next } from '../../../src/kasp/next.ts';
import { plan } from '../../../src/kasp/plan.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { startRollover } from '../../../src/kasp/start.ts';
import type { Rollover, ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const DAY = 86_400;
const FACTS = { maxTtl: 3_600, negativeTtl: 300 };
const POLICY: Policy = { ...DEFAULT_POLICY, scheme: 'ksk-zsk', autoCancel: 20 * DAY };
const SEEN = { seenAllAt: NOON, goneAllAt: null, lastSeenAnywhereAt: NOON };
const ZSK = keyIn('Z', 'O/-/O/-');

/** A KSK rollover that waits for the parent since noon. */
function waiting(changes: Partial<Rollover> = {}, incoming: Partial<Key> = {}): ZoneState {
  const [old, young] = [keyIn('K', 'O/O/-/O', { dsObservation: SEEN }), keyIn('N', 'H/H/-/H')];
  const before = zoneOf([old, ZSK]);
  const started = startRollover(before, { type: 'ksk' }, [young], { policy: POLICY, now: NOON, id: 'r' });
  const keys = started.keys.map((key) =>
    key.id === 'N' ? { ...keyIn('N', 'O/O/-/R'), predecessor: key.predecessor, ...incoming } : key,
  );
  const rollover = { ...started.rollover!, step: 'request', stepSince: NOON, ...changes };
  return { ...started, keys, rollover };
}

/** Seconds from noon until the rollover is cancelled; null if it is not. */
function cancelledAfter(state: ZoneState, policy = POLICY): number | null {
  const [first] = forgottenRollovers(state, policy);
  return first === undefined ? null : first.at - NOON;
}

describe('a forgotten rollover', () => {
  it('is one whose parent has done nothing for as long as the policy says', () => {
    expect(cancelledAfter(waiting())).toBe(20 * DAY);
    expect(cancelledAfter(waiting({ stepSince: plus(NOON, DAY) }))).toBe(21 * DAY);
    expect(cancelledAfter(waiting({ step: 'swap', method: 'swap' }))).toBe(20 * DAY);
  });

  it('is none if the policy says never, which is the default', () => {
    expect(DEFAULT_POLICY.autoCancel).toBe('never');
    expect(cancelledAfter(waiting(), { ...POLICY, autoCancel: 'never' })).toBeNull();
  });

  it('is none in a step that ends by time', () => {
    for (const step of ['publish', 'soak', 'drain', 'remove'])
      expect(cancelledAfter(waiting({ step }))).toBeNull();
  });

  it('is none if the parent has done something', () => {
    expect(cancelledAfter(waiting({}, { dsObservation: SEEN }))).toBeNull();
    const once = { seenAllAt: null, goneAllAt: null, lastSeenAnywhereAt: NOON };
    expect(cancelledAfter(waiting({}, { dsObservation: once }))).toBeNull();
    const state = waiting();
    const gone = { seenAllAt: null, goneAllAt: NOON, lastSeenAnywhereAt: NOON };
    const keys = state.keys.map((key) => (key.id === 'K' ? { ...key, dsObservation: gone } : key));
    expect(cancelledAfter({ ...state, keys })).toBeNull();
  });

  it('is none if its old key is bad, it is undone already, cannot be undone, or is paused', () => {
    expect(cancelledAfter(waiting({ emergency: 'continuity' }))).toBeNull();
    expect(cancelledAfter(waiting({ cancelledAt: NOON }))).toBeNull();
    expect(cancelledAfter({ ...waiting(), pausedSince: NOON })).toBeNull();
    const state = waiting();
    const left = keyIn('K', 'U/O/-/O', { goal: 'OUT', dsObservation: SEEN });
    expect(
      cancelledAfter({ ...state, keys: state.keys.map((key) => (key.id === 'K' ? left : key)) }),
    ).toBeNull();
  });

  it('is not one that makes the zone insecure', () => {
    expect(cancelledAfter(waiting({ type: 'insecure', method: 'unsign', step: 'ask' }))).toBeNull();
  });
});

describe('the machine', () => {
  const at = (days: number): UnixSeconds => plus(NOON, days * DAY);

  it('names it when its time has come, and wakes for that', () => {
    const state = next(waiting(), FACTS, POLICY, at(1)).zoneState;
    const settled = { ...state, pendingSince: null };
    const before = next(settled, FACTS, { ...POLICY, staleAfter: 100 * DAY }, at(15));
    expect([before.forgotten, before.nextWake]).toEqual([null, settled.rollover!.stepSince + 20 * DAY]);
    expect(next(settled, FACTS, POLICY, plus(settled.rollover!.stepSince, 20 * DAY)).forgotten).toBe('r');
  });

  it('does not by a clock that is in doubt', () => {
    const state = { ...next(waiting(), FACTS, POLICY, at(1)).zoneState, pendingSince: null };
    expect(next(state, { ...FACTS, isClockTrusted: false }, POLICY, at(40)).forgotten).toBeNull();
  });

  it('plans it', () => {
    const planned = plan(waiting(), FACTS, POLICY, { now: NOON, until: at(60), parentDelay: 25 * DAY });
    expect(planned.end.rollover).toBeNull();
    expect(planned.end.keys.map(({ id, goal }) => [id, goal])).toEqual([
      ['K', 'IN'],
      ['Z', 'IN'],
      ['N', 'OUT'],
    ]);
  });
});
