/**
 * What a rollover's plan adds to the machine (ROLLOVER 1.3, 2): holds, which delay an edge that is allowed, and
 * waivers, which drop a gate that stands in the way of a method. Neither forces an edge, and neither can touch the
 * invariants of 1.4. The tables are the plans of section 2 read as conditions: a row says which records of which keys
 * stay as they are until something is true.
 *
 * A cancel exchanges incoming and outgoing keys, and the same rows then lead back: that is why they speak of sides
 * and states, never of steps.
 */
import { type Key, type RecordKind, type RecordState, stateOf } from './key.ts';
import type { Policy } from './policy.ts';
import type { WaitReason } from './step.ts';
import { keysOf, type Rollover, type RolloverMethod, rolloversOf, type ZoneState } from './zonestate.ts';

/** What gates and holds may look at. */
export interface PlanContext {
  readonly state: ZoneState;
  readonly policy: Policy;
  /** The parent has no DS and no cache can hold one, so that none can be broken (ROLLOVER 1.4 rule 1). */
  readonly isDsWaived: boolean;
}

/** Why an edge is not taken. */
export interface Obstacle {
  readonly reason: WaitReason;
  readonly because: string;
}

/** The gates of ROLLOVER 1.3, by what each demands; `edges.ts` has their conditions. */
export type GateName =
  | 'dnskey is published'
  | 'dnskey is known'
  | 'data is signed'
  | 'dnskey can be relied on'
  | 'ds is gone'
  | 'signatures are gone'
  | 'dnskey is leaving'
  | 'another key signs';

/** A rollover with its keys, as a row sees it. */
interface Plan {
  readonly rollover: Rollover;
  readonly state: ZoneState;
  readonly incoming: readonly Key[];
  readonly outgoing: readonly Key[];
  readonly isDsWaived: boolean;
}

type Side = 'incoming' | 'outgoing';

/** The records of one side that may not go `to` a state before `until` is true. */
export interface Hold {
  readonly who: Side;
  readonly records: readonly RecordKind[];
  readonly to: 'rumoured' | 'unretentive';
  readonly until: (plan: Plan) => boolean;
  readonly reason: WaitReason;
  readonly because: string;
}

/** A gate that is dropped for the keys of one side. */
export interface Waiver {
  readonly who: Side;
  readonly gate: GateName;
}

// ---- Conditions ----

/** True if every key that has the record is in one of the states. */
function all(keys: readonly Key[], record: RecordKind, ...states: readonly RecordState[]): boolean {
  return keys.every((key) => key.states[record] === null || states.includes(stateOf(key, record)));
}

function areOmnipresent(keys: readonly Key[], ...records: readonly RecordKind[]): boolean {
  return records.every((record) => all(keys, record, 'omnipresent'));
}

/**
 * Every cache that has a DS RRset has one with the incoming DS. Where no DS can be in any cache it is enough to ask
 * for it; so it is for a cancelled rollover whose parent nobody has looked at, as the DS that stays was in use before.
 */
export function isDsTrusted(plan: Pick<Plan, 'rollover' | 'state' | 'incoming' | 'isDsWaived'>): boolean {
  const { rollover, state, incoming, isDsWaived } = plan;
  const isBack = rollover.cancelledAt !== null && state.delegation === 'unconfirmed';
  return isDsWaived || isBack ? isRequested(plan) : all(incoming, 'ds', 'omnipresent');
}

function isRequested({ incoming }: Pick<Plan, 'incoming'>): boolean {
  return all(incoming, 'ds', 'rumoured', 'omnipresent');
}

function isCancelled({ rollover }: Plan): boolean {
  return rollover.cancelledAt !== null;
}

/** A key that others may have goes at once; one that is lost does no harm (`replace`). */
function isContainment({ rollover }: Plan): boolean {
  return rollover.emergency === 'containment' && rollover.method !== 'replace';
}

function isDelegationKnown(plan: Plan): boolean {
  return plan.state.delegation !== 'unconfirmed' || isCancelled(plan);
}

/** ROLLOVER 2.4: zone data changes its signer in the step that asks to drop the old DS. */
function isLateSwitch(plan: Plan): boolean {
  if (isCancelled(plan) || plan.isDsWaived) return true;
  if (plan.rollover.method !== 'swap') return isDsTrusted(plan);
  return isRequested(plan) && all(plan.outgoing, 'ds', 'unretentive', 'hidden');
}

// ---- Rows that several methods share ----

const CHAIN: readonly RecordKind[] = ['dnskey', 'krrsig', 'ds'];
const SIGNATURES: readonly RecordKind[] = ['krrsig', 'zrrsig'];

/** DESIGN 8: a rollover of a key with a DS stops before the old DS is asked to leave. */
const UNTIL_DELEGATION_IS_KNOWN: Hold = {
  who: 'outgoing',
  records: CHAIN,
  to: 'unretentive',
  until: isDelegationKnown,
  reason: 'delegation_unconfirmed',
  because: 'nobody knows whether the parent has a DS: say confirm-ds --seen, or --none',
};

const UNTIL_NEW_DS_IS_TRUSTED: Hold = {
  who: 'outgoing',
  records: ['ds'],
  to: 'unretentive',
  until: isDsTrusted,
  reason: 'plan',
  because: 'the old DS stays until every cache has the new one (ROLLOVER 2.2 step 3)',
};

/** Methods that publish the new key before they touch the DS of the old one. */
const KEY_SIGNING: readonly Hold[] = [
  UNTIL_DELEGATION_IS_KNOWN,
  {
    who: 'outgoing',
    records: ['dnskey', 'krrsig'],
    to: 'unretentive',
    until: ({ incoming }) => areOmnipresent(incoming, 'dnskey', 'krrsig'),
    reason: 'plan',
    because: 'the old key stays until every cache has the new one (ROLLOVER 2.2 step 1)',
  },
  {
    who: 'outgoing',
    records: ['ds'],
    to: 'unretentive',
    until: (plan) => isContainment(plan) || areOmnipresent(plan.incoming, 'dnskey', 'krrsig'),
    reason: 'plan',
    because: 'the old DS stays until every cache has the new DNSKEY (ROLLOVER 2.2 step 1)',
  },
];

/** For keys that sign zone data too; a KSK has no such record, so that no row applies to it. */
const LATE_SWITCH: readonly Hold[] = [
  { ...UNTIL_DELEGATION_IS_KNOWN, who: 'incoming', records: ['zrrsig'], to: 'rumoured' },
  {
    who: 'incoming',
    records: ['zrrsig'],
    to: 'rumoured',
    until: isLateSwitch,
    reason: 'plan',
    because: 'zone data changes its signer when the old DS is asked to leave (ROLLOVER 2.4)',
  },
];

/** The part of an algorithm rollover that both of its methods have (ROLLOVER 2.5). */
const ALGORITHM: readonly Hold[] = [
  UNTIL_DELEGATION_IS_KNOWN,
  {
    who: 'incoming',
    records: ['ds'],
    to: 'rumoured',
    until: ({ incoming }) => areOmnipresent(incoming, 'dnskey', 'krrsig', 'zrrsig'),
    reason: 'plan',
    because: 'a DS of the new algorithm needs its keys and signatures in every cache (ROLLOVER 2.5 step 2)',
  },
  UNTIL_NEW_DS_IS_TRUSTED,
  {
    who: 'outgoing',
    records: ['dnskey'],
    to: 'unretentive',
    until: ({ incoming, outgoing }) =>
      all(outgoing, 'ds', 'hidden') && areOmnipresent(incoming, 'dnskey', 'krrsig', 'zrrsig'),
    reason: 'plan',
    because: 'keys of an algorithm stay until no cache has a DS of it (ROLLOVER 2.5 step 4)',
  },
];

// ---- The tables ----

export const HOLDS: Readonly<Record<RolloverMethod, readonly Hold[]>> = {
  // Gates do it all: publish, switch when the DNSKEY is known, remove when its signatures are gone.
  'pre-publication': [],
  split: [],
  merge: [],
  additive: [...KEY_SIGNING, UNTIL_NEW_DS_IS_TRUSTED, ...LATE_SWITCH],
  swap: [
    ...KEY_SIGNING,
    {
      who: 'outgoing',
      records: ['ds'],
      to: 'unretentive',
      until: isRequested,
      reason: 'plan',
      because: 'the old DS leaves in the step that asks for the new one (ROLLOVER 2.2 swap)',
    },
    ...LATE_SWITCH,
  ],
  'double-ds': [
    UNTIL_DELEGATION_IS_KNOWN,
    {
      who: 'incoming',
      records: ['dnskey'],
      to: 'rumoured',
      until: isDsTrusted,
      reason: 'plan',
      because: 'the new key is published when every cache has its DS (ROLLOVER 2.3 step 2)',
    },
    {
      who: 'outgoing',
      records: ['dnskey', 'krrsig'],
      to: 'unretentive',
      until: ({ incoming }) =>
        all(incoming, 'dnskey', 'rumoured', 'omnipresent') &&
        all(incoming, 'krrsig', 'rumoured', 'omnipresent'),
      reason: 'plan',
      because: 'the old key leaves in the step that publishes the new one (ROLLOVER 2.3 step 3)',
    },
    {
      who: 'outgoing',
      records: ['ds'],
      to: 'unretentive',
      until: ({ incoming, outgoing }) =>
        all(outgoing, 'dnskey', 'hidden') && areOmnipresent(incoming, 'dnskey', 'krrsig'),
      reason: 'plan',
      because: 'the old DS stays until no cache has the old key (ROLLOVER 2.3 step 3)',
    },
    ...LATE_SWITCH,
  ],
  // With the old key nothing can be signed: the new one takes its place at once, whatever breaks (ROLLOVER 2.8).
  replace: [],
  conservative: [
    {
      who: 'incoming',
      records: ['dnskey'],
      to: 'rumoured',
      until: ({ incoming }) => areOmnipresent(incoming, 'krrsig', 'zrrsig'),
      reason: 'plan',
      because: 'a new algorithm signs everything before its keys are published (ROLLOVER 2.5 step 1)',
    },
    ...ALGORITHM,
    {
      who: 'outgoing',
      records: SIGNATURES,
      to: 'unretentive',
      until: ({ outgoing }) => all(outgoing, 'dnskey', 'hidden'),
      reason: 'plan',
      because: 'the old algorithm signs until no cache has its keys (ROLLOVER 2.5 step 5)',
    },
  ],
  liberal: [
    ...ALGORITHM,
    {
      who: 'outgoing',
      records: SIGNATURES,
      to: 'unretentive',
      until: ({ outgoing }) => all(outgoing, 'dnskey', 'unretentive', 'hidden'),
      reason: 'plan',
      because: 'the old algorithm signs as long as its keys are published (ROLLOVER 2.5)',
    },
  ],
  unsign: [
    {
      who: 'outgoing',
      records: ['dnskey', 'krrsig', 'zrrsig'],
      to: 'unretentive',
      until: (plan) => isContainment(plan) || all(plan.state.keys, 'ds', 'hidden'),
      reason: 'plan',
      because: 'the zone stays signed until no cache has a DS of it (ROLLOVER 2.7 I2)',
    },
  ],
};

export const WAIVERS: Readonly<Record<RolloverMethod, readonly Waiver[]>> = {
  'pre-publication': [],
  split: [],
  merge: [],
  additive: [],
  swap: [],
  'double-ds': [
    { who: 'incoming', gate: 'dnskey is known' },
    { who: 'outgoing', gate: 'ds is gone' },
  ],
  // The DNSKEY of a lost key may stay: caches have what it signed, and nobody else can sign with it.
  replace: [
    { who: 'incoming', gate: 'dnskey is known' },
    { who: 'incoming', gate: 'data is signed' },
    { who: 'incoming', gate: 'dnskey can be relied on' },
    { who: 'outgoing', gate: 'dnskey is leaving' },
  ],
  conservative: [
    { who: 'incoming', gate: 'dnskey is published' },
    { who: 'incoming', gate: 'dnskey can be relied on' },
    { who: 'outgoing', gate: 'signatures are gone' },
    { who: 'outgoing', gate: 'another key signs' },
  ],
  liberal: [
    { who: 'incoming', gate: 'dnskey can be relied on' },
    { who: 'outgoing', gate: 'signatures are gone' },
    { who: 'outgoing', gate: 'another key signs' },
  ],
  unsign: [
    { who: 'outgoing', gate: 'signatures are gone' },
    { who: 'outgoing', gate: 'another key signs' },
  ],
};

/** Containment (ROLLOVER 2.8): the bad key's DS is replaced, or its DNSKEY goes with the switch of signers. */
const CONTAINMENT_WAIVERS: readonly Waiver[] = [
  { who: 'incoming', gate: 'dnskey is known' },
  { who: 'outgoing', gate: 'signatures are gone' },
];

/** Going unsigned as the last resort asks for no proof that the DS is gone. */
const LAST_RESORT_WAIVERS: readonly Waiver[] = [{ who: 'outgoing', gate: 'ds is gone' }];

/** What is left of "signatures are gone" there: they are no longer served. */
const CONTAINMENT_HOLDS: readonly Hold[] = [
  {
    who: 'outgoing',
    records: ['dnskey'],
    to: 'unretentive',
    until: ({ outgoing }) => all(outgoing, 'zrrsig', 'unretentive', 'hidden'),
    reason: 'plan',
    because: 'the bad key leaves in the step in which another key signs (ROLLOVER 2.8)',
  },
];

// ---- Questions ----

/** The hold that keeps a record from going `to` a state; null if none does. */
export function holdOf(key: Key, record: RecordKind, to: RecordState, context: PlanContext): Obstacle | null {
  for (const { plan, who } of plansOf(key, context)) {
    const rows = [...HOLDS[plan.rollover.method], ...(isContainment(plan) ? CONTAINMENT_HOLDS : [])];
    for (const row of rows) {
      if (row.who !== who || row.to !== to || !row.records.includes(record) || row.until(plan)) continue;
      return { reason: row.reason, because: row.because };
    }
  }
  return null;
}

/** True if a rollover that names the key drops this gate for it. */
export function isWaived(key: Key, gate: GateName, context: PlanContext): boolean {
  return plansOf(key, context).some(({ plan, who }) => {
    const { method } = plan.rollover;
    const ofEmergency = method === 'unsign' ? LAST_RESORT_WAIVERS : CONTAINMENT_WAIVERS;
    const waivers = [...WAIVERS[method], ...(isContainment(plan) ? ofEmergency : [])];
    return waivers.some((waiver) => waiver.who === who && waiver.gate === gate);
  });
}

/** The rollovers that name a key, each with the side on which it stands. */
function plansOf(key: Key, context: PlanContext): { plan: Plan; who: Side }[] {
  return rolloversOf(context.state).flatMap((rollover) => {
    const isIncoming = rollover.incoming.includes(key.id);
    if (!isIncoming && !rollover.outgoing.includes(key.id)) return [];
    return [{ plan: planOf(rollover, context), who: isIncoming ? 'incoming' : 'outgoing' } as const];
  });
}

function planOf(rollover: Rollover, { state, isDsWaived }: Omit<PlanContext, 'policy'>): Plan {
  return {
    rollover,
    state,
    incoming: keysOf(state, rollover.incoming),
    outgoing: keysOf(state, rollover.outgoing),
    isDsWaived,
  };
}
