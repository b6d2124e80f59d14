/** Command lines in this process: what they print is caught, and no server is there to ask. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Output } from '../../src/cli/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCommandLine } from '../../src/cli/run.ts';
import { Runner } from '../../src/cli/runner.ts';

/** A socket that is not there. */
export const NOWHERE: string = join('no-such-directory', 'control.sock');

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A runner, and the lines that it printed. */
export function capturedRunner(): {
  readonly runner: Runner;
  readonly out: string[];
  readonly err: string[];
} {
  const out: string[] = [];
  const err: string[] = [];
  const output: Output = {
    isTerminal: false,
    hasColor: false,
    print: (line) => void out.push(line),
    note: (line) => void err.push(line),
  };
  return { runner: new Runner(output), out, err };
}

/** Runs `keyturn` with these words; the server is sought where none is. */
export async function runCaptured(...words: string[]): Promise<Captured> {
  const { runner, out, err } = capturedRunner();
  const code = await runCommandLine(['--control', NOWHERE, ...words], runner);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** The program, to look at. */
export function lookedAtProgram(): Command {
  return createProgram(capturedRunner().runner);
}

/** The long form of an option without its value: `--type` of `-t, --type <type>`. */
export function longFlag(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}
