#!/usr/bin/env node
/** The command line: words to operations, results to text, failures to exit codes (DESIGN §8). */
import { CommanderError } from 'commander';
import { type Output, processOutput } from './cli/output.ts';
import { createProgram } from './cli/program.ts';
import { Runner } from './cli/runner.ts';
import { FAILURE, OperationError, SCHEMA_VERSION } from './control/operation.ts';
import { StartError } from './daemon/starterror.ts';

const USAGE_EXIT = FAILURE.USAGE_WRONG.exit;

/** Runs one command line; returns the exit code. */
async function main(args: readonly string[], runner: Runner): Promise<number> {
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

const runner = new Runner(processOutput());
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure, and for a server no reason to end.
  if (!runner.isServing) process.exit(code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await main(process.argv.slice(2), runner);
