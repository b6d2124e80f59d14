/** The commands on keys: `rollover …`, `zone sign`, `zone unsign`, `clock confirm`. */
import { type Command, Option } from 'commander';
import { METHODS, OPERATIONS, OperationError, STARTED_TYPES } from '../control/operations.ts';
import { parseSeconds, parseTag, type Show } from './commands.ts';
import { addManyOptions, isMany, type StartFlags, startMany } from './job.ts';
import type { Output } from './output.ts';
import { printChange, printHistory, printPlan, printRollover, printRollovers } from './rollover-output.ts';

interface ConfirmFlags {
  readonly key?: number;
  readonly seen?: boolean;
  readonly gone?: boolean;
  readonly none?: boolean;
  readonly ttl?: number;
}

/** Adds `rollover` with its subcommands. */
export function addRolloverCommands(program: Command, output: Output, show: Show): void {
  const rollover = program
    .command('rollover')
    .description('rollovers: start, status, confirm-ds, cancel, plan, list, history');
  addStart(rollover, output, show);
  rollover
    .command('status <zone>')
    .description(OPERATIONS['rollover.status'].summary)
    .action(async (zone: string) => {
      await show('rollover.status', { zone }, (result) => printRollover(output, result));
    });
  addConfirmDs(rollover, output, show);
  rollover
    .command('cancel <zone>')
    .description(OPERATIONS['rollover.cancel'].summary)
    .action(async (zone: string) => {
      await show('rollover.cancel', { zone }, (result) => printChange(output, result));
    });
  addReports(rollover, output, show);
}

function addStart(rollover: Command, output: Output, show: Show): void {
  const start = rollover
    .command('start [zone]')
    .description('replace keys of a zone, or of many, paced')
    .addOption(new Option('--type <type>', 'which keys to replace').choices([...STARTED_TYPES]))
    .option('--to <algorithm|scheme>', 'the new algorithm, or csk or ksk-zsk')
    .addOption(new Option('--method <method>', 'instead of the one of the policy').choices([...METHODS]))
    .addOption(
      new Option(
        '--emergency <how>',
        'the key is lost or known to others: without margins, or at once',
      ).choices(['continuity', 'containment']),
    )
    .option('--dry-run', 'say whether it is refused and what it would do, and change nothing');
  addManyOptions(start).action(async (zone: string | undefined, flags: StartFlags) => {
    if (isMany(flags, zone)) return startMany(flags, output, show);
    const { type, to, method, emergency, dryRun = false } = flags;
    await show('rollover.start', { zone, type, to, method, emergency, dryRun }, (result) =>
      printChange(output, result),
    );
  });
}

function addConfirmDs(rollover: Command, output: Output, show: Show): void {
  rollover
    .command('confirm-ds <zone>')
    .description(OPERATIONS['rollover.confirm-ds'].summary)
    .option('--key <tag>', 'tag of the key', parseTag)
    .option('--seen', 'every server of the parent has its DS')
    .option('--gone', 'no server of the parent has its DS')
    .option('--none', 'no server of the parent has any DS of the zone')
    .option('--ttl <duration>', 'TTL of the DS (default: parent.dsTtl of the policy)', parseSeconds)
    .action(async (zone: string, { key, seen, gone, none, ttl }: ConfirmFlags) => {
      const said = [...(seen ? ['seen' as const] : []), ...(gone ? ['gone' as const] : [])];
      const all = [...said, ...(none ? ['none' as const] : [])];
      const [observed] = all;
      if (all.length !== 1 || observed === undefined) {
        const fix = `keyturn rollover confirm-ds ${zone} --key TAG --seen`;
        throw new OperationError('USAGE_WRONG', 'ONE_OBSERVATION', 'say one of --seen, --gone, --none', fix);
      }
      await show('rollover.confirm-ds', { zone, key, observed, ttl }, (result) =>
        printChange(output, result),
      );
    });
}

function addReports(rollover: Command, output: Output, show: Show): void {
  rollover
    .command('plan <zone>')
    .description(OPERATIONS['rollover.plan'].summary)
    .option('--parent-delay <duration>', 'assume that the parent takes so long', parseSeconds)
    .option('--days <n>', 'how far to look (default: 400)', Number)
    .action(async (zone: string, { parentDelay, days }: { parentDelay?: number; days?: number }) => {
      await show('rollover.plan', { zone, parentDelay, days }, (result) => printPlan(output, result));
    });
  rollover
    .command('list [zone]')
    .description(OPERATIONS['rollover.list'].summary)
    .action(async (zone: string | undefined) => {
      await show('rollover.list', { zone }, (result) => printRollovers(output, result));
    });
  rollover
    .command('history <zone>')
    .description(OPERATIONS['rollover.history'].summary)
    .option('--limit <n>', 'how many of the newest (default: 1000)', Number)
    .action(async (zone: string, { limit }: { limit?: number }) => {
      await show('rollover.history', { zone, limit }, (result) => printHistory(output, result));
    });
}

/** Adds `zone sign` and `zone unsign`. */
export function addSignCommands(zoneCommand: Command, output: Output, show: Show): void {
  for (const name of ['zone.sign', 'zone.unsign'] as const) {
    zoneCommand
      .command(`${OPERATIONS[name].cli.split(' ')[1]} <zone>`)
      .description(OPERATIONS[name].summary)
      .action(async (zone: string) => {
        await show(name, { zone }, (result) => printChange(output, result));
      });
  }
}

/** Adds `clock confirm`. */
export function addClockCommands(program: Command, output: Output, show: Show): void {
  program
    .command('clock')
    .description('the clock by which keys are rolled')
    .command('confirm')
    .description(OPERATIONS['clock.confirm'].summary)
    .action(async () => {
      await show('clock.confirm', {}, () => output.print('rollovers go on by the clock as it is'));
    });
}
