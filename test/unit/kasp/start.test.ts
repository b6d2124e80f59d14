import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { type Key, recordGoal } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import {
  goInsecure,
  goSecure,
  keysFor,
  keysForSecure,
  refusalOf,
  secureRefusal,
  startRollover,
} from '../../../src/kasp/start.ts';
import type { RolloverRequest } from '../../../src/kasp/step.ts';
import { findKey, type Rollover, type ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const SPLIT: Policy = { ...DEFAULT_POLICY, scheme: 'ksk-zsk' };
const CSK_ZONE = zoneOf([keyIn('X', 'O/O/O/O')]);
const SPLIT_ZONE = zoneOf([keyIn('K', 'O/O/-/O'), keyIn('Z', 'O/-/O/-')]);
const TO_15: RolloverRequest = { type: 'algorithm', algorithm: 15 };

/** Starts a rollover whose new keys are called n0, n1. */
function started(state: ZoneState, request: RolloverRequest, policy: Policy = DEFAULT_POLICY): ZoneState {
  expect(refusalOf(state, request, policy, NOON)).toBeUndefined();
  const keys = keysFor(state, request, policy).map(({ roles, algorithm }, at): Key => {
    const isZsk = !roles.includes('key-signing');
    const states = isZsk ? 'H/-/H/-' : roles.length === 2 ? 'H/H/H/H' : 'H/H/-/H';
    return keyIn(`n${at}`, states, { algorithm });
  });
  return startRollover(state, request, keys, { policy, now: NOON, id: 'roll' });
}

function refused(
  state: ZoneState,
  request: RolloverRequest,
  policy: Policy = DEFAULT_POLICY,
): string | undefined {
  return refusalOf(state, request, policy, NOON)?.code;
}

/** What a test reads of a rollover. */
function brief(rollover: Rollover | null): string {
  if (rollover === null) return 'none';
  const { type, method, outgoing, incoming } = rollover;
  return `${type} ${method}: ${outgoing.join()} → ${incoming.join()}`;
}

describe('what a rollover needs and sets', () => {
  it.each<[string, ZoneState, RolloverRequest, string[], string]>([
    ['ZSK', SPLIT_ZONE, { type: 'zsk' }, ['zone-signing 13'], 'zsk pre-publication: Z → n0'],
    ['KSK', SPLIT_ZONE, { type: 'ksk' }, ['key-signing 13'], 'ksk additive: K → n0'],
    ['swap', SPLIT_ZONE, { type: 'ksk', method: 'swap' }, ['key-signing 13'], 'ksk swap: K → n0'],
    ['CSK', CSK_ZONE, { type: 'csk' }, ['key-signing+zone-signing 13'], 'csk additive: X → n0'],
    ['algorithm', CSK_ZONE, TO_15, ['key-signing+zone-signing 15'], 'algorithm conservative: X → n0'],
    [
      'algorithm, split',
      SPLIT_ZONE,
      TO_15,
      ['key-signing 15', 'zone-signing 15'],
      'algorithm conservative: K,Z → n0,n1',
    ],
    [
      'algorithm and scheme',
      CSK_ZONE,
      { ...TO_15, scheme: 'ksk-zsk', method: 'liberal' },
      ['key-signing 15', 'zone-signing 15'],
      'algorithm liberal: X → n0,n1',
    ],
    ['split', CSK_ZONE, { type: 'scheme', scheme: 'ksk-zsk' }, ['zone-signing 13'], 'scheme split: X → n0'],
    ['merge', SPLIT_ZONE, { type: 'scheme', scheme: 'csk' }, [], 'scheme merge: Z → K'],
    ['unsign', SPLIT_ZONE, { type: 'insecure' }, [], 'insecure unsign: K,Z → '],
  ])('%s', (_name, state, request, wanted, rollover) => {
    const words = keysFor(state, request, DEFAULT_POLICY).map(
      ({ roles, algorithm }) => `${roles.join('+')} ${algorithm}`,
    );
    expect(words).toEqual(wanted);
    expect(brief(started(state, request).rollover)).toBe(rollover);
  });

  it('the old key goes, the new one succeeds it, and no record has moved', () => {
    const before = zoneOf([keyIn('K', 'O/O/-/O', { predecessor: 'gone' }), keyIn('Z', 'O/-/O/-')]);
    const after = started(before, { type: 'ksk' });
    const [old, zsk, fresh] = [findKey(after, 'K')!, findKey(after, 'Z')!, findKey(after, 'n0')!];
    expect([old.goal, old.predecessor, old.successor]).toEqual(['OUT', null, 'n0']);
    expect([fresh.goal, fresh.predecessor, fresh.successor]).toEqual(['IN', 'K', null]);
    expect(zsk).toBe(findKey(before, 'Z'));
    expect(old.states).toEqual(findKey(before, 'K')!.states);
    expect(after.lastStarted).toEqual({ 'key-signing': NOON, 'zone-signing': null });
    expect(after.rollover).toMatchObject({ id: 'roll', startedAt: NOON, cancelledAt: null, emergency: null });
  });

  it('keys of another algorithm succeed nobody', () => {
    const { keys } = started(CSK_ZONE, TO_15);
    expect(keys.flatMap(({ predecessor, successor }) => [predecessor, successor])).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('a split takes one role from a key that stays, a merge gives it one', () => {
    const split = findKey(started(CSK_ZONE, { type: 'scheme', scheme: 'ksk-zsk' }), 'X')!;
    expect([split.goal, recordGoal(split, 'dnskey'), recordGoal(split, 'zrrsig')]).toEqual([
      'IN',
      'IN',
      'OUT',
    ]);
    const merged = started(SPLIT_ZONE, { type: 'scheme', scheme: 'csk' });
    const taker = findKey(merged, 'K')!;
    expect([taker.goal, recordGoal(taker, 'zrrsig'), taker.states.zrrsig?.state]).toEqual([
      'IN',
      'IN',
      'hidden',
    ]);
    expect(taker.predecessor).toBe('Z');
    expect(findKey(merged, 'Z')!.goal).toBe('OUT');
    expect(merged.keys).toHaveLength(2);
  });

  it('the method is that of the policy, where it suits the keys', () => {
    const doubleDs: Policy = { ...SPLIT, rollover: { ksk: 'double-ds', algorithm: 'liberal' } };
    expect(started(SPLIT_ZONE, { type: 'ksk' }, doubleDs).rollover?.method).toBe('double-ds');
    expect(started(CSK_ZONE, { type: 'csk' }, doubleDs).rollover?.method).toBe('additive');
    expect(started(CSK_ZONE, TO_15, doubleDs).rollover?.method).toBe('liberal');
  });
});

describe('refusals', () => {
  const leaving = zoneOf([...SPLIT_ZONE.keys, keyIn('old', 'U/-/H/-', { goal: 'OUT' })]);
  const paced = zoneOf(SPLIT_ZONE.keys, {
    lastStarted: {
      'key-signing': plus(NOON, 1 - DEFAULT_POLICY.minInterval),
      'zone-signing': plus(NOON, -1),
    },
  });
  it.each<[string, ZoneState, RolloverRequest, string | undefined]>([
    ['a ZSK roll of a CSK zone', CSK_ZONE, { type: 'zsk' }, 'WRONG_SCHEME'],
    ['a CSK roll of a split zone', SPLIT_ZONE, { type: 'csk' }, 'WRONG_SCHEME'],
    ['the same scheme', SPLIT_ZONE, { type: 'scheme', scheme: 'ksk-zsk' }, 'NO_CHANGE'],
    ['the same algorithm', SPLIT_ZONE, { type: 'algorithm', algorithm: 13 }, 'NO_CHANGE'],
    ['an algorithm nobody signs with', SPLIT_ZONE, { type: 'algorithm', algorithm: 5 }, 'ALGORITHM_UNKNOWN'],
    [
      'a lost CSK without its price',
      CSK_ZONE,
      { type: 'csk', emergency: 'continuity', isLost: true },
      'KEY_LOST',
    ],
    ['double-DS of a CSK', CSK_ZONE, { type: 'csk', method: 'double-ds' }, 'METHOD_UNSUITABLE'],
    [
      'an emergency scheme change',
      CSK_ZONE,
      { type: 'scheme', scheme: 'ksk-zsk', emergency: 'continuity' },
      'EMERGENCY_UNSUITABLE',
    ],
    ['an unsigned zone', zoneOf([], { goal: 'insecure' }), { type: 'csk' }, 'NOT_SIGNED'],
    ['unsigning twice', zoneOf([], { goal: 'insecure' }), { type: 'insecure' }, 'ALREADY_INSECURE'],
    ['the ZSK before is in caches', leaving, { type: 'zsk' }, 'PREVIOUS_KEY_LEAVING'],
    ['which concerns no KSK', leaving, { type: 'ksk' }, undefined],
    ['and no emergency', leaving, { type: 'zsk', emergency: 'continuity' }, undefined],
    ['a K too soon', paced, { type: 'ksk' }, 'TOO_SOON'],
    ['an algorithm too soon', paced, TO_15, 'TOO_SOON'],
    ['ZSKs are not paced', paced, { type: 'zsk' }, undefined],
    ['emergencies neither', paced, { type: 'ksk', emergency: 'containment' }, undefined],
  ])('%s', (_name, state, request, code) => {
    expect(refused(state, request)).toBe(code);
  });

  it('pacing is over to the second', () => {
    expect(refusalOf(paced, { type: 'ksk' }, DEFAULT_POLICY, plus(NOON, 1))).toBeUndefined();
    expect(refusalOf(paced, { type: 'ksk' }, DEFAULT_POLICY, NOON)?.fix).toContain('2026-11-24T12:00:01Z');
  });

  it('unsigning a zone that may have a DS that was never asked for', () => {
    const fresh = [keyIn('X', 'R/R/R/H')];
    expect(refused(zoneOf(fresh, { delegation: 'unconfirmed' }), { type: 'insecure' })).toBe(
      'DELEGATION_UNCONFIRMED',
    );
    expect(refused(zoneOf(fresh, { delegation: 'none' }), { type: 'insecure' })).toBeUndefined();
    const asked = zoneOf([keyIn('X', 'O/O/O/R')], { delegation: 'unconfirmed' });
    expect(refused(asked, { type: 'insecure' })).toBeUndefined();
  });

  it('a refused rollover wants no keys', () => {
    expect(keysFor(CSK_ZONE, { type: 'zsk' }, DEFAULT_POLICY)).toEqual([]);
  });
});

describe('one rollover at a time (ROLLOVER 2.10)', () => {
  const publishing = started(SPLIT_ZONE, { type: 'ksk' });
  const asking: ZoneState = {
    ...publishing,
    keys: [keyIn('K', 'O/O/-/O', { goal: 'OUT' }), keyIn('Z', 'O/-/O/-'), keyIn('n0', 'O/O/-/R')],
  };

  it('a ZSK roll overlaps a KSK roll that waits for the parent, and nothing else does', () => {
    expect(refused(publishing, { type: 'zsk' })).toBe('ROLLOVER_RUNNING');
    expect(refused(asking, { type: 'ksk' })).toBe('ROLLOVER_RUNNING');
    expect(refused(asking, TO_15)).toBe('ROLLOVER_RUNNING');
    expect(refused(asking, { type: 'insecure' })).toBe('ROLLOVER_RUNNING');
    const zsk = { roles: ['zone-signing'], algorithm: 13 };
    expect(keysFor(asking, { type: 'zsk' }, SPLIT)).toEqual([zsk]);
    const context = { policy: SPLIT, now: NOON, id: 'second' };
    const both = startRollover(asking, { type: 'zsk' }, [keyIn('n1', 'H/-/H/-')], context);
    expect(both.rollover).toBe(asking.rollover);
    expect(brief(both.overlapping)).toBe('zsk pre-publication: Z → n1');
    expect(refused(both, { type: 'zsk' })).toBe('ROLLOVER_RUNNING');
  });

  it('no longer when the DS was seen everywhere', () => {
    const seen = { seenAllAt: NOON, goneAllAt: null, lastSeenAnywhereAt: NOON };
    const soaking = { ...asking, keys: asking.keys.map((key) => ({ ...key, dsObservation: seen })) };
    expect(refused(soaking, { type: 'zsk' })).toBe('ROLLOVER_RUNNING');
  });

  it('a CSK roll has no overlap', () => {
    const csk = started(CSK_ZONE, { type: 'csk' });
    const keys = [keyIn('X', 'O/O/O/O', { goal: 'OUT' }), keyIn('n0', 'O/O/H/R')];
    expect(refused({ ...csk, keys }, { type: 'csk' })).toBe('ROLLOVER_RUNNING');
  });
});

describe('emergencies (ROLLOVER 2.8)', () => {
  it('the KSK takes zone signing at once, and gives it back later', () => {
    for (const emergency of ['continuity', 'containment'] as const) {
      const { rollover, keys } = started(SPLIT_ZONE, { type: 'zsk', emergency }, SPLIT);
      expect(brief(rollover)).toBe('zsk merge: Z → K');
      expect(rollover).toMatchObject({ emergency, followedBy: 'scheme' });
      expect(keys).toHaveLength(2);
    }
  });

  it('but not a KSK that some caches lack', () => {
    const early = zoneOf([keyIn('K', 'R/R/-/H'), keyIn('Z', 'R/-/R/-')]);
    expect(started(early, { type: 'zsk', emergency: 'continuity' }).rollover?.method).toBe('pre-publication');
  });

  it('a KSK or CSK is swapped', () => {
    expect(started(SPLIT_ZONE, { type: 'ksk', emergency: 'continuity' }).rollover?.method).toBe('swap');
    expect(started(CSK_ZONE, { type: 'csk', emergency: 'containment' }).rollover?.method).toBe('swap');
  });

  it('a running rollover of the key is hastened: no third key, no old deadline', () => {
    const running = started(SPLIT_ZONE, { type: 'ksk' });
    const dated = {
      ...running,
      keys: running.keys.map((key) => {
        const dnskey = { ...key.states.dnskey!, notBefore: plus(NOON, 99) };
        return { ...key, states: { ...key.states, dnskey } };
      }),
    };
    expect(keysFor(dated, { type: 'ksk', emergency: 'continuity' }, SPLIT)).toEqual([]);
    const after = started(dated, { type: 'ksk', emergency: 'continuity' });
    expect(after.rollover).toEqual({ ...running.rollover, emergency: 'continuity', method: 'swap' });
    const deadlines = Object.fromEntries(after.keys.map(({ id, states }) => [id, states.dnskey!.notBefore]));
    expect(deadlines).toEqual({ K: null, n0: null, Z: plus(NOON, 99) });
  });

  it('one of the KSK runs beside a ZSK roll, and the other way round', () => {
    const zsk = started(SPLIT_ZONE, { type: 'zsk' });
    const beside = started(zsk, { type: 'ksk', emergency: 'continuity' });
    expect([beside.rollover?.type, beside.overlapping?.type]).toEqual(['ksk', 'zsk']);
    const ksk = started(SPLIT_ZONE, { type: 'ksk' });
    const overlapped = started(ksk, { type: 'zsk', emergency: 'continuity' });
    expect([overlapped.rollover?.type, overlapped.overlapping?.method]).toEqual(['ksk', 'pre-publication']);
  });

  it('a change of roles is waited for', () => {
    const split = started(CSK_ZONE, { type: 'scheme', scheme: 'ksk-zsk' });
    expect(refused(split, { type: 'zsk', emergency: 'continuity' })).toBe('ROLLOVER_RUNNING');
  });
});

describe('going insecure, and signed again', () => {
  it('all keys go', () => {
    const state = goInsecure(SPLIT_ZONE, { now: NOON, id: 'bye' });
    expect(state.keys.map(({ goal }) => goal)).toEqual(['OUT', 'OUT']);
    expect(state.goal).toBe('insecure');
    expect(brief(state.rollover)).toBe('insecure unsign: K,Z → ');
    expect(started(SPLIT_ZONE, { type: 'insecure' })).toEqual({
      ...state,
      rollover: { ...state.rollover, id: 'roll' },
    });
  });

  it('changing one’s mind needs no keys', () => {
    const state = goInsecure(SPLIT_ZONE, { now: NOON, id: 'bye' });
    expect(secureRefusal(SPLIT_ZONE)?.code).toBe('ALREADY_SIGNED');
    expect(secureRefusal(state)).toBeUndefined();
    expect(keysForSecure(state, SPLIT)).toEqual([]);
    const back = goSecure(state, [], NOON);
    expect([back.goal, back.rollover, back.keys.map(({ goal }) => goal)]).toEqual([
      'secure',
      null,
      ['IN', 'IN'],
    ]);
  });

  it('is refused while the signatures leave the caches', () => {
    const state = goInsecure(zoneOf([keyIn('X', 'U/U/U/H')]), { now: NOON, id: 'bye' });
    expect(secureRefusal(state)?.code).toBe('POINT_OF_NO_RETURN');
  });

  it('takes the keys that the zone had last, and not those that they replaced', () => {
    const earlier = keyIn('older', 'H/H/H/H', { goal: 'OUT' });
    const hidden = { state: 'hidden', since: NOON, doneAt: NOON, notBefore: null } as const;
    const last = keyIn('X', 'H/H/H/H', { goal: 'OUT', publishedAt: NOON });
    const kept = { ...last, states: { ...last.states, dnskey: hidden } };
    const state = zoneOf([earlier, kept], { goal: 'insecure', delegation: 'none' });
    expect(keysForSecure(state, DEFAULT_POLICY)).toEqual([]);
    const back = goSecure(state, [], NOON);
    expect(back.keys.map(({ id, goal }) => `${id} ${goal}`)).toEqual(['older OUT', 'X IN']);
  });

  it('else makes keys of the policy’s scheme', () => {
    const state = zoneOf([], { goal: 'insecure', delegation: 'none' });
    expect(keysForSecure(state, SPLIT).map(({ roles }) => roles)).toEqual([
      ['key-signing'],
      ['zone-signing'],
    ]);
    expect(goSecure(state, [keyIn('X', 'H/H/H/H')], NOON)).toMatchObject({
      goal: 'secure',
      keys: [{ id: 'X' }],
    });
  });
});
