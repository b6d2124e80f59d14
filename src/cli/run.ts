/** One command line from words to exit code: failures are told with what to do about them (DESIGN §8). */
import { CommanderError } from 'commander';
import { FAILURE, type FailureKind, OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { StartError } from '../daemon/starterror.ts';
import type { Output } from './output.ts';
import { createProgram } from './program.ts';
import type { Runner } from './runner.ts';

/** Runs one command line; returns the exit code. */
export async function runCommandLine(args: readonly string[], runner: Runner): Promise<number> {
  try {
    await createProgram(runner).parseAsync([...args], { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageFailure(error, runner);
    return tellFailure(error, runner.isJson, runner.output);
  }
}

/** What commander refuses it has told to people already; returns the exit code. */
function usageFailure({ code, message }: CommanderError, { isJson, output }: Runner): number {
  const told = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '');
  if (isJson) output.print(failureJson({ kind: 'USAGE_WRONG', code: 'BAD_PARAMETERS', message: told }));
  return FAILURE.USAGE_WRONG.exit;
}

interface Failure {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

function failureJson({ kind, code, message, fix }: Failure): string {
  return JSON.stringify({ schema_version: SCHEMA_VERSION, error: { kind, code, message, fix: fix ?? null } });
}

/** Tells a failure and what to do about it; returns the exit code. */
function tellFailure(error: unknown, asJson: boolean, output: Output): number {
  if (error instanceof OperationError || error instanceof StartError) {
    const { kind, code } =
      error instanceof OperationError ? error : { kind: 'DATA_WRONG' as const, code: 'START_FAILED' };
    const { message, fix } = error;
    if (asJson) output.print(failureJson({ kind, code, message, fix }));
    output.note(`error[${code}]: ${message}${fix === undefined ? '' : `\n  fix: ${fix}`}`);
    return FAILURE[kind].exit;
  }
  output.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
