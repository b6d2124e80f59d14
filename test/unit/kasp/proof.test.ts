import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds } from '../../../src/base/time.ts';
import { observeDs, observeNoDs } from '../../../src/kasp/parent.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { absenceLastsFrom, presenceLastsFrom } from '../../../src/kasp/proof.ts';
import { type CdsVersion, findKey, type Rollover, type ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const POLICY: Policy = { ...DEFAULT_POLICY, propagation: 7, cdsHold: 200_000 };
const DONE = plus(NOON, -86_400);
const ROLLOVER: Rollover = {
  ...{ id: 'roll', type: 'ksk', method: 'additive', emergency: null, startedAt: DONE },
  ...{ incoming: ['K'], outgoing: ['N'], cancelledAt: DONE, step: 'withdraw', stepSince: DONE },
  ...{ isStalled: false, followedBy: null },
};

function cds(keys: string[], last: UnixSeconds | null, changes: Partial<CdsVersion> = {}): CdsVersion {
  return { first: DONE, last, ttl: 300, keys, isDelete: false, signers: ['K'], ...changes };
}

/** K stays or comes, N goes; both sign keys. */
function zoneWith(versions: CdsVersion[], changes: Partial<ZoneState> = {}): ZoneState {
  const keys = [keyIn('K', 'O/O/-/R'), keyIn('N', 'O/O/-/U', { goal: 'OUT' })];
  const state = zoneOf(keys, changes);
  return { ...state, logs: { ...state.logs, cds: versions } };
}

function absence(state: ZoneState, policy = POLICY): UnixSeconds | null {
  return absenceLastsFrom(state, findKey(state, 'N')!, policy);
}

function presence(state: ZoneState, policy = POLICY): UnixSeconds | null {
  return presenceLastsFrom(state, findKey(state, 'K')!, policy);
}

describe('that a DS stays away is proven', () => {
  it('when nobody can get CDS that name its key: the last of them, its TTL and propagation', () => {
    const versions = [cds(['K', 'N'], plus(NOON, 5)), cds(['N'], NOON, { ttl: 20 }), cds(['K'], null)];
    expect(absence(zoneWith(versions))).toBe(NOON + 5 + 300 + 7);
    expect(absence(zoneWith([cds(['K'], NOON), cds([], null)]))).toBe(0);
  });

  it('not while one is served', () => {
    expect(absence(zoneWith([cds(['N'], null), cds(['K'], null)]))).toBeNull();
  });

  it('after a cancel, not before the hold is over: a day, or more if a CDS may have left out the other key', () => {
    const versions = [cds(['K'], null)];
    expect(absence(zoneWith(versions, { rollover: ROLLOVER }))).toBe(DONE + 86_400);
    expect(absence(zoneWith(versions, { rollover: { ...ROLLOVER, method: 'swap' } }))).toBe(DONE + 200_000);
    expect(absence(zoneWith(versions, { rollover: ROLLOVER }), { ...POLICY, cdsHold: 50 })).toBe(DONE + 50);
    expect(absence(zoneWith(versions, { rollover: ROLLOVER }), { ...POLICY, cds: 'never' })).toBe(0);
  });

  it('not before the key is asked to go, and at once when it has gone', () => {
    const state = zoneOf([keyIn('N', 'O/O/-/O', { goal: 'OUT' }), keyIn('G', 'O/O/-/H', { goal: 'OUT' })]);
    expect(absence(state)).toBeNull();
    expect(absenceLastsFrom(state, findKey(state, 'G')!, POLICY)).toBe(0);
  });
});

describe('that a DS stays is proven', () => {
  it('when nobody can get CDS that ask for others only, or for none', () => {
    expect(presence(zoneWith([cds(['N'], NOON), cds(['K', 'N'], null)]))).toBe(NOON + 307);
    expect(presence(zoneWith([cds([], NOON, { isDelete: true }), cds(['K'], null)]))).toBe(NOON + 307);
  });

  it('at once where no CDS asked for anything else; none means no change', () => {
    expect(presence(zoneWith([cds([], NOON, { ttl: 0 }), cds(['K'], null)]))).toBe(0);
  });

  it('after a cancel, not before the whole hold is over', () => {
    expect(presence(zoneWith([cds(['K', 'N'], null)], { rollover: ROLLOVER }))).toBe(DONE + 200_000);
  });
});

describe('a look at the parent', () => {
  const versions = [cds(['K', 'N'], NOON), cds(['K'], null)];
  const gone = (state: ZoneState, now: UnixSeconds) =>
    observeDs(state, { keyId: 'N', seen: false, ttl: null }, POLICY, now);
  const goneAt = (state: ZoneState) => findKey(state, 'N')!.dsObservation.goneAllAt;

  it('too early proves nothing; from then on it does, and the first counts', () => {
    const from = plus(NOON, 307);
    const early = gone(zoneWith(versions), plus(from, -1));
    expect(goneAt(early)).toBeNull();
    const proven = gone(early, from);
    expect(goneAt(proven)).toBe(from);
    expect(goneAt(gone(proven, plus(from, 50)))).toBe(from);
  });

  it('at a cancelled rollover counts from the end of the hold, whatever was seen within it', () => {
    const state = zoneWith([cds(['K'], null)], { rollover: { ...ROLLOVER, method: 'swap' } });
    const end = plus(DONE, 200_000);
    expect(goneAt(gone(gone(state, plus(end, -100)), plus(end, 9)))).toBe(end + 9);
  });

  it('that shows a DS before the older CDS are gone must be repeated', () => {
    const state = zoneWith([cds(['N'], NOON), cds(['K', 'N'], null)]);
    const seen = (before: ZoneState, now: UnixSeconds) =>
      observeDs(before, { keyId: 'K', seen: true, ttl: 60 }, POLICY, now);
    const early = seen(state, plus(NOON, 306));
    expect(findKey(early, 'K')!.dsObservation).toMatchObject({
      seenAllAt: null,
      lastSeenAnywhereAt: NOON + 306,
    });
    const proven = seen(early, plus(NOON, 307));
    expect(findKey(proven, 'K')!.dsObservation.seenAllAt).toBe(NOON + 307);
  });

  it('that shows no DS at all makes the zone one without a DS only if that lasts', () => {
    const early = observeNoDs(zoneWith(versions), POLICY, plus(NOON, 306));
    expect([early.delegation, goneAt(early)]).toEqual(['secure', null]);
    const proven = observeNoDs(early, POLICY, plus(NOON, 307));
    expect([proven.delegation, goneAt(proven)]).toEqual(['none', NOON + 307]);
  });
});
