/** Help that goes beyond what commander writes: examples, exit codes, and `keyturn help COMMAND...`. */
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import { EXIT_MEANINGS } from './describe-program.ts';
import { EXAMPLES } from './examples.ts';
import type { Runner } from './runner.ts';

/** Adds `help`. */
export function addHelp(program: Command, _runner: Runner): void {
  program
    .helpCommand(false)
    .command('help')
    .argument('[command...]', 'its words, like: rollover start')
    .description('show the help of a command')
    .action((words: string[]) => findCommand(program, words).outputHelp());
}

/** The command that words name. Throws OperationError. */
function findCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) {
      throw new OperationError(
        'USAGE_WRONG',
        'NO_SUCH_COMMAND',
        `there is no command "${words.join(' ')}"`,
        'keyturn help',
      );
    }
    command = next;
  }
  return command;
}

/** Completes the help of all commands, when they are there. */
export function completeHelp(program: Command): void {
  const meanings = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`);
  program.addHelpText('after', `\nExit codes:\n${meanings.join('\n')}`);
  for (const command of program.commands) addExamples(command, [command.name()]);
}

function addExamples(command: Command, words: readonly string[]): void {
  for (const below of command.commands) addExamples(below, [...words, below.name()]);
  const examples = EXAMPLES[words.join(' ')];
  if (examples === undefined) return;
  const lines = examples.flatMap(({ line, meaning }) => [`  ${line}`, `      ${meaning}`]);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
