/** `keyturn health`: exit code 0 if nothing needs a person, 1 if something does; `--nagios` for monitoring. */
import type { Command } from 'commander';
import { OperationError } from '../control/operation.ts';
import { runOperation } from './command.ts';
import type { Runner } from './runner.ts';
import { NAGIOS_EXIT, NAGIOS_UNKNOWN, nagiosLine, pluginText } from './watch-output.ts';

/** Adds `--nagios`. */
export function addHealth(command: Command, runner: Runner): void {
  command.option(
    '--nagios',
    'one line with performance data, exit code 0, 1, 2 or 3, as monitoring plugins have it',
  );
  command.action(async ({ nagios }: { readonly nagios?: boolean }) => {
    if (nagios === true) return plugin(runner);
    return runOperation('health', {}, runner);
  });
}

async function plugin(runner: Runner): Promise<void> {
  try {
    const health = await runner.call('health', {});
    runner.output.print(nagiosLine(health));
    runner.exitCode = NAGIOS_EXIT[health.level];
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    // A server that does not run is not unknown, it is down.
    const isDown = error.code === 'NOT_RUNNING';
    runner.output.print(`KEYTURN ${isDown ? 'CRITICAL' : 'UNKNOWN'} - ${pluginText(error.message)}`);
    runner.exitCode = isDown ? NAGIOS_EXIT.critical : NAGIOS_UNKNOWN;
  }
}
