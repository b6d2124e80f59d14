/** Operations on bulk rotations: which zones, begun when, and what became of them. */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { BulkRunner } from '../daemon/bulk.ts';
import { orderRefusal } from '../daemon/orders.ts';
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { type BulkJob, gapMs, matchesGlob } from '../kasp/bulk.ts';
import type { RefusalCode } from '../kasp/refusal.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { rolloversOf } from '../kasp/zonestate.ts';
import type { RolloverContext } from './carry-out.ts';
import { iso } from './describe.ts';
import { knownErrors } from './failures.ts';
import { originOf } from './find.ts';
import type { JobDetail, JobStart, JobSummary } from './job-shapes.ts';
import { OperationError } from './operation.ts';
import type { Params } from './operations.ts';
import { requestOf } from './rollovers.ts';
import type { Handlers } from './server.ts';

const TOLD_ZONES = 1_000;

export interface JobContext extends Pick<RolloverContext, 'clock' | 'zones'> {
  readonly bulk: BulkRunner;
}

/** The handlers of all operations on bulk rotations. */
export function createJobHandlers(
  context: JobContext,
): Pick<Handlers, Extract<keyof Handlers, `job.${string}`>> {
  const { bulk, zones } = context;
  return {
    'job.start': (params) => start(context, params),
    'job.list': () => ({ jobs: bulk.jobs.map(summaryOf) }),
    'job.show': ({ job }) => detailOf(findJob(bulk, job), zones),
    'job.cancel': ({ job }) => cancel(bulk, findJob(bulk, job)),
  };
}

// ---- Jobs ----

function summaryOf(job: BulkJob): JobSummary {
  const { id, request, chosen, state, spread, maxParallel, stopAfter } = job;
  const [total, running, failed] = [job.zones.length, job.running.length, job.failed.length];
  return {
    ...{ id, type: request.type, chosen, state, spread, maxParallel, stopAfter },
    startedAt: formatInstant(job.startedAt),
    endedAt: iso(job.endedAt),
    zones: { total, pending: total - job.next, running, done: job.next - running - failed, failed },
  };
}

function detailOf(job: BulkJob, zones: Zones): JobDetail {
  return {
    ...summaryOf(job),
    running: job.running.slice(0, TOLD_ZONES).map(({ zone, rolloverId }) => {
      const state = zones.find(originOf(zone))?.signing?.zoneState;
      const rollover =
        state === undefined ? undefined : rolloversOf(state).find(({ id }) => id === rolloverId);
      return { zone, step: rollover?.step ?? 'unknown', stalled: rollover?.isStalled ?? false };
    }),
    failed: job.failed.slice(0, TOLD_ZONES).map((one) => ({ ...one })),
    pending: job.zones.slice(job.next, job.next + TOLD_ZONES),
  };
}

function findJob({ jobs }: BulkRunner, text: string): BulkJob {
  const found = jobs.filter(({ id }) => id.startsWith(text.toLowerCase()));
  if (found.length === 1) return found[0]!;
  const message = found.length === 0 ? `there is no job ${text}` : `several jobs begin with ${text}`;
  throw new OperationError(
    'NO_SUCH_OBJECT',
    'NO_SUCH_JOB',
    message,
    '"keyturn job list" shows what is there',
  );
}

async function cancel(bulk: BulkRunner, job: BulkJob): Promise<JobSummary> {
  if (job.state !== 'running' || job !== bulk.active) {
    const message = `the job begins no zones any more: it is ${job.state}`;
    const fix = 'keyturn rollover cancel ZONE undoes the rollover of one zone';
    throw new OperationError('REFUSED', 'JOB_NOT_RUNNING', message, fix);
  }
  return summaryOf((await knownErrors(() => bulk.cancel())) ?? job);
}

// ---- Start ----

/** Refusals of zones that the request is not meant for. */
const UNSUITED: readonly RefusalCode[] = [
  'WRONG_SCHEME',
  'NO_CHANGE',
  'NOT_SIGNED',
  'METHOD_UNSUITABLE',
  'EMERGENCY_UNSUITABLE',
];

async function start({ clock, zones, bulk }: JobContext, params: Params<'job.start'>): Promise<JobStart> {
  const request = requestOf(params);
  const { words, isChosen } = choiceOf(params);
  if (bulk.active !== undefined && !params.dryRun) throw notEnded(bulk.active);
  const sorted = sortOut(zones.all().filter(isChosen), request, clock.now());
  const leftOut = countsOf(sorted.leftOut);
  const names = sorted.suited.map(({ name }) => name);
  if (names.length === 0) {
    const why = leftOut.map(({ code, zones: count }) => `${count} ${code}`).join(', ');
    const message = `no zone to roll (${words}${why === '' ? '' : `: ${why}`})`;
    throw new OperationError(
      'NO_SUCH_OBJECT',
      'NO_SUCH_ZONE',
      message,
      '"keyturn zone list" shows what is there',
    );
  }
  const { spread, maxParallel, stopAfter } = params;
  const asked = { request, chosen: words, zones: names, spread, maxParallel, stopAfter };
  const job = params.dryRun ? null : await knownErrors(() => bulk.start(asked));
  // Another one may have been started meanwhile.
  if (job === undefined) throw notEnded(bulk.active!);
  return {
    job: job === null ? null : summaryOf(job),
    zones: names.length,
    lasts: Math.ceil((gapMs(asked) * (names.length - 1)) / 1_000),
    leftOut,
    refusedNow: countsOf(sorted.refused),
  };
}

function notEnded({ id, request, chosen }: BulkJob): OperationError {
  const message = `the job ${id} (${request.type}, ${chosen}) has not ended`;
  return new OperationError('REFUSED', 'JOB_RUNNING', message, `keyturn job show ${id}`);
}

interface Unfit {
  readonly zone: string;
  readonly code: string;
}

/** Zones that the request is meant for, those that would be refused now among them. */
function sortOut(chosen: readonly Zone[], request: RolloverRequest, now: UnixSeconds) {
  const suited: Zone[] = [];
  const [leftOut, refused]: [Unfit[], Unfit[]] = [[], []];
  for (const zone of chosen) {
    const { signing, name } = zone;
    if (signing === undefined) {
      leftOut.push({ zone: name, code: 'ZONE_NOT_SERVED' });
      continue;
    }
    const refusal = orderRefusal(signing, { kind: 'start', request }, now);
    if (refusal !== undefined && UNSUITED.includes(refusal.code)) {
      leftOut.push({ zone: name, code: refusal.code });
      continue;
    }
    suited.push(zone);
    if (refusal !== undefined) refused.push({ zone: name, code: refusal.code });
  }
  return { suited, leftOut, refused };
}

function countsOf(unfit: readonly Unfit[]): JobStart['leftOut'] {
  const counts = new Map<string, { code: string; zones: number; example: string }>();
  for (const { zone, code } of unfit) {
    const count = counts.get(code);
    if (count === undefined) counts.set(code, { code, zones: 1, example: zone });
    else count.zones++;
  }
  return [...counts.values()];
}

/** Exactly one of all, by policy, by name. Throws OperationError. */
function choiceOf({ all, policy, match }: Pick<Params<'job.start'>, 'all' | 'policy' | 'match'>): {
  readonly words: string;
  readonly isChosen: (zone: Zone) => boolean;
} {
  const said = [all, policy !== undefined, match !== undefined].filter(Boolean).length;
  if (said !== 1) {
    const fix = 'keyturn rollover start --all --type csk --spread 7d';
    throw new OperationError('USAGE_WRONG', 'ONE_CHOICE', 'say one of --all, --policy, --match', fix);
  }
  if (policy !== undefined) {
    return { words: `policy ${policy}`, isChosen: ({ policyName }) => policyName === policy };
  }
  if (match === undefined) return { words: 'all', isChosen: () => true };
  const glob = match.toLowerCase();
  const dotted = glob.endsWith('.') || glob.endsWith('*') ? glob : `${glob}.`;
  return { words: `match ${match}`, isChosen: ({ name }) => matchesGlob(dotted, name) };
}
