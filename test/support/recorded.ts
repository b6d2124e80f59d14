/** An Output that keeps what is printed, as if into a file. */
import type { Output } from '../../src/cli/output.ts';

export interface Recorded {
  readonly output: Output;
  /** Of stdout. */
  readonly lines: string[];
  /** Of stderr. */
  readonly notes: string[];
}

export function recorded(isTerminal = false): Recorded {
  const lines: string[] = [];
  const notes: string[] = [];
  const output = {
    isTerminal,
    hasColor: false,
    print: (line: string) => void lines.push(...line.split('\n')),
    note: (line: string) => void notes.push(...line.split('\n')),
  };
  return { output, lines, notes };
}
