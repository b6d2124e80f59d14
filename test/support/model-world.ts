/**
 * The hostile world of ROLLOVER 6.1 and 6.3 around the real code of `src/kasp`, one event at a time: time in ticks of a
 * second, servers that acknowledge late, a parent of two servers that takes what CDS it can get or a part of it, a
 * monitor that tells what is true on both, an operator who cancels and edits. A world is plain data that no event
 * changes; what was really served is kept beside the machine's own logs, in the terms of the judge.
 */
import { assert } from '../../src/base/assert.ts';
import { plus, type UnixSeconds } from '../../src/base/time.ts';
import { cancelRefusal, cancelRollover } from '../../src/kasp/cancel.ts';
import type { Key } from '../../src/kasp/key.ts';
import { next } from '../../src/kasp/next.ts';
import { observeDs, observeNoDs } from '../../src/kasp/parent.ts';
import type { Policy } from '../../src/kasp/policy.ts';
import {
  cdsSet,
  cdsSigners,
  dnskeyOf,
  dnskeySet,
  dnskeySigners,
  zoneSigners,
} from '../../src/kasp/records.ts';
import { goInsecure, refusalOf } from '../../src/kasp/start.ts';
import type { Facts } from '../../src/kasp/step.ts';
import { acknowledge } from '../../src/kasp/versions.ts';
import type { ZoneState } from '../../src/kasp/zonestate.ts';
import { nameOf } from '../../src/wire/name.ts';
import type { Lifespan, ServedCds, ServedDnskey, ServedDs, ServedZone } from './rollover-judge.ts';

export const MODEL_APEX = nameOf('example.');
/** Ticks that a server may be behind: one of ours to acknowledge, one of the parent's to follow the other. */
const MOST_LAG = 1;
const ENDLESS = Number.POSITIVE_INFINITY;

/** Zone data whose TTL was lowered is in caches with the old one until `longer`. */
export interface ModelZone extends ServedZone {
  readonly longer: number;
}

export interface ModelCds extends ServedCds {
  /** The parent has taken a newer one. It may return to this one as long as somebody can get it. */
  readonly isPassed: boolean;
}

/** `Histories` of the judge, cut to what is alive. */
export interface Served {
  readonly dnskey: readonly ServedDnskey[];
  readonly zone: readonly ModelZone[];
  readonly cds: readonly ModelCds[];
  readonly ds: readonly ServedDs[];
}

export interface World {
  readonly now: UnixSeconds;
  readonly state: ZoneState;
  readonly facts: Facts;
  /** The largest TTL of zone data since the last acknowledgement. */
  readonly maxTtl: number;
  readonly served: Served;
  readonly parent: {
    /** DS RRsets of both servers, as ids of keys. */
    readonly servers: readonly [readonly string[], readonly string[]];
    /** Since when the second is behind the first; null if it is not. */
    readonly behindSince: number | null;
    /** What it has decided to publish, and when. */
    readonly decided: { readonly keys: readonly string[]; readonly at: number } | null;
    /**
     * It once took a part of a CDS: nobody can say what caches know of DS, as it may take another part of the one that
     * is served at any time.
     */
    readonly isUnfaithful: boolean;
  };
  /** Edits of TTLs, and orders to go unsigned, so far. */
  readonly edits: number;
  /** Ticks that passed although the machine had something to do. */
  readonly late: number;
}

/** What this world may do, and how fast. */
export interface WorldRules {
  readonly policy: Policy;
  readonly algorithms: ReadonlyMap<string, number>;
  readonly dsTtl: number;
  /** TTL of the proof that the parent has no DS. */
  readonly dsNegativeTtl: number;
  /**
   * Ticks for which the parent may sit on a decision, but for one to return to an older CDS than it took last: no wait
   * of a rollover that goes forward reckons with a parent that is slow and reads minutes old caches (ROLLOVER 2.2).
   */
  readonly applyDelay: number;
  /** A parent that takes some of the keys that a CDS names; fatal by design with double-DS. */
  readonly mayTakeSubset: boolean;
  readonly mayCancel: boolean;
  /** How often the operator may have the zone go unsigned; for one that is being signed that is the cancel (2.9). */
  readonly mostUnsigns: number;
  /** TTLs of zone data that edits may set, and how often. */
  readonly editTtls: readonly number[];
  readonly mostEdits: number;
  /** Ticks by which the controller may wake up too late. */
  readonly mostLate: number;
  /** All look and follow within the tick: a smaller search, for every run of the tests. */
  readonly isPrompt: boolean;
  /** But the monitor, which may look at any time or never. */
  readonly mayOverlook: boolean;
}

export interface Successor {
  readonly event: string;
  readonly world: World;
}

type IsSame = (a: World, b: World) => boolean;

/** Every event that can happen, with the world after it; some change nothing. */
export function successors(world: World, rules: WorldRules, isSame: IsSame): Successor[] {
  const found: Successor[] = [];
  const add = (event: string, after: World | null) => {
    if (after !== null) found.push({ event, world: after });
  };
  const woken = wake(world, rules);
  const isDue = woken !== null && !isSame(woken, world);
  if (isDue) add('wake', woken);
  add('acknowledge', acknowledged(world, rules));
  add('second server follows', followed(world, rules));
  add('first server publishes', published(world, rules));
  const seen = monitored(world, rules);
  const isNews = !isSame(seen, world);
  if (isNews) add('monitor', seen);
  const isTooLate =
    (isDue && world.late >= rules.mostLate) || (isNews && rules.isPrompt && !rules.mayOverlook);
  add('tick', isTooLate ? null : ticked(world, rules, isDue));
  if (rules.mayCancel && cancelRefusal(world.state) === undefined) {
    add('cancel', { ...world, state: cancelRollover(world.state, world.now) });
  }
  add('unsign', unsigned(world, rules));
  for (const offer of offers(world, rules)) add(`parent takes ${offer.text}`, decide(world, offer, rules));
  for (const ttl of rules.editTtls) add(`edit TTL ${ttl}`, edited(world, ttl, rules));
  return found;
}

/** The one event of a world in which everybody does what is due, at once; a tick if there is nothing to do. */
export function fairSuccessor(world: World, rules: WorldRules, isSame: IsSame): Successor {
  const [faithful] = offers(world, rules).filter((offer) => offer.isFaithful);
  const candidates: [string, () => World | null][] = [
    ['acknowledge', () => acknowledged(world, rules)],
    ['wake', () => wake(world, rules)],
    ['second server follows', () => followed(world, rules)],
    ['first server publishes', () => published(world, rules)],
    ['parent takes', () => (faithful === undefined ? null : decide(world, faithful, rules))],
    ['monitor', () => monitored(world, rules)],
  ];
  for (const [event, act] of candidates) {
    const after = act();
    if (after !== null && !isSame(world, after)) return { event, world: after };
  }
  const after = ticked(world, rules, false);
  assert(after !== null, 'nothing but time is left');
  return { event: 'tick', world: after };
}

// ---- Our side ----

function wake(world: World, { policy }: WorldRules): World | null {
  if (world.state.pendingSince !== null) return null;
  const step = next(world.state, world.facts, policy, world.now);
  if (!step.isChanged) return null;
  const after = { ...world, late: 0, state: step.zoneState };
  return step.isContentChanged ? { ...after, served: serving(after, policy) } : after;
}

/** All servers serve the newest: what is older is in caches only, or on a server that nobody asked. */
function acknowledged(world: World, { policy }: WorldRules): World | null {
  if (world.state.pendingSince === null) return null;
  const { now, served, facts, maxTtl } = world;
  const until = now + policy.propagation;
  const closed = <V extends Lifespan>(versions: readonly V[], endOf: (version: V) => number) =>
    versions.map((version, index) =>
      index === versions.length - 1 || version.last !== ENDLESS
        ? version
        : { ...version, last: now, deadAt: endOf(version) },
    );
  const zone = closed(served.zone, (version) => {
    const negative = version.signers.length === 0 ? version.ttl : 0;
    return Math.max(version.longer, until + Math.max(maxTtl, negative));
  });
  const newest = zone.at(-1)!;
  const isLowered = facts.maxTtl < maxTtl;
  const longer = isLowered ? Math.max(newest.longer, until + maxTtl) : newest.longer;
  return {
    ...world,
    state: acknowledge(world.state, facts, policy, now),
    maxTtl: facts.maxTtl,
    served: {
      ...served,
      dnskey: closed(served.dnskey, ({ ttl }) => until + ttl),
      cds: closed(served.cds, ({ ttl }) => until + ttl),
      zone: zone.with(-1, { ...newest, longer }),
    },
  };
}

function edited(world: World, ttl: number, rules: WorldRules): World | null {
  if (world.edits >= rules.mostEdits || world.state.pendingSince !== null || ttl === world.facts.maxTtl)
    return null;
  const facts = { ...world.facts, maxTtl: ttl };
  const changed = { ...world, facts, maxTtl: Math.max(world.maxTtl, ttl), edits: world.edits + 1 };
  return wake(changed, rules) ?? changed;
}

function unsigned(world: World, { mostUnsigns, policy }: WorldRules): World | null {
  const { state, now, edits } = world;
  if (edits >= mostUnsigns || refusalOf(state, { type: 'insecure' }, policy, now) !== undefined) return null;
  return { ...world, state: goInsecure(state, { now, id: 'unsigning' }), edits: edits + 1 };
}

/** What the states imply is served from now on, beside what was. */
function serving(world: World, policy: Policy): Served {
  const { keys } = world.state;
  const { served, now, facts } = world;
  const ids = (rdata: readonly Uint8Array[]) => {
    const texts = rdata.map((octets) => octets.join());
    return idsOf(keys.filter((key) => texts.includes(dnskeyOf(key).join())));
  };
  const fresh = { first: now, last: ENDLESS, deadAt: ENDLESS };
  const names = ids(dnskeySet(keys));
  const ttl = names.length === 0 ? facts.negativeTtl : policy.dnskeyTtl;
  const { cdnskey } = cdsSet(world.state, MODEL_APEX, policy);
  const named = ids(cdnskey);
  const isDelete = cdnskey.length === 1 && named.length === 0;
  const cdsBy = cdnskey.length === 0 ? [] : idsOf(cdsSigners(world.state));
  return {
    dnskey: withVersion(served.dnskey, {
      ...fresh,
      ttl,
      keys: names,
      signers: names.length === 0 ? [] : idsOf(dnskeySigners(keys)),
    }),
    zone: withVersion(served.zone, {
      ...fresh,
      ttl: facts.negativeTtl,
      signers: idsOf(zoneSigners(keys)),
      longer: 0,
    }),
    cds: withVersion(served.cds, {
      ...fresh,
      ttl: policy.cdsTtl,
      keys: named,
      isDelete,
      signers: cdsBy,
      isPassed: false,
    }),
    ds: served.ds,
  };
}

function withVersion<V extends Lifespan>(versions: readonly V[], version: V): readonly V[] {
  return contentText(versions.at(-1)!) === contentText(version) ? versions : [...versions, version];
}

/** A version by what it holds, without times. */
export function contentText(version: Partial<ServedCds>): string {
  const { keys = [], signers = [], isDelete = false } = version;
  return `${keys.join()}/${signers.join()}/${isDelete}`;
}

// ---- Time ----

/** A second passes, unless someone has to act before. */
function ticked(world: World, rules: WorldRules, isLate: boolean): World | null {
  const now = plus(world.now, 1);
  const { pendingSince } = world.state;
  const { parent } = world;
  if (pendingSince !== null && (rules.isPrompt || now - pendingSince > MOST_LAG)) return null;
  if (parent.behindSince !== null && (rules.isPrompt || now - parent.behindSince > MOST_LAG)) return null;
  const { decided } = parent;
  const isForgotten = decided !== null && now - decided.at > rules.applyDelay;
  const { dnskey, zone, cds, ds } = world.served;
  const alive = <V extends Lifespan>(versions: readonly V[]) => versions.filter(({ deadAt }) => now < deadAt);
  return {
    ...world,
    now,
    late: isLate ? world.late + 1 : world.late,
    parent: isForgotten ? { ...parent, decided: null } : parent,
    served: { dnskey: alive(dnskey), zone: alive(zone), cds: alive(cds), ds: alive(ds) },
  };
}

// ---- The parent ----

interface Offer {
  readonly text: string;
  /** Index of the CDS. */
  readonly at: number;
  readonly keys: readonly string[];
  /** The whole of the newest CDS, and no removal that a cancel has just taken back. */
  readonly isFaithful: boolean;
}

/** What the parent can make a DS RRset of: any CDS that a server or its own resolver's cache has, or a part of it. */
function offers({ served, parent, state }: World, { mayTakeSubset }: WorldRules): Offer[] {
  if (parent.behindSince !== null || parent.decided !== null) return [];
  const found = new Map<string, Offer>();
  for (let at = served.cds.length - 1; at >= 0; at--) {
    const { keys: all, isDelete } = served.cds[at]!;
    if (all.length === 0 && !isDelete) continue;
    const parts = mayTakeSubset ? subsetsOf(all) : [];
    for (const keys of [all, ...parts]) {
      const text = `{${keys.join()}}`;
      const isWanted = !isDelete || state.goal === 'insecure';
      const isFaithful = at === served.cds.length - 1 && keys === all && isWanted;
      const isThere = text === `{${parent.servers[0].join()}}`;
      if (!isThere && !found.has(text)) found.set(text, { text, at, keys, isFaithful });
    }
  }
  return [...found.values()];
}

/** Every part of a set but the set and nothing. */
function subsetsOf(ids: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let bits = 1; bits < 2 ** ids.length - 1; bits++) {
    parts.push(ids.filter((_id, index) => (bits & (1 << index)) !== 0));
  }
  return parts;
}

function decide(world: World, { at, keys }: Offer, rules: WorldRules): World | null {
  const { served } = world;
  const { applyDelay } = rules;
  const taken = served.cds[at]!;
  const cds = served.cds.map((version, index) =>
    index < at && applyDelay > 0 ? { ...version, isPassed: true } : version,
  );
  const isUnfaithful = world.parent.isUnfaithful || keys.length < taken.keys.length;
  const parent = { ...world.parent, isUnfaithful, decided: { keys, at: world.now } };
  const after = { ...world, parent, served: { ...served, cds } };
  return applyDelay === 0 || taken.isPassed ? published(after, rules) : after;
}

function published(world: World, rules: WorldRules): World | null {
  const { decided, servers } = world.parent;
  if (decided === null) return null;
  const behindSince = world.now;
  const parent = {
    ...world.parent,
    servers: [decided.keys, servers[1]] as const,
    decided: null,
    behindSince,
  };
  return offering({ ...world, parent }, rules);
}

function followed(world: World, rules: WorldRules): World | null {
  const { behindSince, servers } = world.parent;
  if (behindSince === null) return null;
  const parent = { ...world.parent, servers: [servers[0], servers[0]] as const, behindSince: null };
  return offering({ ...world, parent }, rules);
}

/** The versions of DS after a server has changed its own. */
function offering(world: World, { policy, dsTtl, dsNegativeTtl }: WorldRules): World {
  const { servers } = world.parent;
  const { now, served } = world;
  const offered = new Set(servers.map((keys) => keys.join()));
  const ds = served.ds.map((version) =>
    version.last !== ENDLESS || offered.has(version.keys.join())
      ? version
      : { ...version, last: now, deadAt: now + policy.parent.propagation + version.ttl },
  );
  for (const keys of servers) {
    if (ds.some((version) => version.last === ENDLESS && version.keys.join() === keys.join())) continue;
    const ttl = keys.length === 0 ? dsNegativeTtl : dsTtl;
    ds.push({ first: now, last: ENDLESS, deadAt: ENDLESS, ttl, keys });
  }
  return { ...world, served: { ...served, ds } };
}

/** A round of the monitor: of each key what both servers agree upon. */
function monitored(world: World, { policy, dsTtl }: WorldRules): World {
  const { now } = world;
  const { servers } = world.parent;
  let state = world.state;
  for (const { id, states } of world.state.keys) {
    const has = servers.map((keys) => keys.includes(id));
    if (states.ds === null || has[0] !== has[1]) continue;
    state = observeDs(state, { keyId: id, seen: has[0]!, ttl: dsTtl }, policy, now);
  }
  if (servers.every((keys) => keys.length === 0)) state = observeNoDs(state, policy, now);
  return { ...world, state };
}

function idsOf(keys: readonly Key[]): string[] {
  return keys.map(({ id }) => id);
}
