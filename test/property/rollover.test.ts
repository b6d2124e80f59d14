/**
 * Rollovers under any policy, TTLs, pace and order of events, judged by all that caches may hold (ROLLOVER 6.4). The
 * judge knows what was served, not what the machine believes. KEYTURN_RUNS=5000 looks longer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstCount, pack, unpack } from '../../src/base/packing.ts';
import { formatInstant, unixSeconds } from '../../src/base/time.ts';
import { formatStates } from '../../src/kasp/key.ts';
import { WAITS } from '../../src/kasp/packed.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../src/kasp/step.ts';
import { STORED_STATE, unpackState } from '../../src/store/packedstate.ts';
import { formatState, parseState } from '../../src/store/state.ts';
import { nameOf } from '../../src/wire/name.ts';
import { formatFindings } from '../support/rollover-judge.ts';
import { RolloverRig } from '../support/rollover-rig.ts';

const ORIGIN = nameOf('example.com.');
const HOUR = 3_600;
const DAY = 86_400;
const RUNS = Number(process.env.KEYTURN_RUNS ?? 80);

const wait = fc.oneof(fc.constantFrom(0, 1, 60, HOUR, DAY), fc.integer({ min: 0, max: 2 * DAY }));
const ttl = fc.oneof(fc.constantFrom(1, 60, HOUR, DAY), fc.integer({ min: 1, max: 2 * DAY }));
const shortWait = fc.oneof(fc.constantFrom(0, 1, 60), fc.integer({ min: 0, max: 2 * HOUR }));

const policies = fc
  .record({
    scheme: fc.constantFrom('csk' as const, 'ksk-zsk' as const),
    dnskeyTtl: ttl,
    cdsTtl: fc.constantFrom(60, 300),
    publishSafety: wait,
    retireSafety: wait,
    propagation: shortWait,
    parentPropagation: shortWait,
    dsTtl: ttl,
    ksk: fc.constantFrom('additive' as const, 'swap' as const, 'double-ds' as const),
    algorithm: fc.constantFrom('conservative' as const, 'liberal' as const),
  })
  .map(({ parentPropagation, dsTtl, ksk, algorithm, ...rest }): Policy => {
    const lifetime = { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' } as const;
    const parent = { propagation: parentPropagation, dsTtl };
    return { ...DEFAULT_POLICY, ...rest, parent, rollover: { ksk, algorithm }, lifetime, minInterval: 0 };
  });

const NEGATIVE_TTL = 60;
const facts = ttl.map((maxTtl) => ({ maxTtl: Math.max(maxTtl, NEGATIVE_TTL), negativeTtl: NEGATIVE_TTL }));

/** All delays of the parent together are less than the shortest hold of a cancel, 24 h. */
const parents = fc.record({
  scanDelay: fc.integer({ min: 0, max: 5 * HOUR }),
  applyDelay: fc.integer({ min: 0, max: 5 * HOUR }),
  spread: shortWait,
  monitorDelay: shortWait,
  rescanInterval: fc.integer({ min: 12 * HOUR, max: 3 * DAY }),
  watchInterval: fc.integer({ min: 1, max: DAY }),
  ttl,
});

const REQUESTS: readonly RolloverRequest[] = [
  { type: 'zsk' },
  { type: 'ksk' },
  { type: 'csk' },
  { type: 'algorithm', algorithm: 15 },
  { type: 'algorithm', algorithm: 13 },
  { type: 'scheme', scheme: 'csk' },
  { type: 'scheme', scheme: 'ksk-zsk' },
  // Continuity gives up margins, never a wait.
  { type: 'zsk', emergency: 'continuity' },
  { type: 'ksk', emergency: 'continuity' },
  { type: 'csk', emergency: 'continuity' },
];

type Command = { readonly name: string; readonly act: (rig: RolloverRig) => void };

const named = (name: string, act: Command['act']): Command => ({ name, act });

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...REQUESTS)
      .map((request) => named(`start ${JSON.stringify(request)}`, (rig) => rig.start(request))),
  },
  { weight: 2, arbitrary: fc.constant(named('cancel', (rig) => rig.cancel())) },
  { weight: 1, arbitrary: fc.constant(named('wake', (rig) => rig.wake())) },
  { weight: 1, arbitrary: fc.constant(named('monitor round', (rig) => rig.observe())) },
  {
    weight: 2,
    arbitrary: facts.map((next) => named(`edit ${JSON.stringify(next)}`, (rig) => rig.edit(next))),
  },
  {
    weight: 1,
    arbitrary: ttl.map((dnskeyTtl) =>
      named(`DNSKEY TTL ${dnskeyTtl}`, (rig) => rig.setPolicy({ ...rig.policy, dnskeyTtl })),
    ),
  },
  {
    weight: 1,
    arbitrary: ttl.map((next) => named(`DS TTL ${next}`, (rig) => rig.setParent({ ttl: next }))),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 0, max: 2 })
      .map((age) => named(`parent scans version -${age}`, (rig) => rig.scan(age))),
  },
);

const scenarios = fc.record({
  policy: policies,
  facts,
  parent: parents,
  ackDelay: shortWait,
  isMute: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  lateness: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY })), { maxLength: 5 }),
  isRestarting: fc.boolean(),
  story: fc.array(fc.tuple(fc.oneof(shortWait, fc.integer({ min: 0, max: 20 * DAY })), commands), {
    maxLength: 12,
  }),
});
type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;

function rigOf(
  { policy, facts, parent, ackDelay, isMute, lateness, isRestarting }: Scenario,
  isResting: boolean,
): RolloverRig {
  const world = { ackDelay, parent: { ...parent, isMute, negativeTtl: policy.parent.dsTtl } };
  return new RolloverRig({ policy, facts, world, lateness, isRestarting, isResting });
}

/** Runs the story from a fresh zone to its rest; the rig and what was done, for a failing test to tell. */
function played(scenario: Scenario, isResting = false): { rig: RolloverRig; told: string[] } {
  const rig = rigOf(scenario, isResting);
  const told: string[] = [];
  for (const [after, { name, act }] of scenario.story) {
    rig.run(after);
    told.push(`${formatInstant(rig.now)} ${rig.state.rollover?.step ?? '-'}: ${name}`);
    act(rig);
  }
  rig.run();
  return { rig, told };
}

function statesOf(rig: RolloverRig): string {
  return rig.state.keys.map((key) => `${key.id} ${formatStates(key)}`).join(', ');
}

describe('rollovers', () => {
  it('never let any cache see a broken chain (P1, P2, P4, P5, P10)', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { rig, told } = played(scenario);
        const findings = formatFindings(rig.findings().slice(0, 4), (at) => formatInstant(unixSeconds(at)));
        expect(`${findings}`, told.join('\n')).toBe('');
      }),
      { numRuns: RUNS },
    );
  });

  it('keep every algorithm in DNSKEY signing, if they are conservative (P3)', () => {
    const conservative = policies.map((policy): Policy => {
      return { ...policy, rollover: { ...policy.rollover, algorithm: 'conservative' } };
    });
    fc.assert(
      fc.property(scenarios, conservative, (scenario, policy) => {
        const { rig, told } = played({ ...scenario, policy });
        const findings = rig.findings({ isKeyStrict: true }).slice(0, 4);
        expect(
          formatFindings(findings, (at) => formatInstant(unixSeconds(at))),
          told.join('\n'),
        ).toBe('');
      }),
      { numRuns: RUNS },
    );
  });

  it('end when the parent acts (P8), and leave one set of keys', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { rig, told } = played({ ...scenario, isMute: false });
        const story = `${told.join('\n')}\n${statesOf(rig)}`;
        expect(rig.state.rollover, story).toBeNull();
        const staying = rig.state.keys.filter(({ goal }) => goal === 'IN').map(formatStates);
        // A CSK that gave zone signing away is a KSK whose signatures are gone.
        const complete = [['O/O/O/O'], ['O/-/O/-', 'O/O/-/O'], ['O/-/O/-', 'O/O/H/O']];
        expect(complete, story).toContainEqual(staying.toSorted());
        const leaving = rig.state.keys.filter(({ goal }) => goal === 'OUT').map(formatStates);
        expect(
          leaving.filter((states) => /[ROU]/.test(states)),
          story,
        ).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('go the same way whether or not the state is written and read back before each call', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const [through, restarting] = [false, true].map((isRestarting) => {
          const { rig } = played({ ...scenario, isRestarting });
          return rig.actions.map((action) => JSON.stringify(action));
        });
        expect(restarting).toEqual(through);
      }),
      { numRuns: Math.ceil(RUNS / 2) },
    );
  });

  it('go the same way whether or not the state rests between calls, and lose nothing by it', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const [awake, resting] = [false, true].map((isResting) => played(scenario, isResting).rig.moments);
        expect(resting).toEqual(awake);
        for (const { state, step } of awake!) {
          const stored = { zoneState: state, tombstones: [], generation: 7 };
          const packed = pack(STORED_STATE, stored);
          const unpacked = unpackState(packed);
          expect(unpacked).toEqual(stored);
          expect(pack(STORED_STATE, unpacked), 'there is one way to pack it').toBe(packed);
          expect(firstCount(packed)).toBe(state.keys.length);
          const file = Buffer.from(formatState(stored, ORIGIN));
          expect(pack(STORED_STATE, parseState(file, ORIGIN)), 'its file says the same').toBe(packed);
          expect(unpack(WAITS, pack(WAITS, step.waiting))).toEqual(step.waiting);
        }
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });

  it('go insecure from any point without a cache that sees a broken chain', () => {
    fc.assert(
      fc.property(scenarios, fc.integer({ min: 0, max: 20 * DAY }), (scenario, after) => {
        const { rig, told } = played({ ...scenario, story: scenario.story.slice(0, 3), isMute: false });
        rig.unsign();
        rig.run(after);
        if (scenario.isRestarting) rig.cancel();
        rig.run();
        const findings = rig.findings({ isEverSecure: false }).slice(0, 4);
        expect(
          formatFindings(findings, (at) => formatInstant(unixSeconds(at))),
          told.join('\n'),
        ).toBe('');
        const isSigned = rig.histories.zone.at(-1)!.signers.length > 0;
        expect(isSigned).toBe(rig.state.goal === 'secure');
      }),
      { numRuns: RUNS },
    );
  });
});
