/**
 * A year of one zone of a fleet: the pure core over the real key store, on a disk that loses power at any write, with a
 * clock that is stepped, a parent of some kind and an operator who edits and cancels. The judge sees what was served
 * and published, in true time; the machine sees its own clock.
 */
import { isDeepStrictEqual } from 'node:util';
import { type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { cancelRefusal, cancelRollover } from '../../src/kasp/cancel.ts';
import { formatStates, type Key } from '../../src/kasp/key.ts';
import { next } from '../../src/kasp/next.ts';
import { observeDs, observeNoDs } from '../../src/kasp/parent.ts';
import type { Policy } from '../../src/kasp/policy.ts';
import { cdsRequest, cdsSigners, dnskeySigners, zoneSigners } from '../../src/kasp/records.ts';
import { keysFor, refusalOf, startRollover } from '../../src/kasp/start.ts';
import type { Facts, RolloverRequest } from '../../src/kasp/step.ts';
import { acknowledge } from '../../src/kasp/versions.ts';
import { findKey, type ZoneState } from '../../src/kasp/zonestate.ts';
import type { ZoneKeys } from '../../src/store/keystore.ts';
import { openZoneKeys } from '../../src/store/openkeys.ts';
import { nameOf } from '../../src/wire/name.ts';
import { FleetChecks, instant } from './fleet-checks.ts';
import { FleetParent } from './fleet-parent.ts';
import { DAY, Dice, HOUR, requestOf, type Scenario, scenarioOf, ttlOf } from './fleet-scenario.ts';
import { ServedHistory } from './fleet-served.ts';
import { type Act, type Event, FleetTime } from './fleet-time.ts';
import { seededRandom } from './random.ts';
import { formatFindings, judge } from './rollover-judge.ts';
import { AFTERMATHS, SimulatedCrash, SimulatedFiles } from './simulated-files.ts';

const START = 1_795_521_600;
const MAX_TURNS = 16;

export interface Tally {
  rollovers: number;
  cancels: number;
  crashes: number;
  clockSteps: number;
  purges: number;
  edits: number;
}

export class FleetZone {
  readonly scenario: Scenario;
  readonly tally: Tally = { rollovers: 0, cancels: 0, crashes: 0, clockSteps: 0, purges: 0, edits: 0 };
  readonly #story: { readonly at: number; readonly text: string; readonly state: ZoneState | undefined }[] =
    [];
  readonly #seed: number;
  readonly #dice: Dice;
  readonly #files = new SimulatedFiles();
  readonly #parent: FleetParent;
  readonly #served: ServedHistory;
  readonly #checks: FleetChecks;
  readonly #algorithms = new Map<string, number>();
  readonly #time = new FleetTime(START);
  /** By how much the machine's clock is ahead of the true time. */
  #ahead = 0;
  #isClockTrusted = true;
  #policy: Policy;
  #facts: Pick<Facts, 'maxTtl' | 'negativeTtl'>;
  #keys: ZoneKeys | undefined;
  /** States of which the disk holds one, as long as power may be lost; none before the first. */
  #possible: ZoneState[] = [];
  #wake: Event | undefined;
  #ack: Event | undefined;
  #round: Event | undefined;

  constructor(seed: number) {
    this.#seed = seed;
    this.#dice = new Dice(seed);
    this.scenario = scenarioOf(this.#dice);
    const { policy, parent, maxTtl, negativeTtl } = this.scenario;
    this.#policy = policy;
    this.#facts = { maxTtl, negativeTtl };
    this.#parent = new FleetParent(parent, policy.parent.propagation, this.#dice, {
      now: () => this.#now,
      schedule: (seconds, act) => this.#schedule(seconds, act),
      onSettled: () => this.#schedule(parent.monitorDelay, () => this.#observe()),
    });
    this.#served = new ServedHistory(this.#facts, this.#parent.history, policy.propagation);
    this.#checks = new FleetChecks(this.#served.histories);
    this.#armCrash();
    this.#schedule(0, () => this.#open());
    this.#schedule(this.#dice.between(DAY, 20 * DAY), () => this.#disturb());
  }

  /** Lets time pass. */
  async run(seconds: number): Promise<void> {
    await this.#time.run(seconds, (act) => this.#survive(act));
  }

  /** All that was wrong, a line each; empty for a good year. */
  verdict(): string[] {
    const rules = { algorithms: this.#algorithms, isKeyStrict: false, isEverSecure: true };
    const findings = [
      ...judge(this.#served.histories, rules),
      ...this.#checks.claimsOf(this.scenario.parent.kind),
    ];
    const text = formatFindings(findings.slice(0, 5), instant);
    return [...this.#checks.problems, ...(findings.length === 0 ? [] : [text])];
  }

  get state(): ZoneState | undefined {
    return this.#keys?.zoneState;
  }

  // ---- Time ----

  get #now(): number {
    return this.#time.now;
  }

  #schedule(seconds: number, act: Act): Event {
    return this.#time.schedule(seconds, act);
  }

  /** What the machine takes for the time. */
  get #clock(): UnixSeconds {
    return unixSeconds(this.#now + this.#ahead);
  }

  get #told(): Facts {
    return { ...this.#facts, isClockTrusted: this.#isClockTrusted };
  }

  #note(text: string): void {
    this.#story.push({ at: this.#now, text, state: this.state });
  }

  /** What happened, for a zone that fails. */
  story(): string[] {
    return this.#story.map(({ at, text, state }) => {
      const states = state?.keys.map((key) => `${key.id.slice(0, 4)} ${formatStates(key)}`).join(', ');
      return `${instant(at)} ${text}; ${state?.rollover?.step ?? '-'}: ${states}`;
    });
  }

  // ---- Loss of power ----

  #armCrash(): void {
    this.#files.crashAt(this.#dice.between(1, 2 * this.scenario.writesPerCrash));
  }

  async #survive(act: Act): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
      this.#crashed();
    }
  }

  #crashed(): void {
    this.tally.crashes++;
    this.#note('power lost');
    this.#keys = undefined;
    for (const event of [this.#wake, this.#ack]) if (event !== undefined) event.isDropped = true;
    this.#ack = undefined;
    this.#files.restart(this.#dice.pick(AFTERMATHS));
    if (this.#dice.chance(0.2)) this.#files.crashAt(this.#dice.between(1, 20));
    else this.#armCrash();
    this.#schedule(this.#dice.pick([1, HOUR, 2 * DAY]), () => this.#open());
  }

  async #open(): Promise<void> {
    const keys = await openZoneKeys({
      files: this.#files,
      random: seededRandom(`fleet ${this.#seed} ${this.tally.crashes}`),
      keysDirectory: '/keys',
      origin: nameOf(`zone-${this.#seed}.example.`),
      policy: this.#policy,
      now: this.#clock,
    });
    const isKnown = this.#possible.some((state) => isDeepStrictEqual(state, keys.zoneState));
    if (this.#possible.length > 0 && !isKnown)
      this.#checks.fail(this.#now, 'the state on disk is neither the old nor the new one');
    this.#keys = keys;
    this.#possible = keys.isSaved ? [keys.zoneState] : [];
    for (const { id, states } of keys.zoneState.keys) if (states.ds?.state !== 'hidden') keys.privateKey(id);
    this.#note('opened');
    await this.#turn();
    this.#schedule(HOUR, () => this.#observe());
  }

  /** Makes a state durable; the disk may then hold it, or the one before if power is lost. */
  async #commit(state: ZoneState, purged: readonly Key[]): Promise<void> {
    const keys = this.#keys!;
    if (state === keys.zoneState && keys.isSaved) return;
    for (const { id } of purged) {
      const isOut = this.#parent.history.some((ds) => ds.deadAt > this.#now && ds.keys.includes(id));
      if (isOut) this.#checks.fail(this.#now, `key ${id} is destroyed, but its DS may be out there`);
      this.tally.purges++;
    }
    this.#possible = keys.isSaved ? [keys.zoneState, state] : [];
    await keys.commit({ zoneState: state, purged, events: [{ kind: 'turn' }], now: this.#clock });
    this.#possible = [state];
  }

  // ---- The shell ----

  /** Takes what is due after a change, makes it durable in one commit, and serves it. */
  async #turn(change?: ZoneState): Promise<void> {
    const keys = this.#keys;
    if (keys === undefined) return;
    let state = change ?? keys.zoneState;
    const purged: Key[] = [];
    let nextWake: UnixSeconds | null = null;
    let isTelling = false;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const step = next(state, this.#told, this.#policy, this.#clock);
      nextWake = step.nextWake;
      isTelling = this.#parent.isTelling(step.waiting);
      state = step.zoneState;
      const dead = step.actions.flatMap((one) => (one.kind === 'purge' ? [findKey(state, one.keyId)!] : []));
      if (dead.length > 0) state = { ...state, keys: state.keys.filter((key) => !dead.includes(key)) };
      purged.push(...dead);
      if (step.due !== null) state = await this.#start(state, step.due);
      else if (dead.length === 0) break;
    }
    await this.#commit(state, purged);
    const isNew = this.#publish();
    if (isNew || (keys.zoneState.pendingSince !== null && this.#ack === undefined)) this.#awaitAck();
    if (this.#wake !== undefined) this.#wake.isDropped = true;
    this.#wake = undefined;
    if (nextWake !== null) {
      const late = this.#dice.chance(0.1) ? this.#dice.between(0, DAY) : 0;
      const seconds = nextWake - this.#clock + late;
      if (seconds <= 0) this.#checks.fail(this.#now, 'the next wake-up is not later than now');
      this.#wake = this.#schedule(Math.max(1, seconds), () => this.#turn());
    }
    // What a look proves depends on when it is.
    const roundIn = Math.max(HOUR, this.scenario.parent.monitorDelay);
    if (isTelling) this.#round ??= this.#schedule(roundIn, () => this.#observe());
    this.#checks.check(keys.zoneState, this.#now);
    if (this.scenario.parent.kind === 'quick') this.#checks.checkPace(keys.zoneState, this.#now);
  }

  async #start(state: ZoneState, request: RolloverRequest): Promise<ZoneState> {
    const made: Key[] = [];
    for (const { roles, algorithm } of keysFor(state, request, this.#policy)) {
      made.push(await this.#keys!.createKey(roles, algorithm, this.#clock, [...state.keys, ...made]));
    }
    const context = { policy: this.#policy, now: this.#clock, id: `rollover at ${this.#now}` };
    this.#checks.forgetTimers();
    this.tally.rollovers++;
    this.#note(`starts ${JSON.stringify(request)}`);
    return startRollover(state, request, made, context);
  }

  /** Serves what follows from the committed state; true if that is new. */
  #publish(): boolean {
    const state = this.#keys!.zoneState;
    const { keys } = state;
    for (const { id, algorithm } of keys) this.#algorithms.set(id, algorithm);
    const ids = (some: readonly Key[]) => some.map(({ id }) => id);
    const shown = keys.filter((key) => ['rumoured', 'omnipresent'].includes(key.states.dnskey!.state));
    const cds = cdsRequest(state, this.#policy);
    const { isCdsNew, isNew } = this.#served.serve(
      {
        dnskey: { keys: ids(shown), signers: ids(dnskeySigners(keys)), ttl: this.#policy.dnskeyTtl },
        signers: ids(zoneSigners(keys)),
        cds: {
          keys: ids(cds.keys),
          isDelete: cds.isDelete,
          signers: ids(cdsSigners(state)),
          ttl: this.#policy.cdsTtl,
        },
      },
      this.#now,
    );
    if (isNew && state.pendingSince === null)
      this.#checks.fail(this.#now, 'what is served changes, and nobody waits for it');
    if (isNew) this.#note('serves');
    if (isCdsNew) {
      this.#schedule(this.scenario.ackDelay + this.scenario.parent.scanDelay, () => this.#scan(0));
    }
    return isNew;
  }

  #awaitAck(): void {
    if (this.#ack !== undefined) this.#ack.isDropped = true;
    this.#ack = this.#schedule(this.scenario.ackDelay, () => {
      this.#ack = undefined;
      const keys = this.#keys!;
      this.#served.settle(this.#now);
      if (keys.zoneState.pendingSince === null) return;
      return this.#turn(acknowledge(keys.zoneState, this.#told, this.#policy, this.#clock));
    });
  }

  // ---- The parent ----

  /** A parent that finds no server comes again. */
  #scan(age: number): void {
    if (this.#keys === undefined) {
      this.#schedule(6 * HOUR, () => this.#scan(0));
      return;
    }
    this.#parent.scan(this.#served.cdsOf(age, this.#now));
  }

  /** A round of the monitor: what both servers agree upon. */
  async #observe(): Promise<void> {
    this.#round = undefined;
    const keys = this.#keys;
    if (keys === undefined) return;
    const { answers, ttl } = this.#parent;
    let state = keys.zoneState;
    for (const { id, states } of state.keys) {
      const has = answers.map((ids) => ids.includes(id));
      if (states.ds === null || has[0] !== has[1]) continue;
      state = observeDs(state, { keyId: id, seen: has[0]!, ttl }, this.#policy, this.#clock);
    }
    if (answers.every((ids) => ids.length === 0)) state = observeNoDs(state, this.#policy, this.#clock);
    this.#note(`monitor: ${answers.map((ids) => ids.map((id) => id.slice(0, 4)).join('+')).join(' ')}`);
    await this.#turn(state);
  }

  // ---- The world ----

  /** Something happens to the zone, its clock or its parent; then, some days later, something else. */
  async #disturb(): Promise<void> {
    this.#schedule(this.#dice.between(HOUR, 15 * DAY), () => this.#disturb());
    if (this.#keys === undefined) return;
    const what = this.#dice.between(0, 8);
    if (what === 0) await this.#edit();
    else if (what === 1) await this.#cancel();
    else if (what === 2) await this.#stepClock();
    else if (what === 3) await this.#suspend();
    else if (what === 4) await this.#request();
    else if (what === 5) this.#scan(this.#dice.between(0, 2));
    else if (what === 6) await this.#observe();
    else if (what === 7) this.#parent.setTtl(ttlOf(this.#dice));
    else await this.#setDnskeyTtl();
  }

  /** The operator publishes the zone with other TTLs. */
  async #edit(): Promise<void> {
    this.#facts = { ...this.#facts, maxTtl: ttlOf(this.#dice) };
    this.#served.edit(this.#facts.maxTtl);
    this.tally.edits++;
    this.#note(`TTL of zone data ${this.#facts.maxTtl}`);
    await this.#turn();
    this.#awaitAck();
  }

  async #setDnskeyTtl(): Promise<void> {
    this.#policy = { ...this.#policy, dnskeyTtl: ttlOf(this.#dice) };
    this.#note(`TTL of DNSKEY ${this.#policy.dnskeyTtl}`);
    await this.#turn();
  }

  async #cancel(): Promise<void> {
    const { zoneState } = this.#keys!;
    if (cancelRefusal(zoneState) !== undefined) return;
    this.#checks.forgetTimers();
    this.tally.cancels++;
    this.#note('cancel');
    await this.#turn(cancelRollover(zoneState, this.#clock));
  }

  async #request(): Promise<void> {
    const request = requestOf(this.#dice, this.scenario.parent);
    const { zoneState } = this.#keys!;
    if (refusalOf(zoneState, request, this.#policy, this.#clock) !== undefined) return;
    await this.#turn(await this.#start(zoneState, request));
  }

  /** The clock jumps ahead of the true time, and somebody sets it back. */
  async #stepClock(): Promise<void> {
    if (!this.#isClockTrusted) return;
    const seconds = this.#dice.between(10 * 60, 60 * DAY);
    this.#distrust(`the clock is ${seconds} s ahead`);
    this.#ahead = seconds;
    this.#schedule(this.#dice.between(0, 5 * DAY), () => {
      this.#ahead = 0;
      return this.#trust();
    });
    await this.#turn();
  }

  /** The machine slept: its clock jumps to the true time, and somebody confirms that. */
  async #suspend(): Promise<void> {
    if (!this.#isClockTrusted) return;
    this.#distrust('the machine slept');
    this.#schedule(this.#dice.between(0, 5 * DAY), () => this.#trust());
    await this.#turn();
  }

  #distrust(why: string): void {
    this.tally.clockSteps++;
    this.#isClockTrusted = false;
    this.#note(why);
  }

  async #trust(): Promise<void> {
    this.#isClockTrusted = true;
    this.#note('the clock is right');
    await this.#turn();
  }
}
