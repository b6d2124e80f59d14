/**
 * One zone of the zones directory, from the file that was seen to what is served. Level-triggered: `see` is told what
 * the directory shows and does what is missing, so that a lost event, a crash or a second call changes nothing.
 *
 *     seen → settled (unchanged for a while) → loaded (loader thread) → keys → epoch → published → done
 *
 * Whatever goes wrong on the way, the epoch that is served stays, and `problem` says why.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import type { Epoch } from '../signer/epoch.ts';
import type { FileSignature } from '../store/zonefile.ts';
import type { SeenZone } from '../store/zones.ts';
import type { Name } from '../wire/name.ts';
import { imageOctets, ZoneImage } from '../zone/image.ts';
import { namedInLook } from './atparent.ts';
import type { Children } from './children.ts';
import type { Concerns } from './concerns.ts';
import type { DerivedRRset } from './derived.ts';
import { ForeignKeysError, type ForeignRecords } from './foreignkeys.ts';
import { noteDropped } from './garbage.ts';
import type { Handover } from './handover.ts';
import { lookAgain, wholeSignature } from './includes.ts';
import { Keeper, type KeeperContext, RETRY_S } from './keeper.ts';
import type { Hold } from './keptzones.ts';
import type { LoadQueue } from './loadqueue.ts';
import type { IncludedPart, LoadedZone, LoadJob, LoadOutcome } from './messages.ts';
import type { ParentMonitor } from './monitor.ts';
import { type Problem, problemOfError, problemOfFault } from './problem.ts';
import { ServedSerial } from './servedserial.ts';
import { SETTLE_MS, Settling } from './settling.ts';
import type { ZoneSigning } from './signing.ts';
import type { Vouching } from './vouching.ts';
import { ZoneLog } from './zonelog.ts';

/** What all zones share. */
export interface ZoneContext extends KeeperContext {
  readonly loads: LoadQueue;
  readonly log: Log;
  readonly events: EventSink;
  /** Seed of name hashes. */
  readonly seed: number;
  readonly limitOctets: number;
  /** Looks at the parents of zones; undefined if nobody shall. */
  readonly monitor: ParentMonitor | undefined;
  readonly concerns: Concerns;
  /** What one zone says of another. */
  readonly vouching: Vouching;
  /** What zones do as parents. */
  readonly children: Children;
  /** What is handed over to its parent. */
  readonly handover: Handover;
  /** Asks for another look at the directory. */
  readonly lookSoon: (ms: number) => void;
}

/** A policy and its name. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/** What was loaded last and is served. */
interface Loaded {
  readonly image: ZoneImage;
  readonly digest: string;
  readonly octets: number;
  /** Shared memory of the image and the denial chain. */
  readonly sharedOctets: number;
  /** The policy by which it was made. */
  readonly policy: Policy;
  readonly warnings: readonly Diagnostic[];
  readonly since: UnixSeconds;
}

export class Zone {
  readonly id: number;
  /** `formatName` of the origin. */
  readonly name: string;
  readonly origin: Name;
  policyName: string;
  readonly keeper: Keeper;
  #policy: Policy;
  readonly #serial: ServedSerial;
  readonly #context: ZoneContext;
  readonly #log: ZoneLog;
  readonly #settling: Settling;
  /** Directory, real path, of the last look. */
  #directory = '';
  #file: SeenZone | undefined;
  /** What the last finished attempt was about: the file with its includes. */
  #handled: FileSignature | undefined;
  /** The policy that it was about. */
  #handledBy: Policy | undefined;
  #includes: readonly IncludedPart[] = [];
  #isLoading = false;
  #isSeenMeanwhile = false;
  #isRemoved = false;
  #waiters: (() => void)[] = [];
  /** Since when the file is gone (monotonic milliseconds). */
  missingSinceMs: number | undefined;
  /** Why it is served although its file is gone; undefined if it is not. */
  hold: Hold | undefined;
  #loaded: Loaded | undefined;
  /** Why the file as it is now is not what is served. */
  problem: Problem | undefined;
  /** Keys of another signer in the file, as it was loaded last. */
  foreign: ForeignRecords | undefined;

  constructor(id: number, seen: SeenZone, policy: NamedPolicy, context: ZoneContext) {
    this.id = id;
    this.name = seen.name;
    this.origin = seen.origin;
    this.policyName = policy.name;
    this.#policy = policy.policy;
    this.#context = context;
    this.#log = new ZoneLog(context.log, seen.name, context.events, () => this.parentReasons);
    const { monitor, vouching, children, concerns, handover } = context;
    const turned = () => {
      for (const one of [monitor, vouching, children, concerns, handover]) one?.touch(this);
    };
    const namedByParent = () => namedInLook(this, context.monitor);
    const kept = { id, name: seen.name, origin: seen.origin, policy: policy.policy, turned, namedByParent };
    this.keeper = new Keeper(kept, context, this.#log);
    this.#settling = new Settling(context.clock);
    const { files, keysDirectory } = context.signing;
    this.#serial = new ServedSerial(files, keysDirectory, seen.origin);
  }

  /** What is served; undefined if nothing is. */
  get served(): (Loaded & { readonly epoch: Epoch }) | undefined {
    const { epoch } = this.keeper;
    return epoch === undefined || this.#loaded === undefined ? undefined : { ...this.#loaded, epoch };
  }

  /** What it follows now. */
  get policy(): Policy {
    return this.#policy;
  }

  get signing(): ZoneSigning | undefined {
    return this.keeper.signing;
  }

  /** Why keys or signatures cannot be renewed. */
  get signingProblem(): Problem | undefined {
    return this.keeper.problem;
  }

  get path(): string {
    return this.#file?.path ?? '';
  }

  /** Why what waits for the parent still waits, as looks at it show. */
  get parentReasons(): ReturnType<ParentMonitor['reasonsFor']> {
    return this.#context.monitor?.reasonsFor(this) ?? [];
  }

  get includes(): readonly IncludedPart[] {
    return this.#includes;
  }

  /** The file has been read as it is now, with success or without. */
  get isSettled(): boolean {
    return (
      this.#handled !== undefined &&
      this.#handledBy === this.#policy &&
      !this.#isLoading &&
      !this.#isSeenMeanwhile
    );
  }

  /** Resolves when the file that is there now has been dealt with. */
  settled(): Promise<void> {
    return this.isSettled ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Makes the next `see` load the file even if it has not changed. */
  forget(): void {
    this.#handled = undefined;
  }

  /** What is in the zone and in no file. */
  get #derived(): readonly DerivedRRset[] {
    const { vouching, children } = this.#context;
    return [...vouching.signalsIn(this.name), ...children.recordsIn(this, this.#policy)];
  }

  /** What other zones of ours shall say of this one (RFC 9615) is served. */
  get isVouchedFor(): boolean {
    return this.#context.vouching.isServed(this);
  }

  /** What is in the zone and in no file is other than it was. */
  renew(): void {
    this.forget();
    if (this.#file !== undefined && this.missingSinceMs === undefined) this.see(this.#file, this.#directory);
  }

  /** Follows a policy of another name or content; false if it does so already. Content is made anew by the next `see`. */
  follow({ name, policy }: NamedPolicy): boolean {
    if (name === this.policyName && isDeepStrictEqual(policy, this.#policy)) return false;
    this.policyName = name;
    this.#policy = policy;
    void this.keeper.follow(policy);
    return true;
  }

  /** What its policy makes of the content of a file, for those who only look; its denial is not compared. */
  get contentRules(): Pick<LoadJob, 'zonemd' | 'serial' | 'derived'> {
    const { isUnsigned, clock } = this.#context;
    const { zonemd, serial } = this.#policy;
    return {
      zonemd: isUnsigned ? zonemd : { ...zonemd, publish: 'off' },
      derived: this.#derived,
      // Whoever compares sees both serials.
      ...(serial !== 'file' && { serial: this.#serial.rule(serial, clock.now()) }),
    };
  }

  // ---- The file ----

  /** The directory shows this file. */
  see(seen: SeenZone, directory: string): void {
    this.missingSinceMs = undefined;
    this.hold = undefined;
    this.#see(seen, directory);
  }

  /** The file was gone before this process began, and this is what was kept of it, as the parent names the zone. */
  recall(kept: SeenZone, directory: string): void {
    this.missingSinceMs ??= this.#context.clock.monotonicMs();
    this.hold ??= 'parent';
    this.#see(kept, directory);
  }

  #see(seen: SeenZone, directory: string): void {
    this.#file = seen;
    this.#directory = directory;
    if (this.keeper.isFromFuture) void this.keeper.turn();
    if (this.#isLoading) {
      this.#isSeenMeanwhile = true;
      return;
    }
    this.#isSeenMeanwhile = false;
    const signature = wholeSignature(seen.signature, lookAgain(directory, this.#includes));
    if (signature === this.#handled && this.#policy === this.#handledBy) {
      this.#tellWaiters();
      return;
    }
    const waitMs = this.#settling.waitMs(seen, signature, this.#loaded?.octets ?? 0);
    if (waitMs > 0) this.#context.lookSoon(waitMs);
    else void this.#load(seen, signature);
  }

  async #load(seen: SeenZone, signature: FileSignature): Promise<void> {
    this.#isLoading = true;
    const policy = this.#policy;
    const outcome: LoadOutcome =
      seen.fault === undefined ? await this.#read(seen, policy) : { kind: 'fault', fault: seen.fault };
    if (this.#isRemoved) return;
    const isDone = await this.#apply(seen, signature, outcome, policy);
    if (isDone) this.#handledBy = policy;
    this.#settling.done(!isDone);
    this.#isLoading = false;
    // What was seen meanwhile may be another file: only a look can tell.
    if (this.#isSeenMeanwhile || !isDone) this.#context.lookSoon(isDone ? 0 : SETTLE_MS);
    else this.#tellWaiters();
  }

  async #read(seen: SeenZone, policy: Policy): Promise<LoadOutcome> {
    const { loads, limitOctets, seed, isUnsigned, clock } = this.#context;
    let kept: Pick<LoadJob, 'serial' | 'derived'>;
    try {
      kept = { serial: this.#serial.rule(policy.serial, clock.now()), derived: this.#derived };
    } catch (error) {
      return { kind: 'broken', diagnostics: problemOfError(error, seen.path).diagnostics, includes: [] };
    }
    return loads.load({
      directory: this.#directory,
      file: seen.path,
      origin: this.origin,
      limitOctets,
      octets: seen.octets,
      expected: seen.signature,
      isFresh: this.#settling.isFresh(seen),
      servedDigest: this.#loaded?.policy === policy ? this.#loaded.digest : undefined,
      seed,
      denial: isUnsigned ? null : { mode: policy.denial, optOut: policy.optOut },
      zonemd: policy.zonemd,
      ...kept,
    });
  }

  #tellWaiters(): void {
    for (const done of this.#waiters.splice(0)) done();
  }

  /** False if the file is not ready and must be looked at again. */
  async #apply(
    seen: SeenZone,
    signature: FileSignature,
    outcome: LoadOutcome,
    policy: Policy,
  ): Promise<boolean> {
    if (outcome.kind === 'fault') {
      const isMoving = outcome.fault.code === 'ZONE_CHANGING' || outcome.fault.code === 'ZONE_FILE_GONE';
      if (isMoving && seen.fault === undefined) return false;
      this.#handled = signature;
      this.#fail(problemOfFault(outcome.fault, seen.path));
      return true;
    }
    this.#includes = outcome.includes;
    this.#handled = wholeSignature(seen.signature, outcome.includes);
    if (outcome.kind === 'broken') {
      const first = outcome.diagnostics.find(({ severity }) => severity === 'error')!;
      this.#fail({ code: first.code, message: first.message, diagnostics: outcome.diagnostics });
    } else if (outcome.kind === 'unchanged') {
      if (this.problem !== undefined) this.#log.info({}, `the file of ${this.name} is what is served again`);
      this.problem = undefined;
    } else {
      await this.#take(seen, outcome, policy);
    }
    return true;
  }

  // ---- What is served ----

  async #take(seen: SeenZone, loaded: LoadedZone, policy: Policy): Promise<void> {
    const now = this.#context.clock.now();
    const before = this.#loaded;
    this.foreign = { foreignKeys: loaded.foreignKeys, foreignCds: loaded.foreignCds };
    const image = ZoneImage.open(loaded.image);
    let published: Promise<void>;
    try {
      // Before anybody sees it, so that it cannot go back; in the turn, so that nothing is written when those are over.
      const note = () => this.#serial.note({ serial: image.serial, digest: loaded.digest });
      ({ published } = await this.keeper.serve(loaded, note));
    } catch (error) {
      this.#fail(problemOfError(error, seen.path));
      // A disk may come back; keys of others go only with the file or the command line.
      if (!(error instanceof ForeignKeysError)) this.#retryLoad(now);
      return;
    }
    if (this.#isRemoved) return;
    const { digest, diagnostics: warnings, denial } = loaded;
    const sharedOctets = image.octets + (denial.nsec3 === null ? 0 : imageOctets(denial.nsec3));
    this.#loaded = { image, digest, octets: seen.octets, sharedOctets, policy, warnings, since: now };
    this.problem = undefined;
    this.#context.vouching.touch(this);
    this.#context.children.touch(this);
    await published;
    noteDropped(before?.sharedOctets ?? 0);
    this.#log.warnings(warnings);
    const { serial, recordCount: records } = image;
    this.#log.serving({ serial, records, ms: Math.round(loaded.tookMs) }, before?.image.serial);
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
    this.#isRemoved = true;
    this.#context.scheduler.cancel(`retry ${this.name}`);
    const { monitor, concerns, handover } = this.#context;
    for (const one of [monitor, concerns, handover]) one?.forget(this);
    const wasServed = this.served !== undefined;
    const octets = this.#loaded?.sharedOctets ?? 0;
    this.#loaded = undefined;
    this.#context.vouching.forget(this);
    this.#context.children.forget(this);
    await this.keeper.remove();
    if (wasServed) this.#log.removed(this.signing?.keys.path);
    noteDropped(octets);
    this.#tellWaiters();
  }

  #fail(problem: Problem): void {
    this.problem = problem;
    this.#log.problem(problem, this.effect);
  }

  /** In a few words what the problem means for those who ask. */
  get effect(): string {
    if (this.#loaded === undefined) return 'the zone is not served';
    const { image, since } = this.#loaded;
    return `still serving serial ${image.serial}, loaded ${formatInstant(since)}; nothing was changed`;
  }
}
