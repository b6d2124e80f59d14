/** Commands that need no server and no zone: `explain`. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

/** Adds them. */
export function addOffline(program: Command, runner: Runner): void {
  addExplain(program, runner);
}

function addExplain(program: Command, runner: Runner): void {
  program
    .command('explain')
    .description('say what a code means, what leads to it, and what to do; lists all codes without one')
    .argument('[code]', 'a code, as in [ZONE_NO_SOA]')
    .action(async (code: string | undefined) => {
      const { explainCommand } = await import('./explain.ts');
      explainCommand(code, runner.isJson, runner.output);
    });
}
