/**
 * From the keys of another signer to the state of a zone of ours: keys with their records' states, what was served,
 * and the rollover that the other signer had begun, which goes on here.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata, keyTag, revokedKeyTag } from '../dnssec/dnskey.ts';
import {
  type DsObservation,
  hiddenKey,
  isEntirelyHidden,
  isShown,
  type Key,
  type KeyRole,
  NEVER_OBSERVED,
  type RecordKind,
  stateOf,
} from '../kasp/key.ts';
import type { Policy } from '../kasp/policy.ts';
import {
  newZoneState,
  type Rollover,
  type RolloverMethod,
  type RolloverType,
  type ZoneState,
} from '../kasp/zonestate.ts';
import { foreignLogs, foreignTtls } from './import-logs.ts';
import type { SettledKey } from './import-roles.ts';
import { KeystoreError } from './keypairs.ts';

export interface Adopting {
  readonly policy: Policy;
  readonly now: UnixSeconds;
  /** TTL of the DNSKEY records that are served now; null if nobody looked. */
  readonly servedTtl: number | null;
  /** A new id, for a key or a rollover. */
  readonly newId: () => string;
}

/** The state of a zone with these keys, in their order. Throws KeystoreError if they do not make one. */
export function adoptedState(settled: readonly SettledKey[], adopting: Adopting): ZoneState {
  refuseTags(settled);
  const { policy } = adopting;
  const found = settled.map((key) => adoptedKey(key, adopting));
  refuseGuesses(settled);
  const { keys, rollovers } = withRollovers(found, adopting);
  const fresh = newZoneState(keys);
  if (keys.every(isEntirelyHidden)) return fresh;
  const ttls = foreignTtls(policy, [adopting.servedTtl, ...settled.map(({ ttl }) => ttl)]);
  const isSecure = keys.some(
    (key) =>
      stateOf(key, 'ds') === 'omnipresent' ||
      key.dsObservation.seenAllAt !== null ||
      (stateOf(key, 'ds') === 'unretentive' && key.dsObservation.goneAllAt === null),
  );
  const [first, second] = rollovers;
  const started = (role: KeyRole) =>
    rollovers.find(({ type }) => (type === 'zsk') === (role === 'zone-signing'))?.startedAt ?? null;
  return {
    ...fresh,
    delegation: isSecure ? 'secure' : 'unconfirmed',
    rollover: first ?? null,
    overlapping: second ?? null,
    zoneTtl: { current: ttls.zone, horizon: fresh.zoneTtl.horizon },
    lastStarted: { 'key-signing': started('key-signing'), 'zone-signing': started('zone-signing') },
    logs: foreignLogs(keys, ttls, adopting.now),
  };
}

/** Keys are found by tag in signatures, and their files by tag: two of one tag cannot both be used. */
function refuseTags(keys: readonly SettledKey[]): void {
  const owners = new Map<number, string>();
  for (const { source, flags, algorithm, publicKey } of keys) {
    const rdata = dnskeyRdata(flags, algorithm, publicKey);
    for (const tag of new Set([keyTag(rdata), revokedKeyTag(rdata)])) {
      const other = owners.get(tag);
      if (other !== undefined) {
        throw new KeystoreError('KEY_TAGS', `${other} and ${source} have the same key tag ${tag}`);
      }
      owners.set(tag, source);
    }
  }
}

/** Which of two keys has a DS is told by states alone; times tell what was planned. */
function refuseGuesses(settled: readonly SettledKey[]): void {
  const signing = settled.filter(({ roles }) => roles.includes('key-signing'));
  const bare = signing.find(({ hasStates }) => !hasStates);
  if (signing.length < 2 || bare === undefined) return;
  throw new KeystoreError(
    'KEYS_AMBIGUOUS',
    `${bare.source} tells no states, and there are ${signing.length} keys that sign keys: which has a DS is not known; ` +
      'bring its .state file, or let that rollover end where it began',
  );
}

// ---- Keys ----

function adoptedKey(settled: SettledKey, { now, newId }: Adopting): Key {
  const { algorithm, roles, publicKey, timing, plan, createdAt } = settled;
  const key = hiddenKey({ id: newId(), algorithm, roles, publicKey }, now);
  const recordOf = (record: RecordKind) => {
    const { state, since } = timing[record];
    // What changes now is done when all threads serve it.
    const isChanging = since >= now && (state === 'rumoured' || state === 'unretentive');
    const doneAt = isChanging ? null : since;
    return key.states[record] === null ? null : { state, since, doneAt, notBefore: null };
  };
  const states = {
    dnskey: recordOf('dnskey'),
    krrsig: recordOf('krrsig'),
    zrrsig: recordOf('zrrsig'),
    ds: recordOf('ds'),
  };
  const { state, since } = timing.dnskey;
  const isPublished = state !== 'hidden';
  const planned = plan.publish !== null && plan.publish <= since ? plan.publish : since;
  return {
    ...key,
    goal: timing.goal,
    createdAt: createdAt ?? now,
    publishedAt: isPublished ? planned : null,
    dsObservation: observationOf(settled),
    states,
  };
}

function observationOf({ timing: { ds, dsSeenAt, dsGoneAt } }: SettledKey): DsObservation {
  switch (ds.state) {
    case 'omnipresent':
      return { seenAllAt: dsSeenAt ?? ds.since, goneAllAt: null, lastSeenAnywhereAt: dsSeenAt ?? ds.since };
    case 'rumoured':
      return { seenAllAt: dsSeenAt, goneAllAt: null, lastSeenAnywhereAt: dsSeenAt };
    case 'unretentive':
      return { seenAllAt: null, goneAllAt: dsGoneAt, lastSeenAnywhereAt: ds.since };
    case 'hidden':
      return NEVER_OBSERVED;
  }
}

// ---- Rollovers ----

/** A role, or both at once, and the type of the rollover of its keys. */
const KINDS: readonly {
  readonly type: Extract<RolloverType, 'ksk' | 'csk' | 'zsk'>;
  readonly roles: string;
}[] = [
  { type: 'ksk', roles: 'key-signing' },
  { type: 'csk', roles: 'key-signing,zone-signing' },
  { type: 'zsk', roles: 'zone-signing' },
];

function withRollovers(keys: readonly Key[], adopting: Adopting): { keys: Key[]; rollovers: Rollover[] } {
  refuseMixed(keys);
  const result = new Map(keys.map((key) => [key.id, key]));
  const rollovers: Rollover[] = [];
  for (const { type, roles } of KINDS) {
    const kin = keys.filter((key) => key.roles.join() === roles);
    const pair = pairOf(kin, type);
    if (pair === undefined) continue;
    const [leaving, coming] = pair;
    result.set(leaving.id, { ...leaving, goal: 'OUT', successor: coming.id });
    result.set(coming.id, { ...coming, goal: 'IN', predecessor: leaving.id });
    rollovers.push(begun(type, pair, adopting));
  }
  return { keys: [...result.values()], rollovers };
}

function refuseMixed(keys: readonly Key[]): void {
  const fault = (code: 'KEYS_AMBIGUOUS' | 'KEYS_INCOMPLETE', message: string) =>
    new KeystoreError(code, message);
  if (new Set(keys.map(({ algorithm }) => algorithm)).size > 1) {
    throw fault(
      'KEYS_AMBIGUOUS',
      'the keys are of different algorithms; let that rollover end where it began',
    );
  }
  if (!keys.some((key) => key.roles.includes('key-signing') && key.goal === 'IN')) {
    throw fault('KEYS_INCOMPLETE', 'none of the keys that stay signs keys (flags 257)');
  }
  if (!keys.some((key) => key.roles.includes('zone-signing') && key.goal === 'IN')) {
    throw fault('KEYS_INCOMPLETE', 'none of the keys that stay signs zone data; bring the ZSK as well');
  }
  const kinds = new Set(keys.map(({ roles }) => roles.length));
  if (kinds.size > 1) {
    throw fault(
      'KEYS_AMBIGUOUS',
      'there are a CSK and keys with one role; let that rollover end where it began',
    );
  }
}

/** The key that goes and the one that comes; undefined if there is only one. Throws KeystoreError. */
function pairOf(kin: readonly Key[], type: RolloverType): [Key, Key] | undefined {
  if (kin.length < 2) return undefined;
  const word = type.toUpperCase();
  const staying = kin.filter(({ goal }) => goal === 'IN');
  const leaving = kin.filter(({ goal }) => goal === 'OUT');
  const [only, other, ...more] = kin;
  if (more.length === 0 && staying.length === 1) return [leaving[0]!, staying[0]!];
  if (more.length === 0 && staying.length === 2) {
    // A key that is published and does not sign yet is to take over.
    const record: RecordKind = type === 'ksk' ? 'krrsig' : 'zrrsig';
    const [one, two] = [isShown(only!, record), isShown(other!, record)];
    if (one !== two) return one ? [only!, other!] : [other!, only!];
  }
  const tags = kin.map(({ tag }) => tag).join(', ');
  throw new KeystoreError(
    'KEYS_AMBIGUOUS',
    `it cannot be told which ${word} takes over from which (${tags}); bring the one in use and at most one other`,
  );
}

function begun(
  type: RolloverType,
  [leaving, coming]: [Key, Key],
  { policy, now, newId }: Adopting,
): Rollover {
  const { state, since } = coming.states.dnskey!;
  const startedAt = state === 'hidden' ? now : since;
  return {
    id: newId(),
    type,
    method: methodOf(type, leaving, policy),
    emergency: null,
    startedAt,
    incoming: [coming.id],
    outgoing: [leaving.id],
    cancelledAt: null,
    step: 'start',
    stepSince: now,
    isStalled: false,
    followedBy: null,
  };
}

/** The method whose order the other signer kept to; what it has not done yet is done as our policy has it. */
function methodOf(type: RolloverType, leaving: Key, policy: Policy): RolloverMethod {
  if (type === 'zsk') return 'pre-publication';
  const isDsLeaving = ['unretentive', 'hidden'].includes(stateOf(leaving, 'ds'));
  return isDsLeaving || policy.rollover.ksk === 'swap' ? 'swap' : 'additive';
}
