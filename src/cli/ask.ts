/**
 * Questions before what is dangerous. Only a person at a terminal is asked; a script has said what it wants by
 * running the command, and what would break the chain of trust is refused by the server whoever asks.
 */
import readline from 'node:readline/promises';
import { OperationError } from '../control/operation.ts';
import type { Runner } from './runner.ts';

/** Returns if the person at the terminal agrees, or if there is none to ask. Throws OperationError. */
export async function askBefore(effect: string, { flags, output }: Runner): Promise<void> {
  if (flags.yes === true || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return;
  output.note(effect);
  const lines = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('go on? [y/N] ');
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new OperationError('REFUSED', 'NOT_AGREED', 'nothing was changed', 'answer "y", or give --yes');
}
