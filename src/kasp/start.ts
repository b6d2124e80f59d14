/**
 * Starting a rollover (ROLLOVER 2): which keys it needs, whether it may start now (2.10), and the state with its goals
 * set. Nothing here changes what is served: goals and succession are set, and the machine moves the records.
 *
 *     type        keys that go                     keys that come
 *     zsk         ZSK                              a ZSK; in an emergency the KSK takes zone signing at once (2.8)
 *     ksk, csk    KSK or CSK                       one like it
 *     algorithm   all                              a set of the new algorithm, in the old or a new scheme
 *     scheme      CSK → KSK: its role only         a ZSK (split)
 *                 ZSK                              the KSK takes zone signing (merge)
 *     insecure    all                              none; in an emergency it ends what runs
 *
 * An emergency does not queue: it hastens the rollover that already replaces the key, or runs beside another one.
 */
import { assert } from '../base/assert.ts';
import { formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import { cancelRefusal, cancelRollover, turned, withoutZoneSigning, withZoneSigning } from './cancel.ts';
import { isEntirelyHidden, type Key, type KeyRole } from './key.ts';
import type { Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';
import { planOf, REPLACED, SCHEME_ROLES, type Wanted } from './request.ts';
import type { RolloverRequest } from './step.ts';
import {
  type Emergency,
  keysOf,
  type Rollover,
  type RolloverMethod,
  type RolloverType,
  withKeys,
  type ZoneState,
} from './zonestate.ts';

export interface StartContext {
  readonly policy: Policy;
  readonly now: UnixSeconds;
  /** UUID of the rollover. */
  readonly id: string;
}

/** The keys to make for this rollover; empty if none is needed, or if it would be refused. */
export function keysFor(state: ZoneState, request: RolloverRequest, policy: Policy): Wanted[] {
  const plan = planOf(state, request, policy);
  return 'code' in plan ? [] : [...plan.wanted];
}

/** Why the rollover may not start now; undefined if it may. */
export function refusalOf(
  state: ZoneState,
  request: RolloverRequest,
  policy: Policy,
  now: UnixSeconds,
): Refusal | undefined {
  if (state.pausedSince !== null) return refusalByPause();
  const plan = planOf(state, request, policy);
  if ('code' in plan) return plan;
  if (request.emergency !== undefined) return undefined;
  const roles = REPLACED[request.type];
  return refusalByPredecessor(state, roles) ?? refusalByPacing(state, roles, policy, now);
}

/**
 * The state with the rollover started and its goals set, or with the running one hastened. `newKeys` are those of
 * `keysFor`, in that order; only where `refusalOf` has nothing to say.
 */
export function startRollover(
  state: ZoneState,
  request: RolloverRequest,
  newKeys: readonly Key[],
  { policy, now, id }: StartContext,
): ZoneState {
  const plan = planOf(state, request, policy);
  assert(!('code' in plan), 'a rollover that is refused is not started');
  assert(newKeys.length === plan.wanted.length, 'a rollover starts with the keys that it wants');
  if (request.type === 'insecure') return goInsecure(state, { now, id, emergency: request.emergency });
  if (typeof plan.place === 'object') return hasten(state, plan.place.hastened, request);
  const isAlgorithm = request.type === 'algorithm';
  const [outgoing, incoming] = isAlgorithm
    ? [plan.outgoing, [...plan.taking, ...newKeys]]
    : succeed(plan.outgoing, [...plan.taking, ...newKeys]);
  const leaving = outgoing.map((key) =>
    plan.method === 'split' ? withoutZoneSigning(key) : turned(key, 'OUT'),
  );
  const coming = plan.method === 'merge' ? incoming.map(withZoneSigning) : incoming;
  const taking = coming.slice(0, plan.taking.length);
  const rollover: Rollover = {
    ...begun({ id, now, type: request.type, method: plan.method }),
    emergency: request.emergency ?? null,
    incoming: coming.map((key) => key.id),
    outgoing: leaving.map((key) => key.id),
    followedBy: request.type === 'zsk' && plan.method === 'merge' ? 'scheme' : null,
  };
  const changed = withKeys(state, [...leaving, ...taking]);
  const replaced = REPLACED[request.type].map((role) => [role, now]);
  return {
    ...changed,
    keys: [...changed.keys, ...coming.slice(plan.taking.length)],
    lastStarted: { ...state.lastStarted, ...Object.fromEntries(replaced) },
    overlapping: plan.place === 'rollover' ? state.rollover : state.overlapping,
    [plan.place]: rollover,
  };
}

function begun(of: { id: string; now: UnixSeconds; type: RolloverType; method: RolloverMethod }): Rollover {
  return {
    id: of.id,
    type: of.type,
    method: of.method,
    emergency: null,
    startedAt: of.now,
    incoming: [],
    outgoing: [],
    cancelledAt: null,
    step: 'start',
    stepSince: of.now,
    isStalled: false,
    followedBy: null,
  };
}

/** Succession (ROLLOVER 1.5), in pairs; what the keys followed before is over. */
function succeed(outgoing: readonly Key[], incoming: readonly Key[]): [Key[], Key[]] {
  const last = incoming.length - 1;
  return [
    outgoing.map((key, at) => ({ ...key, predecessor: null, successor: incoming[Math.min(at, last)]!.id })),
    incoming.map((key, at) => ({ ...key, predecessor: outgoing[at]?.id ?? null, successor: null })),
  ];
}

/** The running rollover without its margins; one that has added a KSK goes on as a swap (ROLLOVER 2.8). */
function hasten(state: ZoneState, running: Rollover, { emergency, isLost }: RolloverRequest): ZoneState {
  const named = keysOf(state, [...running.incoming, ...running.outgoing]).map((key) => {
    const entries = Object.entries(key.states).map(([kind, times]) => [
      kind,
      times && { ...times, notBefore: null },
    ]);
    return { ...key, states: Object.fromEntries(entries) as Key['states'] };
  });
  const hastened = running.method === 'additive' ? 'swap' : running.method;
  const method = isLost === true ? 'replace' : hastened;
  const place = state.rollover === running ? 'rollover' : 'overlapping';
  return { ...withKeys(state, named), [place]: { ...running, method, emergency: emergency ?? null } };
}

// ---- Pacing (ROLLOVER 2.10) ----

function refusalByPause(): Refusal {
  const message = 'the keys of the zone are paused';
  return { code: 'PAUSED', message, fix: 'let them go on first: keyturn rollover resume ZONE' };
}

/** A key of the same role that still leaves must be gone from every cache (ROLLOVER 2.10). */
function refusalByPredecessor(state: ZoneState, roles: readonly KeyRole[]): Refusal | undefined {
  const leaving = state.keys.find(
    (key) => key.goal === 'OUT' && !isEntirelyHidden(key) && key.roles.some((role) => roles.includes(role)),
  );
  if (leaving === undefined) return undefined;
  return {
    code: 'PREVIOUS_KEY_LEAVING',
    message: `key ${leaving.tag}, which was replaced before, is still in caches`,
    fix: 'wait until rollover status shows it hidden',
  };
}

function refusalByPacing(
  { lastStarted }: ZoneState,
  roles: readonly KeyRole[],
  policy: Policy,
  now: UnixSeconds,
): Refusal | undefined {
  const last = roles.includes('key-signing') ? lastStarted['key-signing'] : null;
  if (last === null || plus(last, policy.minInterval) <= now) return undefined;
  return {
    code: 'TOO_SOON',
    message: `the last rollover of a key with a DS started at ${formatInstant(last)}`,
    fix: `wait until ${formatInstant(plus(last, policy.minInterval))} (minInterval)`,
  };
}

// ---- Going insecure, and back ----

export interface InsecureContext {
  readonly now: UnixSeconds;
  /** UUID of the rollover. */
  readonly id: string;
  /** Containment: at once, whatever runs and whatever the parent has. */
  readonly emergency?: Emergency | undefined;
}

/**
 * The state of a zone that shall become unsigned: every key goes, the DS first (ROLLOVER 2.7); or, as the last resort,
 * everything at once, and what runs ends with it.
 */
export function goInsecure(state: ZoneState, { now, id, emergency }: InsecureContext): ZoneState {
  const going = state.keys.filter((key) => key.goal === 'IN' || !isEntirelyHidden(key));
  const rollover: Rollover = {
    ...begun({ id, now, type: 'insecure', method: 'unsign' }),
    emergency: emergency ?? null,
    outgoing: going.map((key) => key.id),
  };
  const left = withKeys(
    state,
    going.map((key) => turned(key, 'OUT')),
  );
  return { ...left, goal: 'insecure', rollover, overlapping: null };
}

/** Why the zone cannot go signed now; undefined if it can. `isAnew` as in `keysForSecure`. */
export function secureRefusal(state: ZoneState, isAnew = false): Refusal | undefined {
  if (state.goal === 'insecure' && state.rollover !== null) {
    const refusal = cancelRefusal(state);
    if (refusal !== undefined || !isAnew) return refusal;
    const message = 'the zone is still signed, by the keys that its DS points to';
    return { code: 'ROLLOVER_RUNNING', message, fix: 'keep them, or wait until the zone is unsigned' };
  }
  if (state.goal === 'insecure') return undefined;
  return { code: 'ALREADY_SIGNED', message: 'the zone is signed', fix: 'nothing is to be done' };
}

/**
 * The keys to make for a zone that goes signed: none if it is still signed, or kept the keys that it had; `isAnew`: those
 * shall never sign again.
 */
export function keysForSecure(state: ZoneState, policy: Policy, isAnew = false): Wanted[] {
  if (state.rollover !== null || (!isAnew && keptKeys(state).length > 0)) return [];
  return SCHEME_ROLES[policy.scheme].map((roles) => ({ roles, algorithm: policy.algorithm }));
}

/** The state of a zone that shall be signed: with its DS if that is still there, else from the beginning. */
export function goSecure(state: ZoneState, newKeys: readonly Key[], now: UnixSeconds): ZoneState {
  if (state.rollover !== null) return cancelRollover(state, now);
  const kept = newKeys.length > 0 ? [] : keptKeys(state).map((key) => turned(key, 'IN'));
  const changed = withKeys(state, kept);
  return { ...changed, goal: 'secure', keys: [...changed.keys, ...newKeys] };
}

/** The keys that the zone had when it went insecure: of those that left, the ones that left last. */
function keptKeys({ keys }: ZoneState): Key[] {
  const left = keys.filter((key) => key.goal === 'OUT' && isEntirelyHidden(key));
  const latest = Math.max(...left.map((key) => key.states.dnskey!.since));
  return left.filter((key) => key.states.dnskey!.since === latest);
}
