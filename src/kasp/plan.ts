/**
 * The future of a zone, dated: `next` on a virtual clock. All threads acknowledge at once and the parent does what it is
 * asked for after a delay that is assumed, so a real rollover takes as long or longer. Nothing is made durable; keys
 * that are yet to be made are imagined and known by `isImagined`.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { cancelRollover } from './cancel.ts';
import { hiddenKey, type Key, NEVER_OBSERVED } from './key.ts';
import { next } from './next.ts';
import { contradictions, type OracleOptions, type Property, type Violation, violations } from './oracle.ts';
import { observeDs, observeNoDs } from './parent.ts';
import type { Policy } from './policy.ts';
import { keysFor, startRollover } from './start.ts';
import type { Action, Facts, RolloverRequest, Step, Waiting } from './step.ts';
import { acknowledge } from './versions.ts';
import { countsFrom } from './word.ts';
import { findKey, type PublicationLogs, rolloversOf, type ZoneState } from './zonestate.ts';

/** Public keys that are imagined have the length of Ed25519's: nothing is ever signed or verified with them. */
const IMAGINED_OCTETS = 32;
const IMAGINED = 'imagined-';
/** A plan that is longer repeats itself. */
const MAX_ROWS = 400;
const MAX_TURNS = 4_000;

export interface PlanOptions {
  readonly now: UnixSeconds;
  /** The plan ends here at the latest. */
  readonly until: UnixSeconds;
  /** A rollover to start now; the plan then ends with it. It must not be one that is refused. */
  readonly request?: RolloverRequest;
  /** From a request by CDS until every server of the parent has followed it. Default: `policy.parent.propagation`. */
  readonly parentDelay?: number;
}

/** What is served and asked for from `at` on, by ids of keys. */
export interface PlanRow {
  readonly at: UnixSeconds;
  /** `type: step` of each rollover that runs. */
  readonly step: string | null;
  readonly dnskey: readonly string[];
  /** Keys that sign the DNSKEY RRset. */
  readonly signers: readonly string[];
  readonly zoneSigners: readonly string[];
  readonly cds: readonly string[] | 'delete';
  /** Keys with a DS at the parent, as far as it is known. */
  readonly ds: readonly string[];
  readonly waitingFor: readonly Waiting[];
}

/** The parent has done what it was asked for: every server of it has the DS of the key, or none has. */
export interface ParentActed {
  readonly kind: 'parent';
  readonly keyId: string;
  readonly tag: number;
  readonly seen: boolean;
}

/** What the machine does on the way, in the words of the audit trail. */
export interface PlannedEvent {
  readonly at: UnixSeconds;
  readonly event: Action | ParentActed;
}

export interface Plan {
  readonly rows: readonly PlanRow[];
  readonly events: readonly PlannedEvent[];
  /** Keys that the rows name, imagined ones among them. */
  readonly keys: readonly Key[];
  /** The state at the end, with its publication logs. */
  readonly end: ZoneState;
  /** What the oracle finds wrong on the way; only an emergency may accept that (ROLLOVER 2.8). */
  readonly forecast: readonly Violation[];
  /** When the rollover that was asked for or that runs is done; null if it is not by `until`. */
  readonly doneAt: UnixSeconds | null;
  /** The plan grew too long: nothing is said of what comes after. Null if it goes on until its end. */
  readonly cutAt: UnixSeconds | null;
}

/** True for the id of a key that only a plan knows. */
export function isImagined(keyId: string): boolean {
  return keyId.startsWith(IMAGINED);
}

/** Plans from `state` on. */
export function plan(state: ZoneState, facts: Facts, policy: Policy, options: PlanOptions): Plan {
  return new Planner(state, facts, policy, options).run();
}

class Planner {
  readonly #facts: Facts;
  readonly #policy: Policy;
  readonly #options: PlanOptions;
  readonly #rows: PlanRow[] = [];
  readonly #events: PlannedEvent[] = [];
  readonly #keys = new Map<string, Key>();
  #state: ZoneState;
  #now: UnixSeconds;
  #imagined = 0;
  readonly #forecast = new Map<Property, Violation>();

  constructor(state: ZoneState, facts: Facts, policy: Policy, options: PlanOptions) {
    this.#state = state;
    this.#facts = facts;
    this.#policy = policy;
    this.#options = options;
    this.#now = options.now;
  }

  run(): Plan {
    const { request, until } = this.#options;
    const isOfRollover = request !== undefined || rolloversOf(this.#state).length > 0;
    if (request !== undefined) this.#start(request);
    let doneAt: UnixSeconds | null = null;
    let isWhole = false;
    for (let turn = 0; turn < MAX_TURNS && this.#rows.length < MAX_ROWS; turn++) {
      const before = this.#state.logs;
      const step = next(this.#state, this.#facts, this.#policy, this.#now);
      this.#state = step.zoneState;
      this.#events.push(...step.actions.map((event) => ({ at: this.#now, event })));
      if (this.#follow(step, before)) continue;
      this.#note(step);
      const isDone = isOfRollover && rolloversOf(this.#state).length === 0;
      if (isDone) doneAt ??= this.#now;
      isWhole = isDone && request !== undefined;
      if (isWhole) break;
      const at = earliest(step.nextWake, this.#parentAt(step));
      isWhole = at === null || at > until;
      if (at === null || isWhole) break;
      this.#now = at;
      this.#parentActs(step);
    }
    const keys = [...this.#keys.values()];
    const forecast = [...this.#forecast.values()];
    const cutAt = isWhole ? null : this.#now;
    return { rows: this.#rows, events: this.#events, keys, end: this.#state, forecast, doneAt, cutAt };
  }

  /** What the shell does after a step; true if the machine must be asked again at the same instant. */
  #follow(step: Step, before: PublicationLogs): boolean {
    if (this.#state.pendingSince !== null) {
      this.#foretell(before);
      this.#state = acknowledge(this.#state, this.#facts, this.#policy, this.#now);
      return true;
    }
    const purged = step.actions.filter(({ kind }) => kind === 'purge');
    if (step.due !== null) this.#start(step.due);
    if (step.forgotten !== null) this.#state = cancelRollover(this.#state, this.#now, step.forgotten);
    if (purged.length > 0) {
      const ids = purged.map((action) => (action.kind === 'purge' ? action.keyId : ''));
      this.#state = { ...this.#state, keys: this.#state.keys.filter(({ id }) => !ids.includes(id)) };
    }
    return step.due !== null || step.forgotten !== null || purged.length > 0;
  }

  #start(request: RolloverRequest): void {
    const made = keysFor(this.#state, request, this.#policy).map(({ roles, algorithm }) => {
      const number = ++this.#imagined;
      const publicKey = new Uint8Array(IMAGINED_OCTETS).fill(number);
      return hiddenKey({ id: `${IMAGINED}${number}`, algorithm, roles, publicKey }, this.#now);
    });
    const context = { policy: this.#policy, now: this.#now, id: `${IMAGINED}rollover-${this.#imagined}` };
    this.#state = startRollover(this.#state, request, made, context);
  }

  // ---- What breaks ----

  /** Notes what new content breaks: one window for each property, from its first violation to the end of the last. */
  #foretell(before: PublicationLogs): void {
    for (const found of contradictions(before, this.#state.logs, this.#oracleOptions(), this.#now)) {
      const known = this.#forecast.get(found.property);
      if (known !== undefined && endOf(found) <= endOf(known)) continue;
      this.#forecast.set(found.property, { ...found, from: known?.from ?? found.from });
    }
  }

  /** What would last for as long as the parent does nothing has an end when it has acted. */
  #foretellEnds(): void {
    const found = violations(this.#state.logs, this.#oracleOptions(), this.#now);
    for (const [property, window] of this.#forecast) {
      if (window.until !== null) continue;
      const ends = found.filter((one) => one.property === property).map(({ until }) => until);
      if (ends.includes(null)) continue;
      const until = Math.max(this.#now, ...(ends as UnixSeconds[])) as UnixSeconds;
      this.#forecast.set(property, { ...window, until });
    }
  }

  #oracleOptions(): OracleOptions {
    return {
      algorithms: new Map(this.#state.keys.map(({ id, algorithm }) => [id, algorithm])),
      r: this.#policy.propagation,
      rp: this.#policy.parent.propagation,
      isKeyStrict: false,
      mustBeSecure: false,
    };
  }

  // ---- The parent ----

  /**
   * When the parent will have done what it is asked for, or when that is looked at again because it lasts from then on;
   * null if it is asked for nothing.
   */
  #parentAt(step: Step): UnixSeconds | null {
    const instants = this.#askedOf(step).map((wait) => {
      const actsAt = this.#actsAt(wait);
      if (actsAt > this.#now) return actsAt;
      // A delay that is over already ends now: the parent was slower than it was assumed to be.
      return Math.max(plus(this.#now, 1), this.#lastsFrom(wait)) as UnixSeconds;
    });
    return instants.length === 0 ? null : (Math.min(...instants) as UnixSeconds);
  }

  #actsAt({ keyId }: Waiting): UnixSeconds {
    const delay = this.#options.parentDelay ?? this.#policy.parent.propagation;
    return plus(findKey(this.#state, keyId)?.states.ds?.since ?? this.#now, Math.max(1, delay));
  }

  #lastsFrom({ keyId, reason }: Waiting): number {
    return countsFrom(this.#state, { keyId, seen: reason === 'parent_ds' }, this.#policy) ?? 0;
  }

  #askedOf(step: Step): Waiting[] {
    const hasDs = this.#state.delegation !== 'none';
    return step.waiting.filter(
      ({ reason }) => reason === 'parent_ds_gone' || (hasDs && reason === 'parent_ds'),
    );
  }

  #parentActs(step: Step): void {
    const asked = this.#askedOf(step).filter((wait) => this.#actsAt(wait) <= this.#now);
    if (asked.length === 0) return;
    if (this.#state.goal === 'insecure') {
      this.#state = observeNoDs(this.#state, this.#policy, this.#now);
    } else {
      const ttl = this.#policy.parent.dsTtl;
      for (const { keyId, reason } of asked) {
        const observed = { keyId, seen: reason === 'parent_ds', ttl };
        this.#state = observeDs(this.#state, observed, this.#policy, this.#now);
      }
    }
    this.#foretellEnds();
    for (const wait of asked) this.#noteParent(wait);
  }

  /** What is seen counts only once it lasts. */
  #noteParent({ keyId, tag, reason }: Waiting): void {
    const seen = reason === 'parent_ds';
    const { seenAllAt, goneAllAt } = findKey(this.#state, keyId)?.dsObservation ?? NEVER_OBSERVED;
    if ((seen ? seenAllAt : goneAllAt) === null) return;
    this.#events.push({ at: this.#now, event: { kind: 'parent', keyId, tag, seen } });
  }

  // ---- Rows ----

  #note(step: Step): void {
    const row = rowOf(this.#state, step.waiting, this.#now);
    for (const key of this.#state.keys) this.#keys.set(key.id, key);
    const last = this.#rows.at(-1);
    if (last === undefined || contentOf(last) !== contentOf(row)) this.#rows.push(row);
  }
}

function rowOf({ logs, ...state }: ZoneState, waitingFor: readonly Waiting[], at: UnixSeconds): PlanRow {
  const dnskey = logs.dnskey.at(-1);
  const cds = logs.cds.at(-1);
  const steps = rolloversOf({ logs, ...state }).map(({ type, step }) => `${type}: ${step}`);
  return {
    at,
    step: steps.length === 0 ? null : steps.join(', '),
    dnskey: dnskey?.keys ?? [],
    signers: dnskey?.signers ?? [],
    zoneSigners: logs.zone.at(-1)?.signers ?? [],
    cds: cds?.isDelete === true ? 'delete' : (cds?.keys ?? []),
    ds: logs.ds.filter(({ last, isConfirmed }) => last === null && isConfirmed).at(-1)?.keys ?? [],
    waitingFor,
  };
}

function contentOf({ at: _at, waitingFor: _waits, ...content }: PlanRow): string {
  return JSON.stringify(content);
}

function endOf({ until }: Violation): number {
  return until ?? Number.POSITIVE_INFINITY;
}

function earliest(a: UnixSeconds | null, b: UnixSeconds | null): UnixSeconds | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b) as UnixSeconds;
}
