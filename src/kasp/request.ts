/**
 * What a request for a rollover means in a zone: the method, the keys that go, take over or must be made, and where
 * it runs. Or why it makes no sense there. Pacing is not looked at here (`start.ts`).
 */
import { ALGORITHM } from '../wire/iana.ts';
import { CSK_ROLES, isShown, type Key, type KeyRole, KSK_ROLES, stateOf, ZSK_ROLES } from './key.ts';
import type { KeyScheme, Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';
import type { RolloverRequest } from './step.ts';
import type { Emergency, Rollover, RolloverMethod, RolloverType, ZoneState } from './zonestate.ts';
import { keysOf, rolloversOf } from './zonestate.ts';
/** A key that must be made before the rollover can start. */
export interface Wanted {
  readonly roles: readonly KeyRole[];
  readonly algorithm: number;
}

/** Where the rollover is kept, or the running one that already does what is asked. */
export type Place = 'rollover' | 'overlapping' | { readonly hastened: Rollover };

export interface Plan {
  readonly method: RolloverMethod;
  readonly place: Place;
  readonly outgoing: readonly Key[];
  /** Keys of the zone that take over; `wanted` are yet to be made. */
  readonly taking: readonly Key[];
  readonly wanted: readonly Wanted[];
}

/** Roles whose keys a rollover replaces: for pacing, and for what an emergency may hasten. */
export const REPLACED: Readonly<Record<RolloverType, readonly KeyRole[]>> = {
  zsk: ZSK_ROLES,
  ksk: KSK_ROLES,
  csk: CSK_ROLES,
  algorithm: CSK_ROLES,
  scheme: ZSK_ROLES,
  insecure: [],
};

const METHODS: Readonly<Record<RolloverType, readonly RolloverMethod[]>> = {
  zsk: ['pre-publication'],
  ksk: ['additive', 'swap', 'double-ds'],
  // With double-ds a CSK would leave the DNSKEY RRset while caches hold data that only it has signed.
  csk: ['additive', 'swap'],
  algorithm: ['conservative', 'liberal'],
  scheme: ['split', 'merge'],
  insecure: ['unsign'],
};

export const SCHEME_ROLES: Readonly<Record<KeyScheme, readonly (readonly KeyRole[])[]>> = {
  csk: [CSK_ROLES],
  'ksk-zsk': [KSK_ROLES, ZSK_ROLES],
};

/** The scheme that the keys which stay have. */
export function schemeOf(keys: readonly Key[]): KeyScheme {
  return keys.some((key) => key.goal === 'IN' && isCsk(key)) ? 'csk' : 'ksk-zsk';
}

/** What the request means, or why it is refused. */
export function planOf(state: ZoneState, request: RolloverRequest, policy: Policy): Plan | Refusal {
  const refusal = refusalByKeys(state, request, policy);
  if (refusal !== undefined) return refusal;
  const place = placeOf(state, request);
  if (typeof place === 'object' && 'code' in place) return place;
  const method = methodOf(state, request, policy);
  if (request.isLost === true && method === 'replace' && request.emergency !== 'containment')
    return lostRefusal(request);
  if (typeof place === 'object') return { method, place, outgoing: [], taking: [], wanted: [] };
  const staying = state.keys.filter((key) => key.goal === 'IN');
  const isMerge = method === 'merge';
  const outgoing = isMerge ? staying.filter(isZsk) : outgoingOf(staying, request.type);
  const taking = isMerge ? staying.filter(isKsk).slice(0, 1) : [];
  return {
    method,
    place,
    outgoing,
    taking,
    wanted: isMerge ? [] : wantedOf(staying, outgoing, request, policy),
  };
}

function outgoingOf(staying: readonly Key[], type: RolloverType): Key[] {
  if (type === 'zsk') return staying.filter(isZsk);
  if (type === 'ksk') return staying.filter(isKsk);
  return type === 'algorithm' || type === 'insecure' ? [...staying] : staying.filter(isCsk);
}

function wantedOf(
  staying: readonly Key[],
  outgoing: readonly Key[],
  request: RolloverRequest,
  policy: Policy,
): Wanted[] {
  if (request.type === 'insecure') return [];
  const algorithm = outgoing[0]!.algorithm;
  if (request.type === 'scheme') return [{ roles: ZSK_ROLES, algorithm }];
  if (request.type !== 'algorithm') return [{ roles: outgoing[0]!.roles, algorithm }];
  const roleSets = SCHEME_ROLES[request.scheme ?? schemeOf(staying)];
  return roleSets.map((roles) => ({ roles, algorithm: request.algorithm ?? policy.algorithm }));
}

function methodOf(state: ZoneState, request: RolloverRequest, policy: Policy): RolloverMethod {
  const { type, emergency, method } = request;
  if (request.isLost === true) return type === 'zsk' && mayMerge(state) ? 'merge' : 'replace';
  if (type === 'scheme') return schemeOf(state.keys) === 'csk' ? 'split' : 'merge';
  if (type === 'zsk') return emergency !== undefined && mayMerge(state) ? 'merge' : 'pre-publication';
  if (type === 'insecure') return 'unsign';
  if (method === undefined && type === 'algorithm') return policy.rollover.algorithm;
  if (method === undefined && emergency !== undefined) return 'swap';
  return insteadOf(state, request, policy) === null ? (method ?? policy.rollover.ksk) : 'additive';
}

/** Why a key with a DS is replaced by the additive method and not by the one that is wanted; null if it is by that. */
export function insteadOf(state: ZoneState, request: RolloverRequest, policy: Policy): string | null {
  const { type, emergency, method } = request;
  const wanted = method ?? policy.rollover.ksk;
  if ((type !== 'ksk' && type !== 'csk') || wanted !== 'double-ds') return null;
  if (method === undefined && emergency !== undefined) return null;
  if (!METHODS[type].includes(wanted)) {
    return 'additive instead of double-ds: a CSK would leave the DNSKEY RRset while caches hold data that it signed';
  }
  const isKnown = state.keys.some((key) => key.goal === 'IN' && stateOf(key, 'ds') === 'omnipresent');
  if (isKnown) return null;
  return 'additive instead of double-ds: that begins at the parent, and no DS of the zone is known to all caches';
}

/** Without the old key no chain through it can be kept: whoever says so accepts what breaks (ROLLOVER 2.8). */
function lostRefusal({ type }: RolloverRequest): Refusal {
  const message = `the private half of the ${type.toUpperCase()} is lost: nothing can be signed with it any more`;
  const fix =
    'restore the key file from a backup; if there is none, say --emergency containment --dry-run to see what breaks ' +
    'and for how long, then --emergency containment';
  return { code: 'KEY_LOST', message, fix };
}

/** The KSK can sign zone data at once: every cache may have it, and it does not change itself. */
function mayMerge(state: ZoneState): boolean {
  const isKnown = (key: Key) => key.goal === 'IN' && isKsk(key) && stateOf(key, 'dnskey') === 'omnipresent';
  return rolloversOf(state).length === 0 && state.keys.some(isKnown);
}

/** One rollover at a time, but for one overlap (ROLLOVER 2.10) and emergencies (2.8). */
function placeOf(state: ZoneState, { type, emergency }: RolloverRequest): Place | Refusal {
  const running = rolloversOf(state);
  const [only] = running;
  // The last resort waits for nothing: it takes the place of what runs.
  if (only === undefined || (type === 'insecure' && emergency !== undefined)) return 'rollover';
  if (emergency !== undefined) {
    const same = running.find((one) => one.cancelledAt === null && replacesAll(one, REPLACED[type]));
    if (same !== undefined) return { hastened: same };
  }
  const isAlone = running.length === 1;
  if (
    isAlone &&
    type === 'zsk' &&
    only.type === 'ksk' &&
    (emergency !== undefined || asksParent(state, only))
  ) {
    return 'overlapping';
  }
  if (
    isAlone &&
    type === 'ksk' &&
    only.type === 'zsk' &&
    only.method === 'pre-publication' &&
    emergency !== undefined
  ) {
    return 'rollover';
  }
  const names = running.map((one) => `${one.type} rollover (step ${one.step})`).join(' and a ');
  return {
    code: 'ROLLOVER_RUNNING',
    message: `a ${names} is running; one at a time (ROLLOVER 2.10)`,
    fix: 'wait until it is done, or cancel it',
  };
}

/** Keys with all these roles are being replaced by a rollover; role changes replace none with a DS. */
function replacesAll(rollover: Rollover, roles: readonly KeyRole[]): boolean {
  const isReplacing = rollover.type !== 'scheme' && rollover.type !== 'insecure';
  return isReplacing && roles.every((role) => REPLACED[rollover.type].includes(role));
}

/** The rollover waits for the parent to publish or to remove a DS (steps 2 and 4 of ROLLOVER 2.2). */
function asksParent(state: ZoneState, rollover: Rollover): boolean {
  return keysOf(state, [...rollover.incoming, ...rollover.outgoing]).some(({ states, dsObservation }) => {
    if (states.ds?.state === 'rumoured') return dsObservation.seenAllAt === null;
    return states.ds?.state === 'unretentive' && dsObservation.goneAllAt === null;
  });
}

// ---- Refusals ----

function refusalByKeys(state: ZoneState, request: RolloverRequest, policy: Policy): Refusal | undefined {
  const { type, emergency, method } = request;
  const staying = state.keys.filter((key) => key.goal === 'IN');
  if (type === 'insecure') return unsignRefusal(state, emergency);
  if (state.goal === 'insecure' || staying.length === 0) {
    return { code: 'NOT_SIGNED', message: 'the zone is not signed', fix: 'sign it first (zone sign)' };
  }
  if (outgoingOf(staying, type).length === 0 && type !== 'scheme') {
    const scheme = schemeOf(staying);
    const fix = `the zone has the scheme ${scheme}: ask for ${scheme === 'csk' ? 'csk' : 'zsk or ksk'}`;
    return { code: 'WRONG_SCHEME', message: `the zone has no ${type.toUpperCase()}`, fix };
  }
  if (method !== undefined && !METHODS[type].includes(method)) {
    const fix = `use one of: ${METHODS[type].join(', ')}`;
    return { code: 'METHOD_UNSUITABLE', message: `a ${type} rollover cannot use ${method}`, fix };
  }
  if (emergency !== undefined && (type === 'algorithm' || type === 'scheme')) {
    const fix = 'say which key is lost or known to others: zsk, ksk or csk';
    return {
      code: 'EMERGENCY_UNSUITABLE',
      message: `a ${type} rollover replaces no bad key in a hurry`,
      fix,
    };
  }
  return changeRefusal(staying, request, policy);
}

/** A change of algorithm or scheme must change it. */
function changeRefusal(
  staying: readonly Key[],
  request: RolloverRequest,
  policy: Policy,
): Refusal | undefined {
  if (request.type === 'scheme' && (request.scheme ?? policy.scheme) === schemeOf(staying)) {
    const message = `the zone already has the scheme ${schemeOf(staying)}`;
    return { code: 'NO_CHANGE', message, fix: 'name the other scheme: csk or ksk-zsk' };
  }
  if (request.type !== 'algorithm') return undefined;
  const algorithm = request.algorithm ?? policy.algorithm;
  if (!Object.values<number>(ALGORITHM).includes(algorithm)) {
    const fix = `name one of: ${Object.keys(ALGORITHM).join(', ')}`;
    return { code: 'ALGORITHM_UNKNOWN', message: `algorithm ${algorithm} cannot be signed with`, fix };
  }
  if (staying.every((key) => key.algorithm !== algorithm)) return undefined;
  const message = `the zone is already signed with algorithm ${algorithm}`;
  return {
    code: 'NO_CHANGE',
    message,
    fix: 'name another algorithm, or replace the keys with ksk, zsk or csk',
  };
}

function unsignRefusal(state: ZoneState, emergency?: Emergency): Refusal | undefined {
  const isServed = state.keys.some((key) => isShown(key, 'dnskey'));
  // As the last resort a zone that waits for its parent is unsigned at once.
  if (state.goal === 'insecure' && !(emergency !== undefined && isServed)) {
    return {
      code: 'ALREADY_INSECURE',
      message: 'the zone is unsigned, or becomes so',
      fix: 'nothing is to be done',
    };
  }
  const isAsked = state.keys.some((key) => stateOf(key, 'ds') !== 'hidden');
  if (state.delegation !== 'unconfirmed' || isAsked || !isServed || emergency !== undefined) return undefined;
  const message =
    'whether the parent has a DS of the zone is not known; without signatures it would be bogus';
  return {
    code: 'DELEGATION_UNCONFIRMED',
    message,
    fix: 'say confirm-ds --none, or confirm-ds --key TAG --seen',
  };
}

function isCsk({ roles }: Key): boolean {
  return roles.includes('key-signing') && roles.includes('zone-signing');
}

function isKsk({ roles }: Key): boolean {
  return roles.includes('key-signing') && !roles.includes('zone-signing');
}

function isZsk({ roles }: Key): boolean {
  return roles.includes('zone-signing') && !roles.includes('key-signing');
}
