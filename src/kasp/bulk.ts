/**
 * A bulk rotation: one rollover for each of many zones, paced, because one day every key must go at once. Plain data
 * and pure functions; `daemon/bulk.ts` carries them out.
 *
 *     zones    a b c d e f g h          in the order in which they were chosen
 *              └ begun ┘ ↑ next         done: begun, and neither running nor among the failures
 *
 * Zones are begun one after the other, at least `gapMs` apart: what was missed while the daemon was down is not made
 * up for in a burst. When `maxParallel` rollovers run, or `stopAfter` zones have failed, no other one is begun.
 */
import type { UnixSeconds } from '../base/time.ts';
import { REPLACED } from './request.ts';
import type { RolloverRequest } from './step.ts';
import { rolloversOf, type ZoneState } from './zonestate.ts';

/** A new key costs three files that are synced: at most so many zones are begun in a second. */
const MIN_GAP_MS = 50;

/** running: zones are begun. stopped: too many failed. What has begun goes on in every state. */
export type BulkState = 'running' | 'stopped' | 'cancelled' | 'done';
export const BULK_STATES: readonly BulkState[] = ['running', 'stopped', 'cancelled', 'done'];

/** A zone whose rollover was begun and has not ended. */
export interface RunningZone {
  readonly zone: string;
  readonly rolloverId: string;
}

/** A zone whose rollover was refused, could not be begun, or was cancelled. */
export interface FailedZone {
  readonly zone: string;
  readonly code: string;
  readonly message: string;
}

export interface BulkJob {
  /** UUID. */
  readonly id: string;
  readonly request: RolloverRequest;
  /** How the zones were chosen, for people: `all`, `policy default`, `match *.example.`. */
  readonly chosen: string;
  readonly startedAt: UnixSeconds;
  /** Over how many seconds the beginnings are spread. */
  readonly spread: number;
  readonly maxParallel: number;
  /** After so many failures no other zone is begun. */
  readonly stopAfter: number;
  readonly state: BulkState;
  /** When no zone was left to be begun and none ran; null before. */
  readonly endedAt: UnixSeconds | null;
  /** All zones, by `formatName`. */
  readonly zones: readonly string[];
  /** Index of the first zone that was not begun. */
  readonly next: number;
  readonly running: readonly RunningZone[];
  readonly failed: readonly FailedZone[];
}

/** What became of a zone that was to be begun. */
export type Beginning =
  | { readonly kind: 'begun'; readonly rolloverId: string }
  /** Its keys are newer than the job: nothing to do. */
  | { readonly kind: 'replaced' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** How it stands with the rollover of a running zone. */
export type Outcome =
  | { readonly kind: 'running' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Milliseconds from one beginning to the next. */
export function gapMs({ spread, zones }: Pick<BulkJob, 'spread' | 'zones'>): number {
  return Math.max(MIN_GAP_MS, (spread * 1_000) / Math.max(1, zones.length));
}

/** The zone to be begun now; undefined if all were, or the limits forbid one. */
export function nextZone(job: BulkJob): string | undefined {
  const isOpen = job.state === 'running' && job.running.length < job.maxParallel;
  return isOpen ? job.zones[job.next] : undefined;
}

/** The job after `nextZone` was dealt with. */
export function withBeginning(job: BulkJob, beginning: Beginning, now: UnixSeconds): BulkJob {
  const zone = job.zones[job.next]!;
  const moved = { ...job, next: job.next + 1 };
  if (beginning.kind === 'replaced') return settled(moved, now);
  if (beginning.kind === 'begun') {
    return { ...moved, running: [...job.running, { zone, rolloverId: beginning.rolloverId }] };
  }
  const { code, message } = beginning;
  return settled({ ...moved, failed: [...job.failed, { zone, code, message }] }, now);
}

/** The job after a look at all zones that run. */
export function withOutcomes(
  job: BulkJob,
  outcomeOf: (zone: RunningZone) => Outcome,
  now: UnixSeconds,
): BulkJob {
  const failed: FailedZone[] = [];
  const running = job.running.filter((one) => {
    const outcome = outcomeOf(one);
    if (outcome.kind === 'failed') {
      failed.push({ zone: one.zone, code: outcome.code, message: outcome.message });
    }
    return outcome.kind === 'running';
  });
  if (running.length === job.running.length) return job;
  return settled({ ...job, running, failed: [...job.failed, ...failed] }, now);
}

/** The job with no other zone to be begun. */
export function cancelled(job: BulkJob, now: UnixSeconds): BulkJob {
  return settled({ ...job, state: 'cancelled' }, now);
}

/** Stops a job that fails too often, and ends one that has nothing left to follow. */
function settled(job: BulkJob, now: UnixSeconds): BulkJob {
  const isFailing = job.state === 'running' && job.failed.length >= job.stopAfter;
  const isThrough = job.next >= job.zones.length;
  const state = isFailing && !isThrough ? 'stopped' : job.state;
  if (job.running.length > 0 || (state === 'running' && !isThrough)) return { ...job, state };
  return { ...job, state: state === 'running' ? 'done' : state, endedAt: job.endedAt ?? now };
}

/**
 * The rollover of the job that a zone already has: the file of the job may be older than the state of the zone, as
 * each is durable by itself. Rollovers that others began since then count as well: they replace the same keys.
 */
export function alreadyBegun(
  state: ZoneState,
  { request: { type }, startedAt }: Pick<BulkJob, 'request' | 'startedAt'>,
): Beginning | undefined {
  const same = rolloversOf(state).find((one) => one.type === type && one.startedAt >= startedAt);
  if (same !== undefined) return { kind: 'begun', rolloverId: same.id };
  const areNew = REPLACED[type].every((role) => (state.lastStarted[role] ?? -1) >= startedAt);
  return areNew && rolloversOf(state).length === 0 ? { kind: 'replaced' } : undefined;
}

/** How it stands with a rollover, by the state of its zone. */
export function outcomeIn(state: ZoneState, rolloverId: string): Outcome {
  const rollover = rolloversOf(state).find(({ id }) => id === rolloverId);
  if (rollover === undefined) return { kind: 'done' };
  if (rollover.cancelledAt === null) return { kind: 'running' };
  return { kind: 'failed', code: 'CANCELLED', message: `the ${rollover.type} rollover was cancelled` };
}

/** True if `*` (any octets, none as well) and `?` (one) in `glob` can stand for what makes it the text. */
export function matchesGlob(glob: string, text: string): boolean {
  let [at, from] = [0, 0];
  let [star, starFrom] = [-1, 0];
  while (from < text.length) {
    if (glob[at] === '*') [star, starFrom] = [at++, from];
    else if (at < glob.length && (glob[at] === '?' || glob[at] === text[from]))
      [at, from] = [at + 1, from + 1];
    else if (star !== -1) [at, from] = [star + 1, ++starFrom];
    else return false;
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}
