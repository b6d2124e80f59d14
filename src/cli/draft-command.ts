/** `keyturn zone diff --file DRAFT`: a file that is not in the zones directory yet, against what is served. */
import type { Command } from 'commander';
import { parametersOf } from '../control/parameters.ts';
import { paramsOf, runOperation } from './command.ts';
import type { Runner } from './runner.ts';

/** Adds `--file` to `zone diff`. */
export function addDraft(command: Command, runner: Runner): void {
  const parameters = parametersOf('zone.diff');
  command.option('--file <file>', 'this file instead of the one in the zones directory');
  command.action(async () => {
    const given = paramsOf(command, parameters);
    const { file } = command.opts<{ readonly file?: string }>();
    if (file === undefined) return runOperation('zone.diff', given, runner);
    const { diffDraft } = await import('./draft.ts');
    return diffDraft(file, given, runner);
  });
}
