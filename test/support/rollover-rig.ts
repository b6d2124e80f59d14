/**
 * A virtual world around the pure core of `src/kasp`: servers that switch and acknowledge after a while, a parent that
 * copies CDS, a monitor that tells of it, an operator. Time is a number that jumps from event to event. What is served
 * and published is written down as histories of the rig's own, which the judge reads.
 */
import { assert } from '../../src/base/assert.ts';
import { pack, unpack } from '../../src/base/packing.ts';
import { plus, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { cancelRefusal, cancelRollover } from '../../src/kasp/cancel.ts';
import { formatStates, hiddenKey, type Key, type KeyRole, stateOf } from '../../src/kasp/key.ts';
import { next } from '../../src/kasp/next.ts';
import { ZONE_STATE } from '../../src/kasp/packed.ts';
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
import { goInsecure, goSecure, keysFor, refusalOf, startRollover } from '../../src/kasp/start.ts';
import type { Action, Facts, RolloverRequest, Step } from '../../src/kasp/step.ts';
import { acknowledge } from '../../src/kasp/versions.ts';
import { newZoneState, type ZoneState } from '../../src/kasp/zonestate.ts';
import { nameOf } from '../../src/wire/name.ts';
import {
  type Finding,
  type Histories,
  judge,
  judgeClaims,
  type Lifespan,
  list,
  type ServedCds,
  type ServedDnskey,
  type ServedDs,
  type ServedZone,
} from './rollover-judge.ts';

/** 2026-11-24T12:00:00Z; day 0 of all timelines. */
export const START: UnixSeconds = unixSeconds(1_795_521_600);
const APEX = nameOf('example.');
const ENDLESS = Number.POSITIVE_INFINITY;
/** Far more than any rollover has; a machine that never rests fails here. */
const MOST_EVENTS = 20_000;

/** How fast the world is; all in seconds. */
export interface World {
  /** From the commit of new content until every server has acknowledged it. */
  readonly ackDelay: number;
  readonly parent: {
    /** Whether it ever acts on CDS. */
    readonly isMute: boolean;
    /** From new CDS until the parent fetches them, and from there until its first server has the new DS. */
    readonly scanDelay: number;
    readonly applyDelay: number;
    /** From its first server to its last. */
    readonly spread: number;
    /** From there until the monitor has told of it. */
    readonly monitorDelay: number;
    /** Between scans of CDS that have not changed; longer than the parent takes to act. */
    readonly rescanInterval: number;
    /** Between rounds of the monitor that are worth it. */
    readonly watchInterval: number;
    readonly ttl: number;
    /** TTL of the proof that there is no DS. */
    readonly negativeTtl: number;
  };
}

/** What the rig was made to do; the kinds of zone a test starts from. */
export interface RigOptions {
  readonly policy: Policy;
  readonly facts: Facts;
  readonly world: World;
  /** Extra seconds of the n-th wake-up, cyclic; none: always in time. */
  readonly lateness?: readonly number[];
  /** The state is written to JSON and read back before each call. */
  readonly isRestarting?: boolean;
  /** The state is packed and unpacked before each call. */
  readonly isResting?: boolean;
}

/** What a timeline shows of one instant at which something changed. */
export interface Moment {
  readonly at: UnixSeconds;
  readonly state: ZoneState;
  readonly step: Step;
  readonly dnskey: ServedDnskey;
  readonly zone: ServedZone;
  readonly cds: ServedCds;
  readonly ds: ServedDs;
}

interface Event {
  readonly at: number;
  readonly act: () => void;
  isDropped: boolean;
}

export class RolloverRig {
  now: UnixSeconds = START;
  state: ZoneState;
  policy: Policy;
  facts: Facts;
  world: World;
  readonly algorithms = new Map<string, number>();
  readonly actions: (Action & { readonly at: UnixSeconds })[] = [];
  readonly moments: Moment[] = [];
  /** P10 findings, gathered on the way. */
  readonly claims: Finding[] = [];
  readonly histories: Histories;
  /** What the zone's data had at most since the last acknowledgement. */
  #maxTtl: number;
  /** Until when copies with a TTL that was lowered since may last, by the version that was served with it. */
  readonly #longer = new Map<ServedZone, number>();
  readonly #queue: Event[] = [];
  #wake: Event | undefined;
  #ack: Event | undefined;
  #wakes = 0;
  #serials = new Map<string, number>();
  #round: Event | undefined;
  #rescan: Event | undefined;
  readonly #lateness: readonly number[];
  readonly #isRestarting: boolean;
  readonly #isResting: boolean;

  constructor({ policy, facts, world, lateness = [], isRestarting = false, isResting = false }: RigOptions) {
    this.policy = policy;
    this.facts = facts;
    this.world = world;
    this.#maxTtl = facts.maxTtl;
    this.#lateness = lateness;
    this.#isRestarting = isRestarting;
    this.#isResting = isResting;
    const ever = { first: 0, last: ENDLESS, deadAt: ENDLESS };
    this.histories = {
      dnskey: [{ ...ever, ttl: facts.negativeTtl, keys: [], signers: [] }],
      zone: [{ ...ever, ttl: facts.negativeTtl, signers: [] }],
      cds: [{ ...ever, ttl: 0, keys: [], isDelete: false, signers: [] }],
      ds: [{ ...ever, ttl: world.parent.negativeTtl, keys: [] }],
    };
    const roles: (readonly KeyRole[])[] =
      policy.scheme === 'csk' ? [['key-signing', 'zone-signing']] : [['key-signing'], ['zone-signing']];
    this.state = newZoneState(roles.map((some) => this.makeKey(policy.algorithm, some)));
    this.#schedule(0, () => this.wake());
  }

  /** A hidden key whose id tells its roles: `K1`, `Z1` or `C1`. */
  makeKey(algorithm: number, roles: readonly KeyRole[]): Key {
    const letter = roles.length === 2 ? 'C' : roles.includes('key-signing') ? 'K' : 'Z';
    const serial = (this.#serials.get(letter) ?? 0) + 1;
    this.#serials.set(letter, serial);
    const id = `${letter}${serial}`;
    const publicKey = new Uint8Array(algorithm === 15 ? 32 : 64).fill(letter.charCodeAt(0) * 7 + serial);
    this.algorithms.set(id, algorithm);
    return hiddenKey({ id, algorithm, roles, publicKey }, this.now);
  }

  /** Lets the world run until nothing is left to happen, or for so many seconds at most. */
  run(seconds = ENDLESS): void {
    const limit = this.now + seconds;
    for (let events = 0; events < MOST_EVENTS; events++) {
      const event = this.#queue[0];
      if (event === undefined || event.at > limit) {
        if (seconds !== ENDLESS) this.now = unixSeconds(limit);
        return;
      }
      this.#queue.shift();
      if (event.isDropped) continue;
      this.now = unixSeconds(event.at);
      event.act();
    }
    throw new Error(`the zone never rests: ${this.state.keys.map(formatStates).join(' ')}`);
  }

  /** Runs until the state is as wanted; fails if that never happens. */
  runUntil(isReached: (state: ZoneState) => boolean, what: string): void {
    for (let events = 0; events < MOST_EVENTS && !isReached(this.state); events++) {
      const event = this.#queue.shift();
      assert(event !== undefined, `reaches ${what}; rests at ${this.state.keys.map(formatStates).join(' ')}`);
      if (event.isDropped) continue;
      this.now = unixSeconds(event.at);
      event.act();
    }
    assert(isReached(this.state), `reaches ${what}`);
  }

  // ---- The operator ----

  /** Starts a rollover; the code of the refusal if it is refused. */
  start(request: RolloverRequest): string | undefined {
    const refusal = refusalOf(this.state, request, this.policy, this.now);
    if (refusal !== undefined) return refusal.code;
    const wanted = keysFor(this.state, request, this.policy);
    const keys = wanted.map(({ algorithm, roles }) => this.makeKey(algorithm, roles));
    const context = { policy: this.policy, now: this.now, id: `rollover at ${this.now}` };
    this.#change(startRollover(this.state, request, keys, context));
    return undefined;
  }

  /** Cancels the rollover; the code of the refusal if it is refused. */
  cancel(): string | undefined {
    const refusal = cancelRefusal(this.state);
    if (refusal !== undefined) return refusal.code;
    this.#change(cancelRollover(this.state, this.now));
    return undefined;
  }

  unsign(): void {
    this.#change(goInsecure(this.state, { now: this.now, id: `unsigning at ${this.now}` }));
  }

  sign(): void {
    this.#change(goSecure(this.state, [], this.now));
  }

  /** The operator says that the parent has no DS. */
  confirmNoDs(): void {
    this.#change(observeNoDs(this.state, this.policy, this.now));
  }

  /** Publishes a zone with other TTLs. */
  edit(facts: Facts): void {
    this.facts = facts;
    this.#maxTtl = Math.max(this.#maxTtl, facts.maxTtl);
    this.wake();
    this.#awaitAck();
  }

  setPolicy(policy: Policy): void {
    this.policy = policy;
    this.wake();
  }

  setParent(parent: Partial<World['parent']>): void {
    this.world = { ...this.world, parent: { ...this.world.parent, ...parent } };
    this.#schedule(this.world.parent.scanDelay, () => this.scan());
  }

  #change(state: ZoneState): void {
    this.state = state;
    this.wake();
  }

  // ---- The shell of one zone ----

  /** Calls the machine and does what it asks for. */
  wake(): void {
    if (this.#isRestarting) this.state = restarted(this.state);
    if (this.#isResting) this.state = unpack(ZONE_STATE, pack(ZONE_STATE, this.state));
    const step = next(this.state, this.facts, this.policy, this.now);
    this.state = step.zoneState;
    this.actions.push(...step.actions.map((action) => ({ ...action, at: this.now })));
    const isNew = this.#publish();
    if (isNew || (this.state.pendingSince !== null && this.#ack === undefined)) this.#awaitAck();
    this.#wake = replaced(this.#wake);
    if (step.nextWake !== null) {
      assert(step.nextWake > this.now, `the next wake-up is later than now: ${step.nextWake - this.now}`);
      const late = this.#lateness[this.#wakes++ % Math.max(1, this.#lateness.length)] ?? 0;
      this.#wake = this.#schedule(step.nextWake - this.now + late, () => this.wake());
    }
    const claims = new Map(this.state.keys.map((key) => [key.id, formatStates(key)]));
    this.claims.push(...judgeClaims(claims, this.histories, this.now));
    const { dnskey, zone, cds, ds } = this.histories;
    const served = { dnskey: dnskey.at(-1)!, zone: zone.at(-1)!, cds: cds.at(-1)!, ds: ds.at(-1)! };
    this.moments.push({ at: this.now, state: this.state, step, ...served });
    this.#watch(step.waiting);
    const purged = step.actions.filter((action) => action.kind === 'purge').map(({ keyId }) => keyId);
    if (purged.length > 0) {
      this.#change({ ...this.state, keys: this.state.keys.filter(({ id }) => !purged.includes(id)) });
    } else if (step.forgotten !== null) {
      this.#change(cancelRollover(this.state, this.now, step.forgotten));
    } else if (step.due !== null) {
      assert(this.start(step.due) === undefined, 'what is due can start');
    }
  }

  #awaitAck(): void {
    this.#ack = replaced(this.#ack);
    this.#ack = this.#schedule(this.world.ackDelay, () => {
      this.#ack = undefined;
      this.#settle();
      if (this.state.pendingSince !== null) {
        this.#change(acknowledge(this.state, this.facts, this.policy, this.now));
      }
    });
  }

  /** All servers have switched: older versions can be fetched no more, but from a copy that is `propagation` old. */
  #settle(): void {
    const { dnskey, zone, cds } = this.histories;
    const until = this.now + this.policy.propagation;
    for (const version of [...dnskey.slice(0, -1), ...cds.slice(0, -1)]) {
      close(version, this.now, until + version.ttl);
    }
    for (const version of zone.slice(0, -1)) {
      const negative = version.signers.length === 0 ? version.ttl : 0;
      const longer = this.#longer.get(version) ?? 0;
      close(version, this.now, Math.max(longer, until + Math.max(this.#maxTtl, negative)));
    }
    const newest = zone.at(-1)!;
    if (this.facts.maxTtl < this.#maxTtl) {
      this.#longer.set(newest, Math.max(this.#longer.get(newest) ?? 0, until + this.#maxTtl));
    }
    this.#maxTtl = this.facts.maxTtl;
  }

  /** Compares what the states imply with what is served, and serves it from now on; true if it is new. */
  #publish(): boolean {
    const { keys } = this.state;
    const ids = (rdata: readonly Uint8Array[]) => {
      const texts = rdata.map((octets) => octets.join());
      return keys.filter((key) => texts.includes(dnskeyOf(key).join())).map(({ id }) => id);
    };
    const idsOf = (some: readonly Key[]) => some.map(({ id }) => id);
    const dnskey = { keys: ids(dnskeySet(keys)), signers: idsOf(dnskeySigners(keys)) };
    const { cdnskey } = cdsSet(this.state, APEX, this.policy);
    const named = ids(cdnskey);
    const isDelete = cdnskey.length === 1 && named.length === 0;
    const cds = { keys: named, isDelete, signers: cdnskey.length === 0 ? [] : idsOf(cdsSigners(this.state)) };
    const { dnskeyTtl, cdsTtl } = this.policy;
    const ttl = dnskey.keys.length === 0 ? this.facts.negativeTtl : dnskeyTtl;
    const isNewDnskey = this.#serve(this.histories.dnskey, { ...this.#fresh(ttl), ...dnskey });
    const signers = idsOf(zoneSigners(keys));
    const isNewZone = this.#serve(this.histories.zone, { ...this.#fresh(this.facts.negativeTtl), signers });
    const isNewCds = this.#serve(this.histories.cds, { ...this.#fresh(cdsTtl), ...cds });
    if (isNewCds) {
      const delay = this.world.ackDelay + this.world.parent.scanDelay;
      this.#schedule(delay, () => this.scan());
    }
    return isNewDnskey || isNewZone || isNewCds;
  }

  /** Versions are compared by their content, and DNSKEY RRsets by their TTL; not by time. */
  #serve<T extends Lifespan & { readonly keys?: readonly string[] }>(versions: T[], version: T): boolean {
    const hasTtl = version.keys !== undefined && version.keys.length > 0;
    const content = ({ ttl, ...one }: T) =>
      JSON.stringify({ ...one, ttl: hasTtl ? ttl : 0, first: 0, last: 0, deadAt: 0 });
    if (content(versions.at(-1)!) === content(version)) return false;
    assert(this.state.pendingSince !== null, 'content that changes is pending');
    versions.push(version);
    return true;
  }

  #fresh(ttl: number): Lifespan {
    return { first: this.now, last: ENDLESS, deadAt: ENDLESS, ttl };
  }

  // ---- The parent ----

  /**
   * Fetches CDS, from the newest version (0) or from a server that still gives out an older one, and acts on them. What
   * no DS vouches for is the judge's business (P5).
   */
  scan(age = 0): void {
    const { isMute, applyDelay } = this.world.parent;
    const { propagation } = this.policy;
    const obtainable = this.histories.cds.filter(({ last }) => last + propagation > this.now).toReversed();
    const cds = obtainable[age % obtainable.length]!;
    if (isMute || (cds.keys.length === 0 && !cds.isDelete)) return;
    this.#schedule(applyDelay, () => this.setDs(cds.keys));
  }

  /** Puts these DS records into the parent, server by server; the monitor tells of them when all have them. */
  setDs(keys: readonly string[]): void {
    const { spread, monitorDelay, ttl, negativeTtl } = this.world.parent;
    const before = this.histories.ds.at(-1)!;
    if (before.keys.join() === keys.join()) return;
    const last = this.now + spread;
    close(before, last, last + this.policy.parent.propagation + before.ttl);
    this.histories.ds.push({ ...this.#fresh(keys.length === 0 ? negativeTtl : ttl), keys });
    this.#schedule(spread + monitorDelay, () => this.observe());
  }

  /**
   * One complete round of the monitor: what all servers agree upon. It may say again what is known; that a DS is
   * absent which never was there it says only of keys whose removal is waited for.
   */
  observe(): void {
    const current = this.#currentDs();
    const ttl = Math.max(...current.map((version) => version.ttl));
    for (const { id, states, dsObservation } of this.state.keys) {
      const has = current.map(({ keys }) => keys.includes(id));
      if (states.ds === null || has.some((one) => one !== has[0])) continue;
      const seen = has[0]!;
      const isNoNews = states.ds.state !== 'unretentive' && dsObservation.seenAllAt === null;
      if (!seen && isNoNews) continue;
      this.state = observeDs(this.state, { keyId: id, seen, ttl }, this.policy, this.now);
    }
    const hadDs = this.histories.ds.some(({ keys }) => keys.length > 0);
    if (hadDs && current.every(({ keys }) => keys.length === 0)) {
      this.state = observeNoDs(this.state, this.policy, this.now);
    }
    this.wake();
  }

  #currentDs(): readonly ServedDs[] {
    return this.histories.ds.filter(({ last }) => last > this.now);
  }

  /** While the machine waits for the parent, a round of the monitor and another scan of CDS are under way. */
  #watch(waiting: Step['waiting']): void {
    const { watchInterval, rescanInterval } = this.world.parent;
    if (this.#round === undefined && this.#isWatchWorthwhile(waiting)) {
      this.#round = this.#schedule(watchInterval, () => {
        this.#round = undefined;
        this.observe();
      });
    }
    const isAwaited = waiting.some(({ reason }) => reason.startsWith('parent_ds'));
    if (this.#rescan !== undefined || !isAwaited || this.world.parent.isMute) return;
    if (list(this.histories.ds.at(-1)!.keys) === list(this.histories.cds.at(-1)!.keys)) return;
    this.#rescan = this.#schedule(rescanInterval, () => {
      this.#rescan = undefined;
      this.scan();
      this.#watch(waiting);
    });
  }

  /** True if a look at the parent would tell the machine what it waits for. */
  #isWatchWorthwhile(waiting: Step['waiting']): boolean {
    const current = this.#currentDs();
    return waiting.some(({ keyId, reason }) => {
      if (reason === 'parent_ds') return current.every(({ keys }) => keys.includes(keyId));
      return reason === 'parent_ds_gone' && current.every(({ keys }) => !keys.includes(keyId));
    });
  }

  // ---- The verdict ----

  /**
   * All that was ever wrong; `isEverSecure` and `isKeyStrict` as the judge has them. Where the DS may go and come back
   * between two rounds of the monitor, caches with the proof that there is none break nothing, and are no false claim.
   */
  findings(options: { readonly isKeyStrict?: boolean; readonly isEverSecure?: boolean } = {}): Finding[] {
    const { isKeyStrict = false, isEverSecure = true } = options;
    const claims = this.claims.filter(({ versions }) => isEverSecure || !versions.startsWith('ds('));
    return [...judge(this.histories, { algorithms: this.algorithms, isKeyStrict, isEverSecure }), ...claims];
  }

  #schedule(seconds: number, act: () => void): Event {
    const event = { at: plus(this.now, seconds), act, isDropped: false };
    const later = this.#queue.findIndex(({ at }) => at > event.at);
    this.#queue.splice(later === -1 ? this.#queue.length : later, 0, event);
    return event;
  }
}

function replaced(event: Event | undefined): undefined {
  if (event !== undefined) event.isDropped = true;
  return undefined;
}

function close(version: Lifespan, last: number, deadAt: number): void {
  if (version.last !== ENDLESS) return;
  version.last = last;
  version.deadAt = deadAt;
}

/** The state as it comes back from disk. */
function restarted(state: ZoneState): ZoneState {
  const text = JSON.stringify(state, (_name, value: unknown) =>
    value instanceof Uint8Array ? { octets: [...value] } : value,
  );
  return JSON.parse(text, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && 'octets' in value
      ? Uint8Array.from(value.octets as number[])
      : value,
  ) as ZoneState;
}

/** True if the zone rests: signed, with a DS that all caches know. */
export function isSecure(state: ZoneState): boolean {
  const isKnown = state.keys.some((key) => key.goal === 'IN' && stateOf(key, 'ds') === 'omnipresent');
  return isKnown && state.rollover === null && state.pendingSince === null;
}
