import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { dueByLifetime, successorLead } from '../../../src/kasp/lifecycle.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import type { ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const HOUR = 3_600;
const DAY = 86_400;
/** Every number is another one, so that a wrong one shows. */
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  scheme: 'ksk-zsk',
  dnskeyTtl: 2 * HOUR,
  publishSafety: 3 * HOUR,
  propagation: 300,
  parent: { propagation: 5 * HOUR, dsTtl: DAY },
  minInterval: 2 * DAY,
  lifetime: { csk: 300 * DAY, ksk: 200 * DAY, zsk: 100 * DAY },
};
const IPUB = 5 * HOUR + 300;
const PUBLISHED = plus(NOON, -DAY);
const ZSK = keyIn('Z', 'O/-/O/-');
const KSK = keyIn('K', 'O/O/-/O');
const CSK = keyIn('X', 'O/O/O/O');

/** The type of what is due next, and seconds since the keys were published. */
function due(state: ZoneState, now = NOON, policy = POLICY): [string, number] | null {
  const planned = dueByLifetime(state, policy, now);
  return planned === null ? null : [planned.request.type, planned.at - PUBLISHED];
}

describe('the rollover that a lifetime brings', () => {
  it('the new key takes over when the lifetime of the old one is over', () => {
    expect(due(zoneOf([ZSK]))).toEqual(['zsk', 100 * DAY - IPUB]);
    expect(due(zoneOf([KSK]))).toEqual(['ksk', 200 * DAY - IPUB - 5 * HOUR]);
    expect(due(zoneOf([CSK]))).toEqual(['csk', 300 * DAY - IPUB - 5 * HOUR]);
    expect(successorLead('zsk', POLICY)).toBe(IPUB);
  });

  it('of several the first', () => {
    expect(due(zoneOf([KSK, ZSK]))?.[0]).toBe('zsk');
  });

  it('a key that came by a rollover is in use when its lead is over', () => {
    const lastStarted = { 'key-signing': null, 'zone-signing': PUBLISHED };
    expect(due(zoneOf([ZSK], { lastStarted }))).toEqual(['zsk', 100 * DAY]);
    const afterCancel = { 'key-signing': null, 'zone-signing': plus(PUBLISHED, 1) };
    expect(due(zoneOf([ZSK], { lastStarted: afterCancel }))).toEqual(['zsk', 100 * DAY - IPUB]);
  });

  it('never for keys that live for ever, go, or nobody has seen; nor when the zone goes unsigned', () => {
    const unlimited: Policy = {
      ...POLICY,
      lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
    };
    expect(due(zoneOf([CSK, KSK, ZSK]), NOON, unlimited)).toBeNull();
    expect(due(zoneOf([{ ...ZSK, goal: 'OUT' }]))).toBeNull();
    expect(due(zoneOf([keyIn('Z', 'H/-/H/-')]))).toBeNull();
    expect(due(zoneOf([ZSK], { goal: 'insecure' }))).toBeNull();
  });

  it('a K that is paced is due when it may start', () => {
    const started = plus(PUBLISHED, 200 * DAY);
    const lastStarted = { 'key-signing': started, 'zone-signing': null };
    expect(due(zoneOf([KSK], { lastStarted }))).toEqual(['ksk', 202 * DAY]);
  });

  it('a K waits until the state of the delegation is known, a ZSK does not', () => {
    const unknown = { delegation: 'unconfirmed' } as const;
    expect(due(zoneOf([KSK, ZSK], unknown))?.[0]).toBe('zsk');
    expect(due(zoneOf([KSK], unknown))).toBeNull();
    expect(due(zoneOf([KSK], { delegation: 'none' }))?.[0]).toBe('ksk');
  });

  it('one that is due and must wait hides none that may start or is to come', () => {
    const late = plus(PUBLISHED, 1_000 * DAY);
    const leaving = keyIn('old', 'U/-/H/-', { goal: 'OUT' });
    expect(due(zoneOf([ZSK, KSK, leaving]), late)?.[0]).toBe('ksk');
    const between = plus(PUBLISHED, 150 * DAY);
    expect(due(zoneOf([ZSK, KSK, leaving]), between)?.[0]).toBe('ksk');
    expect(due(zoneOf([ZSK, leaving]), late)).toEqual(['zsk', 100 * DAY - IPUB]);
  });
});
