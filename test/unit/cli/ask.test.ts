/** Questions before what is dangerous: who is asked, and what counts as an answer. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askBefore } from '../../../src/cli/ask.ts';
import type { Output } from '../../../src/cli/output.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

/** Asks somebody who types `typed`; returns what was said before the question. */
async function ask(typed: string, { isTTY = true, yes = false } = {}): Promise<string[]> {
  const notes: string[] = [];
  const output: Output = {
    ...{ isTerminal: isTTY, hasColor: false },
    ...{ print: () => expect.fail('nothing is data'), note: (line) => void notes.push(line) },
  };
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  stdin.write(typed);
  await askBefore('it breaks', { flags: { yes }, output }, { stdin, stderr });
  return notes;
}

describe('askBefore', () => {
  it('goes on if the person agrees', async () => {
    expect(await ask('y\r')).toEqual(['it breaks']);
    expect(await ask('YES\r')).toEqual(['it breaks']);
  });

  it.each(['n\r', '\r', 'yesterday\r', CTRL_C, CTRL_D])('changes nothing after %j', async (typed) => {
    await expect(ask(typed)).rejects.toMatchObject({ kind: 'REFUSED', code: 'NOT_AGREED' });
  });

  it('asks nobody who is not there, or said yes', async () => {
    expect(await ask('', { isTTY: false })).toEqual([]);
    expect(await ask('', { yes: true })).toEqual([]);
  });
});
