/**
 * Hooks: programs that hand something over. No shell; JSON on standard input, and almost no environment. What they print is
 * kept in parts. Exit 0: handed over; 75 (EX_TEMPFAIL), a signal or the timeout: later; anything else: not by this program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { HookChannel } from '../store/config-handover.ts';
import type { Outcome } from './deliveries.ts';

const TEMPORARY = 75;
const MAX_OUTPUT = 4_096;
const MAX_TOLD = 300;
/** A program that ignores SIGTERM is ended the hard way. */
const KILL_MS = 2_000;

export class Hooks {
  readonly #running = new Set<ChildProcess>();

  /** Runs a program; resolves when it has ended. Never rejects. */
  run({ command, timeout }: HookChannel, input: string): Promise<Outcome> {
    const [program, ...rest] = command;
    return new Promise((resolve) => {
      const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };
      const child = spawn(program!, rest, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
      const said = { text: '' };
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        end(child);
      }, timeout * 1_000);
      const settle = (outcome: Outcome) => {
        clearTimeout(timer);
        this.#running.delete(child);
        const told = said.text
          .replace(/[^\x20-\x7e]+/g, ' ')
          .trim()
          .slice(-MAX_TOLD);
        resolve(told === '' ? outcome : { ...outcome, text: `${outcome.text}: ${told}` });
      };
      this.#running.add(child);
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part: Buffer) => keep(said, part));
      child.once('error', (error) => settle({ kind: 'retry', text: `it cannot be run: ${error.message}` }));
      child.once('exit', (code, signal) =>
        settle(outcomeOf(code, isLate ? `no end within ${timeout} s` : signal)),
      );
      // A program need not read what it is given.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  }

  /** Ends all programs. */
  close(): void {
    for (const child of this.#running) end(child);
  }
}

function keep(said: { text: string }, part: Buffer): void {
  said.text = (said.text + part.toString('utf8')).slice(-MAX_OUTPUT);
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref();
}

function outcomeOf(code: number | null, ended: string | null): Outcome {
  if (code === 0) return { kind: 'done', text: 'exit 0' };
  if (code === null) return { kind: 'retry', text: `it was ended (${ended})` };
  return { kind: code === TEMPORARY ? 'retry' : 'failed', text: `exit ${code}` };
}
