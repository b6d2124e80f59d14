/** `keyturn zone reload --dry-run`: what it would change, of one zone or of all. */
import type { Command } from 'commander';
import type { ZoneDiff } from '../control/diff-shapes.ts';
import { FAILURE, SCHEMA_VERSION } from '../control/operation.ts';
import { parametersOf } from '../control/parameters.ts';
import { paramsOf, runOperation } from './command.ts';
import { printDiff } from './diff-output.ts';
import type { Runner } from './runner.ts';

/** Changes of each zone that are listed. */
const DRY_RUN_CHANGES = 100;

/** Adds `--dry-run` to `zone reload`. */
export function addDryRun(command: Command, runner: Runner): void {
  const parameters = parametersOf('zone.reload');
  command.option('--dry-run', 'show what would change, and change nothing');
  command.action(async () => {
    const given = paramsOf(command, parameters) as { readonly zone?: string };
    if (command.opts<{ dryRun?: boolean }>().dryRun !== true)
      return runOperation('zone.reload', given, runner);
    return dryRun(given.zone, runner);
  });
}

async function dryRun(zone: string | undefined, runner: Runner): Promise<void> {
  const names =
    zone === undefined ? (await runner.call('zone.list', {})).zones.map((one) => one.zone) : [zone];
  const diffs: ZoneDiff[] = [];
  for (const name of names) {
    const diff = await runner.call('zone.diff', { zone: name, limit: DRY_RUN_CHANGES });
    diffs.push(diff);
    if (!runner.isJson) printDiff(runner.output, diff);
  }
  if (runner.isJson) runner.output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, zones: diffs }));
  else runner.output.note('nothing was changed');
  // Changes are what a reload is for: only a file that is bad is a failure.
  if (diffs.some(({ outcome }) => outcome === 'rejected')) runner.exitCode = FAILURE.DATA_WRONG.exit;
}
