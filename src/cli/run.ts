/** One command line from words to exit code: failures are told with what to do about them (DESIGN §8). */
import { CommanderError } from 'commander';
import { FAILURE, OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { StartError } from '../daemon/starterror.ts';
import type { Output } from './output.ts';
import { createProgram } from './program.ts';
import type { Runner } from './runner.ts';

const USAGE_EXIT = FAILURE.USAGE_WRONG.exit;

/** Runs one command line; returns the exit code. */
export async function runCommandLine(args: readonly string[], runner: Runner): Promise<number> {
  try {
    await createProgram(runner).parseAsync([...args], { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT;
    return tellFailure(error, runner.isJson, runner.output);
  }
}

/** Tells a failure and what to do about it; returns the exit code. */
function tellFailure(error: unknown, asJson: boolean, output: Output): number {
  if (error instanceof OperationError || error instanceof StartError) {
    const { kind, code } =
      error instanceof OperationError ? error : { kind: 'DATA_WRONG' as const, code: 'START_FAILED' };
    const { message, fix } = error;
    if (asJson) {
      const failure = { kind, code, message, fix: fix ?? null };
      output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, error: failure }));
    }
    output.note(`error[${code}]: ${message}${fix === undefined ? '' : `\n  fix: ${fix}`}`);
    return FAILURE[kind].exit;
  }
  output.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
