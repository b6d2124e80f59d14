/**
 * The keys of one zone at work: from key states to epochs. Order is everything here: keys are durable before they are
 * in the state, the state is durable before anything that follows from it is served. What leads to a state and all that
 * follows at once make one commit (docs/decisions/0006-one-commit-a-turn.md). One call of `advance` at a time.
 */
import { pack, unpack } from '../base/packing.ts';
import type { UnixSeconds } from '../base/time.ts';
import type { Key } from '../kasp/key.ts';
import { next } from '../kasp/next.ts';
import { WAITS } from '../kasp/packed.ts';
import type { Policy } from '../kasp/policy.ts';
import { dnskeySet } from '../kasp/records.ts';
import { dueReminders, nextReminder, type Scene } from '../kasp/reminders.ts';
import { insteadOf } from '../kasp/request.ts';
import { keysFor, startRollover } from '../kasp/start.ts';
import { type Action, asksNothing, type Facts, type Step, type Waiting } from '../kasp/step.ts';
import { acknowledge } from '../kasp/versions.ts';
import { findKey, type Rollover, rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import { type KeptSignatures, SignatureBook } from '../signer/book.ts';
import { buildEpoch, type Epoch, type EpochKey, unsignedEpoch } from '../signer/epoch.ts';
import type { AuditEvent } from '../store/audit.ts';
import { keyId, type WantedKey } from '../store/create.ts';
import { type ZoneKeys, zoneKeysPath } from '../store/keystore.ts';
import { openZoneKeys } from '../store/openkeys.ts';
import { hasKeys } from '../store/zonedirectory.ts';
import { epochContent, packsFor } from './epochcontent.ts';
import { checkForeign, type ForeignRecords, refuseForeign } from './foreignkeys.ts';
import { cancelForgotten } from './forgotten.ts';
import { type Glance, glanceAt } from './glance.ts';
import { type LentKeys, lentList, lentOf, NO_LENT_KEYS, wipeLent, withLent } from './lentkeys.ts';
import type { LoadedZone } from './messages.ts';
import { refuseMissing } from './missing.ts';
import type {
  Beginning,
  Change,
  OrderEvent,
  SignedZone,
  SigningListener,
  SigningPorts,
} from './signingports.ts';

/** What an epoch joins with the keys: a zone image and how it can deny that something exists. */
export type ServedImage = Pick<LoadedZone, 'image' | 'denial'>;

/** What most zones have of most lists. */
const NONE: readonly never[] = [];

/** Signatures are kept, and the state beside them is not. */
const STATE_ALONE = 'state';

/** Rollovers that fall due at one instant are started one after the other. */
const MAX_TURNS = 16;

export class ZoneSigning {
  readonly keys: ZoneKeys;
  #policy: Policy;
  readonly #ports: SigningPorts;
  readonly #listener: SigningListener;
  #lent: LentKeys = NO_LENT_KEYS;
  /** What nobody has written down for the next start: what the epoch that was built last begins with, the state. */
  #unkept: KeptSignatures | typeof STATE_ALONE | undefined;
  #missing: readonly string[] = NONE;
  /** Packed while the keys rest. */
  #waiting: readonly Waiting[] | string = NONE;
  /** How the keys are at rest; undefined while they are awake. */
  #atRest: Glance | undefined;
  #nextWake: UnixSeconds | null = null;
  #nextReminder: UnixSeconds | null = null;
  #hasNews = true;
  /** Opened with something to do, and so far nothing was done. */
  isBehind = false;

  private constructor(ports: SigningPorts, policy: Policy, keys: ZoneKeys, listener: SigningListener) {
    this.#ports = ports;
    this.#listener = listener;
    this.#policy = policy;
    this.keys = keys;
  }

  /**
   * Opens the keys of a zone, or makes them if there are none and the zone is nobody else's; they are awake. Throws
   * ForeignKeysError and what `openZoneKeys` throws.
   */
  static async open(
    ports: SigningPorts,
    zone: SignedZone,
    foreign: ForeignRecords,
    now: UnixSeconds,
  ): Promise<ZoneSigning> {
    const { files, random, keysDirectory } = ports;
    const { origin, name, policy, ahead } = zone;
    const isForeign = foreign.foreignKeys.length + foreign.foreignCds.length > 0;
    if (isForeign && !hasKeys(files, zoneKeysPath(keysDirectory, origin)))
      refuseForeign(ports, origin, foreign);
    const place = { files, random, keysDirectory, origin, name };
    const keys = await openZoneKeys({ ...place, policy, now, mayLack: true, ahead });
    const signing = new ZoneSigning(ports, policy, keys, zone.listener);
    if (keys.hasUnkeptState) signing.#unkept = STATE_ALONE;
    signing.wake();
    signing.check(foreign);
    return signing;
  }

  /** Throws ForeignKeysError if a zone file has keys that are not ours. */
  check(foreign: ForeignRecords): void {
    checkForeign(this.#ports, this.keys.origin, this.keys.zoneState.keys, foreign);
  }

  // ---- Key states ----

  get policy(): Policy {
    return this.#policy;
  }

  /** Keys follow this policy from the next `advance` on, as they would after a start with it. */
  follow(policy: Policy): void {
    this.#policy = policy;
    this.#hasNews = true;
  }

  get zoneState(): ZoneState {
    return this.keys.zoneState;
  }

  /** What the key states wait for. */
  get waiting(): readonly Waiting[] {
    return typeof this.#waiting === 'string' ? unpack(WAITS, this.#waiting) : this.#waiting;
  }

  get #glance(): Glance {
    return this.#atRest ?? glanceAt(this);
  }

  /** Since when the zone waits for its parent; null if it does not. */
  get waitingSince(): UnixSeconds | null {
    return this.#glance.waitingSince;
  }

  /** False if nothing can be waited for that only a person or the parent ends. */
  get isForOthers(): boolean {
    return this.#glance.isForOthers;
  }

  /** The rollovers that run. */
  get rollovers(): Rollover[] {
    return this.#glance.isRolling ? rolloversOf(this.zoneState) : [];
  }

  /** When the key states can change next by time alone. */
  get nextWake(): UnixSeconds | null {
    return this.#nextWake;
  }

  /** When somebody is reminded next of what waits for a person or for the parent; null if nothing does. */
  get nextReminder(): UnixSeconds | null {
    return this.#nextReminder;
  }

  /** What is committed differs from the epoch that was built last. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** The machine wants to hear when all threads serve the newest content. */
  get isPending(): boolean {
    return this.#glance.isPending;
  }

  /** True if a zone with this largest TTL may be served by the committed states: their waits allow for it. */
  covers(maxTtl: number): boolean {
    const { keys, goal, zoneTtl } = this.keys.zoneState;
    if (!this.keys.isSaved) return false;
    return goal === 'insecure' || (dnskeySet(keys).length > 0 && maxTtl <= zoneTtl.current);
  }

  /** Keys whose private halves are not where they should be, as they were looked for last. */
  get missing(): readonly Key[] {
    return this.zoneState.keys.filter(({ id }) => this.#missing.includes(id));
  }

  /** How many private keys are in memory. */
  get loadedKeys(): number {
    return lentList(this.#lent).length;
  }

  /** True if nothing can be signed with a key: its file is gone, and it is not in memory either. */
  isLost(key: Key): boolean {
    return lentOf(this.#lent, key) === undefined && this.keys.missing().some(({ id }) => id === key.id);
  }

  /**
   * Takes every step that is due after a change, rollovers that are due by a lifetime included, and makes all of it
   * durable at once. When it throws, the state is the old one (but for what `ZoneKeys.commit` says of purges).
   */
  async advance(facts: Facts, now: UnixSeconds, change: Change = this.unchanged): Promise<void> {
    this.#lookForKeys(change.state);
    let { state } = change;
    let hasNews = false;
    let step = next(state, facts, this.policy, now);
    const [actions, orders, purged]: [Action[], OrderEvent[], Key[]] = [[], [...change.events], []];
    for (let turn = 0; ; turn++) {
      state = step.zoneState;
      hasNews ||= step.isChanged && step.isContentChanged;
      actions.push(...step.actions);
      const dead = step.actions.flatMap((one) => (one.kind === 'purge' ? [findKey(state, one.keyId)!] : []));
      if (dead.length > 0) state = { ...state, keys: state.keys.filter((key) => !dead.includes(key)) };
      purged.push(...dead);
      const isSettled = step.due === null && step.forgotten === null && dead.length === 0;
      if (isSettled || turn === MAX_TURNS) break;
      if (step.forgotten !== null) {
        const undone = cancelForgotten(state, step.forgotten, now);
        state = undone.state;
        orders.push(...undone.events);
      }
      if (step.due !== null) {
        const begun = await this.begin({ state, request: step.due, by: 'lifetime' }, now);
        state = begun.state;
        orders.push(...begun.events);
      }
      step = next(state, facts, this.policy, now);
    }
    // Reminded is once: it is durable before it is told.
    const reminders = dueReminders(this.#sceneOf({ ...step, zoneState: state }), facts, now);
    if (reminders.length > 0) state = { ...state, remindedUntil: now };
    await this.#commit(state, purged, [...orders, ...actions], now);
    this.#hasNews ||= hasNews;
    this.#note({ ...step, zoneState: state }, facts, now);
    for (const order of orders) this.#listener.ordered(order);
    this.#listener.actions(actions);
    for (const reminder of reminders) this.#listener.reminded(reminder, state);
  }

  /**
   * Looks at the keys as `advance` does, but commits nothing: if there is something to commit, they are behind until the
   * next `advance`. Throws KeystoreError if private halves are missing.
   */
  survey(facts: Facts, now: UnixSeconds): void {
    const state = this.zoneState;
    this.#lookForKeys(state);
    const step = next(state, facts, this.policy, now);
    this.isBehind = !asksNothing(step) || dueReminders(this.#sceneOf(step), facts, now).length > 0;
    if (!this.isBehind) this.#note(step, facts, now);
  }

  #sceneOf({ zoneState: state, waiting }: Step): Scene {
    return { state, waiting, policy: this.policy };
  }

  /** What follows from a step whose state is committed. */
  #note(step: Step, { isClockTrusted }: Facts, now: UnixSeconds): void {
    this.isBehind = false;
    this.#waiting = step.waiting;
    this.#nextWake = step.nextWake;
    this.#nextReminder = isClockTrusted === false ? null : nextReminder(this.#sceneOf(step), now);
  }

  #lookForKeys(state: ZoneState): void {
    const missing = this.keys.missing();
    this.#missing = missing.length === 0 ? NONE : missing.map(({ id }) => id);
    refuseMissing(this.keys, state, missing, (key) => lentOf(this.#lent, key) !== undefined);
  }

  async #commit(
    state: ZoneState,
    purged: readonly Key[],
    events: readonly AuditEvent[],
    now: UnixSeconds,
  ): Promise<void> {
    if (state === this.zoneState && events.length === 0 && this.keys.isSaved) return;
    const unaudited = await this.keys.commit({ zoneState: state, purged, events, now });
    this.#unkept ??= STATE_ALONE;
    if (purged.length > 0) this.#lent = wipeLent(this.#lent, purged);
    if (unaudited !== undefined) this.#listener.unaudited(unaudited);
  }

  /** Nothing but time has passed. */
  get unchanged(): Change {
    return { state: this.zoneState, events: [] };
  }

  /** What follows from the fact that all threads have served since `at` what was built last. */
  acknowledged(facts: Facts, at: UnixSeconds): Change {
    return { state: acknowledge(this.zoneState, facts, this.policy, at), events: [] };
  }

  /** Makes the new keys of a rollover and starts it in `state`. It must not be refused. */
  async begin({ state, request, by }: Beginning, now: UnixSeconds): Promise<Change> {
    // No key is made for a rollover that cannot begin.
    if (request.emergency === undefined) this.#lookForKeys(state);
    const made = await this.makeKeys(keysFor(state, request, this.policy), state, now);
    const context = { policy: this.policy, now, id: this.newId() };
    const because = insteadOf(state, request, this.policy);
    const event = { kind: 'order' as const, order: 'rollover start', by, ...request };
    const events = [because === null ? event : { ...event, because }];
    return { state: startRollover(state, request, made, context), events };
  }

  /** Makes keys beside those of `state`, durable but not in it. */
  async makeKeys(wanted: readonly WantedKey[], state: ZoneState, now: UnixSeconds): Promise<Key[]> {
    const made: Key[] = [];
    for (const { roles, algorithm } of wanted) {
      made.push(await this.keys.createKey(roles, algorithm, now, [...state.keys, ...made]));
    }
    return made;
  }

  /** A new id for a rollover. */
  newId(): string {
    return keyId(this.#ports.random);
  }

  // ---- Rest ----

  get isAtRest(): boolean {
    return this.#atRest !== undefined;
  }

  /** The keys are worked on from now on. */
  wake(): void {
    this.keys.wake();
    this.#waiting = this.waiting;
    this.#atRest = undefined;
  }

  /**
   * Nobody works on the keys until `wake`: what is known of them is packed. Those that are in motion stay awake; they are
   * asked more often, and by everybody who follows a rollover.
   */
  rest(): void {
    if (this.#atRest !== undefined) return;
    const glance = glanceAt(this);
    if (glance.isRolling || glance.isPending) return;
    this.#atRest = glance;
    this.#waiting = this.waiting.length === 0 ? NONE : pack(WAITS, this.waiting);
    this.keys.rest();
  }

  // ---- Epochs ----

  /**
   * The epoch that follows from the key states; unsigned if no DNSKEY is shown. Throws EpochError, ApexSignatureError
   * or KeystoreError.
   */
  build(served: ServedImage, previous: Epoch | undefined, now: UnixSeconds): Epoch {
    const book = new SignatureBook(previous === undefined ? this.keys.kept : undefined);
    const epoch = this.#build(served, previous, now, book);
    this.#hasNews = false;
    this.keys.forgetRead();
    const { apexInception } = epoch;
    if (book.hasMade) this.#unkept = { apexInception, signatures: book.signatures };
    return epoch;
  }

  /** What the epoch that was built last begins with is not kept yet. */
  get hasUnkeptSignatures(): boolean {
    return this.#unkept !== undefined && this.#unkept !== STATE_ALONE;
  }

  /** Something is not kept yet, and nothing is about to follow: what is in motion is worth it for its signatures alone. */
  get hasUnkept(): boolean {
    if (this.#unkept === undefined || this.isPending) return false;
    return this.isAtRest || this.hasUnkeptSignatures;
  }

  /**
   * Keeps the state, and what the epoch that was built last begins with, so that the next start need not parse it and sign
   * it again.
   */
  async keep(): Promise<void> {
    const unkept = this.#unkept;
    this.#unkept = undefined;
    if (unkept === undefined) return;
    await this.keys.keep(unkept === STATE_ALONE ? undefined : unkept, lentList(this.#lent));
  }

  /** The epoch that was built last is not published: it counts as not built. */
  unbuild(): void {
    this.#hasNews = true;
  }

  #build(
    { image, denial }: ServedImage,
    previous: Epoch | undefined,
    now: UnixSeconds,
    book: SignatureBook,
  ): Epoch {
    const state = this.keys.zoneState;
    if (dnskeySet(state.keys).length === 0) return unsignedEpoch(image);
    const content = epochContent(this.keys, this.policy, denial, (key) => this.#epochKey(key));
    return buildEpoch(image, content, previous, now, { book, packs: packsFor(state, previous) });
  }

  #epochKey(key: Key): EpochKey {
    const known = lentOf(this.#lent, key);
    const privateKey = known ?? this.keys.privateKey(key.id);
    if (known === undefined) this.#lent = withLent(this.#lent, privateKey);
    const { algorithm, tag, flags, publicKey } = key;
    return { algorithm, tag, flags, publicKey, privateKey };
  }
}
