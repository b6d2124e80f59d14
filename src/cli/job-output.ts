/** How bulk rotations look. */
import { formatDuration } from '../base/time.ts';
import type { JobDetail, JobStart, JobSummary } from '../control/job-shapes.ts';
import { marked, type Output, table } from './output.ts';

const LEVELS = { running: 'ok', done: 'ok', cancelled: 'warn', stopped: 'error' } as const;

export function printStarted(output: Output, { job, zones, lasts, leftOut, refusedNow }: JobStart): void {
  const over = `begun over ${formatDuration(lasts)}`;
  if (job === null) output.print(`${zones} zones would be rolled, ${over}; nothing was changed`);
  else output.print(`job ${job.id}: ${job.type} rollover of ${zones} zones (${job.chosen}), ${over}`);
  for (const { code, zones: count, example } of leftOut) {
    output.print(`  left out        ${count} zones, like ${example}: ${code}`);
  }
  for (const { code, zones: count, example } of refusedNow) {
    output.print(`  ${marked(output, 'warn', `refused now     ${count} zones, like ${example}: ${code}`)}`);
  }
  if (job !== null) output.print(`  to watch it: keyturn job show ${job.id.slice(0, 8)}`);
}

export function printJobs(output: Output, jobs: readonly JobSummary[]): void {
  if (jobs.length === 0) {
    output.note('no jobs: keyturn rollover start --all --type csk starts one');
    return;
  }
  const rows = jobs.map(({ id, type, chosen, state, startedAt, zones }) => [
    id.slice(0, 8),
    type,
    chosen,
    marked(output, LEVELS[state], state),
    startedAt,
    ...[zones.pending, zones.running, zones.done, zones.failed].map(String),
  ]);
  const head = ['JOB', 'TYPE', 'ZONES', 'STATE', 'STARTED', 'PENDING', 'RUNNING', 'DONE', 'FAILED'];
  output.print(table(head, rows));
}

function printSummary(output: Output, job: JobSummary): void {
  const { id, type, chosen, state, startedAt, endedAt, spread, maxParallel, stopAfter, zones } = job;
  output.print(`job ${id}: ${type} rollover of ${zones.total} zones (${chosen})`);
  const when = endedAt === null ? `since ${startedAt}` : `${startedAt} to ${endedAt}`;
  output.print(`  state           ${marked(output, LEVELS[state], state)}, ${when}`);
  const pace = `begun over ${formatDuration(spread)}, at most ${maxParallel} at once`;
  output.print(`  pace            ${pace}, stops after ${stopAfter} failures`);
  const { pending, running, done, failed } = zones;
  output.print(`  zones           ${pending} pending, ${running} running, ${done} done, ${failed} failed`);
}

export function printJob(output: Output, job: JobDetail): void {
  printSummary(output, job);
  for (const { zone, step, stalled } of job.running.slice(0, 20)) {
    const words = `${zone} step ${step}`;
    output.print(`  running         ${stalled ? marked(output, 'warn', `${words}, stalled`) : words}`);
  }
  for (const { zone, code, message } of job.failed) {
    output.print(`  ${marked(output, 'error', `${zone}: ${message} [${code}]`)}`);
  }
}

/** `job cancel`. */
export function printCancelledJob(output: Output, job: JobSummary): void {
  printSummary(output, job);
  output.print('  rollovers that run go on; keyturn rollover cancel ZONE undoes one');
}
