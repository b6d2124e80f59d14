import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { formatStates } from '../../../src/kasp/key.ts';
import { observeDs, observeNoDs } from '../../../src/kasp/parent.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { type DsVersion, findKey, type ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const POLICY: Policy = { ...DEFAULT_POLICY, parent: { propagation: 600, dsTtl: 7_200 } };
const ASKED = plus(NOON, -500);
const LATER = plus(NOON, 900);

function version(keys: string[], changes: Partial<DsVersion> = {}): DsVersion {
  return { keys, first: ASKED, last: null, ttl: 7_200, isConfirmed: false, ...changes };
}

function withDs(state: ZoneState, ds: DsVersion[]): ZoneState {
  return { ...state, logs: { ...state.logs, ds } };
}

function seen(
  state: ZoneState,
  keyId: string,
  ttl: number | null = 3_600,
  now: UnixSeconds = NOON,
): ZoneState {
  return observeDs(state, { keyId, seen: true, ttl }, POLICY, now);
}

function gone(state: ZoneState, keyId: string, now: UnixSeconds = NOON): ZoneState {
  return observeDs(state, { keyId, seen: false, ttl: null }, POLICY, now);
}

/** The log in words: keys, `?` if nobody saw it, TTL, and `closed`. */
function log({ logs }: ZoneState): string[] {
  return logs.ds.map(({ keys, isConfirmed, ttl, last }) => {
    return `${keys.join('+') || '-'}${isConfirmed ? '' : '?'} ${ttl}${last === null ? '' : ' closed'}`;
  });
}

function states(state: ZoneState, id: string): string {
  return formatStates(findKey(state, id)!);
}

describe('the first DS', () => {
  const asking = withDs(zoneOf([keyIn('X', 'O/O/O/R')], { delegation: 'unconfirmed' }), [
    version([], { first: 0 as UnixSeconds, ttl: 0 }),
    version(['X']),
  ]);

  it('confirms what was asked for, with its TTL, and ends the time without', () => {
    const after = seen(asking, 'X');
    expect(after.delegation).toBe('secure');
    expect(log(after)).toEqual(['-? 7200 closed', 'X 3600']);
    expect(after.logs.ds[0]!.last).toBe(NOON);
    expect(after.logs.ds[1]!.first).toBe(ASKED);
    expect(findKey(after, 'X')!.dsObservation).toEqual({
      seenAllAt: NOON,
      goneAllAt: null,
      lastSeenAnywhereAt: NOON,
    });
    expect(states(after, 'X')).toBe('O/O/O/R');
  });

  it('seen again: since when stays, a larger TTL counts, a smaller one does not', () => {
    const again = seen(seen(seen(asking, 'X'), 'X', 9_000, LATER), 'X', 60, LATER);
    expect(log(again)).toEqual(['-? 7200 closed', 'X 9000']);
    expect(findKey(again, 'X')!.dsObservation).toMatchObject({ seenAllAt: NOON, lastSeenAnywhereAt: LATER });
  });

  it('without a TTL that of the policy is taken', () => {
    expect(log(seen(asking, 'X', null))).toEqual(['-? 7200 closed', 'X 7200']);
  });

  it('that nobody asked for is in effect', () => {
    const fresh = zoneOf([keyIn('X', 'R/R/R/H')], { delegation: 'unconfirmed' });
    const after = seen(fresh, 'X');
    expect(states(after, 'X')).toBe('R/R/R/R');
    expect(log(after)).toEqual(['-? 7200 closed', 'X 3600']);
  });

  it('of a key that is unknown, or has none, changes nothing', () => {
    const state = zoneOf([keyIn('Z', 'O/-/O/-')]);
    expect(seen(state, 'nobody')).toBe(state);
    expect(seen(state, 'Z')).toBe(state);
  });
});

describe('a DS RRset that changes', () => {
  const old = keyIn('K', 'O/O/-/O', { goal: 'OUT' });
  const confirmed = version(['K'], { isConfirmed: true, ttl: 3_600 });

  it('additive: first both, then one; the old TTL stays with the old version', () => {
    const asked = withDs(zoneOf([old, keyIn('N', 'O/O/-/R')]), [
      confirmed,
      version(['K', 'N'], { ttl: 3_600 }),
    ]);
    const both = seen(asked, 'N', 60);
    expect(log(both)).toEqual(['K 3600 closed', 'K+N 60']);
    const withdrawn = withDs(both, [...both.logs.ds, version(['N'], { first: NOON, ttl: 3_600 })]);
    // The monitor still sees the old DS; what is asked for may come at any time.
    expect(log(seen(withdrawn, 'K', 60))).toEqual(['K 3600 closed', 'K+N 60', 'N? 3600']);
    const one = gone(withdrawn, 'K', LATER);
    expect(log(one)).toEqual(['K 3600 closed', 'K+N 60 closed', 'N 60']);
    expect(one.delegation).toBe('secure');
  });

  it('swap: the new one may come before the old one goes', () => {
    const asked = withDs(zoneOf([keyIn('K', 'O/O/-/U', { goal: 'OUT' }), keyIn('N', 'O/O/-/R')]), [
      confirmed,
      version(['N']),
    ]);
    const both = seen(asked, 'N');
    expect(log(both)).toEqual(['K 3600 closed', 'K+N 3600', 'N? 7200']);
    expect(both.logs.ds[1]!.first).toBe(ASKED);
    expect(log(gone(both, 'K'))).toEqual(['K 3600 closed', 'K+N 3600 closed', 'N 3600']);
  });

  it('what was asked for before stays asked for while the parent does nothing', () => {
    const asked = withDs(zoneOf([old, keyIn('N', 'O/O/-/R')]), [confirmed, version(['K', 'N'])]);
    const after = gone(asked, 'N');
    expect(log(after)).toEqual(['K 3600', 'K+N? 7200']);
    expect(after.delegation).toBe('secure');
  });

  it('a request that was taken back is over when the old set is seen', () => {
    const cancelled = withDs(zoneOf([keyIn('K', 'O/O/-/R'), keyIn('N', 'O/O/-/O', { goal: 'OUT' })]), [
      version(['K', 'N'], { isConfirmed: true, ttl: 3_600 }),
      version(['N']),
      version(['K', 'N']),
    ]);
    expect(log(seen(cancelled, 'K'))).toEqual(['K+N 3600 closed', 'N? 7200 closed', 'K+N 3600']);
  });
});

describe('a DS that is not there', () => {
  const secure = withDs(zoneOf([keyIn('X', 'O/O/O/O')]), [version(['X'], { isConfirmed: true, ttl: 3_600 })]);

  it('the operator says so of all: no cache is sure of it any more', () => {
    const after = observeNoDs(secure, POLICY, NOON);
    expect(after.delegation).toBe('none');
    expect(log(after)).toEqual(['X 3600 closed', '- 3600']);
    expect(states(after, 'X')).toBe('O/O/O/R');
    expect(findKey(after, 'X')!.dsObservation).toMatchObject({ seenAllAt: null, goneAllAt: NOON });
    expect(observeNoDs(after, POLICY, LATER).logs).toEqual(after.logs);
    expect(findKey(observeNoDs(after, POLICY, LATER), 'X')!.dsObservation.goneAllAt).toBe(NOON);
  });

  it('the last one that goes leaves none', () => {
    const after = gone(secure, 'X');
    expect([after.delegation, log(after)]).toEqual(['none', ['X 3600 closed', '- 3600']]);
  });

  it('but not while another was asked for since anybody looked', () => {
    const early = { seenAllAt: null, goneAllAt: plus(NOON, -100_000), lastSeenAnywhereAt: null };
    const other = keyIn('N', 'O/O/-/R', { dsObservation: early });
    const state = { ...secure, keys: [...secure.keys, other] };
    expect(gone(state, 'X').delegation).toBe('secure');
    expect(gone(gone(state, 'N'), 'X').delegation).toBe('none');
  });

  it('counts from the withdrawal, whatever was seen before', () => {
    const leaving = keyIn('X', 'O/O/O/U', {
      goal: 'OUT',
      dsObservation: { seenAllAt: null, goneAllAt: plus(NOON, -100_000), lastSeenAnywhereAt: null },
    });
    expect(findKey(gone(zoneOf([leaving]), 'X'), 'X')!.dsObservation.goneAllAt).toBe(NOON);
  });
});

describe('a DS that comes back (ROLLOVER 2.9, 2.7 I3)', () => {
  const wasGone = { seenAllAt: null, goneAllAt: NOON, lastSeenAnywhereAt: ASKED };

  it('brings back the key that left, and is asked to go again', () => {
    const state = zoneOf([
      keyIn('K', 'U/U/-/H', { goal: 'OUT', dsObservation: wasGone }),
      keyIn('N', 'O/O/O/O'),
    ]);
    const after = seen(state, 'K', 60, LATER);
    expect([states(after, 'K'), findKey(after, 'K')!.goal]).toEqual(['R/R/-/R', 'OUT']);
    expect(findKey(after, 'K')!.dsObservation).toMatchObject({ seenAllAt: LATER, goneAllAt: null });
    expect(findKey(after, 'K')!.states.ds).toMatchObject({ since: LATER, doneAt: null });
    expect(states(after, 'N')).toBe('O/O/O/O');
  });

  it('during the hold of a cancel, though nobody had seen it', () => {
    const state = zoneOf([keyIn('K', 'O/O/O/O'), keyIn('N', 'O/O/H/U', { goal: 'OUT' })]);
    expect(states(seen(state, 'N'), 'N')).toBe('O/O/H/R');
  });

  it('not so one that the parent has yet to remove', () => {
    const known = { seenAllAt: ASKED, goneAllAt: null, lastSeenAnywhereAt: ASKED };
    const state = zoneOf([
      keyIn('K', 'O/O/-/U', { goal: 'OUT', dsObservation: known }),
      keyIn('N', 'O/O/O/O'),
    ]);
    expect(states(seen(state, 'K'), 'K')).toBe('O/O/-/U');
  });

  it('after the zone went unsigned: it is signed by the kept keys until the DS is gone', () => {
    const kept = [
      keyIn('K', 'H/H/-/H', { goal: 'OUT', dsObservation: wasGone }),
      keyIn('Z', 'H/-/H/-', { goal: 'OUT' }),
    ];
    const after = seen(zoneOf(kept, { goal: 'insecure', delegation: 'none' }), 'K');
    expect([states(after, 'K'), states(after, 'Z')]).toEqual(['R/R/-/R', 'R/-/R/-']);
    expect(after.rollover).toMatchObject({ type: 'insecure', method: 'unsign', outgoing: ['K', 'Z'] });
    expect([after.goal, after.delegation]).toEqual(['insecure', 'secure']);
  });
});
