/**
 * Questions before what is dangerous. Only a person at a terminal is asked; a script has said what it wants by
 * running the command, and what would break the chain of trust is refused by the server whoever asks.
 */
import readline from 'node:readline/promises';
import { OperationError } from '../control/operation.ts';
import type { Runner } from './runner.ts';

/** Where a person is asked: both must be a terminal. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Returns if the person at the terminal agrees, or if there is none to ask. Throws OperationError. */
export async function askBefore(
  effect: string,
  { flags, output }: Pick<Runner, 'flags' | 'output'>,
  { stdin, stderr }: Terminal = process,
): Promise<void> {
  if (flags.yes === true || stdin.isTTY !== true || stderr.isTTY !== true) return;
  output.note(effect);
  const lines = readline.createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question('go on? [y/N] ');
    if (/^y(es)?$/i.test(answer.trim())) return;
  } catch (error) {
    // ^C and ^D are answers too.
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
    stderr.write('\n');
  } finally {
    lines.close();
  }
  throw new OperationError('REFUSED', 'NOT_AGREED', 'nothing was changed', 'answer "y", or give --yes');
}
