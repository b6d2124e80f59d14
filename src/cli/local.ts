/** Commands that need no server: `serve`, which is the server, and `zone check`. */
import { type Command, Option } from 'commander';
import { DENIAL_MODES, LOG_LEVELS, UDP_MODES } from '../store/words.ts';
import { collected, groupOf } from './command.ts';
import type { Runner } from './runner.ts';
import type { ServeFlags } from './serve.ts';

/** Adds `serve`. */
export function addServe(program: Command, runner: Runner): void {
  program
    .command('serve')
    .description('serve the zones of a directory, signed')
    .option('--config <file>', 'configuration (YAML)')
    .option('--zones <dir>', 'directory of zone files (default: zones)')
    .option('--keys <dir>', 'directory of keys (default: keys)')
    .option('--listen <addr:port>', 'UDP and TCP; may be repeated (default: 127.0.0.1:5300)', collected)
    .option('--workers <n>', 'UDP threads')
    .addOption(new Option('--udp <mode>', 'how UDP is received').choices(UDP_MODES))
    .addOption(new Option('--denial <mode>', 'how names that do not exist are denied').choices(DENIAL_MODES))
    .option('--unsigned', 'serve without signatures and make no keys')
    .option('--replace-keys', 'sign also zones that come with keys of another signer')
    .option('--takeover', 'take over from the running server, which answers until this one does')
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS))
    .action(async (_flags: ServeFlags, command: Command) => {
      runner.isServing = true;
      // Loaded when it is needed: other commands start in a fraction of the time.
      const { serveCommand } = await import('./serve.ts');
      await serveCommand(command.optsWithGlobals<ServeFlags>(), runner.output.print);
    });
}

/** Adds `zone check`. */
export function addCheck(program: Command, runner: Runner): void {
  groupOf(program, 'zone')
    .command('check')
    .argument('<file...>', 'a master file, or a zone of zones/')
    .description('report everything that is wrong with zone files; needs no server')
    .option('--origin <zone>', 'the zone of the file (default: from its name)')
    .action(async (files: string[], { origin }: { origin?: string }) => {
      const { checkFiles } = await import('./check.ts');
      runner.exitCode = checkFiles(files, { origin, json: runner.isJson }, runner.output);
    });
}
