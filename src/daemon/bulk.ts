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
import type { Log } from '../ops/log.ts';
import { keyId } from '../store/create.ts';
import { JOBS_FILE, loadJobs, saveJobs } from '../store/jobs.ts';
import { ShapeError } from '../store/json-shape.ts';
import { parseName } from '../wire/name.ts';
import { obey, orderRefusal } from './orders.ts';
import { problemOfError } from './problem.ts';
import type { Scheduler } from './scheduler.ts';
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
}

/** What an operator asks for. */
export type BulkRequest = Pick<
  BulkJob,
  'request' | 'chosen' | 'zones' | 'spread' | 'maxParallel' | 'stopAfter'
>;

export class BulkRunner {
  readonly #ports: BulkPorts;
  /** Oldest first; the last one may run. */
  #jobs: readonly BulkJob[];
  #octets = 0;
  #isDirty = false;
  /** Monotonic milliseconds. */
  #nextBeginningMs = 0;
  #nextLookMs = 0;

  /** Loads the jobs of a former process. */
  constructor(ports: BulkPorts) {
    this.#ports = ports;
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
    this.#ports.log.info(
      { job: active.id },
      `going on with the ${active.request.type} rollover of ${active.chosen}`,
    );
    this.#wake();
  }

  /** Starts a job; only while none is active. Throws FileStoreError, then there is no job. */
  start(asked: BulkRequest): BulkJob {
    const { clock, random, log } = this.#ports;
    const job: BulkJob = {
      ...asked,
      id: keyId(random),
      startedAt: clock.now(),
      state: 'running',
      endedAt: null,
      next: 0,
      running: [],
      failed: [],
    };
    const before = this.#jobs;
    this.#jobs = [...before, job].slice(-REMEMBERED - 1);
    try {
      this.#save();
    } catch (error) {
      this.#jobs = before;
      throw error;
    }
    const { request, chosen, zones } = job;
    log.info({ job: job.id }, `${request.type} rollover of ${zones.length} zones (${chosen}) started`);
    this.#nextBeginningMs = clock.monotonicMs();
    this.#wake();
    return job;
  }

  /** Begins no other zone of the active job; what has begun goes on. Throws FileStoreError, then the job goes on too. */
  cancel(): BulkJob | undefined {
    const { active } = this;
    if (active === undefined) return undefined;
    const job = cancelled(active, this.#ports.clock.now());
    const before = this.#jobs;
    this.#replace(job);
    try {
      this.#save();
    } catch (error) {
      this.#jobs = before;
      throw error;
    }
    this.#tell(active, job);
    return job;
  }

  /** Writes what is not written yet. */
  close(): void {
    if (this.#isDirty) this.#saveNow();
  }

  // ---- The work ----

  #turn(): void {
    const { clock } = this.#ports;
    const before = this.active;
    if (before === undefined) return;
    const [now, nowMs] = [clock.now(), clock.monotonicMs()];
    let job = before;
    if (nowMs >= this.#nextLookMs) {
      job = withOutcomes(job, (one) => this.#outcomeOf(one), now);
      this.#nextLookMs = nowMs + (job.running.length > MANY_RUNNING ? 10 * LOOK_MS : LOOK_MS);
    }
    const zone = nowMs >= this.#nextBeginningMs ? nextZone(job) : undefined;
    if (zone !== undefined) {
      const beginning = this.#begin(zone, job, now);
      if (beginning !== 'loading') job = withBeginning(job, beginning, now);
      this.#nextBeginningMs = nowMs + (beginning === 'loading' ? LOADING_MS : gapMs(job));
    }
    if (job !== before) {
      this.#replace(job);
      this.#tell(before, job);
      if (job.state === before.state && job.endedAt === null) this.#saveSoon();
      else this.#saveNow();
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
    scheduler.after(TURN, Number.isFinite(due) ? Math.max(0, due - nowMs) : LOOK_MS, () => this.#turn());
  }

  /** Begins the rollover of one zone; `loading` if nobody can say yet what its keys are. */
  #begin(name: string, job: BulkJob, now: UnixSeconds): Beginning | 'loading' {
    const zone = this.#find(name);
    const { signing, served } = zone ?? {};
    if (zone === undefined) return failed('NO_SUCH_ZONE', `there is no zone ${name}`);
    if (served === undefined && zone.problem === undefined) return 'loading';
    if (served === undefined || signing === undefined) {
      return failed('ZONE_NOT_SERVED', `${name} is not served signed`);
    }
    const already = alreadyBegun(signing.zoneState, job);
    if (already !== undefined) return already;
    const order = { kind: 'start', request: job.request } as const;
    const refusal = orderRefusal(signing, order, now);
    if (refusal !== undefined) return failed(refusal.code, refusal.message);
    const problem = zone.signingProblem;
    if (problem !== undefined) return failed('KEYS_FROZEN', problem.message);
    try {
      obey(signing, order, now);
    } catch (error) {
      const { code, message } = problemOfError(error, signing.keys.path);
      return failed(code, message);
    }
    const rollovers = rolloversOf(signing.zoneState);
    const mine = rollovers.find(({ type }) => type === job.request.type) ?? rollovers[0];
    void zone.keeper.turn();
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

  #replace(job: BulkJob): void {
    this.#jobs = [...this.#jobs.slice(0, -1), job];
  }

  #tell(before: BulkJob, job: BulkJob): void {
    const { log } = this.#ports;
    const left = job.zones.length - job.next;
    const words = `the ${job.request.type} rollover of ${job.chosen}`;
    for (const { zone, code, message } of job.failed.slice(before.failed.length)) {
      log.warn({ job: job.id, zone, code }, `${words} failed for ${zone}: ${message}`);
    }
    if (job.state !== before.state && job.state === 'stopped') {
      log.error(
        { job: job.id },
        `${words} has stopped after ${job.failed.length} failures; ${left} zones are left`,
      );
    } else if (job.state !== before.state && job.state === 'cancelled') {
      log.info({ job: job.id }, `${words} was cancelled; ${left} zones were not begun`);
    }
    if (job.endedAt !== null && before.endedAt === null) {
      log.info({ job: job.id }, `${words} has ended: ${job.zones.length - left - job.failed.length} done`);
    }
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
    try {
      files.renameDurable(file, `${file}.damaged`);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      log.error({ path: file }, `${file} cannot be put aside: ${error.message}`);
    }
    return [];
  }

  #save(): void {
    const { files, keysDirectory } = this.#ports;
    this.#octets = saveJobs(files, keysDirectory, this.#jobs);
    this.#isDirty = false;
  }

  #saveSoon(): void {
    const { scheduler } = this.#ports;
    this.#isDirty = true;
    if (scheduler.has(SAVE)) return;
    const ms = Math.max(1, this.#octets / OCTETS_PER_SECOND) * 1_000;
    scheduler.after(SAVE, ms, () => this.#saveNow());
  }

  #saveNow(): void {
    const { scheduler, log } = this.#ports;
    try {
      this.#save();
      scheduler.cancel(SAVE);
    } catch (error) {
      if (!(error instanceof FileStoreError)) throw error;
      this.#isDirty = true;
      log.error({ code: error.code }, `${JOBS_FILE} cannot be written: ${error.message}; tried again`);
      scheduler.after(SAVE, RETRY_MS, () => this.#saveNow());
    }
  }
}

function isUnreadable(error: unknown): error is ShapeError | FileStoreError {
  return error instanceof ShapeError || error instanceof FileStoreError;
}

function failed(code: string, message: string): { kind: 'failed'; code: string; message: string } {
  return { kind: 'failed', code, message };
}
