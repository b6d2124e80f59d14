/**
 * What is served of one zone, and the loop that turns its keys:
 *
 *     [ next → commit → epoch ] → publish → all threads have acknowledged (tDone) → [ acknowledge, next → commit … ]
 *
 * until nothing changes; then it sleeps until the next instant at which something can. What is in brackets is a turn
 * (daemon/turns): one at a time for a zone, with one commit. A write that fails freezes the key states, never the
 * answers: what is served stays, its signatures are renewed, and the write is tried again.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Facts } from '../kasp/step.ts';
import { carryOver, type Epoch, unsignedEpoch } from '../signer/epoch.ts';
import { isCold } from '../signer/hot.ts';
import { epochOf, type KeptEpoch, keptOf } from '../signer/keptepoch.ts';
import { KeystoreError } from '../store/keypairs.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import { hasKeys } from '../store/zonedirectory.ts';
import { ZoneImage } from '../zone/image.ts';
import { refuseForeign } from './foreignkeys.ts';
import type { KeeperContext, KeptZone, Taken } from './keepercontext.ts';
import type { LoadedDenial, LoadedZone } from './messages.ts';
import { type Problem, problemOfError } from './problem.ts';
import type { Sleeper } from './scheduler.ts';
import { signHotInSlices } from './signahead.ts';
import { ZoneSigning } from './signing.ts';
import type { Change } from './signingports.ts';
import { inSlices } from './slices.ts';
import type { KeyInstant } from './steadyclock.ts';
import type { Pace, Urgency } from './turns.ts';
import type { ZoneLog } from './zonelog.ts';

/** Keys or a disk that failed are tried again. */
export const RETRY_S = 60;

const NOTHING: Taken = { published: Promise.resolve() };

export class Keeper implements Sleeper {
  readonly #zone: Omit<KeptZone, 'policy'>;
  #policy: Policy;
  readonly #context: KeeperContext;
  readonly #log: ZoneLog;
  /** What is served; undefined if nothing is. */
  #served: KeptEpoch | undefined;
  /** How the content that is served denies, whether it is signed or not. */
  #denial: LoadedDenial | undefined;
  /** What was to be served, if nothing is. */
  #wanted: ZoneImage | undefined;
  #signing: ZoneSigning | undefined;
  #problem: Problem | undefined;
  /** What the threads have, or were told last. */
  #published: Epoch | undefined;
  /** Counts publications: only the newest one acknowledges. */
  #publication = 0;
  #isRemoved = false;
  /** Its keys were just made, and no thread has served it yet. */
  #isNew = false;
  /** A turn that waits to be begun. */
  #awaited: Promise<void> | undefined;
  /** Its rollover is one of many. */
  #isBulk = false;

  constructor(zone: KeptZone, context: KeeperContext, log: ZoneLog) {
    this.#zone = zone;
    this.#policy = zone.policy;
    this.#context = context;
    this.#log = log;
  }

  get epoch(): Epoch | undefined {
    return this.#served && epochOf(this.#served);
  }

  /** What is served; a view for whoever asks. */
  get image(): ZoneImage | undefined {
    return this.#served && ZoneImage.open(epochOf(this.#served).image);
  }

  get signing(): ZoneSigning | undefined {
    return this.#signing;
  }

  /** Why keys or signatures cannot be renewed. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /**
   * Serves a zone that was loaded, when `note` has made durable what must be so before. Throws what `problemOfError` knows;
   * then what was served stays.
   */
  serve(loaded: LoadedZone, note: () => Promise<void>): Promise<Taken> {
    const pace = this.#paceOf('due');
    return this.#inTurn(pace, async () => {
      await note();
      const image = ZoneImage.open(loaded.image);
      this.#wanted = image;
      const epoch = this.#context.isUnsigned ? this.#unsigned(loaded) : await this.#sign(image, loaded);
      if (this.#isRemoved) return NOTHING;
      this.#served = keptOf(epoch);
      this.#denial = loaded.denial;
      this.#wanted = undefined;
      this.#wakeAt();
      return this.#publish(epoch, pace);
    });
  }

  /**
   * Serves a zone without keys, of which nothing need be durable before. Throws ForeignKeysError; then what was served
   * stays.
   */
  serveUnsigned(loaded: LoadedZone): Taken {
    if (this.#isRemoved) return NOTHING;
    const epoch = this.#unsigned(loaded);
    this.#served = keptOf(epoch);
    this.#denial = loaded.denial;
    return { published: this.#context.publisher.publish(this.#zone.id, epoch) };
  }

  #unsigned(loaded: LoadedZone): Epoch {
    const { signing: ports, keysBefore } = this.#context;
    const { name } = this.#zone;
    if (loaded.foreignKeys.length + loaded.foreignCds.length > 0)
      refuseForeign(ports, this.#zone.origin, loaded);
    if (this.#served === undefined && keysBefore.mayBeOf(name)) {
      const path = zoneKeysPath(ports.keysDirectory, this.#zone.origin);
      if (hasKeys(ports.files, path))
        this.#log.warn({ path }, `${name} has keys but is served unsigned: bogus, if its parent has a DS`);
    }
    return unsignedEpoch(loaded.image);
  }

  async #sign(image: ZoneImage, loaded: LoadedZone): Promise<Epoch> {
    const { clock, signing: ports } = this.#context;
    const { now } = clock.keyInstant();
    const isOpened = this.#signing === undefined;
    if (this.#signing === undefined) {
      const { keys: ahead } = loaded;
      const { origin, name } = this.#zone;
      const zone = { origin, name, policy: this.#policy, listener: this.#log, ahead };
      this.#signing = await ZoneSigning.open(ports, zone, loaded, now);
      this.#log.keys(this.#signing.keys);
      this.#isNew = this.#signing.keys.how === 'created';
    } else this.#signing.check(loaded);
    const signing = this.#signing;
    try {
      if (isOpened && signing.covers(image.maxTtl)) signing.survey(this.#factsOf(image), now);
      else await signing.advance(this.#factsOf(image), now);
      this.#problem = undefined;
    } catch (error) {
      // By the committed states a zone can be served if their waits allow for its TTLs.
      if (!signing.covers(image.maxTtl)) throw error;
      this.#freeze(error);
    }
    const { image: memory, denial } = loaded;
    const before = this.epoch;
    const carried = before && (await inSlices(carryOver(before, { image: memory, nsec3: denial.nsec3 })));
    return signing.build(loaded, carried, clock.now());
  }

  /** What the machine is told of the zone that is served, or would be if its keys were there; undefined if none is. */
  get facts(): Facts | undefined {
    const image = this.image ?? this.#wanted;
    return image === undefined ? undefined : this.#factsOf(image);
  }

  #factsOf({ maxTtl, negativeTtl }: ZoneImage): Facts {
    const { isTrusted: isClockTrusted } = this.#context.clock;
    return { maxTtl, negativeTtl, isClockTrusted, namedByParent: this.#zone.namedByParent() };
  }

  /**
   * Makes a change to the keys durable, with all that follows from it at once. Throws what `prepare` throws and what
   * `problemOfError` knows; then nothing has changed. A zone that is not served for want of a key is not served by it:
   * that is for the next load.
   */
  change(prepare: (at: KeyInstant) => Promise<Change>, urgency: Urgency = 'order'): Promise<Taken> {
    const pace = this.#paceOf(urgency);
    return this.#inTurn(pace, async () => {
      const signing = this.#signing;
      const { facts } = this;
      if (facts === undefined || signing === undefined) {
        throw new KeystoreError('KEYS_INACTIVE', `${this.#zone.name} is not served signed`);
      }
      const at = this.#context.clock.keyInstant();
      await signing.advance(facts, at.now, await prepare(at));
      const before = this.#problem;
      this.#problem = undefined;
      this.#isBulk = urgency === 'bulk';
      return this.#follow(signing, pace, before !== undefined);
    });
  }

  /** Follows another policy from the next turn on, which is taken now. */
  async follow(policy: Policy): Promise<void> {
    await this.#inTurn(this.#paceOf('due'), () => {
      this.#policy = policy;
      this.#signing?.follow(policy);
      return Promise.resolve(NOTHING);
    });
    await this.turn();
  }

  /** The clock was ahead when the epoch was made: its signatures are not valid yet, and no timer knows. */
  get isFromFuture(): boolean {
    const { epoch } = this;
    return epoch !== undefined && this.#context.clock.now() < epoch.apexInception;
  }

  /** Takes what is due, since `due`: steps of the key states, signatures at the apex that age. */
  turn(due?: UnixSeconds): Promise<void> {
    const isLate = this.#signing?.isBehind === true && this.#context.turns.isStarting;
    const pace = this.#paceOf(this.#isBulk || isLate ? 'bulk' : 'due', due);
    this.#awaited ??= this.#take(pace, (signing) => signing.unchanged);
    return this.#awaited;
  }

  /** A turn that goes on from what `begin` makes of the state; undefined if that is no longer wanted. */
  async #take(pace: Pace, begin: (signing: ZoneSigning) => Change | undefined): Promise<void> {
    const { published } = await this.#inTurn(pace, async () => {
      this.#awaited = undefined;
      const signing = this.#signing;
      const change = this.#served === undefined || signing === undefined ? undefined : begin(signing);
      if (change === undefined) return NOTHING;
      const before = this.#problem;
      try {
        await signing!.advance(this.facts!, this.#context.clock.keyInstant().now, change);
        this.#problem = undefined;
      } catch (error) {
        this.#freeze(error);
      }
      return this.#follow(signing!, pace, before !== undefined);
    });
    await published;
  }

  /** Serves what follows from what is committed. */
  #follow(signing: ZoneSigning, pace: Pace, isRetry: boolean): Taken {
    const before = this.epoch;
    if (before === undefined) return NOTHING;
    const now = this.#context.clock.now();
    const isDue = signing.hasNews || isRetry || now >= before.refreshAt || this.isFromFuture;
    const epoch = isDue ? this.#rebuild(signing, before, now) : undefined;
    if (!signing.zoneState.rollover) this.#isBulk = false;
    this.#wakeAt();
    return epoch === undefined ? NOTHING : this.#publish(epoch, pace);
  }

  /** Runs a turn of this zone, unless the zone is removed before. Its keys are awake in it, and rest after it. */
  #inTurn(pace: Pace, work: () => Promise<Taken>): Promise<Taken> {
    return this.#context.turns.run(this.#zone.name, pace, async () => {
      if (this.#isRemoved) return NOTHING;
      this.#signing?.wake();
      try {
        return await work();
      } finally {
        this.#signing?.rest();
        if (this.#signing?.hasUnkept === true) this.#keepSoon(this.#signing);
      }
    });
  }

  #paceOf(urgency: Urgency, due = this.#context.clock.now()): Pace {
    return this.#context.turns.paceOf(urgency, due);
  }

  #rebuild(signing: ZoneSigning, before: Epoch, now: UnixSeconds): Epoch | undefined {
    try {
      const served = { image: before.image, denial: this.#denial! };
      const epoch = signing.build(served, before, now);
      this.#served = keptOf(epoch);
      return epoch;
    } catch (error) {
      this.#freeze(error);
      return undefined;
    }
  }

  #publish(epoch: Epoch, pace: Pace): Taken {
    const publication = ++this.#publication;
    // What keys of before have to do when their zone is served gives way to zones that are still to be served.
    const givesWay = this.#published === undefined && !this.#isNew && this.#context.turns.isStarting;
    const served = this.#publishToAll(epoch, publication);
    const settled = served.then((at) =>
      this.#settle(publication, at, givesWay ? this.#paceOf('bulk') : pace),
    );
    return { published: givesWay ? served.then(noResult) : settled };
  }

  /** When every thread has switched, returns what counts as the instant; undefined if there is nothing to switch to. */
  async #publishToAll(epoch: Epoch, publication: number): Promise<UnixSeconds | undefined> {
    const { clock, publisher } = this.#context;
    if (isCold(epoch, this.#published) && !(await this.#signAhead(epoch, publication))) return undefined;
    this.#published = epoch;
    await publisher.publish(this.#zone.id, epoch);
    const { now, ended } = clock.keyInstant();
    // Of a zone that is new nothing was served before: there is no copy whose age could be cut short.
    return this.#isNew ? now : ended;
  }

  #isNewest(publication: number): boolean {
    return publication === this.#publication && !this.#isRemoved;
  }

  /** The key states are told that all threads have switched, and take their next steps. */
  async #settle(publication: number, at: UnixSeconds | undefined, pace: Pace): Promise<void> {
    if (at === undefined) return;
    // Its next turn comes late, and signatures take memory until they are kept.
    if (pace.urgency === 'bulk' && this.#signing?.hasUnkeptSignatures === true) this.#keepSoon(this.#signing);
    if (this.#signing?.isBehind) await this.turn();
    const isAwaited = () =>
      this.#isNewest(publication) && this.#signing?.isPending === true && !this.#signing.hasNews;
    if (!isAwaited()) return;
    this.#isNew = false;
    await this.#take(pace, (signing) => (isAwaited() ? signing.acknowledged(this.facts!, at) : undefined));
  }

  /** Keeps for the next start what it would make again. Signatures take memory until then, the state alone does not. */
  #keepSoon(signing: ZoneSigning): void {
    void this.#inTurn(this.#paceOf(signing.hasUnkeptSignatures ? 'due' : 'bulk'), async () => {
      await signing.keep();
      return NOTHING;
    });
  }

  /** False if the epoch is not to be published: another one has taken its place, or a signature is bad. */
  async #signAhead(epoch: Epoch, publication: number): Promise<boolean> {
    const isNewest = () => this.#isNewest(publication);
    try {
      return await signHotInSlices(epoch, this.#published, this.#context.clock, isNewest);
    } catch (error) {
      // It is built again, and looked at again, when it is tried again.
      this.#signing?.unbuild();
      this.#freeze(error);
      this.#wakeAt();
      return false;
    }
  }

  #freeze(error: unknown): void {
    this.#problem = problemOfError(error, this.#signing?.keys.path ?? '');
    this.#log.frozen(this.#problem, RETRY_S);
  }

  #wakeAt(): void {
    const { scheduler, clock } = this.#context;
    const epoch = this.epoch;
    const signing = this.#signing;
    if (epoch === undefined || signing === undefined || this.#isRemoved) return;
    const soonest = plus(clock.now(), this.#problem === undefined ? 1 : RETRY_S);
    const wakes = [signing.nextWake, signing.nextReminder].filter((wake) => wake !== null);
    const due = Math.min(epoch.refreshAt, ...wakes.map((wake) => clock.wallTimeOf(wake))) as UnixSeconds;
    const at = this.#problem === undefined ? (Math.max(soonest, due) as UnixSeconds) : soonest;
    scheduler.wakeAt(this, at);
    this.#zone.turned();
  }

  get timer(): string {
    return `zone ${this.#zone.name}`;
  }

  wake(at: UnixSeconds): void {
    void this.turn(at);
  }

  /** Ends the service of the zone. Its keys stay on disk. Resolves when no thread answers from it. */
  async remove(): Promise<void> {
    const { scheduler, publisher } = this.#context;
    this.#isRemoved = true;
    scheduler.cancel(this);
    // Cancelled timers may hold this for weeks; they shall not hold images.
    this.#served = undefined;
    this.#denial = undefined;
    this.#wanted = undefined;
    this.#published = undefined;
    await publisher.remove(this.#zone.id);
  }
}

function noResult(): void {}
