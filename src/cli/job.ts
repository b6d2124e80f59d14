/** Bulk rotations on the command line: `rollover start` for many zones, `job …`. */
import type { Command } from 'commander';
import { formatDuration } from '../base/time.ts';
import {
  type JobDetail,
  type JobStart,
  type JobSummary,
  type METHODS,
  OPERATIONS,
  OperationError,
  type StartedType,
} from '../control/operations.ts';
import { parseCount, parseSeconds, type Show } from './commands.ts';
import { marked, type Output, table } from './output.ts';

/** Flags of `rollover start`: what to roll, and how to choose and pace many zones. */
export interface StartFlags {
  readonly type?: StartedType;
  readonly to?: string;
  readonly method?: (typeof METHODS)[number];
  readonly emergency?: 'continuity' | 'containment';
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly policy?: string;
  readonly match?: string;
  readonly spread?: number;
  readonly maxParallel?: number;
  readonly stopAfter?: number;
}

export function addManyOptions(command: Command): Command {
  return command
    .option('--all', 'all zones that the type fits, as a job')
    .option('--policy <name>', 'all zones of a policy, as a job')
    .option('--match <glob>', 'all zones whose names match, like "*.example.com", as a job')
    .option('--spread <duration>', 'of a job: begin the zones evenly over this time', parseSeconds)
    .option('--max-parallel <n>', 'of a job: rollovers that may run at once (default: 100)', parseCount)
    .option(
      '--stop-after <n>',
      'of a job: begin no other zone after so many failures (default: 10)',
      parseCount,
    );
}

/** Whether the flags mean many zones. Throws OperationError if they mean one and many, or none. */
export function isMany(flags: StartFlags, zone: string | undefined): zone is undefined {
  const { all, policy, match, spread, maxParallel, stopAfter } = flags;
  const chosen = [all, policy, match].filter((flag) => flag !== undefined).length;
  const isPaced = [spread, maxParallel, stopAfter].some((flag) => flag !== undefined);
  if (zone === undefined && chosen === 1) return true;
  if (zone !== undefined && chosen === 0 && !isPaced) return false;
  const message =
    zone !== undefined && chosen === 0
      ? '--spread, --max-parallel and --stop-after are for many zones'
      : 'say one zone, or one of --all, --policy, --match';
  throw new OperationError('USAGE_WRONG', 'ONE_CHOICE', message, 'keyturn rollover start --all --type csk');
}

/** `rollover start` for many zones. */
export async function startMany(flags: StartFlags, output: Output, show: Show): Promise<void> {
  const { type, emergency, ...rest } = flags;
  if (type === undefined) {
    const fix = 'add --type zsk, ksk, csk, algorithm or scheme';
    throw new OperationError('USAGE_WRONG', 'TYPE_MISSING', 'say what to roll', fix);
  }
  if (emergency === 'containment') {
    const message = 'containment breaks zones for a while, and is for one zone at a time';
    throw new OperationError('USAGE_WRONG', 'EMERGENCY_UNSUITABLE', message, 'use --emergency continuity');
  }
  await show('job.start', { ...rest, type, emergency }, (result) => printStarted(output, result));
}

/** Adds `job` with its subcommands. */
export function addJobCommands(program: Command, output: Output, show: Show): void {
  const job = program.command('job').description('rollovers of many zones: list, show, cancel');
  job
    .command('list')
    .description(OPERATIONS['job.list'].summary)
    .action(async () => {
      await show('job.list', {}, ({ jobs }) => printJobs(output, jobs));
    });
  job
    .command('show <job>')
    .description(OPERATIONS['job.show'].summary)
    .action(async (id: string) => {
      await show('job.show', { job: id }, (result) => printJob(output, result));
    });
  job
    .command('cancel <job>')
    .description(OPERATIONS['job.cancel'].summary)
    .action(async (id: string) => {
      await show('job.cancel', { job: id }, (result) => {
        printSummary(output, result);
        output.print('  rollovers that run go on; keyturn rollover cancel ZONE undoes one');
      });
    });
}

// ---- Output ----

const LEVELS = { running: 'ok', done: 'ok', cancelled: 'warn', stopped: 'error' } as const;

function printStarted(output: Output, { job, zones, lasts, leftOut, refusedNow }: JobStart): void {
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

function printJobs(output: Output, jobs: readonly JobSummary[]): void {
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

function printJob(output: Output, job: JobDetail): void {
  printSummary(output, job);
  for (const { zone, step, stalled } of job.running.slice(0, 20)) {
    const words = `${zone} step ${step}`;
    output.print(`  running         ${stalled ? marked(output, 'warn', `${words}, stalled`) : words}`);
  }
  for (const { zone, code, message } of job.failed) {
    output.print(`  ${marked(output, 'error', `${zone}: ${message} [${code}]`)}`);
  }
}
