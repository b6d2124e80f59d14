/** `keyturn key import`: what the table does not know, as it is of this process: its directory, and what it can ask. */
import path from 'node:path';
import type { Command } from 'commander';
import type { ParamsIn } from '../control/operations.ts';
import { checkParams, commandLineWord, parametersOf } from '../control/parameters.ts';
import { letRepeat, paramsOf, runOperation } from './command.ts';
import type { Runner } from './runner.ts';
import type { ServedKeys } from './served-keys.ts';

/** Adds `--served-by`, lets `--served` be repeated, and makes paths absolute. */
export function addImport(command: Command, runner: Runner): void {
  command.option('--served-by <addr[:port]>', 'ask this server which keys it serves (the old signer)');
  letRepeat(command, '--served');
  const parameters = parametersOf('key.import');
  command.action(async () => {
    const given = paramsOf(command, parameters);
    const { zone, path: paths } = checkParams('key.import', given, commandLineWord('key.import'));
    const { servedBy } = command.opts<{ readonly servedBy?: string }>();
    const asked = servedBy === undefined ? undefined : await askServed(zone, servedBy);
    const told = given.served as string[] | undefined;
    const params: ParamsIn<'key.import'> = {
      ...(given as ParamsIn<'key.import'>),
      path: paths.map((one) => path.resolve(one)),
      ...(asked === undefined ? {} : { served: [...(told ?? []), ...asked.records], servedTtl: asked.ttl }),
    };
    await runOperation('key.import', { ...params }, runner);
  });
}

/** Loaded when it is needed: other commands start in a fraction of the time. */
async function askServed(zone: string, server: string): Promise<ServedKeys> {
  const { servedKeys } = await import('./served-keys.ts');
  return servedKeys(zone, server);
}
