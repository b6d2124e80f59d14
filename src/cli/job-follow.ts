/**
 * Watching a bulk rotation: a bar on a terminal, a line every ten seconds elsewhere. Who watches may leave at any
 * time; the job is the server's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { formatDuration } from '../base/time.ts';
import type { JobDetail, JobSummary } from '../control/job-shapes.ts';
import { FAILURE, OperationError } from '../control/operation.ts';
import { runOperation } from './command.ts';
import { printJob } from './job-output.ts';
import type { Output } from './output.ts';
import { INTERRUPTED, type Runner } from './runner.ts';

const LOOK_MS = 1_000;
const LINE_MS = 10_000;
const BAR_COLUMNS = 30;

/** Adds `--follow` to `job show`. */
export function addFollow(command: Command, runner: Runner): void {
  command.option('--follow', 'watch it until it is over');
  command.action(async (job: string, { follow }: { readonly follow?: boolean }) => {
    if (follow !== true) return runOperation('job.show', { job }, runner);
    const { id } = await runner.call('job.show', { job });
    return followJob(id, runner);
  });
}

/** Watches a job until no zone of it is pending or running; then tells how it went. Throws OperationError. */
export async function followJob(id: string, runner: Runner): Promise<void> {
  const { output } = runner;
  const short = id.slice(0, 8);
  const leave = () => {
    output.note(
      `${output.isTerminal ? '\n' : ''}the job goes on; to watch it: keyturn job show ${short} --follow`,
    );
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', leave);
  try {
    await watch(id, runner);
  } finally {
    process.off('SIGINT', leave);
  }
  const detail = await runner.call('job.show', { job: id });
  runner.show(detail, () => printJob(output, detail));
  runner.exitCode = isGood(detail) ? 0 : FAILURE.DATA_WRONG.exit;
}

function isGood({ state, zones }: JobDetail): boolean {
  return state === 'done' && zones.failed === 0;
}

async function watch(id: string, runner: Runner): Promise<void> {
  const { output } = runner;
  const beganMs = performance.now();
  let first: number | undefined;
  let toldMs = Number.NEGATIVE_INFINITY;
  let isOnBar = false;
  try {
    for (;;) {
      const job = await jobOf(id, runner);
      const { done, failed } = job.zones;
      first ??= done + failed;
      const nowMs = performance.now();
      const perSecond = (done + failed - first) / Math.max(1, (nowMs - beganMs) / 1_000);
      const isOver = job.state !== 'running' && job.zones.running === 0;
      if (isBar(output)) {
        process.stderr.write(`\r\u001b[K${progressLine(job, perSecond, true)}`);
        isOnBar = true;
      } else if (isOver || nowMs - toldMs >= LINE_MS) {
        output.note(progressLine(job, perSecond, false));
        toldMs = nowMs;
      }
      if (isOver) return;
      await sleep(LOOK_MS);
    }
  } finally {
    // What is told next, an error too, stands on a line of its own.
    if (isOnBar) process.stderr.write('\n');
  }
}

function isBar({ isTerminal }: Output): boolean {
  return isTerminal && process.stderr.isTTY === true;
}

async function jobOf(id: string, runner: Runner): Promise<JobSummary> {
  const job = (await runner.call('job.list', {})).jobs.find((one) => one.id === id);
  if (job !== undefined) return job;
  throw new OperationError('NO_SUCH_OBJECT', 'NO_SUCH_JOB', `the job ${id} is no longer known`);
}

/** `[######------] 200 of 400 zones, 98 running, 0 failed, 2.5/s, about 1m20s left`. */
export function progressLine({ zones }: JobSummary, perSecond: number, hasBar: boolean): string {
  const over = zones.done + zones.failed;
  const filled = zones.total === 0 ? BAR_COLUMNS : Math.floor((over / zones.total) * BAR_COLUMNS);
  const bar = hasBar ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_COLUMNS - filled)}] ` : '';
  const counts = `${over} of ${zones.total} zones, ${zones.running} running, ${zones.failed} failed`;
  const left = zones.total - over;
  if (perSecond <= 0 || left === 0) return `${bar}${counts}`;
  const remaining = formatDuration(Math.ceil(left / perSecond));
  return `${bar}${counts}, ${perSecond.toFixed(1)}/s, about ${remaining} left`;
}
