/**
 * One zone of the zones directory, from the file that was seen to what is served. Level-triggered: `see` is told what
 * the directory shows and does what is missing, so that a lost event, a crash or a second call changes nothing.
 *
 *     seen → settled (unchanged for a while) → loaded (loader thread) → keys → epoch → published → done
 *
 * Whatever goes wrong on the way, the epoch that is served stays, and `problem` says why.
 */
import type { Diagnostic } from '../base/diagnostic.ts';
import type { Clock } from '../base/ports.ts';
import { formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Log } from '../ops/log.ts';
import { type Epoch, unsignedEpoch } from '../signer/epoch.ts';
import { zoneKeysPath } from '../store/keystore.ts';
import type { FileSignature } from '../store/zonefile.ts';
import { lookAtIncluded, type SeenZone } from '../store/zones.ts';
import type { Name } from '../wire/name.ts';
import { ZoneImage } from '../zone/image.ts';
import { noteDropped } from './garbage.ts';
import type { LoadQueue } from './loadqueue.ts';
import type { IncludedPart, LoadedZone, LoadOutcome } from './messages.ts';
import { type Problem, problemOfError, problemOfFault } from './problem.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import { SETTLE_MS, Settling } from './settling.ts';
import { ForeignKeysError, hasKeys, refuseForeign, type SigningPorts, ZoneSigning } from './signing.ts';
import { ZoneLog } from './zonelog.ts';

/** Keys or a disk that failed are tried again. */
const RETRY_S = 60;

/** What all zones share. */
export interface ZoneContext {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly publisher: Publisher;
  readonly loads: LoadQueue;
  readonly log: Log;
  /** Seed of name hashes. */
  readonly seed: number;
  readonly limitOctets: number;
  readonly isUnsigned: boolean;
  readonly signing: SigningPorts;
  /** Asks for another look at the directory. */
  readonly lookSoon: (ms: number) => void;
}

/** What is served of a zone. */
interface Served {
  readonly epoch: Epoch;
  readonly image: ZoneImage;
  readonly digest: string;
  readonly octets: number;
  readonly warnings: readonly Diagnostic[];
  readonly since: UnixSeconds;
}

export class Zone {
  readonly id: number;
  /** `formatName` of the origin. */
  readonly name: string;
  readonly origin: Name;
  readonly policyName: string;
  readonly #policy: Policy;
  readonly #context: ZoneContext;
  readonly #log: ZoneLog;
  readonly #settling: Settling;
  /** Directory, real path, of the last look. */
  #directory = '';
  #file: SeenZone | undefined;
  /** What the last finished attempt was about: the file with its includes. */
  #handled: FileSignature | undefined;
  #includes: readonly IncludedPart[] = [];
  #isLoading = false;
  #isSeenMeanwhile = false;
  #isRemoved = false;
  #waiters: (() => void)[] = [];
  /** Since when the file is gone (monotonic milliseconds). */
  missingSinceMs: number | undefined;
  /** The file vanished together with many others: served until somebody says that it shall go. */
  isHeld = false;
  served: Served | undefined;
  signing: ZoneSigning | undefined;
  /** Why the file as it is now is not what is served. */
  problem: Problem | undefined;
  /** Why keys or signatures cannot be renewed. */
  signingProblem: Problem | undefined;

  constructor(id: number, seen: SeenZone, policy: { name: string; policy: Policy }, context: ZoneContext) {
    this.id = id;
    this.name = seen.name;
    this.origin = seen.origin;
    this.policyName = policy.name;
    this.#policy = policy.policy;
    this.#context = context;
    this.#log = new ZoneLog(context.log, seen.name);
    this.#settling = new Settling(context.clock);
  }

  get path(): string {
    return this.#file?.path ?? '';
  }

  get includes(): readonly IncludedPart[] {
    return this.#includes;
  }

  /** The file has been read as it is now, with success or without. */
  get isSettled(): boolean {
    return this.#handled !== undefined && !this.#isLoading && !this.#isSeenMeanwhile;
  }

  /** Resolves when the file that is there now has been dealt with. */
  settled(): Promise<void> {
    return this.isSettled ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Makes the next `see` load the file even if it has not changed. */
  forget(): void {
    this.#handled = undefined;
  }

  // ---- The file ----

  /** The directory shows this file. */
  see(seen: SeenZone, directory: string): void {
    this.#file = seen;
    this.#directory = directory;
    this.missingSinceMs = undefined;
    this.isHeld = false;
    if (this.#isFromFuture()) this.#wake();
    if (this.#isLoading) {
      this.#isSeenMeanwhile = true;
      return;
    }
    this.#isSeenMeanwhile = false;
    const signature = this.#signature(seen.signature, this.#lookAtIncludes());
    if (signature === this.#handled) {
      this.#tellWaiters();
      return;
    }
    const waitMs = this.#settling.waitMs(seen, signature, this.served?.octets ?? 0);
    if (waitMs > 0) this.#context.lookSoon(waitMs);
    else void this.#load(seen, signature);
  }

  async #load(seen: SeenZone, signature: FileSignature): Promise<void> {
    const { loads, limitOctets, seed, isUnsigned } = this.#context;
    this.#isLoading = true;
    const outcome: LoadOutcome =
      seen.fault === undefined
        ? await loads.load({
            directory: this.#directory,
            file: seen.path,
            origin: this.origin,
            limitOctets,
            expected: seen.signature,
            isFresh: this.#settling.isFresh(seen),
            servedDigest: this.served?.digest,
            seed,
            nsec: !isUnsigned,
          })
        : { kind: 'fault', fault: seen.fault };
    if (this.#isRemoved) return;
    const isDone = await this.#apply(seen, signature, outcome);
    this.#settling.done(!isDone);
    this.#isLoading = false;
    // What was seen meanwhile may be another file: only a look can tell.
    if (this.#isSeenMeanwhile || !isDone) this.#context.lookSoon(isDone ? 0 : SETTLE_MS);
    else this.#tellWaiters();
  }

  #tellWaiters(): void {
    for (const done of this.#waiters.splice(0)) done();
  }

  /** False if the file is not ready and must be looked at again. */
  async #apply(seen: SeenZone, signature: FileSignature, outcome: LoadOutcome): Promise<boolean> {
    if (outcome.kind === 'fault') {
      const isMoving = outcome.fault.code === 'ZONE_CHANGING' || outcome.fault.code === 'ZONE_FILE_GONE';
      if (isMoving && seen.fault === undefined) return false;
      this.#handled = signature;
      this.#fail(problemOfFault(outcome.fault, seen.path));
      return true;
    }
    this.#includes = outcome.includes;
    this.#handled = this.#signature(seen.signature, outcome.includes);
    if (outcome.kind === 'broken') {
      const first = outcome.diagnostics.find(({ severity }) => severity === 'error')!;
      this.#fail({ code: first.code, message: first.message, diagnostics: outcome.diagnostics });
    } else if (outcome.kind === 'unchanged') {
      if (this.problem !== undefined) this.#log.info({}, `the file of ${this.name} is what is served again`);
      this.problem = undefined;
    } else {
      await this.#take(seen, outcome);
    }
    return true;
  }

  #signature(own: FileSignature, includes: readonly IncludedPart[]): FileSignature {
    return [own, ...includes.map(({ path, signature }) => `${path} ${signature}`)].join('|');
  }

  #lookAtIncludes(): IncludedPart[] {
    return this.#includes.map(({ path }) => ({ path, signature: lookAtIncluded(this.#directory, path) }));
  }

  // ---- What is served ----

  async #take(seen: SeenZone, loaded: LoadedZone): Promise<void> {
    const { clock, isUnsigned, publisher } = this.#context;
    const now = clock.now();
    const image = ZoneImage.open(loaded.image);
    let epoch: Epoch;
    try {
      epoch = isUnsigned ? this.#unsigned(loaded) : this.#sign(image, loaded, now);
    } catch (error) {
      this.#fail(problemOfError(error, seen.path));
      // A disk may come back; keys of others go only with the file or the command line.
      if (!(error instanceof ForeignKeysError)) this.#retryLoad(now);
      return;
    }
    const { digest, diagnostics: warnings } = loaded;
    const before = this.served;
    this.served = { epoch, image, digest, octets: seen.octets, warnings, since: now };
    this.problem = undefined;
    this.signingProblem = undefined;
    this.#wakeAt();
    await publisher.publish(this.id, epoch);
    noteDropped(before?.image.octets ?? 0);
    this.#log.warnings(warnings);
    this.#log.info(
      { serial: image.serial, records: image.recordCount, ms: Math.round(loaded.tookMs) },
      before === undefined
        ? `serving ${this.name} serial ${image.serial}`
        : `serving ${this.name} serial ${image.serial} instead of ${before.image.serial}`,
    );
  }

  #unsigned(loaded: LoadedZone): Epoch {
    const { signing: ports } = this.#context;
    refuseForeign(ports, this.origin, loaded);
    const path = zoneKeysPath(ports.keysDirectory, this.origin);
    if (this.served === undefined && hasKeys(ports.files, path)) {
      this.#log.warn({ path }, `${this.name} has keys but is served unsigned: bogus, if its parent has a DS`);
    }
    return unsignedEpoch(loaded.image);
  }

  #sign(image: ZoneImage, loaded: LoadedZone, now: UnixSeconds): Epoch {
    const { signing: ports } = this.#context;
    if (this.signing === undefined) {
      this.signing = ZoneSigning.open(ports, { origin: this.origin, policy: this.#policy }, loaded, now);
      this.#log.keys(this.signing.keys);
    } else this.signing.check(loaded);
    this.#log.edges(this.signing.advance(image, now));
    return this.signing.build(loaded.image, this.served?.epoch, now);
  }

  /** The clock was ahead when the epoch was made: its signatures are not valid yet, and no timer knows. */
  #isFromFuture(): boolean {
    return this.served !== undefined && this.#context.clock.now() < this.served.epoch.apexInception;
  }

  /** Takes what is due: steps of the key states, signatures at the apex that age. */
  #wake(): void {
    const { clock, publisher } = this.#context;
    const { served, signing } = this;
    if (served === undefined || signing === undefined) return;
    const now = clock.now();
    try {
      const edges = signing.advance(served.image, now);
      this.#log.edges(edges);
      if (
        edges.length > 0 ||
        now >= served.epoch.refreshAt ||
        this.#isFromFuture() ||
        this.signingProblem !== undefined
      ) {
        const epoch = signing.build(served.epoch.image, served.epoch, now);
        this.served = { ...served, epoch };
        void publisher.publish(this.id, epoch);
      }
      this.signingProblem = undefined;
    } catch (error) {
      this.signingProblem = problemOfError(error, signing.keys.path);
      this.#log.error(
        { code: this.signingProblem.code },
        `signatures of ${this.name} cannot be renewed: ${this.signingProblem.message}; tried again in ${RETRY_S} s`,
      );
    }
    this.#wakeAt();
  }

  #wakeAt(): void {
    const { scheduler, clock } = this.#context;
    const { served, signing } = this;
    if (served === undefined || signing === undefined) return;
    const soonest = plus(clock.now(), this.signingProblem === undefined ? 1 : RETRY_S);
    const due = Math.min(served.epoch.refreshAt, signing.nextWake ?? served.epoch.refreshAt) as UnixSeconds;
    scheduler.at(`zone ${this.name}`, Math.max(soonest, due) as UnixSeconds, () => this.#wake());
  }

  #retryLoad(now: UnixSeconds): void {
    const { scheduler, lookSoon } = this.#context;
    scheduler.at(`retry ${this.name}`, plus(now, RETRY_S), () => {
      this.forget();
      lookSoon(0);
    });
  }

  /** Ends the service of the zone. Its keys stay on disk. Resolves when no thread answers from it. */
  async remove(): Promise<void> {
    const { scheduler, publisher } = this.#context;
    this.#isRemoved = true;
    scheduler.cancel(`zone ${this.name}`);
    scheduler.cancel(`retry ${this.name}`);
    const octets = this.served?.image.octets ?? 0;
    this.served = undefined;
    await publisher.remove(this.id);
    noteDropped(octets);
    this.#tellWaiters();
  }

  #fail(problem: Problem): void {
    this.problem = problem;
    this.#log.problem(problem, this.effect);
  }

  /** In a few words what the problem means for those who ask. */
  get effect(): string {
    if (this.served === undefined) return 'the zone is not served';
    const { image, since } = this.served;
    return `still serving serial ${image.serial}, loaded ${formatInstant(since)}; nothing was changed`;
  }
}
