/** Commands that need no server and no zone: `explain`, `config`. */
import type { Command } from 'commander';
import { groupOf } from './command.ts';
import type { Runner } from './runner.ts';

/** Adds them. */
export function addOffline(program: Command, runner: Runner): void {
  addExplain(program, runner);
  addConfig(program, runner);
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

function addConfig(program: Command, runner: Runner): void {
  // Loaded when it is needed: other commands start in a fraction of the time.
  const load = () => import('./config.ts');
  const config = groupOf(program, 'config');
  config
    .command('check')
    .description('report everything that is wrong with a configuration file')
    .argument('<file>', 'configuration (YAML)')
    .action(async (file: string) => (await load()).checkConfig(file, runner));
  config
    .command('show')
    .description('print the configuration that is in force, with every default, and where each value is from')
    .argument('[file]', 'configuration (YAML); the defaults alone without one')
    .action(async (file: string | undefined) => (await load()).showConfig(file, runner));
  config
    .command('schema')
    .description('print the JSON Schema of configuration files, for editors')
    .action(async () => runner.output.print((await load()).schemaOfConfig()));
}
