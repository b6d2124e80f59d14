/** Plans: the dated future of a zone, and that looking at it changes nothing. */
import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { hiddenKey, type KeyRole } from '../../../src/kasp/key.ts';
import { observeNoDs } from '../../../src/kasp/parent.ts';
import { isImagined, type Plan, type PlanOptions, plan } from '../../../src/kasp/plan.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import type { Facts } from '../../../src/kasp/step.ts';
import { newZoneState, type ZoneState } from '../../../src/kasp/zonestate.ts';

const START = unixSeconds(1_795_521_600);
const FACTS: Facts = { maxTtl: 7_200, negativeTtl: 600 };
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
  bootstrapHold: 0,
};
const [HOUR, DAY] = [3_600, 86_400];

const CSK: readonly KeyRole[][] = [['key-signing', 'zone-signing']];
const SPLIT: readonly KeyRole[][] = [['key-signing'], ['zone-signing']];

function fresh(roles: readonly KeyRole[][]): ZoneState {
  const keys = roles.map((ofKey, i) =>
    hiddenKey(
      { id: `key-${i}`, algorithm: 13, roles: ofKey, publicKey: new Uint8Array(64).fill(i + 1) },
      START,
    ),
  );
  return newZoneState(keys);
}

/** A zone whose DS everybody has. */
function settled(roles: readonly KeyRole[][], policy = POLICY): { state: ZoneState; now: UnixSeconds } {
  const now = plus(START, 60 * DAY);
  return { state: plan(fresh(roles), FACTS, policy, { now: START, until: now }).end, now };
}

function planned(
  roles: readonly KeyRole[][],
  options: Partial<PlanOptions>,
  policy = POLICY,
): Plan & { readonly now: UnixSeconds } {
  const { state, now } = settled(roles, policy);
  return { ...plan(state, FACTS, policy, { now, until: plus(now, 400 * DAY), ...options }), now };
}

/** `+seconds step` a row. */
const stepsOf = ({ rows, now }: Plan & { now: UnixSeconds }) =>
  rows.map(({ at, step }) => `+${at - now} ${step ?? '-'}`);

describe('plan', () => {
  it('shows how a zone goes signed', () => {
    const { rows, end } = plan(fresh(CSK), FACTS, POLICY, { now: START, until: plus(START, 30 * DAY) });
    expect(rows.at(-1)).toMatchObject({
      ...{ dnskey: ['key-0'], signers: ['key-0'], zoneSigners: ['key-0'], cds: ['key-0'], ds: ['key-0'] },
      step: null,
    });
    expect(end.delegation).toBe('secure');
  });

  it('dates the steps of a ZSK rollover by the waits of the policy', () => {
    const roll = planned(SPLIT, { request: { type: 'zsk' } });
    const publish = POLICY.dnskeyTtl + POLICY.propagation + POLICY.publishSafety;
    const change = FACTS.maxTtl + POLICY.propagation + POLICY.retireSafety;
    const remove = POLICY.dnskeyTtl + POLICY.propagation;
    expect(stepsOf(roll)).toEqual([
      '+0 zsk: publish',
      `+${publish} zsk: switch`,
      `+${publish + change} zsk: remove`,
      `+${publish + change + remove} -`,
    ]);
    expect(roll.doneAt).toBe(roll.rows.at(-1)!.at);
    expect(roll.rows[1]!.zoneSigners.map(isImagined)).toEqual([true]);
    expect(roll.forecast).toEqual([]);
  });

  it('assumes what it is told of the parent', () => {
    const roll = (parentDelay: number) => planned(CSK, { request: { type: 'csk' }, parentDelay });
    const [quick, slow] = [roll(HOUR), roll(HOUR + 5 * DAY)];
    expect(quick.rows.map(({ step }) => step)).toContain('csk: soak');
    expect(slow.doneAt! - quick.doneAt!, 'it acts twice').toBe(10 * DAY);
  });

  it('has no part for the parent where it has no DS', () => {
    const none = observeNoDs(fresh(CSK), POLICY, START);
    const { end } = plan(none, FACTS, POLICY, { now: START, until: plus(START, 60 * DAY) });
    expect(end.delegation).toBe('none');
    const now = plus(START, 60 * DAY);
    const roll = plan(end, FACTS, POLICY, { now, until: plus(now, 90 * DAY), request: { type: 'csk' } });
    expect(roll.doneAt).not.toBeNull();
    expect(roll.rows.every(({ ds }) => ds.length === 0)).toBe(true);
  });

  it('changes nothing', () => {
    const { state, now } = settled(CSK);
    const before = JSON.stringify(state);
    plan(state, FACTS, POLICY, { now, until: plus(now, 400 * DAY), request: { type: 'csk' } });
    expect(JSON.stringify(state)).toBe(before);
  });

  it('shows the rollovers of years, with one key more at a time', () => {
    const policy = { ...POLICY, lifetime: { ...POLICY.lifetime, zsk: 90 * DAY } };
    const { rows } = planned(SPLIT, {}, policy);
    const begun = rows.filter(({ step }) => step === 'zsk: publish');
    expect(begun.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...rows.map(({ dnskey }) => dnskey.length))).toBe(3);
  });

  it('foretells what containment breaks, and that continuity breaks nothing', () => {
    const emergency = (how: 'containment' | 'continuity') =>
      planned(SPLIT, { request: { type: 'zsk', emergency: how } }).forecast;
    const [first] = emergency('containment');
    expect(first).toMatchObject({ property: 'P1' });
    expect(first!.until! - first!.from).toBeLessThanOrEqual(FACTS.maxTtl + POLICY.propagation);
    expect(emergency('continuity')).toEqual([]);
  });

  it('ends at the instant that it is given', () => {
    const roll = planned(CSK, { request: { type: 'csk' }, until: plus(START, 60 * DAY + HOUR) });
    expect(roll.doneAt).toBeNull();
    expect(roll.rows.map(({ step }) => step)).toEqual(['csk: publish']);
  });
});
