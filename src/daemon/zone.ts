/**
 * One zone of the zones directory, from the file that was seen to what is served. Level-triggered: `see` is told what
 * the directory shows and does what is missing, so that a lost event, a crash or a second call changes nothing.
 *
 *     seen → settled (unchanged for a while) → loaded (loader thread) → keys → epoch → published → done
 *
 * Whatever goes wrong on the way, the epoch that is served stays, and `problem` says why.
 */
import { isDeepStrictEqual } from 'node:util';
import { plus, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { FileSignature } from '../store/zonefile.ts';
import type { SeenZone } from '../store/zones.ts';
import { type Name, nameOf } from '../wire/name.ts';
import { ZoneImage } from '../zone/image.ts';
import type { SerialMode } from '../zone/serial.ts';
import { namedInLook } from './atparent.ts';
import { type Attempt, jobOf } from './attempt.ts';
import type { DerivedRRset } from './derived.ts';
import { ForeignKeysError, type ForeignRecords, foreignOf } from './foreignkeys.ts';
import { noteDropped } from './garbage.ts';
import { lookAgain, wholeSignature } from './includes.ts';
import { Keeper, RETRY_S } from './keeper.ts';
import type { KeptZone, Taken } from './keepercontext.ts';
import type { Hold } from './keptzones.ts';
import type { Loadable } from './loadqueue.ts';
import type { IncludedPart, LoadedZone, LoadJob, LoadOutcome, SerialRule } from './messages.ts';
import type { ParentMonitor } from './monitor.ts';
import { type Problem, problemOfError, problemOfFault } from './problem.ts';
import { ServedContent } from './servedcontent.ts';
import { ServedSerial } from './servedserial.ts';
import { SETTLE_MS, Settling } from './settling.ts';
import type { ZoneSigning } from './signing.ts';
import type { NamedPolicy, ZoneContext } from './zonecontext.ts';
import { ZoneLog } from './zonelog.ts';

export class Zone implements Loadable, KeptZone {
  readonly id: number;
  /** `formatName` of the origin. */
  readonly name: string;
  policyName: string;
  readonly keeper: Keeper;
  #policy: Policy;
  /** Kept if the policy makes the serial. */
  #serial: ServedSerial | undefined;
  readonly #context: ZoneContext;
  readonly #log: ZoneLog;
  /** While its file is not known to have settled. */
  #settling: Settling | undefined;
  #file: SeenZone | undefined;
  /** What the last finished attempt was about: the file with its includes. */
  #handled: FileSignature | undefined;
  /** The policy that it was about. */
  #handledBy: Policy | undefined;
  #includes: readonly IncludedPart[] = [];
  /** What is loaded, or waits for it. */
  #attempt: Attempt | undefined;
  #isSeenMeanwhile = false;
  #isRemoved = false;
  #waiters: (() => void)[] | undefined;
  /** Since when the file is gone (monotonic milliseconds). */
  missingSinceMs: number | undefined;
  /** Why it is served although its file is gone; undefined if it is not. */
  hold: Hold | undefined;
  #loaded: ServedContent | undefined;
  /** Why the file as it is now is not what is served. */
  problem: Problem | undefined;
  /** Keys of another signer in the file, as it was loaded last. */
  foreign: ForeignRecords | undefined;

  constructor(id: number, seen: SeenZone, policy: NamedPolicy, context: ZoneContext) {
    this.id = id;
    this.name = seen.name;
    this.policyName = policy.name;
    this.#policy = policy.policy;
    this.#context = context;
    this.#log = new ZoneLog(context.log, seen.name, context.events, this);
    this.keeper = new Keeper(this, context, this.#log);
  }

  /** Made from the name: of many zones, hardly any is asked for it. */
  get origin(): Name {
    return nameOf(this.name);
  }

  /** What is served; undefined if nothing is. */
  get served(): ServedContent | undefined {
    return this.#loaded?.isServed === true ? this.#loaded : undefined;
  }

  /** Its file as it was seen last. */
  get file(): SeenZone | undefined {
    return this.#file;
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

  /** Its keys have had a turn. */
  turned(): void {
    const { monitor, vouching, children, concerns, handover } = this.#context;
    for (const one of [monitor, vouching, children, concerns, handover]) one?.touch(this);
  }

  /** Ids of keys whose DS the parent had at the last look. */
  namedByParent(): readonly string[] {
    return namedInLook(this, this.#context.monitor);
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
      this.#attempt === undefined &&
      !this.#isSeenMeanwhile
    );
  }

  /** Resolves when the file that is there now has been dealt with. */
  settled(): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    this.#waiters ??= [];
    const waiters = this.#waiters;
    return new Promise((resolve) => waiters.push(resolve));
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
    if (this.#file === undefined || this.missingSinceMs !== undefined) return;
    if (this.#attempt === undefined) this.see(this.#file);
    else this.#attempt.isOutdated = true;
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
      ...(serial !== 'file' && { serial: this.#serialRule(serial, clock.now()) }),
    };
  }

  // ---- The file ----

  /** The directory shows this file. */
  see(seen: SeenZone): void {
    this.missingSinceMs = undefined;
    this.hold = undefined;
    this.#see(seen);
  }

  /** The file was gone before this process began, and this is what was kept of it, as the parent names the zone. */
  recall(kept: SeenZone): void {
    this.missingSinceMs ??= this.#context.clock.monotonicMs();
    this.hold ??= 'parent';
    this.#see(kept);
  }

  #see(seen: SeenZone): void {
    this.#file = seen;
    if (this.keeper.isFromFuture) void this.keeper.turn();
    if (this.#attempt !== undefined) {
      this.#isSeenMeanwhile = true;
      return;
    }
    this.#isSeenMeanwhile = false;
    const signature = wholeSignature(seen.signature, lookAgain(seen.directory, this.#includes));
    if (signature === this.#handled && this.#policy === this.#handledBy) {
      this.#tellWaiters();
      return;
    }
    this.#settling ??= new Settling(this.#context.clock);
    const waitMs = this.#settling.waitMs(seen, signature, this.#loaded?.octets ?? 0);
    if (waitMs > 0) {
      this.#context.lookSoon(waitMs);
      return;
    }
    this.#attempt = { seen, signature, policy: this.#policy, isOutdated: false };
    if (seen.fault === undefined) this.#context.loads.add(this);
    else this.loaded({ kind: 'fault', fault: seen.fault });
  }

  // ---- Loading ----

  get fileOctets(): number | undefined {
    return this.#attempt?.seen.octets;
  }

  job(number: number): LoadJob | undefined {
    if (this.#isRemoved || this.#attempt === undefined) return undefined;
    const { seen, policy } = this.#attempt;
    try {
      const own = {
        origin: this.origin,
        isFresh: this.#settling?.isFresh(seen) ?? false,
        servedDigest: this.#loaded?.policy === policy ? this.#loaded.digest : undefined,
        serial: this.#serialRule(policy.serial, this.#context.clock.now()),
        derived: this.#derived,
        isOpen: this.signing !== undefined,
      };
      return jobOf(number, this.#attempt, own, this.#context);
    } catch (error) {
      const { diagnostics } = problemOfError(error, seen.path);
      this.loaded({ kind: 'broken', diagnostics, includes: [] });
      return undefined;
    }
  }

  /** The serial is a matter of the file, as long as the policy has not been another one. */
  #serialRule(mode: SerialMode, now: UnixSeconds): SerialRule {
    const loaded = this.served;
    const before = loaded && { serial: loaded.image.serial, digest: loaded.digest };
    if (this.#serial === undefined && mode === 'file') return { mode, before, now };
    const { files, keysDirectory } = this.#context.signing;
    this.#serial ??= new ServedSerial(files, keysDirectory, this.origin, before);
    return this.#serial.rule(mode, now);
  }

  loaded(outcome: LoadOutcome): void {
    const attempt = this.#attempt;
    if (this.#isRemoved || attempt === undefined) return;
    if (outcome.kind === 'loaded') {
      this.#read(attempt, outcome.includes);
      void this.#take(attempt, outcome).then(() => this.#end(attempt, true));
    } else this.#end(attempt, this.#isDealtWith(attempt, outcome));
  }

  /** The file has been read with what it includes. */
  #read({ seen, isOutdated }: Attempt, includes: readonly IncludedPart[]): void {
    this.#includes = includes;
    this.#handled = isOutdated ? undefined : wholeSignature(seen.signature, includes);
  }

  /** The attempt is over; it must be made again if it is not done. */
  #end({ policy, isOutdated }: Attempt, isDone: boolean): void {
    this.#attempt = undefined;
    if (isDone) {
      this.#handledBy = policy;
      this.#settling = undefined;
    } else this.#settling?.done(true);
    // What was seen meanwhile may be another file: only a look can tell.
    if (this.#isSeenMeanwhile || !isDone) this.#context.lookSoon(isDone ? 0 : SETTLE_MS);
    else if (isOutdated && this.missingSinceMs === undefined) this.renew();
    else this.#tellWaiters();
  }

  #tellWaiters(): void {
    for (const done of this.#waiters ?? []) done();
    this.#waiters = undefined;
  }

  /** False if the file is not ready and must be looked at again. */
  #isDealtWith(attempt: Attempt, outcome: Exclude<LoadOutcome, LoadedZone>): boolean {
    const { seen, signature } = attempt;
    if (outcome.kind === 'fault') {
      const isMoving = outcome.fault.code === 'ZONE_CHANGING' || outcome.fault.code === 'ZONE_FILE_GONE';
      if (isMoving && seen.fault === undefined) return false;
      this.#handled = signature;
      this.#fail(problemOfFault(outcome.fault, seen.path));
      return true;
    }
    this.#read(attempt, outcome.includes);
    if (outcome.kind === 'broken') {
      const first = outcome.diagnostics.find(({ severity }) => severity === 'error')!;
      this.#fail({ code: first.code, message: first.message, diagnostics: outcome.diagnostics });
    } else {
      if (this.problem !== undefined) this.#log.info({}, `the file of ${this.name} is what is served again`);
      this.problem = undefined;
    }
    return true;
  }

  // ---- What is served ----

  async #take({ seen, policy }: Attempt, loaded: LoadedZone): Promise<void> {
    const now = this.#context.clock.now();
    const before = this.served?.image.serial;
    const dropped = this.#loaded?.sharedOctets ?? 0;
    this.foreign = foreignOf(loaded);
    let published: Promise<void>;
    try {
      ({ published } = await this.#serve(loaded));
    } catch (error) {
      this.#fail(problemOfError(error, seen.path));
      // A disk may come back; keys of others go only with the file or the command line.
      if (!(error instanceof ForeignKeysError)) this.#retryLoad(now);
      return;
    }
    const { image } = this.keeper;
    if (this.#isRemoved || image === undefined) return;
    this.#loaded = new ServedContent(loaded, { octets: seen.octets, policy, since: now }, this.keeper);
    this.problem = undefined;
    this.#context.vouching.touch(this);
    this.#context.children.touch(this);
    await published;
    noteDropped(dropped);
    this.#log.warnings(loaded.diagnostics);
    const { serial, recordCount: records } = image;
    this.#log.serving({ serial, records, ms: Math.round(loaded.tookMs) }, before);
  }

  #serve(loaded: LoadedZone): Taken | Promise<Taken> {
    const serial = this.#serial;
    if (this.#context.isUnsigned && serial === undefined) return this.keeper.serveUnsigned(loaded);
    // Before anybody sees it, so that it cannot go back; in the turn, so that nothing is written when those are over.
    const { digest, image } = loaded;
    const note = async () => serial?.note({ serial: ZoneImage.open(image).serial, digest });
    return this.keeper.serve(loaded, note);
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
    return `still serving ${this.#loaded}; nothing was changed`;
  }
}
