#!/usr/bin/env node
/** The process of a command line: its arguments, its output, its exit code. */
import { processOutput } from './cli/output.ts';
import { runCommandLine } from './cli/run.ts';
import { Runner } from './cli/runner.ts';

const runner = new Runner(processOutput());
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure, and for a server no reason to end.
  if (!runner.isServing) process.exit(code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await runCommandLine(process.argv.slice(2), runner);
