/**
 * What went wrong elsewhere (ROLLOVER section 7), each with the test that would have caught it: waits, order,
 * broken zones and parents. Keys and signatures are in `pitfalls-keys.test.ts`; the monitor (12, 13, 22), transfers (20,
 * 21) and denial (23) are tested where these are.
 */
import { describe, expect, it } from 'vitest';
import type { UnixSeconds } from '../../../src/base/time.ts';
import { rulesHold } from '../../../src/kasp/invariants.ts';
import { formatStates, isShown, type RecordKind, stateOf, withRecord } from '../../../src/kasp/key.ts';
import { next } from '../../../src/kasp/next.ts';
import { observeDs } from '../../../src/kasp/parent.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { cdsSet, cdsSigners } from '../../../src/kasp/records.ts';
import { findKey, withKeys, type ZoneState } from '../../../src/kasp/zonestate.ts';
import {
  APEX,
  atRest,
  edgeAt,
  POLICY,
  ROLLS,
  runToStep,
  SPLIT,
  started,
  YEAR,
} from '../../support/pitfall-zones.ts';
import { RolloverRig } from '../../support/rollover-rig.ts';
import { DAY, FACTS, HOUR, MINUTE, WORLD } from '../../support/rollover-world.ts';

/** Every order of three TTLs, as ROLLOVER 6.3 has them. */
const TTL_ORDERS: readonly (readonly [number, number, number])[] = [2, 3, 4]
  .flatMap((one) => [2, 3, 4].flatMap((two) => [2, 3, 4].map((three) => [one, two, three] as const)))
  .filter((order) => new Set(order).size === 3);

/** Rolls a zone without any margin; all that is wrong. */
function rollTight(
  { policy, request }: (typeof ROLLS)[number],
  order: readonly [number, number, number],
): unknown[] {
  const [dnskeyTtl, dsTtl, maxTtl] = order.map((hours) => hours * HOUR) as [number, number, number];
  const parent = { propagation: HOUR, dsTtl };
  const tight = { ...policy, dnskeyTtl, parent, propagation: HOUR, publishSafety: 0, retireSafety: 0 };
  const world = { ...WORLD, parent: { ...WORLD.parent, ttl: dsTtl, negativeTtl: dsTtl } };
  const rig = started(atRest(tight, RolloverRig, world, { maxTtl, negativeTtl: HOUR }), request);
  rig.run();
  expect(rig.state.rollover).toBeNull();
  return rig.findings({ isKeyStrict: request.method === 'conservative' });
}

describe('waits', () => {
  it('1: the TTL of what is displaced counts, not that of the new record', () => {
    const rig = atRest(SPLIT);
    rig.setParent({ ttl: 300 });
    started(rig, { type: 'ksk', method: 'swap' });
    rig.run();
    const old = rig.histories.ds.findLast(({ keys }) => keys.join() === 'K1')!;
    expect(old.ttl).toBe(DAY);
    expect(rig.histories.ds.at(-1)).toMatchObject({ keys: ['K2'], ttl: 300 });
    expect(edgeAt(rig, 'K1', 'dnskey', 'unretentive') - old.last).toBeGreaterThanOrEqual(DAY);
    expect(rig.findings()).toEqual([]);
  });

  it('1: the same of a DNSKEY TTL that is lowered', () => {
    const rig = atRest({ ...SPLIT, dnskeyTtl: DAY });
    rig.setPolicy({ ...SPLIT, dnskeyTtl: MINUTE });
    const lowered = rig.now;
    started(rig, { type: 'zsk' });
    rig.run();
    expect(edgeAt(rig, 'Z2', 'zrrsig', 'rumoured') - lowered).toBeGreaterThanOrEqual(DAY);
    expect(rig.findings()).toEqual([]);
  });

  it('1: a DS that is asked for again, after a cancel, has the TTL that its copies have', () => {
    const rig = atRest(SPLIT);
    rig.setParent({ isMute: true });
    started(rig, { type: 'ksk', method: 'swap' });
    runToStep(rig, 'swap');
    expect(rig.cancel()).toBeUndefined();
    const seen = observeDs(rig.state, { keyId: 'K1', seen: true, ttl: 300 }, rig.policy, rig.now);
    const open = seen.logs.ds.filter(({ last, keys }) => last === null && keys.join() === 'K1');
    expect(open.map(({ ttl, isConfirmed }) => [ttl, isConfirmed])).toEqual([[DAY, true]]);
  });

  it('2: records that were deleted are in caches as long as their TTL was', () => {
    const rig = started(atRest(SPLIT, RolloverRig, WORLD, { ...FACTS, maxTtl: DAY }), { type: 'zsk' });
    runToStep(rig, 'switch');
    const switched = rig.now;
    rig.edit({ ...FACTS, maxTtl: MINUTE });
    rig.run();
    expect(edgeAt(rig, 'Z1', 'dnskey', 'unretentive') - switched).toBeGreaterThanOrEqual(DAY);
    expect(rig.findings()).toEqual([]);
  });

  it.each(ROLLS.filter(({ request }) => ['ksk', 'csk', 'zsk'].includes(request.type)))(
    '3: $request.type $request.method: each wait has the TTL of its own, in all six orders',
    (roll) => {
      expect(TTL_ORDERS.length).toBe(6);
      for (const order of TTL_ORDERS) expect(rollTight(roll, order), order.join()).toEqual([]);
    },
  );

  it.each(ROLLS.filter(({ request }) => request.type === 'algorithm'))(
    '4: $request.method: an algorithm leaves after its DS and signatures, in all six orders',
    (roll) => {
      for (const order of TTL_ORDERS) expect(rollTight(roll, order), order.join()).toEqual([]);
    },
  );
});

describe('order', () => {
  it.each(ROLLS.filter(({ request }) => request.type === 'ksk' && request.method !== 'double-ds'))(
    '5: $request.method: the first CDS that names a key comes when every cache has its DNSKEY and signature',
    ({ policy, request }) => {
      const rig = started(atRest(policy), request);
      rig.run();
      const cds = rig.histories.cds.find(({ keys }) => keys.includes('K2'))!;
      const alive = rig.histories.dnskey.filter(
        ({ first, deadAt }) => first <= cds.first && cds.first < deadAt,
      );
      expect(alive.length).toBeGreaterThan(0);
      for (const { keys, signers } of alive) {
        expect(keys).toContain('K2');
        expect(signers).toContain('K2');
      }
    },
  );

  it('6: a CSK that becomes a KSK keeps its DNSKEY and its DS', () => {
    const rig = started(atRest(POLICY), { type: 'scheme', scheme: 'ksk-zsk' });
    const from = rig.now;
    rig.run();
    expect(rig.state.rollover).toBeNull();
    const { dnskey, ds } = rig.histories;
    for (const version of [...dnskey, ...ds].filter(({ last }) => last > from)) {
      expect(version.keys).toContain('C1');
    }
    expect(rig.state.keys.map(formatStates)).toEqual(['O/O/H/O', 'O/-/O/-']);
    expect(rig.findings()).toEqual([]);
  });

  it('7: a third key of a role is refused at every step', () => {
    for (const { policy, request } of ROLLS.filter(
      ({ request: { type } }) => type === 'ksk' || type === 'zsk',
    )) {
      const rig = started(atRest(policy), request);
      const seen = new Set<string>();
      rig.runUntil(({ rollover }) => {
        if (rollover === null) return true;
        seen.add(rollover.step);
        expect(rig.start({ type: request.type }), rollover.step).toBe('ROLLOVER_RUNNING');
        return false;
      }, 'the end');
      expect(seen.size).toBeGreaterThan(2);
    }
  });

  it.each(['ksk', 'zsk'] as const)('7: a %s emergency at any step breaks nothing', (type) => {
    const steps =
      type === 'ksk' ? ['publish', 'request', 'soak', 'withdraw', 'drain'] : ['publish', 'switch'];
    for (const step of steps) {
      const rig = started(atRest(SPLIT), { type });
      runToStep(rig, step);
      started(rig, { type, emergency: 'continuity' });
      rig.run();
      expect(rig.findings(), step).toEqual([]);
      expect(rig.state.keys.filter(({ goal }) => goal === 'IN').length, step).toBe(2);
    }
  });
});

// ---- States that are broken already ----

/** The zone as if a record of all its keys had been taken out by hand, and everybody had seen that. */
function broken(state: ZoneState, record: RecordKind, now: UnixSeconds): ZoneState {
  const hidden = { state: 'hidden', since: now, doneAt: now, notBefore: null } as const;
  const keys = state.keys.map((key) => (key.states[record] === null ? key : withRecord(key, record, hidden)));
  const { dnskey, zone, ...logs } = state.logs;
  return {
    ...withKeys(state, keys),
    logs: {
      ...logs,
      zone: record === 'zrrsig' ? unsigned(zone) : zone,
      dnskey: record === 'krrsig' ? unsigned(dnskey) : dnskey,
    },
  };
}

/** The log, with a newest version that nobody signed. */
function unsigned<V extends { readonly signers: readonly string[] }>(log: readonly V[]): V[] {
  return [...log.slice(0, -1), { ...log.at(-1)!, signers: [] }];
}

/** The edges into unretentive that are taken at once. */
function withdrawals(
  state: ZoneState,
  policy: Policy,
  now: UnixSeconds,
): { after: ZoneState; ids: string[] } {
  const step = next(state, FACTS, policy, now);
  const edges = step.actions.filter((action) => action.kind === 'edge');
  return {
    after: step.zoneState,
    ids: edges.filter(({ to }) => to === 'unretentive').map(({ keyId }) => keyId),
  };
}

describe('broken zones', () => {
  it.each(ROLLS)(
    '11: $request.type $request.method: nothing leaves a zone without a chain',
    ({ policy, request }) => {
      const rig = started(atRest(policy), request);
      const from = rig.moments.length;
      rig.run();
      let count = 0;
      let held = 0;
      rig.moments.slice(from).forEach(({ at }, index) => {
        const { state } = rig.moments[from + index - 1]!;
        if (withdrawals(state, policy, at).ids.length === 0) return;
        count++;
        for (const record of ['ds', 'krrsig', 'zrrsig', 'dnskey'] as const) {
          const { after, ids } = withdrawals(broken(state, record, at), policy, at);
          const { algorithm } = findKey(after, ids[0] ?? after.keys[0]!.id)!;
          const rules = rulesHold(after.keys, algorithm, { isDsWaived: false, isGoalInsecure: false });
          // What was repaired in the same step may go on.
          if (ids.length > 0) expect(Object.values(rules), `${record} ${ids}`).toEqual([true, true, true]);
          else held++;
        }
      });
      expect(count).toBeGreaterThan(0);
      expect(held).toBeGreaterThan(0);
    },
  );
});

// ---- The parent ----

/** Its parent keeps a DS that nobody knows of. */
class LeftoverRig extends RolloverRig {
  override setDs(keys: readonly string[]): void {
    this.algorithms.set('leftover', 13);
    super.setDs([...keys, 'leftover']);
  }
}

describe('parents', () => {
  it.each(ROLLS.filter(({ request }) => ['ksk', 'csk', 'algorithm'].includes(request.type)))(
    '14: $request.type $request.method: time never stands in for a DS, in a whole year',
    ({ policy, request }) => {
      const rig = atRest(policy);
      rig.setParent({ isMute: true });
      started(rig, request);
      rig.run(30 * DAY);
      const states = rig.state.keys.map(formatStates);
      const step = rig.state.rollover?.step;
      expect(['request', 'swap']).toContain(step);
      rig.run(YEAR);
      expect(rig.state.keys.map(formatStates)).toEqual(states);
      expect(rig.state.rollover).toMatchObject({ step, isStalled: true });
      expect(rig.findings()).toEqual([]);
    },
  );

  it('15: a parent that takes CDS and publishes nothing is asked on, the status says why, and it may still act', () => {
    const rig = atRest(SPLIT);
    rig.setParent({ applyDelay: 90 * DAY });
    started(rig, { type: 'ksk' });
    rig.run(60 * DAY);
    expect(rig.histories.cds.at(-1)!.keys).toEqual(['K1', 'K2']);
    const step = next(rig.state, FACTS, rig.policy, rig.now);
    expect(step.waiting.map(({ keyId, reason }) => `${keyId} ${reason}`)).toContain('K2 parent_ds');
    expect(step.waiting.every(({ because }) => because.length > 10)).toBe(true);
    expect(rig.state.rollover?.isStalled).toBe(true);
    rig.setParent({ applyDelay: HOUR });
    rig.run();
    expect(rig.state.rollover).toBeNull();
    expect(rig.findings()).toEqual([]);
  });

  it('16: a DS that is left over holds up nothing', () => {
    const rig = started(atRest(SPLIT, LeftoverRig), { type: 'ksk' });
    rig.run(60 * DAY);
    expect(rig.state.rollover).toBeNull();
    expect(rig.histories.ds.at(-1)!.keys).toEqual(['K2', 'leftover']);
    expect(formatStates(findKey(rig.state, 'K2')!)).toBe('O/O/-/O');
    expect(edgeAt(rig, 'K1', 'dnskey', 'hidden')).toBeLessThan(rig.now);
  });

  it('17: delete records are those of RFC 8078, stay through new signatures, and leave with the keys', () => {
    const rig = atRest(SPLIT);
    rig.unsign();
    runToStep(rig, 'ask');
    const deletes = { cds: [Uint8Array.of(0, 0, 0, 0, 0)], cdnskey: [Uint8Array.of(0, 0, 3, 0, 0)] };
    expect(cdsSet(rig.state, APEX, rig.policy)).toEqual(deletes);
    rig.edit({ ...FACTS, maxTtl: 2 * FACTS.maxTtl });
    for (let count = 0; count < 10; count++) rig.wake();
    expect(cdsSet(rig.state, APEX, rig.policy)).toEqual(deletes);
    runToStep(rig, 'drain');
    expect(cdsSet(rig.state, APEX, rig.policy)).toEqual(deletes);
    rig.run();
    expect(rig.state.keys.some((key) => isShown(key, 'dnskey'))).toBe(false);
    expect(cdsSet(rig.state, APEX, rig.policy)).toEqual({ cds: [], cdnskey: [] });
  });

  it('18: CDS follow the policy at once, and each key with a DS signs them', () => {
    const rig = started(atRest(SPLIT), { type: 'ksk' });
    runToStep(rig, 'request');
    const digestsOf = () => cdsSet(rig.state, APEX, rig.policy).cds.map((rdata) => rdata[3]);
    expect(digestsOf()).toEqual([2, 2]);
    rig.setPolicy({ ...SPLIT, digests: [4] });
    expect(digestsOf()).toEqual([4, 4]);
    expect(cdsSigners(rig.state).map(({ id }) => id)).toEqual(['K1', 'K2']);
    rig.setPolicy({ ...SPLIT, cds: 'never' });
    expect(cdsSet(rig.state, APEX, rig.policy)).toEqual({ cds: [], cdnskey: [] });
    expect(rig.histories.cds.at(-1)).toMatchObject({ keys: [], signers: [] });
  });

  it('18: at no instant of any rollover is a DS without a key that signs the CDS', () => {
    for (const { policy, request } of ROLLS) {
      const rig = started(atRest(policy), request);
      rig.run();
      for (const { state, cds, ds } of rig.moments.filter((moment) => moment.cds.keys.length > 0)) {
        const signers = cdsSigners(state).filter((key) => isShown(key, 'dnskey') && ds.keys.includes(key.id));
        expect(ds.keys.length === 0 || signers.length > 0, JSON.stringify({ request, cds, ds })).toBe(true);
      }
    }
  });

  it('19: a zone with a DS that shall be unsigned stays signed until no cache has the DS', () => {
    const rig = atRest(POLICY);
    rig.unsign();
    expect(rig.state.rollover?.step).toBe('ask');
    rig.run();
    const unsigned = rig.histories.zone.at(-1)!;
    expect(unsigned.signers).toEqual([]);
    const withDs = rig.histories.ds.filter(({ keys }) => keys.length > 0);
    expect(unsigned.first).toBeGreaterThanOrEqual(Math.max(...withDs.map(({ deadAt }) => deadAt)));
    expect(rig.findings({ isEverSecure: false })).toEqual([]);
  });
});

describe('digests', () => {
  it('25: all keys have a DS of each digest type, whenever the policy changes', () => {
    for (const step of ['pre-sign', 'publish', 'request', 'soak', 'withdraw']) {
      const rig = started(atRest(SPLIT), { type: 'algorithm', algorithm: 15 });
      runToStep(rig, step);
      rig.setPolicy({ ...SPLIT, digests: [2, 4] });
      const pairs = cdsSet(rig.state, APEX, rig.policy).cds.map((rdata) => `${rdata[2]}/${rdata[3]}`);
      const algorithms = rig.state.keys.filter((key) => isShown(key, 'ds')).map(({ algorithm }) => algorithm);
      expect(pairs.toSorted()).toEqual(
        algorithms.flatMap((number) => [`${number}/2`, `${number}/4`]).toSorted(),
      );
      rig.run();
      expect(rig.findings({ isKeyStrict: true }), step).toEqual([]);
      expect(stateOf(rig.state.keys.at(-2)!, 'dnskey')).toBe('omnipresent');
    }
  });
});
