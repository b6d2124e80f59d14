/** `keyturn rollover start` for many zones: with `--all`, `--policy` or `--match` it starts a job. */
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import { checkParams, optionWord, type Parameter, parametersOf } from '../control/parameters.ts';
import { addParameter, paramsOf, runOperation } from './command.ts';
import { followJob } from './job-follow.ts';
import { printStarted } from './job-output.ts';
import type { Runner } from './runner.ts';

const CHOOSERS = ['all', 'policy', 'match'];

/** Adds the options of a job. */
export function addMany(command: Command, runner: Runner): void {
  const one = parametersOf('rollover.start');
  const many = parametersOf('job.start');
  const added = many.filter(({ name }) => !one.some((parameter) => parameter.name === name));
  for (const parameter of added) {
    const help = CHOOSERS.includes(parameter.name)
      ? `${parameter.help}, as a job`
      : `of a job: ${parameter.help}`;
    addParameter(command, { ...parameter, help });
  }
  command.option('--no-follow', 'of a job: do not watch it (that is done on a terminal only)');
  // Which zone it is may be said by another option.
  command.registeredArguments[0]!.required = false;
  command.action(async () => {
    const given = paramsOf(command, [...one, ...added]);
    if (!isMany(given, added)) return runOperation('rollover.start', given, runner);
    const isFollowed = command.opts<{ readonly follow: boolean }>().follow && runner.output.isTerminal;
    return startJob(given, runner, isFollowed && !runner.isJson);
  });
}

/** Whether the options mean many zones. Throws OperationError if they mean one and many, or none. */
function isMany(given: Readonly<Record<string, unknown>>, added: readonly Parameter[]): boolean {
  const chosen = CHOOSERS.filter((name) => given[name] !== undefined).length;
  const isPaced = added.some(({ name }) => !CHOOSERS.includes(name) && given[name] !== undefined);
  const isOne = given.zone !== undefined;
  if (!isOne && chosen === 1) return true;
  if (isOne && chosen === 0 && !isPaced) return false;
  const message =
    isOne && chosen === 0
      ? '--spread, --max-parallel and --stop-after are for many zones'
      : 'say one zone, or one of --all, --policy, --match';
  throw new OperationError('USAGE_WRONG', 'ONE_CHOICE', message, 'keyturn rollover start --all --type csk');
}

/** Starts a job; at a terminal, watches it. */
async function startJob(given: Record<string, unknown>, runner: Runner, isFollowed: boolean): Promise<void> {
  const result = await runner.call('job.start', checkParams('job.start', given, optionWord));
  runner.show(result, () => printStarted(runner.output, result));
  if (result.job !== null && isFollowed) await followJob(result.job.id, runner);
}
