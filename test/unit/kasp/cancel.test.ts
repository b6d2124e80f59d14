import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { cancelRefusal, cancelRollover, turned } from '../../../src/kasp/cancel.ts';
import { formatStates, type Key, NEVER_OBSERVED, recordGoal, withRecord } from '../../../src/kasp/key.ts';
import { goInsecure } from '../../../src/kasp/start.ts';
import { findKey, type Rollover, type RolloverMethod, type ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const LATER = plus(NOON, 600);

function rollover(method: RolloverMethod, changes: Partial<Rollover> = {}): Rollover {
  return {
    ...{
      id: 'roll',
      type: 'ksk',
      method,
      emergency: null,
      startedAt: NOON,
      incoming: ['new'],
      outgoing: ['old'],
    },
    ...{ cancelledAt: null, step: 'start', stepSince: NOON, isStalled: false, followedBy: null },
    ...changes,
  };
}

/** A zone in which `old` is replaced by `new`, each in the states given. */
function rolling(
  method: RolloverMethod,
  old: string,
  fresh: string,
  changes: Partial<Rollover> = {},
): ZoneState {
  const keys = [
    keyIn('old', old, { goal: 'OUT', successor: 'new', publishedAt: NOON }),
    keyIn('new', fresh, { predecessor: 'old' }),
  ];
  return zoneOf(keys, { rollover: rollover(method, changes) });
}

describe('table 2.9: where a rollover can be cancelled', () => {
  it.each<[string, RolloverMethod, string, string, boolean]>([
    ['ZSK 1', 'pre-publication', 'O/-/O/-', 'R/-/H/-', true],
    ['ZSK 2', 'pre-publication', 'O/-/U/-', 'O/-/R/-', true],
    ['ZSK 3', 'pre-publication', 'U/-/H/-', 'O/-/O/-', false],
    ['KSK 1', 'additive', 'O/O/-/O', 'R/R/-/H', true],
    ['KSK 2', 'additive', 'O/O/-/O', 'O/O/-/R', true],
    ['KSK 4', 'additive', 'O/O/-/U', 'O/O/-/O', true],
    ['KSK 6', 'additive', 'U/U/-/H', 'O/O/-/O', false],
    ['KSK swap', 'swap', 'O/O/-/U', 'O/O/-/R', true],
    ['CSK 4', 'additive', 'O/O/U/U', 'O/O/R/O', true],
    ['CSK 6', 'additive', 'U/U/H/H', 'O/O/O/O', false],
    ['double-DS 2', 'double-ds', 'O/O/-/O', 'H/H/-/R', true],
    ['double-DS 3', 'double-ds', 'U/U/-/O', 'R/R/-/O', false],
    ['algorithm 1', 'conservative', 'O/O/O/O', 'H/R/R/H', true],
    ['algorithm 3', 'conservative', 'O/O/O/O', 'O/O/O/R', true],
    ['algorithm 5', 'conservative', 'U/O/O/H', 'O/O/O/O', true],
    ['algorithm 6', 'conservative', 'H/U/U/H', 'O/O/O/O', false],
    ['algorithm 5 and 6 at once', 'liberal', 'U/U/U/H', 'O/O/O/O', false],
    ['role split 2', 'split', 'O/O/U/O', 'O/-/R/-', true],
    ['role merge 1', 'merge', 'O/-/U/-', 'O/O/R/O', true],
    ['role merge 2', 'merge', 'U/-/H/-', 'O/O/O/O', false],
    ['going insecure I1', 'unsign', 'O/O/O/U', 'H/H/H/H', true],
    ['going insecure I3', 'unsign', 'U/U/U/H', 'H/H/H/H', false],
  ])('%s', (_row, method, old, fresh, isPossible) => {
    const refusal = cancelRefusal(rolling(method, old, fresh));
    expect(refusal?.code).toBe(isPossible ? undefined : 'POINT_OF_NO_RETURN');
  });

  it('refuses what does not run, and what is cancelled', () => {
    expect(cancelRefusal(zoneOf([]))?.code).toBe('NO_ROLLOVER');
    const once = cancelRollover(rolling('additive', 'O/O/-/O', 'R/R/-/H'), LATER);
    expect(cancelRefusal(once)?.code).toBe('ALREADY_CANCELLED');
    expect(cancelRollover(once, plus(LATER, 1))).toBe(once);
  });
});

describe('what a cancel sets', () => {
  it('the keys change places, and no state is rewound', () => {
    const before = rolling('additive', 'O/O/-/U', 'O/O/-/O', { emergency: 'containment' });
    const after = cancelRollover(before, LATER);
    expect(after.rollover).toEqual({
      ...before.rollover,
      ...{ incoming: ['old'], outgoing: ['new'], cancelledAt: LATER, emergency: null },
    });
    const [old, fresh] = [findKey(after, 'old')!, findKey(after, 'new')!];
    expect([old.goal, old.predecessor, old.successor]).toEqual(['IN', 'new', null]);
    expect([fresh.goal, fresh.predecessor, fresh.successor]).toEqual(['OUT', null, 'old']);
    expect(after.keys.map(formatStates)).toEqual(before.keys.map(formatStates));
  });

  it('a split is undone by a merge, a merge by a split', () => {
    const splitting = rolling('split', 'O/O/U/O', 'O/-/R/-', { type: 'scheme' });
    const unsplit = cancelRollover(
      { ...splitting, keys: [keyIn('old', 'O/O/U/O', { roles: ['key-signing'] }), splitting.keys[1]!] },
      LATER,
    );
    expect(unsplit.rollover?.method).toBe('merge');
    expect([findKey(unsplit, 'old')!.goal, recordGoal(findKey(unsplit, 'old')!, 'zrrsig')]).toEqual([
      'IN',
      'IN',
    ]);
    expect(findKey(unsplit, 'new')!.goal).toBe('OUT');

    const unmerged = cancelRollover(rolling('merge', 'O/-/U/-', 'O/O/R/O', { type: 'scheme' }), LATER);
    expect(unmerged.rollover).toMatchObject({ method: 'split', incoming: ['old'], outgoing: ['new'] });
    const taker = findKey(unmerged, 'new')!;
    expect([taker.goal, taker.roles, recordGoal(taker, 'zrrsig')]).toEqual(['IN', ['key-signing'], 'OUT']);
    expect(findKey(unmerged, 'old')!.goal).toBe('IN');
  });

  it('an emergency merge no longer leads to a split', () => {
    const merging = rolling('merge', 'O/-/U/-', 'O/O/R/O', { type: 'zsk', followedBy: 'scheme' });
    expect(cancelRollover(merging, LATER).rollover?.followedBy).toBeNull();
  });

  it('going insecure: the zone is what it was, and asks for its DS', () => {
    const state = goInsecure(zoneOf([keyIn('X', 'O/O/O/O')]), { now: NOON, id: 'bye' });
    const back = cancelRollover(state, LATER);
    expect(back).toMatchObject({ goal: 'secure', rollover: null, keys: [{ goal: 'IN' }] });
  });

  it('the one that is named, else the main one', () => {
    const zsk = rollover('pre-publication', { id: 'zsk', type: 'zsk', incoming: ['z2'], outgoing: ['z1'] });
    const main = rolling('additive', 'O/O/-/O', 'O/O/-/R');
    const zsks = [keyIn('z1', 'U/-/H/-', { goal: 'OUT' }), keyIn('z2', 'O/-/O/-')];
    const both = { ...main, keys: [...main.keys, ...zsks], overlapping: zsk };
    expect(cancelRefusal(both)).toBeUndefined();
    expect(cancelRefusal(both, 'zsk')?.code).toBe('POINT_OF_NO_RETURN');
    expect(cancelRefusal(both, 'nobody')?.code).toBe('NO_ROLLOVER');
    expect(cancelRollover(both, LATER).overlapping).toBe(zsk);
    expect(cancelRollover(both, LATER, 'zsk')).toMatchObject({
      rollover: main.rollover,
      overlapping: { cancelledAt: LATER },
    });
  });
});

describe('a goal that turns', () => {
  const dated = (key: Key): Key =>
    withRecord(key, 'dnskey', { ...key.states.dnskey!, notBefore: plus(NOON, 3_600) });
  const seen = { seenAllAt: NOON, goneAllAt: NOON, lastSeenAnywhereAt: NOON };

  it('drops the deadline of the old direction, and nothing else of the record', () => {
    const key = dated(keyIn('X', 'R/R/R/H'));
    const after = turned(key, 'OUT');
    expect(after.states.dnskey).toEqual({ ...key.states.dnskey, notBefore: null });
    expect(turned(key, 'IN')).toBe(key);
  });

  it('a DS that is withdrawn must be seen gone from now on', () => {
    const of = (states: string) => turned(keyIn('X', states, { dsObservation: seen }), 'OUT').dsObservation;
    expect(of('O/O/O/R')).toEqual({ ...seen, goneAllAt: null });
    expect(of('O/O/O/H')).toEqual(NEVER_OBSERVED);
  });

  it('a DS that is asked for again must be seen from now on', () => {
    const of = (states: string) =>
      turned(keyIn('X', states, { goal: 'OUT', dsObservation: seen }), 'IN').dsObservation;
    expect(of('O/O/O/U')).toEqual(NEVER_OBSERVED);
    expect(of('O/O/O/O')).toEqual(seen);
  });
});
