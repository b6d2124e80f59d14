/**
 * Going signed (ROLLOVER 2.7, S1 and S2): from keys that nobody has seen to a signed zone that asks its parent for a
 * DS. The table of arrows is the program; `next` is its interpreter and runs to a fixpoint.
 *
 * Arrows into rumoured are actions: what is served changes with them. Arrows into omnipresent are observations that
 * time alone makes true. DS rumoured → omnipresent needs the parent and is not here. Deadlines that come from TTLs
 * are computed once, when their state is entered, and kept in the state: a restart never hastens or restarts one.
 *
 * A `bootstrapHold` in seconds is the operator's word that no cache holds unsigned data that matters; it waives the
 * wait for omnipresent records before CDS, while the records keep their honest states.
 */
import { assert } from '../base/assert.ts';
import { formatDuration, plus, type UnixSeconds } from '../base/time.ts';
import {
  isShown,
  type Key,
  type RecordKind,
  type RecordState,
  stateOf,
  withRecord,
  type ZoneState,
} from './key.ts';
import type { Policy } from './policy.ts';

/** What the machine must be told about the zone's data. */
export interface BootstrapFacts {
  /** Longest TTL of data that was served unsigned and may still be in caches. */
  readonly unsignedHorizonSeconds: number;
  /** Ingc: min(SOA TTL, SOA MINIMUM), for which caches keep "no such type" (RFC 9077). */
  readonly negativeTtlSeconds: number;
  /** False only if it is known that nobody ever served this zone unsigned; then no cache holds anything. */
  readonly hadUnsignedBefore?: boolean;
}

/** An edge that was taken, for the log and the audit trail. */
export interface EdgeTaken {
  readonly kind: 'edge';
  readonly keyId: string;
  readonly tag: number;
  readonly record: RecordKind;
  readonly from: RecordState;
  readonly to: RecordState;
  readonly because: string;
}

/** Why an edge is not taken yet; stable words for tools. */
export type WaitReason = 'negative_caches' | 'unsigned_caches' | 'bootstrap_hold' | 'parent_ds';

/** One wait. `until` is null where time alone does not end it. */
export interface Waiting {
  readonly keyId: string;
  readonly tag: number;
  readonly record: RecordKind;
  readonly reason: WaitReason;
  readonly until: UnixSeconds | null;
  readonly because: string;
}

export interface Step {
  readonly zoneState: ZoneState;
  readonly actions: readonly EdgeTaken[];
  /** Earliest instant at which another call can change something. */
  readonly nextWake: UnixSeconds | null;
  readonly waiting: readonly Waiting[];
}

/** What an arrow may look at. */
interface Context {
  readonly keys: readonly Key[];
  readonly facts: BootstrapFacts;
  readonly policy: Policy;
  readonly now: UnixSeconds;
}

interface Arrow {
  readonly record: RecordKind;
  readonly from: RecordState;
  readonly to: RecordState;
  /** Earliest instant, or null if time alone does not lead to it. */
  readonly due: (key: Key, context: Context) => UnixSeconds | null;
  /** True if `due` is kept in the state once computed. */
  readonly isKept: boolean;
  readonly reason: WaitReason;
  readonly because: (policy: Policy) => string;
}

const ARROWS: readonly Arrow[] = [
  {
    record: 'dnskey',
    from: 'hidden',
    to: 'rumoured',
    due: (_key, { now }) => now,
    isKept: false,
    reason: 'negative_caches',
    because: () => 'the zone goes signed (ROLLOVER 2.7 S1)',
  },
  {
    record: 'krrsig',
    from: 'hidden',
    to: 'rumoured',
    due: (key, { now }) => (stateOf(key, 'dnskey') === 'hidden' ? null : now),
    isKept: false,
    reason: 'negative_caches',
    because: () => 'its DNSKEY is published (ROLLOVER 1.3)',
  },
  {
    record: 'zrrsig',
    from: 'hidden',
    to: 'rumoured',
    due: (key, { keys, now }) => (stateOf(key, 'dnskey') === 'hidden' || hasChain(keys) ? null : now),
    isKept: false,
    reason: 'unsigned_caches',
    because: () => 'no chain of trust exists yet that it could break (ROLLOVER 1.3)',
  },
  {
    record: 'dnskey',
    from: 'rumoured',
    to: 'omnipresent',
    due: (key, context) => sinceWait(key, 'dnskey', IpubFirst(context)),
    isKept: true,
    reason: 'negative_caches',
    because: () => 'caches may know that there was no DNSKEY: Dprp + Ingc + publishSafety (ROLLOVER 1.6)',
  },
  {
    record: 'krrsig',
    from: 'rumoured',
    to: 'omnipresent',
    due: (key, context) => sinceWait(key, 'krrsig', IpubFirst(context)),
    isKept: true,
    reason: 'negative_caches',
    because: () => 'caches may know that there was no DNSKEY: Dprp + Ingc + publishSafety (ROLLOVER 1.6)',
  },
  {
    record: 'zrrsig',
    from: 'rumoured',
    to: 'omnipresent',
    due: (key, context) => sinceWait(key, 'zrrsig', IsignFirst(context)),
    isKept: true,
    reason: 'unsigned_caches',
    because: () => 'caches may hold unsigned data, bogus once a DS is seen (ROLLOVER 2.7 S1)',
  },
  {
    record: 'ds',
    from: 'hidden',
    to: 'rumoured',
    due: dsDue,
    isKept: false,
    reason: 'bootstrap_hold',
    because: ({ bootstrapHold }) =>
      bootstrapHold === 'auto'
        ? 'a DS is asked for when every cache knows the signed zone (ROLLOVER 2.7 S2)'
        : `bootstrapHold is ${formatDuration(bootstrapHold)} after the first signatures`,
  },
  {
    record: 'ds',
    from: 'rumoured',
    to: 'omnipresent',
    due: () => null,
    isKept: false,
    reason: 'parent_ds',
    because: () => 'the parent must publish the DS; time alone never proves that it did (ROLLOVER 1.6)',
  },
];

// ---- Intervals (ROLLOVER 1.6; counted from commit, so with Dprp) ----

/** Until every cache has a DNSKEY RRset where there was none before. */
function IpubFirst({ facts, policy }: Context): number {
  const Ingc = facts.hadUnsignedBefore === false ? 0 : facts.negativeTtlSeconds;
  return policy.propagation + Ingc + policy.publishSafety;
}

/** Until no cache holds unsigned data of a zone that was just signed. */
function IsignFirst({ facts, policy }: Context): number {
  const { unsignedHorizonSeconds, negativeTtlSeconds, hadUnsignedBefore } = facts;
  const horizon = hadUnsignedBefore === false ? 0 : Math.max(unsignedHorizonSeconds, negativeTtlSeconds);
  return policy.propagation + horizon + policy.publishSafety;
}

function sinceWait(key: Key, record: RecordKind, seconds: number): UnixSeconds {
  return plus(key.states[record]!.since, seconds);
}

/** A key that forms a chain of trust exists (ROLLOVER 1.4, 3b). */
function hasChain(keys: readonly Key[]): boolean {
  return keys.some((key) =>
    (['dnskey', 'krrsig', 'ds'] as const).every((record) => stateOf(key, record) === 'omnipresent'),
  );
}

/** When CDS may ask for the DS of a key: see the head of this file. */
function dsDue(key: Key, { keys, policy, now }: Context): UnixSeconds | null {
  const signers = keys.filter((other) => other.algorithm === key.algorithm && other.states.zrrsig !== null);
  if (!isSigning(key, signers)) return null;
  if (policy.bootstrapHold !== 'auto') {
    return key.publishedAt === null ? null : plus(key.publishedAt, policy.bootstrapHold);
  }
  const own = (['dnskey', 'krrsig'] as const).map((record) => key.states[record]!);
  const ofZone = signers.filter((signer) => signer.goal === 'IN').map((signer) => signer.states.zrrsig!);
  let due = now;
  for (const { state, notBefore } of [...own, ...ofZone]) {
    if (state === 'omnipresent') continue;
    if (notBefore === null) return null;
    if (notBefore > due) due = notBefore;
  }
  return due;
}

/** The key signs the DNSKEY RRset, and zone data is signed with its algorithm. */
function isSigning(key: Key, signers: readonly Key[]): boolean {
  return (
    isShown(key, 'dnskey') && isShown(key, 'krrsig') && signers.some((signer) => isShown(signer, 'zrrsig'))
  );
}

// ---- Interpreter ----

const MAX_PASSES = 32;

/**
 * Takes every edge that is due at `now` and says what the others wait for. Pure: the same arguments give the same
 * step, and a second call at the same instant changes nothing. Persist `zoneState` before serving what follows
 * from it; call again at `nextWake`.
 */
export function next(zoneState: ZoneState, facts: BootstrapFacts, policy: Policy, now: UnixSeconds): Step {
  const actions: EdgeTaken[] = [];
  let keys = zoneState.keys;
  for (let pass = 0; ; pass++) {
    assert(pass < MAX_PASSES, 'the bootstrap machine reaches a fixpoint');
    const before = keys;
    for (const arrow of ARROWS) {
      for (const key of keys) {
        const moved = follow(arrow, key, { keys, facts, policy, now }, actions);
        if (moved !== key) keys = keys.map((other) => (other === key ? moved : other));
      }
    }
    if (keys === before) break;
  }
  const waiting = waits({ keys, facts, policy, now });
  const wakes = waiting.flatMap(({ until }) => (until === null ? [] : [until]));
  const nextWake = wakes.length === 0 ? null : (Math.min(...wakes) as UnixSeconds);
  return { zoneState: { ...zoneState, keys }, actions, nextWake, waiting };
}

/** The key after `arrow`: moved, or with a deadline written down, or itself. */
function follow(arrow: Arrow, key: Key, context: Context, actions: EdgeTaken[]): Key {
  const times = key.states[arrow.record];
  if (key.goal !== 'IN' || times === null || times.state !== arrow.from) return key;
  const due = times.notBefore ?? arrow.due(key, context);
  if (due === null) return key;
  if (due > context.now) {
    if (!arrow.isKept || times.notBefore !== null) return key;
    return withRecord(key, arrow.record, { ...times, notBefore: due });
  }
  actions.push({
    kind: 'edge',
    keyId: key.id,
    tag: key.tag,
    record: arrow.record,
    from: arrow.from,
    to: arrow.to,
    because: arrow.because(context.policy),
  });
  return withRecord(key, arrow.record, { state: arrow.to, since: context.now, notBefore: null });
}

function waits(context: Context): Waiting[] {
  const waiting: Waiting[] = [];
  for (const key of context.keys) {
    for (const { record, from, due, reason, because } of ARROWS) {
      const times = key.states[record];
      if (key.goal !== 'IN' || times === null || times.state !== from) continue;
      const until = times.notBefore ?? due(key, context);
      waiting.push({ keyId: key.id, tag: key.tag, record, reason, until, because: because(context.policy) });
    }
  }
  return waiting;
}
