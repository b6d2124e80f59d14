/**
 * What is served of one zone, and the loop that turns its keys:
 *
 *     next → commit → audit → epoch → publish → all threads have acknowledged (tDone) → acknowledge → commit → next …
 *
 * until nothing changes; then it sleeps until the next instant at which something can. A write that fails freezes the
 * key states, never the answers: what is served stays, its signatures are renewed, and the write is tried again.
 */
import { setImmediate } from 'node:timers/promises';
import { plus, roundedUp, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Facts } from '../kasp/step.ts';
import { type Epoch, unsignedEpoch } from '../signer/epoch.ts';
import { signHot } from '../signer/hot.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import type { Name } from '../wire/name.ts';
import { ZoneImage } from '../zone/image.ts';
import type { LoadedZone } from './messages.ts';
import { type Problem, problemOfError } from './problem.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import { hasKeys, refuseForeign, type SigningPorts, ZoneSigning } from './signing.ts';
import type { SteadyClock } from './steadyclock.ts';
import type { ZoneLog } from './zonelog.ts';

/** Signatures in a row before others have their turn: about 2 ms. */
const SLICE_SIGNATURES = 64;
/** Keys or a disk that failed are tried again. */
export const RETRY_S = 60;

/** What the keepers of all zones share. */
export interface KeeperContext {
  readonly clock: SteadyClock;
  readonly scheduler: Scheduler;
  readonly publisher: Publisher;
  readonly isUnsigned: boolean;
  readonly signing: SigningPorts;
}

/** The zone that is kept. */
export interface KeptZone {
  readonly id: number;
  readonly name: string;
  readonly origin: Name;
  readonly policy: Policy;
}

export class Keeper {
  readonly #zone: KeptZone;
  readonly #context: KeeperContext;
  readonly #log: ZoneLog;
  #served: { readonly epoch: Epoch; readonly image: ZoneImage } | undefined;
  #signing: ZoneSigning | undefined;
  #problem: Problem | undefined;
  /** What the threads have, or were told last. */
  #published: Epoch | undefined;
  /** Counts publications: only the newest one acknowledges. */
  #publication = 0;
  #isRemoved = false;
  /** Its keys were just made, and no thread has served it yet. */
  #isNew = false;

  constructor(zone: KeptZone, context: KeeperContext, log: ZoneLog) {
    this.#zone = zone;
    this.#context = context;
    this.#log = log;
  }

  get epoch(): Epoch | undefined {
    return this.#served?.epoch;
  }

  get signing(): ZoneSigning | undefined {
    return this.#signing;
  }

  /** Why keys or signatures cannot be renewed. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /**
   * Serves a zone that was loaded; resolves when all threads do and the keys have nothing left to do. Throws, at once,
   * what `problemOfError` knows; then what was served stays.
   */
  serve(loaded: LoadedZone): Promise<void> {
    const now = this.#context.clock.now();
    const image = ZoneImage.open(loaded.image);
    const epoch = this.#context.isUnsigned ? this.#unsigned(loaded) : this.#sign(image, loaded, now);
    this.#served = { epoch, image };
    this.#wakeAt();
    return this.#publish(epoch);
  }

  #unsigned(loaded: LoadedZone): Epoch {
    const { signing: ports } = this.#context;
    const { origin, name } = this.#zone;
    refuseForeign(ports, origin, loaded);
    const path = zoneKeysPath(ports.keysDirectory, origin);
    if (this.#served === undefined && hasKeys(ports.files, path)) {
      this.#log.warn({ path }, `${name} has keys but is served unsigned: bogus, if its parent has a DS`);
    }
    return unsignedEpoch(loaded.image);
  }

  #sign(image: ZoneImage, loaded: LoadedZone, now: UnixSeconds): Epoch {
    if (this.#signing === undefined) {
      const zone = { ...this.#zone, listener: this.#log };
      this.#signing = ZoneSigning.open(this.#context.signing, zone, loaded, now);
      this.#log.keys(this.#signing.keys);
      this.#isNew = this.#signing.keys.how === 'created';
    } else this.#signing.check(loaded);
    const signing = this.#signing;
    try {
      signing.advance(factsOf(image, this.#context.clock), now);
      this.#problem = undefined;
    } catch (error) {
      // By the committed states a zone can be served if their waits allow for its TTLs.
      if (!signing.covers(image.maxTtl)) throw error;
      this.#freeze(error);
    }
    return signing.build(loaded.image, this.#served?.epoch, now);
  }

  /** What the machine is told of the zone that is served; undefined if none is. */
  get facts(): Facts | undefined {
    return this.#served === undefined ? undefined : factsOf(this.#served.image, this.#context.clock);
  }

  /** Runs `act` on the keys, makes what follows from it served, and resolves when it is. Throws what `act` throws. */
  async change(act: (now: UnixSeconds) => void): Promise<void> {
    act(this.#context.clock.now());
    await this.turn();
  }

  /** The clock was ahead when the epoch was made: its signatures are not valid yet, and no timer knows. */
  get isFromFuture(): boolean {
    const { epoch } = this;
    return epoch !== undefined && this.#context.clock.now() < epoch.apexInception;
  }

  /** Takes what is due: steps of the key states, signatures at the apex that age. */
  async turn(): Promise<void> {
    const { clock } = this.#context;
    const served = this.#served;
    const signing = this.#signing;
    if (served === undefined || signing === undefined || this.#isRemoved) return;
    const now = clock.now();
    const before = this.#problem;
    this.#problem = undefined;
    try {
      signing.advance(factsOf(served.image, clock), now);
    } catch (error) {
      this.#freeze(error);
    }
    let epoch: Epoch | undefined;
    const isDue =
      signing.hasNews || before !== undefined || now >= served.epoch.refreshAt || this.isFromFuture;
    if (isDue) epoch = this.#rebuild(signing, served, now);
    this.#wakeAt();
    if (epoch !== undefined) await this.#publish(epoch);
  }

  #rebuild(
    signing: ZoneSigning,
    served: { epoch: Epoch; image: ZoneImage },
    now: UnixSeconds,
  ): Epoch | undefined {
    try {
      const epoch = signing.build(served.epoch.image, served.epoch, now);
      this.#served = { ...served, epoch };
      return epoch;
    } catch (error) {
      this.#freeze(error);
      return undefined;
    }
  }

  /** Publishes; when every thread has switched, the key states are told and take their next steps. */
  async #publish(epoch: Epoch): Promise<void> {
    const { clock, publisher } = this.#context;
    const publication = ++this.#publication;
    if (hasNewSigner(epoch, this.#published) && !(await this.#signAhead(epoch, publication))) return;
    this.#published = epoch;
    await publisher.publish(this.#zone.id, epoch);
    const signing = this.#signing;
    const isNewest = publication === this.#publication && !this.#isRemoved;
    if (!isNewest || signing === undefined || !signing.isPending || signing.hasNews) return;
    try {
      // Of a zone that is new nothing was served before: there is no copy whose age could be cut short.
      const now = this.#isNew ? clock.now() : roundedUp(clock.now());
      this.#isNew = false;
      signing.acknowledge(factsOf(this.#served!.image, clock), now);
    } catch (error) {
      this.#freeze(error);
      this.#wakeAt();
      return;
    }
    await this.turn();
  }

  /**
   * Signs what was asked for lately by keys that are new, a slice at a time, so that a switch is never a storm. False
   * if the epoch is not to be published: another one has taken its place, or a signature is bad.
   */
  async #signAhead(epoch: Epoch, publication: number): Promise<boolean> {
    for (let from = 0; ; ) {
      try {
        const now = this.#context.clock.now();
        const progress = signHot(epoch, this.#published, { now, from, signatures: SLICE_SIGNATURES });
        if (progress.isDone) return true;
        from = progress.next;
      } catch (error) {
        // It is built again, and looked at again, when it is tried again.
        this.#signing?.unbuild();
        this.#freeze(error);
        this.#wakeAt();
        return false;
      }
      await setImmediate();
      if (publication !== this.#publication || this.#isRemoved) return false;
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
    const due = Math.min(epoch.refreshAt, signing.nextWake ?? epoch.refreshAt) as UnixSeconds;
    const at = this.#problem === undefined ? (Math.max(soonest, due) as UnixSeconds) : soonest;
    scheduler.at(this.#timer, at, () => void this.turn());
  }

  get #timer(): string {
    return `zone ${this.#zone.name}`;
  }

  /** Ends the service of the zone. Its keys stay on disk. Resolves when no thread answers from it. */
  async remove(): Promise<void> {
    const { scheduler, publisher } = this.#context;
    this.#isRemoved = true;
    scheduler.cancel(this.#timer);
    this.#served = undefined;
    await publisher.remove(this.#zone.id);
  }
}

function hasNewSigner(epoch: Epoch, before: Epoch | undefined): boolean {
  const isKnown = ({ tag, publicKey }: Epoch['signers'][number]) =>
    before?.signers.some((signer) => signer.tag === tag && Buffer.compare(signer.publicKey, publicKey) === 0);
  return before !== undefined && !epoch.signers.every(isKnown);
}

function factsOf(image: ZoneImage, clock: SteadyClock): Facts {
  return { maxTtl: image.maxTtl, negativeTtl: image.negativeTtl, isClockTrusted: clock.isTrusted };
}
