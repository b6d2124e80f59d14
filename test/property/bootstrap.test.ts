/** Going signed under any facts, policy and pace of calls, judged by what the slowest cache may still hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { type EdgeTaken, next } from '../../src/kasp/bootstrap.ts';
import { formatStates, hiddenKey, type KeyRole, type ZoneState } from '../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';

const START = unixSeconds(1_795_521_600);
const SCHEMES: readonly (readonly (readonly KeyRole[])[])[] = [
  [['key-signing', 'zone-signing']],
  [['key-signing'], ['zone-signing']],
];

function zoneOf(scheme: readonly (readonly KeyRole[])[]): ZoneState {
  const keys = scheme.map((roles, i) =>
    hiddenKey({ id: `${i}`, algorithm: 13, roles, publicKey: new Uint8Array(64).fill(i + 1) }, START),
  );
  return { keys, delegation: 'unconfirmed' };
}

const seconds = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 }));
const scenario = fc.record({
  scheme: fc.constantFrom(...SCHEMES),
  facts: fc.record({ unsignedHorizonSeconds: seconds, negativeTtlSeconds: seconds }),
  policy: fc.record({ propagation: seconds, publishSafety: seconds }),
  hold: fc.oneof(fc.constant('auto' as const), seconds),
  /** How late each call comes; the machine may be woken late, or more often than it asked for. */
  delays: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50_000 })), { maxLength: 12 }),
});

interface Happening extends EdgeTaken {
  readonly at: UnixSeconds;
}

/** Runs to the end of the bootstrap; returns all edges with their instants. */
function run({
  scheme,
  facts,
  policy,
  hold,
  delays,
}: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
  const full = { ...DEFAULT_POLICY, ...policy, bootstrapHold: hold };
  const edges: Happening[] = [];
  let zone = zoneOf(scheme);
  let now: UnixSeconds = START;
  for (let call = 0; call < 40; call++) {
    const step = next(zone, facts, full, now);
    edges.push(...step.actions.map((edge) => ({ ...edge, at: now })));
    zone = step.zoneState;
    if (step.nextWake === null) return { edges, zone };
    expect(step.nextWake).toBeGreaterThan(now);
    const delay = delays[call];
    now = delay === undefined ? step.nextWake : plus(now, delay);
  }
  throw new Error('the bootstrap never ends');
}

describe('going signed', () => {
  it('ends with all omnipresent and the DS wanted, whatever the pace', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { zone } = run(given);
        const expected = given.scheme.length === 1 ? ['O/O/O/R'] : ['O/O/-/R', 'O/-/O/-'];
        expect(zone.keys.map(formatStates)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('asks for a DS (auto) only when no cache can hold anything unsigned', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { edges } = run({ ...given, hold: 'auto' });
        const when = (record: string, to: string) =>
          edges.filter((edge) => edge.record === record && edge.to === to).map(({ at }) => at);
        const { unsignedHorizonSeconds, negativeTtlSeconds } = given.facts;
        // The slowest server switches Dprp after the commit; what it gave out just before lives for its TTL.
        const lastUnsigned = Math.max(...when('zrrsig', 'rumoured')) + given.policy.propagation;
        const allDead = lastUnsigned + Math.max(unsignedHorizonSeconds, negativeTtlSeconds);
        for (const at of when('ds', 'rumoured')) {
          expect(at).toBeGreaterThanOrEqual(allDead + given.policy.publishSafety);
        }
        for (const at of when('dnskey', 'omnipresent')) {
          expect(at).toBeGreaterThanOrEqual(lastUnsigned + negativeTtlSeconds);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('asks for a DS exactly when the hold is over, if woken on time', () => {
    fc.assert(
      fc.property(scenario, seconds, (given, hold) => {
        const { edges } = run({ ...given, hold, delays: [] });
        expect(edges.find(({ record }) => record === 'ds')?.at).toBe(plus(START, hold));
      }),
      { numRuns: 200 },
    );
  });
});
