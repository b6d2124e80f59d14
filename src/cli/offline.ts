/** Commands that need no control socket: `explain`, `config`, `query`. */
import type { Command } from 'commander';
import { groupOf } from './command.ts';
import type { QueryFlags } from './query.ts';
import type { Runner } from './runner.ts';

/** Adds them. */
export function addOffline(program: Command, runner: Runner): void {
  addExplain(program, runner);
  addConfig(program, runner);
  addQuery(program, runner);
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

function addQuery(program: Command, runner: Runner): void {
  program
    .command('query')
    .description('ask a DNS server, by default the one that runs here, and show its answer')
    .argument('<words...>', 'NAME [TYPE] [@ADDRESS]: what to ask for (type A), and whom')
    .option('-p, --port <port>', 'port of the server (default: its own, or 53 with @ADDRESS)')
    .option('--dnssec', 'ask for signatures (DO)')
    .option('--tcp', 'ask over TCP at once')
    .option('--recurse', 'ask for recursion (RD)')
    .option('--short', 'print the data of the answer alone')
    .option('--timeout <duration>', 'how long to wait for an answer', '3s')
    .option('--tries <n>', 'how often to ask over UDP', '2')
    .action(async (words: string[], flags: QueryFlags) => {
      const { queryCommand } = await import('./query.ts');
      await queryCommand(words, flags, runner);
    });
}
