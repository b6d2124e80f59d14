/** The kinds of rollover that are searched, each from a zone that has rested for long, in ticks of ROLLOVER 6.3. */
import { assert } from '../../src/base/assert.ts';
import { type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { CSK_ROLES, hiddenKey, type Key, type KeyRole, KSK_ROLES, ZSK_ROLES } from '../../src/kasp/key.ts';
import { next } from '../../src/kasp/next.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/kasp/policy.ts';
import { keysFor, refusalOf, startRollover } from '../../src/kasp/start.ts';
import type { RolloverRequest } from '../../src/kasp/step.ts';
import { newZoneState } from '../../src/kasp/zonestate.ts';
import { textOf } from './model-hash.ts';
import { isAtRest, type SearchOptions, type SearchResult, search } from './model-search.ts';
import { fairSuccessor, type World, type WorldRules } from './model-world.ts';

/** TTLs of DNSKEY, DS and zone data, in ticks. */
export type Ttls = readonly [key: number, ds: number, zone: number];

export const TTL_ORDERS: readonly Ttls[] = [
  [2, 3, 4],
  [2, 4, 3],
  [3, 2, 4],
  [3, 4, 2],
  [4, 2, 3],
  [4, 3, 2],
];

export interface Kind {
  readonly name: string;
  /** None: the zone is being signed. */
  readonly request: RolloverRequest | null;
  readonly scheme?: Policy['scheme'];
  readonly algorithm?: 13 | 15;
  readonly ksk?: Policy['rollover']['ksk'];
  readonly method?: Policy['rollover']['algorithm'];
  readonly applyDelay?: number;
  readonly mayTakeSubset?: boolean;
  readonly edits?: number;
  readonly unsigns?: number;
  readonly mayCancel?: boolean;
}

export const KINDS: readonly Kind[] = [
  { name: 'zsk', request: { type: 'zsk' }, edits: 2 },
  { name: 'ksk additive', request: { type: 'ksk' } },
  { name: 'ksk swap', request: { type: 'ksk' }, ksk: 'swap' },
  { name: 'ksk double-ds', request: { type: 'ksk' }, ksk: 'double-ds', mayTakeSubset: false },
  { name: 'ksk swap slow', request: { type: 'ksk' }, ksk: 'swap', applyDelay: 4 },
  { name: 'csk additive', request: { type: 'csk' }, scheme: 'csk', edits: 1 },
  { name: 'csk swap', request: { type: 'csk' }, scheme: 'csk', ksk: 'swap', edits: 1 },
  { name: 'csk double-ds', request: { type: 'csk' }, scheme: 'csk', ksk: 'double-ds', mayTakeSubset: false },
  {
    name: 'algorithm conservative',
    request: { type: 'algorithm', algorithm: 15 },
    scheme: 'csk',
    edits: 1,
  },
  {
    name: 'algorithm liberal',
    request: { type: 'algorithm', algorithm: 15 },
    scheme: 'csk',
    method: 'liberal',
    edits: 1,
  },
  { name: 'split', request: { type: 'scheme', scheme: 'ksk-zsk' }, scheme: 'csk', edits: 1 },
  { name: 'merge', request: { type: 'scheme', scheme: 'csk' }, edits: 1 },
  { name: 'unsign', request: { type: 'insecure' } },
  { name: 'sign', request: null, edits: 1 },
  { name: 'sign or not', request: null, unsigns: 2 },
  // A removal that was taken back and is applied late leaves the zone insecure for a while, never bogus: not searched.
  { name: 'sign or not slow', request: null, unsigns: 1, mayCancel: false, applyDelay: 3 },
];

/** How far a search goes. */
export interface Limits
  extends Pick<SearchOptions, 'mostWorlds' | 'sample'>,
    Pick<WorldRules, 'mostLate' | 'isPrompt' | 'mayOverlook' | 'mayTakeSubset'> {
  /** How many edits of TTLs less than the kind has. */
  readonly fewerEdits: 0 | 1;
}

const START = unixSeconds(1_795_521_600);
const LONG = 200;
const MOST_STEPS = 600;
const ENDLESS = Number.POSITIVE_INFINITY;

/** Searches one kind with one order of TTLs. */
export function searchKind(kind: Kind, ttls: Ttls, limits: Limits): SearchResult {
  const { mostWorlds, sample } = limits;
  const policy = policyOf(kind, ttls);
  const [, dsTtl, zoneTtl] = ttls;
  const isUnsigning = kind.request?.type === 'insecure' || kind.unsigns !== undefined;
  const algorithms = new Map<string, number>();
  const rules: WorldRules = {
    policy,
    algorithms,
    dsTtl,
    dsNegativeTtl: 2,
    applyDelay: kind.applyDelay ?? 0,
    mayTakeSubset: limits.mayTakeSubset && (kind.mayTakeSubset ?? true),
    mayCancel: kind.mayCancel ?? true,
    mostUnsigns: kind.unsigns ?? 0,
    editTtls: [zoneTtl, zoneTtl - 1],
    mostEdits: Math.max(0, (kind.edits ?? 0) - limits.fewerEdits),
    mostLate: limits.mostLate,
    isPrompt: limits.isPrompt,
    mayOverlook: limits.mayOverlook,
  };
  const make = (number: number, algorithm: number, roles: readonly KeyRole[]): Key => {
    const letter = roles.length === 2 ? 'C' : roles.includes('key-signing') ? 'K' : 'Z';
    const id = `${letter}${number}`;
    algorithms.set(id, algorithm);
    const publicKey = new Uint8Array(algorithm === 15 ? 32 : 64).fill(letter.charCodeAt(0) * 7 + number);
    return hiddenKey({ id, algorithm, roles, publicKey }, START);
  };
  const schemes = policy.scheme === 'csk' ? [CSK_ROLES] : [KSK_ROLES, ZSK_ROLES];
  const unsigned = unsignedWorld(
    schemes.map((roles) => make(1, policy.algorithm, roles)),
    zoneTtl,
    rules,
  );
  let root = unsigned;
  if (kind.request !== null) {
    const rested = restedWorld(unsigned, rules);
    const { state, now } = rested;
    const refusal = refusalOf(state, kind.request, policy, now);
    assert(refusal === undefined, `the rollover may start: ${refusal?.message}`);
    const keys = keysFor(state, kind.request, policy).map(({ algorithm, roles }) =>
      make(2, algorithm, roles),
    );
    root = { ...rested, state: startRollover(state, kind.request, keys, { policy, now, id: 'rollover' }) };
  }
  const isKeyStrict = kind.request?.type === 'algorithm' && kind.method !== 'liberal';
  return search({ root, rules, isKeyStrict, isEverSecure: !isUnsigning, mostWorlds, sample });
}

function policyOf(
  { scheme = 'ksk-zsk', ksk = 'additive', method = 'conservative', ...kind }: Kind,
  ttls: Ttls,
): Policy {
  const [dnskeyTtl, dsTtl] = ttls;
  return {
    ...DEFAULT_POLICY,
    scheme,
    algorithm: 13,
    lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
    dnskeyTtl,
    cdsTtl: 1,
    publishSafety: 0,
    retireSafety: 0,
    propagation: 1,
    parent: { propagation: 1, dsTtl },
    // Longer than any parent needs from the last CDS it can get: propagation, cdsTtl, its delay, its second server.
    cdsHold: 3 + (kind.applyDelay ?? 0),
    minInterval: 0,
    rollover: { ksk, algorithm: method },
  };
}

/** A zone with keys that nobody has seen; whoever asked got unsigned data. */
function unsignedWorld(keys: readonly Key[], maxTtl: number, { dsNegativeTtl }: WorldRules): World {
  const ever = { first: 0, last: ENDLESS, deadAt: ENDLESS };
  const negativeTtl = 1;
  return {
    now: START,
    state: { ...newZoneState(keys), zoneTtl: { current: maxTtl, horizon: unixSeconds(0) } },
    facts: { maxTtl, negativeTtl },
    maxTtl,
    served: {
      dnskey: [{ ...ever, ttl: negativeTtl, keys: [], signers: [] }],
      zone: [{ ...ever, ttl: negativeTtl, signers: [], longer: 0 }],
      cds: [{ ...ever, ttl: 0, keys: [], isDelete: false, signers: [], isPassed: false }],
      ds: [{ ...ever, ttl: dsNegativeTtl, keys: [] }],
    },
    parent: { servers: [[], []], behindSince: null, decided: null, isUnfaithful: false },
    edits: 0,
    late: 0,
  };
}

/** The same zone when it was signed long ago, so that nothing else is in any cache. */
function restedWorld(unsigned: World, rules: WorldRules): World {
  const isSame = (a: World, b: World) => textOf(a, rules) === textOf(b, rules);
  let world = unsigned;
  for (let step = 0; !isAtRest(world); step++) {
    assert(step < MOST_STEPS, 'the zone is signed');
    world = fairSuccessor(world, rules, isSame).world;
  }
  const now = unixSeconds(world.now + LONG);
  const newest = <V>(versions: readonly V[]) => versions.slice(-1);
  const { dnskey, zone, cds, ds } = world.served;
  const state = next(world.state, world.facts, rules.policy, now).zoneState;
  return {
    ...world,
    now: now as UnixSeconds,
    state,
    served: { dnskey: newest(dnskey), zone: newest(zone), cds: newest(cds), ds: newest(ds) },
    edits: 0,
    late: 0,
  };
}
