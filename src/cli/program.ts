/**
 * The command line as a whole. Commands of the server follow from the table of operations: words, parameters, help;
 * a few are given more by hand. Commands that need no server are beside them.
 */
import { Command } from 'commander';
import { OPERATION_NAMES, type OperationName } from '../control/operations.ts';
import { programVersion } from '../daemon/installation.ts';
import { addOperation } from './command.ts';
import { addCompletion } from './completion.ts';
import { addDocs } from './docs.ts';
import { addDraft } from './draft-command.ts';
import { addDsFormats } from './ds.ts';
import { addEvents } from './events.ts';
import { addHealth } from './health.ts';
import { addHelp, completeHelp } from './help.ts';
import { addFollow } from './job-follow.ts';
import { addImport } from './key-command.ts';
import { addKeyFiles } from './key-local.ts';
import { addCheck, addServe } from './local.ts';
import { addOffline } from './offline.ts';
import { addConfigFile } from './policy-local.ts';
import { addDryRun } from './reload.ts';
import { addWait } from './rollover-wait.ts';
import type { Runner } from './runner.ts';
import { addMany } from './start-many.ts';
import { addSvg } from './timeline-command.ts';

/** What operations have on the command line beyond the table. */
const MORE: { readonly [N in OperationName]?: (command: Command, runner: Runner) => void } = {
  'ds.show': addDsFormats,
  'zone.reload': addDryRun,
  'zone.diff': addDraft,
  'key.import': addImport,
  'rollover.start': addMany,
  health: addHealth,
  events: addEvents,
  'job.show': addFollow,
  timeline: addSvg,
  'policy.show': addConfigFile('policy.show'),
  'policy.check': addConfigFile('policy.check'),
  'policy.simulate': addConfigFile('policy.simulate'),
  'rollover.status': addWait,
};

/** Commands that need no server. */
const LOCAL: readonly ((program: Command, runner: Runner) => void)[] = [
  addServe,
  addCheck,
  addCompletion,
  addHelp,
  addDocs,
  addOffline,
  addKeyFiles,
];

/** What the groups are about. */
const GROUPS: Readonly<Record<string, string>> = {
  zone: 'zones and their files',
  key: 'keys of zones',
  rollover: 'rollovers of keys',
  job: 'rollovers of many zones',
  policy: 'policies by which keys are rolled',
  log: 'the log of the server',
  config: 'the configuration file',
  clock: 'the clock by which keys are rolled',
};

/** No line of ours is longer. */
const LINE_COLUMNS = 500;

/** The program; its commands call `runner`. */
export function createProgram(runner: Runner): Command {
  const { output } = runner;
  const program = new Command('keyturn')
    .description('authoritative DNS server that signs its zones online and turns its own keys')
    .version(versionLine(), '-V, --version')
    .option('--control <path>', 'control socket of the server (or KEYTURN_CONTROL)')
    .option('--json', 'print one JSON object with schema_version')
    .option('-y, --yes', 'do not ask before what is dangerous')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => output.print(text.trimEnd()),
      writeErr: (text) => output.note(printable(text)),
    });
  runner.attach(program);
  for (const add of LOCAL) add(program, runner);
  for (const name of OPERATION_NAMES) {
    const command = addOperation(program, name, runner);
    MORE[name]?.(command, runner);
  }
  for (const group of program.commands) {
    if (group.commands.length === 0) continue;
    const verbs = group.commands.map((command) => command.name()).join(', ');
    group.description(`${GROUPS[group.name()] ?? group.name()}: ${verbs}`);
  }
  completeHelp(program);
  return program;
}

/** What a terminal may be given of a message that quotes the command line. */
function printable(text: string): string {
  const lines = text
    .trimEnd()
    .replace(/[^\n\P{Cc}]/gu, '?')
    .split('\n');
  const short = (line: string) => (line.length > LINE_COLUMNS ? `${line.slice(0, LINE_COLUMNS)}...` : line);
  return lines.map(short).join('\n');
}

function versionLine(): string {
  const { version, versions, platform, arch } = process;
  return `keyturn ${programVersion()} (node ${version.slice(1)}, openssl ${versions.openssl}, ${platform} ${arch})`;
}
