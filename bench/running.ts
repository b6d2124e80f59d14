/** What a running Keyturn tells of itself through its control socket. */
import { join, resolve } from 'node:path';
import { runOk } from '../test/support/processes.ts';
import type { BenchServer } from './servers.ts';

/** Name of a counter → how often, as `status --json` has them. */
export type Counters = Readonly<Record<string, number>>;

/** The counters of all threads of a Keyturn that bench/servers started. */
export async function countersOf({ folder }: BenchServer): Promise<Counters> {
  const control = join(folder, 'keys', 'control.sock');
  const args = [resolve('dist/cli.js'), '--control', control, '--json', 'status'];
  return (JSON.parse(await runOk(process.execPath, args)) as { readonly counters: Counters }).counters;
}

/** What was counted between two looks. */
export function difference(before: Counters, after: Counters): Counters {
  return Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}
