/**
 * Every rollover of ROLLOVER section 2 from start to end, and every cancel of table 2.9, as dated timelines that are
 * reviewed like code. TTLs and margins are all different, so that a wrong one cannot hide. UPDATE_GOLDEN=1 writes the
 * files anew.
 */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isEntirelyHidden } from '../../../src/kasp/key.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../../src/kasp/step.ts';
import type { ZoneState } from '../../../src/kasp/zonestate.ts';
import { isSecure, RolloverRig } from '../../support/rollover-rig.ts';
import { timelineOf } from '../../support/rollover-timeline.ts';
import { DAY, FACTS, HOUR, MINUTE, POLICY, SPLIT, WORLD } from '../../support/rollover-world.ts';

interface Scenario {
  readonly name: string;
  readonly policy?: Policy;
  /** What the parent is like when the rollover starts. */
  readonly delegation?: ZoneState['delegation'];
  readonly start: (rig: RolloverRig) => void;
  readonly isKeyStrict?: boolean;
  readonly isEverSecure?: boolean;
  /** An emergency with containment breaks caches on purpose; its timeline tells which. */
  readonly isBroken?: boolean;
}

function rolling(request: RolloverRequest): (rig: RolloverRig) => void {
  return (rig) => {
    expect(rig.start(request)).toBeUndefined();
    rig.run();
  };
}

/** Starts a rollover, and cancels it as soon as it is at a step. */
function cancelled(request: RolloverRequest, step: string): (rig: RolloverRig) => void {
  return (rig) => {
    expect(rig.start(request)).toBeUndefined();
    rig.runUntil((state) => state.rollover?.step === step && state.pendingSince === null, `step ${step}`);
    expect(rig.cancel()).toBeUndefined();
    rig.run();
  };
}

const withMethod = (policy: Policy, ksk: Policy['rollover']['ksk']): Policy => ({
  ...policy,
  rollover: { ...policy.rollover, ksk },
});
const LIBERAL: Policy['rollover'] = { ksk: 'additive', algorithm: 'liberal' };
const TO_15: RolloverRequest = { type: 'algorithm', algorithm: 15 };
const TO_SPLIT: RolloverRequest = { type: 'scheme', scheme: 'ksk-zsk' };
const TO_CSK: RolloverRequest = { type: 'scheme', scheme: 'csk' };

const ROLLOVERS: readonly Scenario[] = [
  { name: 'zsk', policy: SPLIT, start: rolling({ type: 'zsk' }) },
  { name: 'ksk-additive', policy: SPLIT, start: rolling({ type: 'ksk' }) },
  { name: 'ksk-swap', policy: withMethod(SPLIT, 'swap'), start: rolling({ type: 'ksk' }) },
  { name: 'ksk-double-ds', policy: withMethod(SPLIT, 'double-ds'), start: rolling({ type: 'ksk' }) },
  { name: 'csk-additive', start: rolling({ type: 'csk' }) },
  { name: 'csk-swap', policy: withMethod(POLICY, 'swap'), start: rolling({ type: 'csk' }) },
  { name: 'algorithm-conservative-csk', start: rolling(TO_15), isKeyStrict: true },
  { name: 'algorithm-conservative-split', policy: SPLIT, start: rolling(TO_15), isKeyStrict: true },
  { name: 'algorithm-liberal-csk', policy: { ...POLICY, rollover: LIBERAL }, start: rolling(TO_15) },
  { name: 'algorithm-liberal-split', policy: { ...SPLIT, rollover: LIBERAL }, start: rolling(TO_15) },
  { name: 'scheme-split', start: rolling(TO_SPLIT) },
  { name: 'scheme-merge', policy: SPLIT, start: rolling(TO_CSK) },
];

const DELEGATIONS: readonly Scenario[] = (['none', 'unconfirmed'] as const).flatMap((delegation) => [
  { name: `zsk-${delegation}`, policy: SPLIT, delegation, start: rolling({ type: 'zsk' }) },
  { name: `ksk-${delegation}`, policy: SPLIT, delegation, start: rolling({ type: 'ksk' }) },
  { name: `csk-${delegation}`, delegation, start: rolling({ type: 'csk' }) },
  { name: `algorithm-${delegation}`, delegation, start: rolling(TO_15) },
  {
    name: `ksk-double-ds-${delegation}`,
    policy: withMethod(SPLIT, 'double-ds'),
    delegation,
    start: rolling({ type: 'ksk' }),
  },
  {
    name: `csk-swap-${delegation}`,
    policy: withMethod(POLICY, 'swap'),
    delegation,
    start: rolling({ type: 'csk' }),
  },
]);

const EMERGENCIES: readonly Scenario[] = (['continuity', 'containment'] as const).flatMap((emergency) => {
  const isBroken = emergency === 'containment';
  return [
    { name: `zsk-${emergency}`, policy: SPLIT, start: rolling({ type: 'zsk', emergency }), isBroken },
    { name: `ksk-${emergency}`, policy: SPLIT, start: rolling({ type: 'ksk', emergency }), isBroken },
    { name: `csk-${emergency}`, start: rolling({ type: 'csk', emergency }), isBroken },
  ];
});

/**
 * ROLLOVER 2.8, key material lost: the old key signs nothing from the first instant on. The parent cannot verify CDS, so
 * that somebody tells it by hand after four hours.
 */
function losing(request: RolloverRequest): (rig: RolloverRig) => void {
  return (rig) => {
    rig.setParent({ isMute: true });
    const from = rig.now;
    expect(rig.start({ ...request, isLost: true })).toBeUndefined();
    const { outgoing } = rig.state.rollover!;
    if (request.emergency === 'containment') expect(rig.cancel()).toBe('POINT_OF_NO_RETURN');
    rig.run(4 * HOUR);
    const wanted = rig.state.keys.filter(({ goal, states }) => goal === 'IN' && states.ds !== null);
    rig.setDs(wanted.map(({ id }) => id));
    rig.run();
    const after = rig.moments.filter(({ at }) => at >= from);
    for (const { dnskey, zone, cds } of after) {
      expect(
        [...dnskey.signers, ...zone.signers, ...cds.signers].filter((id) => outgoing.includes(id)),
      ).toEqual([]);
    }
    expect(rig.state.rollover).toBeNull();
  };
}

const LOSSES: readonly Scenario[] = [
  {
    name: 'lost-zsk-continuity',
    policy: SPLIT,
    start: losing({ type: 'zsk', emergency: 'continuity' }),
  },
  {
    name: 'lost-ksk-containment',
    policy: SPLIT,
    start: losing({ type: 'ksk', emergency: 'containment' }),
    isBroken: true,
  },
  { name: 'lost-csk-containment', start: losing({ type: 'csk', emergency: 'containment' }), isBroken: true },
  {
    name: 'lost-csk-none',
    delegation: 'none',
    start: (rig) => {
      expect(rig.start({ type: 'csk', emergency: 'containment', isLost: true })).toBeUndefined();
      rig.run();
    },
  },
];

const CANCELS: readonly Scenario[] = [
  ...['publish', 'switch'].map((step) => ({
    name: `cancel-zsk-${step}`,
    policy: SPLIT,
    start: cancelled({ type: 'zsk' }, step),
  })),
  ...['publish', 'request', 'soak', 'withdraw', 'drain'].flatMap((step) => [
    { name: `cancel-ksk-${step}`, policy: SPLIT, start: cancelled({ type: 'ksk' }, step) },
    { name: `cancel-csk-${step}`, start: cancelled({ type: 'csk' }, step) },
  ]),
  ...['pre-sign', 'publish', 'request', 'soak', 'withdraw', 'drain', 'unpublish'].flatMap((step) => [
    { name: `cancel-algorithm-csk-${step}`, start: cancelled(TO_15, step), isKeyStrict: true },
    {
      name: `cancel-algorithm-split-${step}`,
      policy: SPLIT,
      start: cancelled(TO_15, step),
      isKeyStrict: true,
    },
  ]),
  ...['publish', 'switch'].map((step) => ({
    name: `cancel-split-${step}`,
    start: cancelled(TO_SPLIT, step),
  })),
  { name: 'cancel-merge-switch', policy: SPLIT, start: cancelled(TO_CSK, 'switch') },
];

/** Rule zero of ROLLOVER 1.6: what was handed out with the old TTL is waited for; the new one shortens nothing. */
const LOWERED: readonly Scenario[] = [
  {
    name: 'zsk-zone-ttl-lowered',
    policy: SPLIT,
    start: (rig) => {
      expect(rig.start({ type: 'zsk' })).toBeUndefined();
      rig.run(HOUR);
      rig.edit({ ...FACTS, maxTtl: 15 * MINUTE });
      rig.run();
    },
  },
  {
    name: 'zsk-dnskey-ttl-lowered',
    policy: SPLIT,
    start: (rig) => {
      rig.setPolicy({ ...rig.policy, dnskeyTtl: MINUTE });
      rig.run(MINUTE);
      expect(rig.start({ type: 'zsk' })).toBeUndefined();
      rig.run();
    },
  },
  {
    name: 'ksk-swap-ds-ttl-lowered',
    policy: withMethod(SPLIT, 'swap'),
    start: (rig) => {
      rig.setParent({ ttl: 5 * MINUTE });
      expect(rig.start({ type: 'ksk' })).toBeUndefined();
      rig.run();
    },
  },
];

/** ROLLOVER 2.10: nobody speaks to the parent, and the policy has the rollover undone. */
const FORGOTTEN: readonly Scenario[] = (
  [
    ['auto-cancel-ksk', { ...SPLIT, autoCancel: 21 * DAY }, { type: 'ksk' }],
    ['auto-cancel-csk-swap', { ...withMethod(POLICY, 'swap'), autoCancel: 3 * DAY }, { type: 'csk' }],
    ['auto-cancel-algorithm', { ...POLICY, autoCancel: 30 * DAY }, TO_15],
  ] as const
).map(([name, policy, request]) => ({
  name,
  policy,
  start: (rig) => {
    rig.setParent({ isMute: true });
    rolling(request)(rig);
    expect(rig.state.rollover).toBeNull();
  },
  isKeyStrict: request === TO_15,
}));

/** A zone at rest, with the delegation that the scenario wants; its history is long dead. */
function zoneAtRest({ policy = POLICY, delegation = 'secure' }: Scenario): RolloverRig {
  const isMute = delegation !== 'secure';
  const world = { ...WORLD, parent: { ...WORLD.parent, isMute } };
  const rig = new RolloverRig({ policy, facts: FACTS, world });
  if (delegation === 'none') rig.confirmNoDs();
  if (isMute) rig.run(30 * DAY);
  else rig.runUntil(isSecure, 'a signed zone with a DS');
  rig.run(30 * DAY);
  expect(rig.state.delegation).toBe(delegation);
  return rig;
}

function golden(name: string): string {
  return new URL(`../../golden/rollover/${name}.txt`, import.meta.url).pathname;
}

async function expectTimeline(name: string, text: string): Promise<void> {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden(name), text);
  await expect(text).toMatchFileSnapshot(golden(name));
}

async function play(scenario: Scenario): Promise<void> {
  const rig = zoneAtRest(scenario);
  const from = rig.now;
  scenario.start(rig);
  const findings = rig.findings({
    isKeyStrict: scenario.isKeyStrict ?? false,
    isEverSecure: scenario.isEverSecure ?? true,
  });
  await expectTimeline(scenario.name, timelineOf(rig, from, findings));
  if (scenario.isBroken !== true) expect(findings).toEqual([]);
}

describe('rollovers', () => {
  it.each(ROLLOVERS)('$name', play);
});

describe('rollovers of a zone without a confirmed DS', () => {
  it.each(DELEGATIONS)('$name', play);
});

describe('emergencies', () => {
  it.each(EMERGENCIES)('$name', play);
});

describe('losses of a key', () => {
  it.each(LOSSES)('$name', play);
});

describe('cancels', () => {
  it.each(CANCELS)('$name', play);
});

describe('forgotten rollovers', () => {
  it.each(FORGOTTEN)('$name', play);
});

describe('rollovers while a TTL is lowered', () => {
  it.each(LOWERED)('$name', play);
});

describe('going signed', () => {
  it.each([
    { name: 'sign-csk', policy: POLICY },
    { name: 'sign-split', policy: SPLIT },
  ])('$name', async ({ name, policy }) => {
    const rig = new RolloverRig({ policy, facts: FACTS, world: WORLD });
    const from = rig.now;
    rig.run();
    const findings = rig.findings();
    await expectTimeline(name, timelineOf(rig, from, findings));
    expect(findings).toEqual([]);
  });
});

/** Table 2.9, "going signed": the cancel is to go unsigned. */
const UNDONE = [
  { name: 'cancel-sign-s1', from: 'dnskey', after: 0 },
  { name: 'cancel-sign-s2', from: 'ds', after: 0 },
  // The parent has fetched the CDS and publishes the DS while the hold runs.
  { name: 'cancel-sign-s2-late-ds', from: 'ds', after: 3 * HOUR + 10 * MINUTE },
] as const;

describe('going signed, and not', () => {
  it.each(UNDONE)('$name', async ({ name, from, after }) => {
    const rig = new RolloverRig({ policy: POLICY, facts: FACTS, world: WORLD });
    const begun = rig.now;
    rig.confirmNoDs();
    const isBegun = (state: ZoneState) => state.keys[0]!.states[from]!.state === 'rumoured';
    rig.runUntil((state) => isBegun(state) && state.pendingSince === null, name);
    rig.run(after);
    expect(rig.start({ type: 'insecure' })).toBeUndefined();
    rig.run();
    const findings = rig.findings({ isEverSecure: false });
    await expectTimeline(name, timelineOf(rig, begun, findings));
    expect(findings).toEqual([]);
  });
});

const INSECURE: readonly Scenario[] = [
  {
    name: 'unsign-csk',
    start: (rig) => {
      rig.unsign();
      rig.run();
    },
    isEverSecure: false,
  },
  {
    name: 'unsign-split',
    policy: SPLIT,
    start: (rig) => {
      rig.unsign();
      rig.run();
    },
    isEverSecure: false,
  },
  ...['ask', 'drain'].map((step) => ({
    name: `cancel-unsign-${step}`,
    start: (rig: RolloverRig) => {
      rig.unsign();
      rig.runUntil((state) => state.rollover?.step === step && state.pendingSince === null, step);
      expect(rig.cancel()).toBeUndefined();
      rig.run();
    },
    isEverSecure: false,
  })),
];

describe('going insecure', () => {
  it.each(INSECURE)('$name', play);
});

const AT_ONCE: RolloverRequest = { type: 'insecure', emergency: 'containment' };

/** The zone is unsigned from the first instant on; no parent can believe it any more, so that a person tells it. */
function unsignedAtOnce(before: (rig: RolloverRig) => void = () => {}): (rig: RolloverRig) => void {
  return (rig) => {
    before(rig);
    rig.setParent({ isMute: true });
    const from = rig.now;
    expect(rig.start(AT_ONCE)).toBeUndefined();
    expect(rig.start(AT_ONCE)).toBe('ALREADY_INSECURE');
    rig.run(4 * HOUR);
    expect(rig.cancel()).toBe('POINT_OF_NO_RETURN');
    rig.setDs([]);
    rig.run();
    for (const { dnskey, zone, cds } of rig.moments.filter(({ at }) => at >= from).slice(1)) {
      expect([dnskey.signers, zone.signers, cds]).toMatchObject([[], [], { keys: [], isDelete: false }]);
    }
    const { keys, rollover, goal } = rig.state;
    expect({ rollover, goal }).toEqual({ rollover: null, goal: 'insecure' });
    expect(keys.every(isEntirelyHidden) && keys.length > 0).toBe(true);
  };
}

/** A zone at a step of a rollover. */
function at(request: RolloverRequest, step: string): (rig: RolloverRig) => void {
  return (rig) => {
    expect(rig.start(request)).toBeUndefined();
    rig.runUntil((state) => state.rollover?.step === step && state.pendingSince === null, step);
  };
}

const LAST_RESORTS: readonly Scenario[] = [
  { name: 'unsign-force-csk', start: unsignedAtOnce(), isBroken: true, isEverSecure: false },
  { name: 'unsign-force-split', policy: SPLIT, start: unsignedAtOnce(), isBroken: true, isEverSecure: false },
  {
    name: 'unsign-force-unconfirmed',
    delegation: 'unconfirmed',
    start: unsignedAtOnce(),
    isBroken: true,
    isEverSecure: false,
  },
  {
    name: 'unsign-force-while-unsigning',
    start: unsignedAtOnce((rig) => {
      rig.unsign();
      rig.run(HOUR);
    }),
    isBroken: true,
    isEverSecure: false,
  },
  ...(['soak', 'drain'] as const).map((step) => ({
    name: `unsign-force-csk-${step}`,
    start: unsignedAtOnce(at({ type: 'csk' }, step)),
    isBroken: true,
    isEverSecure: false,
  })),
];

describe('going insecure as the last resort', () => {
  it.each(LAST_RESORTS)('$name', play);
});
