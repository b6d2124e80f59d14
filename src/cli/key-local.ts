/** `key export` and `key generate`: private halves are written by this process alone, never by way of the server. */
import { type Command, Option } from 'commander';
import { ROLE_WORDS } from '../store/words.ts';
import { groupOf } from './command.ts';
import type { ExportFlags, GenerateFlags } from './key-files.ts';
import type { Runner } from './runner.ts';

/** Adds them. */
export function addKeyFiles(program: Command, runner: Runner): void {
  // Loaded when it is needed: other commands start in a fraction of the time.
  const load = () => import('./key-files.ts');
  const key = groupOf(program, 'key');
  key
    .command('export')
    .description('write the keys of a zone for other programs; needs no server')
    .argument('<zone>', 'name of the zone')
    .requiredOption('--to <dir>', 'directory to write into; nothing there is overwritten')
    .option('--key <tag>', 'only this key')
    .addOption(
      new Option('--format <format>', 'files of BIND, or PEM').choices(['bind', 'pem']).default('bind'),
    )
    .option('--private', 'the private halves as well, not encrypted')
    .option('--keys <dir>', 'the keys directory (default: that of the control socket)')
    .action(async (zone: string, flags: ExportFlags) => (await load()).exportCommand(zone, flags, runner));
  key
    .command('generate')
    .description(
      'make key files like dnssec-keygen, for other programs or for a zone to come; needs no server',
    )
    .argument('<zone>', 'name of the zone')
    .requiredOption('--to <dir>', 'directory to write into')
    .option('--algorithm <algorithm>', 'ECDSAP256SHA256, ECDSAP384SHA384 or ED25519', 'ECDSAP256SHA256')
    .addOption(new Option('--role <role>', 'what it is for').choices(ROLE_WORDS).default('csk'))
    .action(async (zone: string, flags: GenerateFlags) =>
      (await load()).generateCommand(zone, flags, runner),
    );
}
