import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import {
  hiddenKey,
  type Key,
  NEVER_OBSERVED,
  type RecordKind,
  type RecordState,
  withRecord,
} from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { type Deadline, deadline } from '../../../src/kasp/timing.ts';
import {
  type DnskeyVersion,
  type DsVersion,
  newZoneState,
  type PublicationLogs,
  type Rollover,
  type ZoneState,
  type ZoneVersion,
} from '../../../src/kasp/zonestate.ts';

/** Every number of the policy has another decimal place, so that a sum tells its parts. */
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  propagation: 1,
  publishSafety: 10,
  retireSafety: 100,
  parent: { propagation: 1_000, dsTtl: 50_000 },
  cdsHold: 100_000,
};
const T = unixSeconds(1_795_521_600);
const TTL = 20_000;

function keyWith(record: RecordKind, state: RecordState, doneAt: UnixSeconds | null = T): Key {
  const roles: Key['roles'] = ['key-signing', 'zone-signing'];
  const key = hiddenKey({ id: 'k', algorithm: 13, roles, publicKey: new Uint8Array(64) }, T);
  return withRecord(key, record, { state, since: T, doneAt, notBefore: null });
}

function zoneOf(
  key: Key,
  logs: Partial<PublicationLogs>,
  rollover: Partial<Rollover> | null = null,
): ZoneState {
  const state = newZoneState([key]);
  const whole = rollover === null ? null : { ...ROLLOVER, ...rollover };
  return { ...state, delegation: 'secure', logs: { ...state.logs, ...logs }, rollover: whole };
}

const ROLLOVER: Rollover = {
  ...{ id: 'roll', type: 'ksk', method: 'additive', emergency: null, startedAt: T },
  ...{ incoming: ['k'], outgoing: ['other'], cancelledAt: null, step: 'publish', stepSince: T },
  ...{ isStalled: false, followedBy: null },
};

function dnskey(keys: string[], last: UnixSeconds | null, ttl = TTL, signers = keys): DnskeyVersion {
  return { first: T, last, ttl, keys, signers };
}

function zone(signers: string[], last: UnixSeconds | null, ttl = TTL): ZoneVersion {
  return { first: T, last, ttl, signers };
}

function ds(keys: string[], last: UnixSeconds | null, ttl = TTL, isConfirmed = true): DsVersion {
  return { first: T, last, ttl, keys, isConfirmed };
}

interface Case {
  readonly record: RecordKind;
  readonly to: 'omnipresent' | 'hidden';
  readonly logs: Partial<PublicationLogs>;
  readonly key?: Partial<Key>;
  readonly rollover?: Partial<Rollover>;
  readonly zone?: Partial<ZoneState>;
  readonly policy?: Partial<Policy>;
  readonly doneAt?: UnixSeconds | null;
}

function waitOf({ record, to, logs, key, rollover, zone: state, policy, doneAt = T }: Case): Deadline {
  const from = to === 'omnipresent' ? 'rumoured' : 'unretentive';
  const whole = { ...keyWith(record, from, doneAt), ...key };
  const context = { policy: { ...POLICY, ...policy }, now: plus(T, 5) };
  return deadline({ ...zoneOf(whole, logs, rollover ?? null), ...state }, whole, { record, to }, context);
}

/** Seconds from T to the deadline. */
function secondsOf(what: Case): number | null {
  const { due } = waitOf(what);
  return due === null ? null : due - T;
}

const DNSKEY_OF_OTHERS = [dnskey(['other'], T), dnskey(['other', 'k'], null)];
const DNSKEY_WITHOUT_K = [dnskey(['other', 'k'], T), dnskey(['other'], null)];
const ZONE_TO_K = [zone(['other'], T), zone(['k'], null)];
const ZONE_FROM_K = [zone(['k'], T), zone(['other'], null)];
const DS_TO_K = [ds(['other'], T), ds(['other', 'k'], null)];
const DS_FROM_K = [ds(['other', 'k'], T), ds(['other'], null)];
const SEEN = { ...NEVER_OBSERVED, seenAllAt: T };
const GONE = { ...NEVER_OBSERVED, goneAllAt: T };

describe('DNSKEY and the signatures over it', () => {
  it('arrive when caches have forgotten the RRset without them, plus publishSafety', () => {
    const wait = waitOf({ record: 'dnskey', to: 'omnipresent', logs: { dnskey: DNSKEY_OF_OTHERS } });
    expect(wait).toEqual({
      due: T + TTL + 1 + 10,
      reason: 'dnskey_ttl',
      because: 'DNSKEY TTL 5h33m20s + propagation 1s + publishSafety 10s',
    });
    expect(secondsOf({ record: 'krrsig', to: 'omnipresent', logs: { dnskey: DNSKEY_OF_OTHERS } })).toBe(
      20_011,
    );
  });

  it('leave when caches have forgotten the RRset with them; no margin', () => {
    expect(secondsOf({ record: 'dnskey', to: 'hidden', logs: { dnskey: DNSKEY_WITHOUT_K } })).toBe(20_001);
    expect(secondsOf({ record: 'krrsig', to: 'hidden', logs: { dnskey: DNSKEY_WITHOUT_K } })).toBe(20_001);
  });

  it('are told apart: a key may be published and not sign, or sign and not be published', () => {
    const logs = { dnskey: [dnskey(['other', 'k'], T, 7, ['other']), dnskey(['other', 'k'], null)] };
    expect(secondsOf({ record: 'dnskey', to: 'omnipresent', logs })).toBe(0);
    expect(secondsOf({ record: 'krrsig', to: 'omnipresent', logs })).toBe(7 + 1 + 10);
    const before = { dnskey: [dnskey(['other'], T, 7, ['other', 'k']), dnskey(['other'], null)] };
    expect(secondsOf({ record: 'krrsig', to: 'hidden', logs: before })).toBe(7 + 1);
    expect(secondsOf({ record: 'dnskey', to: 'hidden', logs: before })).toBe(0);
  });

  it('wait for the longest-lived of what is displaced, not for what replaces it', () => {
    const older = [dnskey(['other'], plus(T, -5_000), 40_000), dnskey(['other'], T, 60)];
    const logs = { dnskey: [...older, dnskey(['other', 'k'], null, 5)] };
    expect(secondsOf({ record: 'dnskey', to: 'omnipresent', logs })).toBe(40_000 - 5_000 + 11);
  });

  it('have no deadline before all servers serve the change', () => {
    for (const [to, log] of [
      ['omnipresent', [dnskey(['other'], null), dnskey(['other', 'k'], null)]],
      ['omnipresent', [dnskey(['other'], null)]],
      ['hidden', [dnskey(['other', 'k'], null), dnskey(['other'], null)]],
    ] as const) {
      const wait = waitOf({ record: 'dnskey', to, logs: { dnskey: log } });
      expect([wait.due, wait.reason]).toEqual([null, 'acknowledgement']);
    }
  });

  it('of a zone that was unsigned wait for negative answers, or as long as the operator says', () => {
    const logs = { dnskey: [dnskey([], T, 300), dnskey(['k'], null)] };
    const wait = waitOf({ record: 'dnskey', to: 'omnipresent', logs });
    expect([wait.due, wait.reason]).toEqual([T + 300 + 1 + 10, 'negative_caches']);
    const held = waitOf({ record: 'krrsig', to: 'omnipresent', logs, policy: { bootstrapHold: 300 } });
    expect([held.due, held.reason, held.because]).toEqual([T + 300, 'bootstrap_hold', 'bootstrapHold 5m']);
  });
});

describe('signatures over zone data', () => {
  it('arrive when caches have forgotten those of others, plus retireSafety', () => {
    const wait = waitOf({ record: 'zrrsig', to: 'omnipresent', logs: { zone: ZONE_TO_K } });
    expect([wait.due, wait.reason]).toEqual([T + TTL + 1 + 100, 'zone_ttl']);
    expect(wait.because).toBe('zone TTL 5h33m20s + propagation 1s + retireSafety 1m40s');
  });

  it('leave with retireSafety only if another key replaces them', () => {
    const leave = { record: 'zrrsig', to: 'hidden', logs: { zone: ZONE_FROM_K } } as const;
    expect(secondsOf(leave)).toBe(20_001);
    expect(secondsOf({ ...leave, key: { successor: 'other' } })).toBe(20_101);
    expect(secondsOf({ ...leave, key: { predecessor: 'other' } })).toBe(20_101);
  });

  it('of a zone that was unsigned wait for unsigned data, plus publishSafety', () => {
    const logs = { zone: [zone([], T, 700), zone(['k'], null)] };
    const wait = waitOf({ record: 'zrrsig', to: 'omnipresent', logs });
    expect([wait.due, wait.reason]).toEqual([T + 700 + 1 + 10, 'unsigned_caches']);
    const atOnce = { zone: [zone([], T, 0), zone(['k'], null)] };
    expect(
      secondsOf({ record: 'zrrsig', to: 'omnipresent', logs: atOnce, policy: { bootstrapHold: 0 } }),
    ).toBe(0);
  });
});

describe('DS', () => {
  it('arrives when caches have forgotten the RRset without it, from when the parent was seen', () => {
    const arrive = {
      record: 'ds',
      to: 'omnipresent',
      logs: { ds: DS_TO_K },
      key: { dsObservation: SEEN },
    } as const;
    const wait = waitOf(arrive);
    expect([wait.due, wait.reason]).toEqual([T + TTL + 1_000 + 100, 'ds_ttl']);
    expect(wait.because).toBe('DS TTL 5h33m20s + parent propagation 16m40s + retireSafety 1m40s');
  });

  it('never arrives unseen, nor while the parent may still have the old RRset', () => {
    const arrive = { record: 'ds', to: 'omnipresent', logs: { ds: DS_TO_K } } as const;
    expect(waitOf(arrive)).toMatchObject({ due: null, reason: 'parent_ds' });
    const open = { ds: [ds(['other'], null), ds(['other', 'k'], null)] };
    const key = { dsObservation: SEEN };
    expect(waitOf({ ...arrive, logs: open, key })).toMatchObject({ due: null, reason: 'parent_ds' });
  });

  it('that nobody confirmed is reckoned with the TTL of one that was seen, else of the policy', () => {
    const key = { dsObservation: SEEN };
    const asked = ds([], T, 0, false);
    const logs = { ds: [asked, ds(['k'], null, 300)] };
    expect(secondsOf({ record: 'ds', to: 'omnipresent', logs, key })).toBe(300 + 1_100);
    const unseen = { ds: [asked, ds(['k'], null, 300, false)] };
    expect(secondsOf({ record: 'ds', to: 'omnipresent', logs: unseen, key })).toBe(50_000 + 1_100);
  });

  it('leaves when caches have forgotten it, from when it was gone on every server', () => {
    const leave = {
      record: 'ds',
      to: 'hidden',
      logs: { ds: DS_FROM_K },
      key: { dsObservation: GONE },
    } as const;
    expect(secondsOf(leave)).toBe(TTL + 1_000 + 100);
    expect(waitOf({ ...leave, key: {} })).toMatchObject({ due: null, reason: 'parent_ds_gone' });
    const open = { ds: [ds(['other', 'k'], null), ds(['other'], null)] };
    expect(waitOf({ ...leave, logs: open })).toMatchObject({ due: null, reason: 'parent_ds_gone' });
  });

  it('that no validator has leaves at once', () => {
    const waived = { delegation: 'none' } as const;
    const logs = { ds: [ds([], null, 0, false)] };
    expect(secondsOf({ record: 'ds', to: 'hidden', logs, zone: waived })).toBe(5);
    const cancelled = { ...ROLLOVER, incoming: ['other'], outgoing: ['k'], cancelledAt: T };
    const wait = waitOf({ record: 'ds', to: 'hidden', logs, zone: { ...waived, rollover: cancelled } });
    expect([wait.due, wait.reason]).toEqual([T + 86_400, 'cds_hold']);
  });

  it('asked for in vain is held after a cancel, and must be seen to be gone when the hold is over', () => {
    const doneAt = plus(T, -90_000);
    const leave = { record: 'ds', to: 'hidden', logs: { ds: DS_FROM_K }, doneAt } as const;
    const rollover = { incoming: ['other'], outgoing: ['k'], cancelledAt: doneAt };
    const goneAt = (seconds: number) => ({ dsObservation: { ...GONE, goneAllAt: plus(T, seconds) } });
    const end = 86_400 - 90_000;
    // The hold has been over for an hour: what was seen before does not count, what was seen at its end does.
    expect(waitOf({ ...leave, key: goneAt(end - 1), rollover })).toMatchObject({
      due: null,
      reason: 'parent_ds_gone',
    });
    expect(secondsOf({ ...leave, key: goneAt(end), rollover })).toBe(TTL + 1_100);
    expect(secondsOf({ ...leave, key: goneAt(200), rollover })).toBe(200 + TTL + 1_100);
    expect(secondsOf({ ...leave, key: goneAt(end - 1), rollover, policy: { cds: 'never' } })).not.toBeNull();
    const others = { ...rollover, outgoing: ['other'] };
    expect(secondsOf({ ...leave, key: goneAt(end - 1), rollover: others })).toBe(TTL + 1_100);
    const running = { ...rollover, cancelledAt: null };
    expect(secondsOf({ ...leave, key: goneAt(end - 1), rollover: running })).toBe(TTL + 1_100);
  });

  it('during the hold of a cancel waits for its end, and says who must act then', () => {
    const leave = { record: 'ds', to: 'hidden', logs: { ds: DS_FROM_K }, doneAt: T } as const;
    const rollover = { incoming: ['other'], outgoing: ['k'], cancelledAt: T };
    const wait = waitOf({ ...leave, key: { dsObservation: GONE }, rollover });
    expect([wait.due, wait.reason]).toEqual([T + 86_400, 'cds_hold']);
    expect(wait.because).toBe('cdsHold 1d: the parent may act late; say confirm-ds --gone when it is over');
    const swap = waitOf({ ...leave, rollover: { ...rollover, method: 'swap' } });
    expect([swap.due, swap.reason]).toEqual([T + 100_000, 'cds_hold']);
    expect(waitOf({ ...leave, rollover, doneAt: null }).reason).toBe('acknowledgement');
  });

  it('that a cancel asks for again is held as well: the CDS without it may be acted upon late', () => {
    const arrive = { record: 'ds', to: 'omnipresent', logs: { ds: DS_TO_K } } as const;
    const rollover = { incoming: ['k'], outgoing: ['other'], cancelledAt: T };
    const wait = waitOf({ ...arrive, key: { dsObservation: SEEN }, rollover });
    expect([wait.due, wait.reason]).toEqual([T + 100_000, 'cds_hold']);
    expect(wait.because).toMatch(/say confirm-ds --seen when it is over$/);
    expect(secondsOf({ ...arrive, key: { dsObservation: SEEN }, rollover: { incoming: ['k'] } })).toBe(
      TTL + 1_100,
    );
  });

  it('is gone only if it was seen to be when nobody could get CDS with it any more, and says from when on', () => {
    const cds = (keys: string[], last: UnixSeconds | null) => ({
      ...{ first: T, last, ttl: 30, keys, isDelete: false, signers: ['k'] },
    });
    const logs = { ds: DS_FROM_K, cds: [cds(['other', 'k'], T), cds(['other'], null)] };
    const leave = { record: 'ds', to: 'hidden', logs } as const;
    const goneAt = (seconds: number) => ({ dsObservation: { ...GONE, goneAllAt: plus(T, seconds) } });
    const wait = waitOf({ ...leave, key: goneAt(30) });
    expect([wait.due, wait.reason]).toEqual([null, 'parent_ds_gone']);
    expect(wait.because).toContain('must be seen without it at 2026-11-24T12:00:31Z or later');
    expect(secondsOf({ ...leave, key: goneAt(31) })).toBe(31 + TTL + 1_100);
    const open = { ...logs, cds: [cds(['other', 'k'], null), cds(['other'], null)] };
    expect(secondsOf({ ...leave, logs: open, key: goneAt(31) })).toBeNull();
  });
});
