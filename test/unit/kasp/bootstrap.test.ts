import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { type BootstrapFacts, next, type Step } from '../../../src/kasp/bootstrap.ts';
import { formatStates, hiddenKey, type KeyRole, type ZoneState } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { cdsSet, dnskeySet } from '../../../src/kasp/records.ts';
import { nameOf } from '../../../src/wire/name.ts';

const START = unixSeconds(1_795_521_600);
const FACTS: BootstrapFacts = { unsignedHorizonSeconds: 7200, negativeTtlSeconds: 600 };
const [DPRP, SPUB] = [300, 3600];
const POLICY: Policy = { ...DEFAULT_POLICY, propagation: DPRP, publishSafety: SPUB };

const CSK: readonly KeyRole[][] = [['key-signing', 'zone-signing']];
const SPLIT: readonly KeyRole[][] = [['key-signing'], ['zone-signing']];

function zoneOf(rolesOfKeys: readonly KeyRole[][], createdAt = START): ZoneState {
  const keys = rolesOfKeys.map((roles, i) =>
    hiddenKey({ id: `key-${i}`, algorithm: 13, roles, publicKey: new Uint8Array(64).fill(i + 1) }, createdAt),
  );
  return { keys, delegation: 'unconfirmed' };
}

const statesOf = ({ zoneState }: Step) => zoneState.keys.map(formatStates).join(' ');

/** Calls `next` at the start and at each `nextWake` until there is none; `offset states` a line. */
function timeline(zone: ZoneState, policy: Policy, facts = FACTS): string[] {
  const lines: string[] = [];
  let now: UnixSeconds = START;
  for (let state = zone, turn = 0; turn < 20; turn++) {
    const step = next(state, facts, policy, now);
    lines.push(`+${now - START} ${statesOf(step)}`);
    if (step.nextWake === null) return lines;
    expect(step.nextWake).toBeGreaterThan(now);
    now = step.nextWake;
    state = step.zoneState;
  }
  throw new Error('the bootstrap never ends');
}

describe('going signed', () => {
  it('waits for caches of unsigned data before CDS (auto), with a CSK', () => {
    const tIngc = DPRP + 600 + SPUB;
    const tHorizon = DPRP + 7200 + SPUB;
    expect(timeline(zoneOf(CSK), POLICY)).toEqual([
      '+0 R/R/R/H',
      `+${tIngc} O/O/R/H`,
      `+${tHorizon} O/O/O/R`,
    ]);
  });

  it('does so with KSK and ZSK', () => {
    expect(timeline(zoneOf(SPLIT), POLICY)).toEqual([
      '+0 R/R/-/H R/-/R/-',
      `+${DPRP + 600 + SPUB} O/O/-/H O/-/R/-`,
      `+${DPRP + 7200 + SPUB} O/O/-/R O/-/O/-`,
    ]);
  });

  it('waits for Ingc where that is longer than the horizon', () => {
    const facts = { unsignedHorizonSeconds: 60, negativeTtlSeconds: 900 };
    expect(timeline(zoneOf(CSK), POLICY, facts)).toEqual(['+0 R/R/R/H', `+${DPRP + 900 + SPUB} O/O/O/R`]);
  });

  it('waits only for propagation and safety if nobody ever saw the zone unsigned', () => {
    const facts = { ...FACTS, hadUnsignedBefore: false };
    expect(timeline(zoneOf(CSK), POLICY, facts)).toEqual(['+0 R/R/R/H', `+${DPRP + SPUB} O/O/O/R`]);
  });

  it('has CDS from the first second with bootstrapHold 0, and honest states all the same', () => {
    const policy = { ...POLICY, bootstrapHold: 0 };
    const lines = timeline(zoneOf(CSK), policy);
    expect(lines).toEqual(['+0 R/R/R/R', `+${DPRP + 600 + SPUB} O/O/R/R`, `+${DPRP + 7200 + SPUB} O/O/O/R`]);
    const { keys } = next(zoneOf(CSK), FACTS, policy, START).zoneState;
    expect(cdsSet(keys, nameOf('example.'), policy).cds).toHaveLength(1);
  });

  it('holds CDS for bootstrapHold seconds after publication, not after later edges', () => {
    for (const hold of [1, 5000, 100_000]) {
      const lines = timeline(zoneOf(CSK), { ...POLICY, bootstrapHold: hold });
      const first = lines.find((line) => line.endsWith('R/R') || line.endsWith('O/R'));
      expect(first?.split(' ')[0]).toBe(`+${hold}`);
    }
  });

  it('takes each edge at its instant and not a second before', () => {
    const first = next(zoneOf(CSK), FACTS, POLICY, START).zoneState;
    for (const [wait, before, after] of [
      [DPRP + 600 + SPUB, 'R/R/R/H', 'O/O/R/H'],
      [DPRP + 7200 + SPUB, 'O/O/R/H', 'O/O/O/R'],
    ] as const) {
      expect(statesOf(next(first, FACTS, POLICY, plus(START, wait - 1)))).toBe(before);
      expect(statesOf(next(first, FACTS, POLICY, plus(START, wait)))).toBe(after);
      expect(statesOf(next(first, FACTS, POLICY, plus(START, wait + 1)))).toBe(after);
    }
  });

  it('counts from publication even if the keys were made long before', () => {
    const old = zoneOf(CSK, plus(START, -1_000_000));
    expect(statesOf(next(old, FACTS, { ...POLICY, bootstrapHold: 10 }, START))).toBe('R/R/R/H');
  });
});

describe('a step', () => {
  it('changes nothing when it is repeated, and does not change its arguments', () => {
    const zone = zoneOf(SPLIT);
    const before = structuredClone(zone);
    const first = next(zone, FACTS, POLICY, START);
    expect(zone).toEqual(before);
    const second = next(first.zoneState, FACTS, POLICY, START);
    expect(second.actions).toEqual([]);
    expect(second.zoneState.keys).toEqual(first.zoneState.keys);
    expect(second.waiting).toEqual(first.waiting);
  });

  it('writes deadlines down once: later facts, a later start and a clock set back move none nearer', () => {
    const first = next(zoneOf(CSK), FACTS, POLICY, START).zoneState;
    const facts = { unsignedHorizonSeconds: 1, negativeTtlSeconds: 1 };
    const deadline = plus(START, DPRP + 7200 + SPUB);
    const later = next(first, facts, { ...POLICY, propagation: 0 }, plus(START, 100));
    expect(later.waiting.find(({ record }) => record === 'zrrsig')?.until).toBe(deadline);
    expect(statesOf(next(first, facts, POLICY, plus(START, -50_000)))).toBe('R/R/R/H');
  });

  it('tells each edge taken and why', () => {
    const { actions } = next(zoneOf(CSK), FACTS, POLICY, START);
    expect(actions.map(({ record, from, to }) => `${record} ${from}→${to}`)).toEqual([
      'dnskey hidden→rumoured',
      'krrsig hidden→rumoured',
      'zrrsig hidden→rumoured',
    ]);
    for (const { because, keyId } of actions)
      expect([keyId, because]).toEqual(['key-0', expect.stringContaining('ROLLOVER')]);
  });

  it('says what it waits for, until when and why', () => {
    const { waiting, nextWake } = next(zoneOf(CSK), FACTS, POLICY, START);
    const tIngc = plus(START, DPRP + 600 + SPUB);
    const tHorizon = plus(START, DPRP + 7200 + SPUB);
    expect(waiting.map(({ record, reason, until }) => [record, reason, until])).toEqual([
      ['dnskey', 'negative_caches', tIngc],
      ['krrsig', 'negative_caches', tIngc],
      ['zrrsig', 'unsigned_caches', tHorizon],
      ['ds', 'bootstrap_hold', tHorizon],
    ]);
    expect(nextWake).toBe(tIngc);
    const { zoneState } = next(zoneOf(CSK), FACTS, { ...POLICY, bootstrapHold: 0 }, START);
    const done = next(zoneState, FACTS, POLICY, plus(START, 1_000_000));
    expect(done.waiting.map(({ record, reason, until }) => [record, reason, until])).toEqual([
      ['ds', 'parent_ds', null],
    ]);
    expect(done.nextWake).toBeNull();
  });

  it('never passes from rumoured to omnipresent for a DS, nor touches keys that shall go', () => {
    const far = plus(START, 100_000_000);
    let { zoneState } = next(zoneOf(CSK), FACTS, { ...POLICY, bootstrapHold: 0 }, START);
    zoneState = next(zoneState, FACTS, POLICY, far).zoneState;
    expect(zoneState.keys.map(formatStates)).toEqual(['O/O/O/R']);
    const leaving = {
      ...zoneOf(CSK),
      keys: zoneOf(CSK).keys.map((key) => ({ ...key, goal: 'OUT' as const })),
    };
    const step = next(leaving, FACTS, POLICY, START);
    expect([statesOf(step), step.waiting, step.nextWake]).toEqual(['H/H/H/H', [], null]);
    expect(dnskeySet(step.zoneState.keys)).toEqual([]);
  });
});
