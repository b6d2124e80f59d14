/** Commands that need no control socket: `explain`, `config`, `query`. */
import type { Command } from 'commander';
import { groupOf } from './command.ts';
import type { QueryFlags } from './query-flags.ts';
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
    .option('--compact', 'say that compact denial is understood (CO)')
    .option('--tcp', 'ask over TCP at once')
    .option('--tls', 'ask over TLS (port 853), whoever it is')
    .option('--tls-host <name>', 'ask over TLS, and only a server whose certificate has that name')
    .option('--tls-ca <file>', 'authorities that such certificates are from, in PEM')
    .option('--recurse', 'ask for recursion (RD)')
    .option('--ad', 'set the flag AD')
    .option('--cd', 'set the flag CD')
    .option('--class <class>', 'class of the question: IN, CH, HS, ANY or CLASS123')
    .option('--opcode <opcode>', 'QUERY, NOTIFY, UPDATE or a number')
    .option('--no-edns', 'send no OPT record')
    .option('--edns-version <n>', 'version of EDNS')
    .option('--payload <octets>', 'how large an answer over UDP may be')
    .option('--cookie', 'send a new client cookie')
    .option('--with-cookie <hex>', 'send that cookie')
    .option('--nsid', 'ask the server for its id')
    .option('--keepalive', 'ask how long a connection may idle')
    .option('--padding', 'pad the query to a multiple of 128 octets; over TLS it always is')
    .option('--subnet <prefix>', 'send a client subnet, such as 192.0.2.0/24')
    .option(
      '--option <code[:hex]>',
      'send any EDNS option; may be repeated',
      (text, before: string[] = []) => [...before, text],
    )
    .option('--short', 'print the data of the answer alone')
    .option('--timeout <duration>', 'how long to wait for an answer', '3s')
    .option('--tries <n>', 'how often to ask over UDP', '2')
    .action(async (words: string[], flags: QueryFlags) => {
      const { queryCommand } = await import('./query.ts');
      await queryCommand(words, flags, runner);
    });
}
