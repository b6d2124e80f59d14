/**
 * Carries out bulk rotations (kasp/bulk): one runs at a time, through the one scheduler. Between two beginnings the
 * event loop has its turn, so that a zone whose own step is due does not wait for thousands of others.
 *
 * The job file follows a little behind, for a large job is a large file. That loses nothing: what was begun is durable
 * in the state of its zone, and after a restart the job finds it there.
 */
import { type Clock, type FileStore, FileStoreError, type Random } from '../base/ports.ts';
import type { UnixSeconds } from '../base/time.ts';
import {
  alreadyBegun,
  type Beginning,
  type BulkJob,
  cancelled,
  gapMs,
  nextZone,
  type Outcome,
  outcomeIn,
  type RunningZone,
  withBeginning,
  withOutcomes,
} from '../kasp/bulk.ts';
import { rolloversOf } from '../kasp/zonestate.ts';
import type { EventSink } from '../ops/events.ts';
import type { Log } from '../ops/log.ts';
import { keyId } from '../store/create.ts';
import { JOBS_FILE, loadJobs, saveJobs } from '../store/jobs.ts';
import { ShapeError } from '../store/json-shape.ts';
import { parseName } from '../wire/name.ts';
import { JobLog } from './joblog.ts';
import { type Order, obey, orderRefusal } from './orders.ts';
import { problemOfError } from './problem.ts';
import type { Scheduler } from './scheduler.ts';
import type { ZoneSigning } from './signing.ts';
import type { KeyInstant } from './steadyclock.ts';
import type { Zone } from './zone.ts';
import type { Zones } from './zones.ts';

/** Zones that run are looked at this often, or ten times less if they are many. */
const LOOK_MS = 1_000;
const MANY_RUNNING = 100;
/** A zone that is still being loaded is waited for. */
const LOADING_MS = 1_000;
/** The job file is written with at most so many octets a second. */
const OCTETS_PER_SECOND = 65_536;
/** A job file that could not be written is tried again. */
const RETRY_MS = 60_000;
/** Jobs that have ended are remembered, so many. */
const REMEMBERED = 3;
const TURN = 'bulk rotation';
const SAVE = 'bulk rotation file';

export interface BulkPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly zones: Zones;
  readonly files: FileStore;
  readonly random: Random;
  readonly keysDirectory: string;
  readonly log: Log;
  readonly events: EventSink;
}

/** What an operator asks for. */
export type BulkRequest = Pick<
  BulkJob,
  'request' | 'chosen' | 'zones' | 'spread' | 'maxParallel' | 'stopAfter'
>;

export class BulkRunner {
  readonly #ports: BulkPorts;
  readonly #told: JobLog;
  /** Oldest first; the last one may run. */
  #jobs: readonly BulkJob[];
  #octets = 0;
  #isDirty = false;
  #isClosed = false;
  /** Monotonic milliseconds. */
  #nextBeginningMs = 0;
  #nextLookMs = 0;
  /** What is under way: a zone that is begun, a command. They are dealt with one after the other. */
  #busy: Promise<unknown> = Promise.resolve();
  /** The last write of the file. */
  #written: Promise<void> = Promise.resolve();

  /** Loads the jobs of a former process. */
  constructor(ports: BulkPorts) {
    this.#ports = ports;
    this.#told = new JobLog(ports.log, ports.events);
    this.#jobs = this.#load();
  }

  /** Oldest first. */
  get jobs(): readonly BulkJob[] {
    return this.#jobs;
  }

  /** The job that is not through with its zones: it begins some, or follows those that it has begun. */
  get active(): BulkJob | undefined {
    const last = this.#jobs.at(-1);
    return last?.endedAt === null ? last : undefined;
  }

  /** Goes on with the job of a former process. */
  resume(): void {
    const { active } = this;
    if (active === undefined) return;
    this.#told.goesOn(active);
    this.#wake();
  }

  /** Starts a job; undefined if one is active. Throws FileStoreError, then there is no job. */
  start(asked: BulkRequest): Promise<BulkJob | undefined> {
    return this.#after(async () => {
      if (this.active !== undefined) return undefined;
      const { clock, random, zones: all } = this.#ports;
      const job: BulkJob = {
        ...asked,
        id: keyId(random),
        startedAt: all.keyTime,
        state: 'running',
        endedAt: null,
        next: 0,
        running: [],
        failed: [],
      };
      await this.#adopt([...this.#jobs, job].slice(-REMEMBERED - 1));
      this.#told.started(job);
      this.#nextBeginningMs = clock.monotonicMs();
      this.#wake();
      return job;
    });
  }

  /** Begins no other zone of the active job; what has begun goes on. Throws FileStoreError, then the job goes on too. */
  cancel(): Promise<BulkJob | undefined> {
    return this.#after(async () => {
      const { active } = this;
      if (active === undefined) return undefined;
      const job = cancelled(active, this.#ports.zones.keyTime);
      await this.#adopt([...this.#jobs.slice(0, -1), job]);
      this.#told.changed(active, job);
      return job;
    });
  }

  /** Begins nothing more, and writes what is not written yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#written;
    if (this.#isDirty) await this.#saveNow();
  }

  /** Runs `act` when nothing else is under way. */
  #after<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(act);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** Takes over jobs once they are written. */
  async #adopt(jobs: readonly BulkJob[]): Promise<void> {
    const before = this.#jobs;
    this.#jobs = jobs;
    try {
      await this.#save();
    } catch (error) {
      this.#jobs = before;
      throw error;
    }
  }

  // ---- The work ----

  async #turn(): Promise<void> {
    const { clock, zones } = this.#ports;
    const before = this.active;
    if (before === undefined || this.#isClosed) return;
    const [now, nowMs] = [zones.keyTime, clock.monotonicMs()];
    let job = before;
    if (nowMs >= this.#nextLookMs) {
      job = withOutcomes(job, (one) => this.#outcomeOf(one), now);
      this.#nextLookMs = nowMs + (job.running.length > MANY_RUNNING ? 10 * LOOK_MS : LOOK_MS);
    }
    const zone = nowMs >= this.#nextBeginningMs ? nextZone(job) : undefined;
    if (zone !== undefined) {
      const beginning = await this.#begin(zone, job);
      if (beginning !== 'loading') job = withBeginning(job, beginning, now);
      this.#nextBeginningMs = nowMs + (beginning === 'loading' ? LOADING_MS : gapMs(job));
    }
    if (job !== before) {
      this.#jobs = [...this.#jobs.slice(0, -1), job];
      this.#told.changed(before, job);
      if (job.state === before.state && job.endedAt === null) this.#saveSoon();
      else await this.#saveNow();
    }
    this.#wake();
  }

  #wake(): void {
    const { clock, scheduler } = this.#ports;
    const { active } = this;
    if (active === undefined) return;
    const beginning = nextZone(active) === undefined ? Number.POSITIVE_INFINITY : this.#nextBeginningMs;
    const look = active.running.length === 0 ? Number.POSITIVE_INFINITY : this.#nextLookMs;
    const nowMs = clock.monotonicMs();
    const due = Math.min(beginning, look);
    scheduler.after(TURN, Number.isFinite(due) ? Math.max(0, due - nowMs) : LOOK_MS, () => {
      void this.#after(() => this.#turn());
    });
  }

  /** Begins the rollover of one zone; `loading` if nobody can say yet what its keys are. */
  async #begin(name: string, job: BulkJob): Promise<Beginning | 'loading'> {
    const zone = this.#find(name);
    const { signing, served } = zone ?? {};
    if (zone === undefined) return failed('NO_SUCH_ZONE', `there is no zone ${name}`);
    if (served === undefined && zone.problem === undefined) return 'loading';
    if (served === undefined || signing === undefined) {
      return failed('ZONE_NOT_SERVED', `${name} is not served signed`);
    }
    const order = { kind: 'start', request: job.request } as const;
    const prepare = async (at: KeyInstant) => {
      const beginning = alreadyBegun(signing.zoneState, job) ?? obstacleOf(zone, signing, order, at.now);
      if (beginning !== undefined) throw new NotBegun(beginning);
      return obey(signing, order, at);
    };
    try {
      await zone.keeper.change(prepare, 'bulk');
    } catch (error) {
      if (error instanceof NotBegun) return error.beginning;
      const { code, message } = problemOfError(error, signing.keys.path);
      return failed(code, message);
    }
    const rollovers = rolloversOf(signing.zoneState);
    const mine = rollovers.find(({ type }) => type === job.request.type) ?? rollovers[0];
    return mine === undefined ? { kind: 'replaced' } : { kind: 'begun', rolloverId: mine.id };
  }

  #outcomeOf({ zone: name, rolloverId }: RunningZone): Outcome {
    const zone = this.#find(name);
    if (zone === undefined) return failed('NO_SUCH_ZONE', `${name} is no longer served`);
    const { signing } = zone;
    return signing === undefined ? { kind: 'running' } : outcomeIn(signing.zoneState, rolloverId);
  }

  #find(name: string): Zone | undefined {
    const origin = parseName(name);
    return typeof origin === 'string' ? undefined : this.#ports.zones.find(origin);
  }

  // ---- The file ----

  /** No key depends on the file: without it the daemon serves on, and it stays for whoever wants to know. */
  #load(): BulkJob[] {
    const { files, keysDirectory, log } = this.#ports;
    const file = `${keysDirectory}/${JOBS_FILE}`;
    try {
      return loadJobs(files, keysDirectory);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      log.error({ path: file }, `${file} cannot be used (${error.message}); no bulk rotation goes on`);
    }
    void this.#putAside(file);
    return [];
  }

  async #putAside(file: string): Promise<void> {
    const { files, log } = this.#ports;
    try {
      await files.renameDurable([{ from: file, to: `${file}.damaged` }]);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      log.error({ path: file }, `${file} cannot be put aside: ${error.message}`);
    }
  }

  /** Writes the jobs as they are when their turn has come. */
  #save(): Promise<void> {
    const { files, keysDirectory } = this.#ports;
    const saved = this.#written.then(async () => {
      this.#isDirty = false;
      this.#octets = await saveJobs(files, keysDirectory, this.#jobs);
    });
    this.#written = saved.catch(() => undefined);
    return saved;
  }

  #saveSoon(): void {
    const { scheduler } = this.#ports;
    this.#isDirty = true;
    if (scheduler.has(SAVE)) return;
    const ms = Math.max(1, this.#octets / OCTETS_PER_SECOND) * 1_000;
    scheduler.after(SAVE, ms, () => void this.#saveNow());
  }

  async #saveNow(): Promise<void> {
    const { scheduler, log } = this.#ports;
    try {
      await this.#save();
      if (!this.#isDirty) scheduler.cancel(SAVE);
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      this.#isDirty = true;
      log.error({ code: error.code }, `${JOBS_FILE} cannot be written: ${error.message}; tried again`);
      scheduler.after(SAVE, RETRY_MS, () => void this.#saveNow());
    }
  }
}

/** A zone is not begun, and that is dealt with. */
class NotBegun extends Error {
  override readonly name = 'NotBegun';
  readonly beginning: Beginning;
  constructor(beginning: Beginning) {
    super(beginning.kind);
    this.beginning = beginning;
  }
}

/** Why the rollover of a zone cannot be begun now. */
function obstacleOf(zone: Zone, signing: ZoneSigning, order: Order, now: UnixSeconds): Beginning | undefined {
  const refusal = orderRefusal(signing, order, now);
  if (refusal !== undefined) return failed(refusal.code, refusal.message);
  const problem = zone.signingProblem;
  return problem === undefined ? undefined : failed('KEYS_FROZEN', problem.message);
}

function isUnreadable(error: unknown): error is ShapeError | FileStoreError {
  return error instanceof ShapeError || error instanceof FileStoreError;
}

function failed(code: string, message: string): { kind: 'failed'; code: string; message: string } {
  return { kind: 'failed', code, message };
}
