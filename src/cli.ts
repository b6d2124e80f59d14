#!/usr/bin/env node
/** The command line: words to operations, results to text, failures to exit codes (DESIGN §8). */
import { Command, CommanderError, Option } from 'commander';
import type { Diagnostic } from './base/diagnostic.ts';
import { formatDiagnostic } from './base/diagnostic.ts';
import type { Show } from './cli/commands.ts';
import { addJobCommands } from './cli/job.ts';
import {
  DS_FORMATS,
  type DsFormat,
  dsLines,
  type Output,
  printStatus,
  printZone,
  printZones,
  processOutput,
} from './cli/output.ts';
import { addClockCommands, addRolloverCommands, addSignCommands } from './cli/rollover.ts';
import type { ServeFlags } from './cli/serve.ts';
import { ControlClient } from './control/client.ts';
import {
  FAILURE,
  OPERATIONS,
  OperationError,
  type OperationName,
  type ParamsIn,
  type Result,
  SCHEMA_VERSION,
} from './control/operations.ts';
import { StartError } from './daemon/starterror.ts';
import { programVersion } from './daemon/version.ts';
import { LOG_LEVELS, UDP_MODES } from './store/config-schema.ts';

const DEFAULT_CONTROL = 'keys/control.sock';

/** This process is the server. */
let isServing = false;

interface GlobalFlags {
  readonly control?: string;
  readonly json?: boolean;
}

/** Runs one command line; returns the exit code. */
async function main(args: readonly string[], output: Output): Promise<number> {
  let exitCode = 0;
  const program = createProgram(output, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return tellFailure(error, program.opts<GlobalFlags>().json === true, output);
  }
}

function createProgram(output: Output, setExitCode: (code: number) => void): Command {
  const program = new Command('keyturn')
    .description('authoritative DNS server that signs its zones online and turns its own keys')
    .version(versionLine(), '-V, --version')
    .option('--control <path>', 'control socket of the server (or KEYTURN_CONTROL)')
    .option('--json', 'print one JSON object with schema_version')
    .exitOverride()
    .configureOutput({ writeErr: (text) => output.note(text.trimEnd()) });
  addServe(program, output);
  const shown: Show = (name, params, print) => show(program, output, name, params, print);
  addSignCommands(addZoneCommands(program, output, setExitCode), output, shown);
  addRolloverCommands(program, output, shown);
  addJobCommands(program, output, shown);
  addClockCommands(program, output, shown);
  program
    .command(OPERATIONS.status.cli)
    .description(OPERATIONS.status.summary)
    .action(async () => {
      await show(program, output, 'status', {}, (result) => printStatus(output, result));
    });
  program
    .command('ds <zone>')
    .description(OPERATIONS['ds.show'].summary)
    .addOption(new Option('--format <format>', 'how to write them').choices([...DS_FORMATS]).default('ds'))
    .action(async (zone: string, { format }: { format: DsFormat }) => printDs(program, output, zone, format));
  return program;
}

function addServe(program: Command, output: Output): void {
  const collect = (value: string, before: string[] = []) => [...before, value];
  program
    .command('serve')
    .description('serve the zones of a directory, signed')
    .option('--config <file>', 'configuration (YAML)')
    .option('--zones <dir>', 'directory of zone files (default: zones)')
    .option('--keys <dir>', 'directory of keys (default: keys)')
    .option('--listen <addr:port>', 'UDP and TCP; may be repeated (default: 127.0.0.1:5300)', collect)
    .option('--workers <n>', 'UDP threads')
    .addOption(new Option('--udp <mode>', 'how UDP is received').choices([...UDP_MODES]))
    .option('--denial <mode>', 'how names that do not exist are denied: nsec')
    .option('--unsigned', 'serve without signatures and make no keys')
    .option('--replace-keys', 'sign also zones that come with keys of another signer')
    .addOption(new Option('--log-level <level>', 'how much is logged').choices([...LOG_LEVELS]))
    .action(async (_flags: ServeFlags, command: Command) => {
      isServing = true;
      // Loaded when it is needed: other commands start in a fraction of the time.
      const { serveCommand } = await import('./cli/serve.ts');
      await serveCommand(command.optsWithGlobals<ServeFlags>(), output.print);
    });
}

function addZoneCommands(program: Command, output: Output, setExitCode: (code: number) => void): Command {
  const words = 'zones: list, show, check, reload, export, sign, unsign, forget';
  const zone = program.command('zone').description(words);
  zone
    .command('list')
    .description(OPERATIONS['zone.list'].summary)
    .action(async () => {
      await show(program, output, 'zone.list', {}, ({ zones }) => printZones(output, zones));
    });
  zone
    .command('show <zone>')
    .description(OPERATIONS['zone.show'].summary)
    .action(async (name: string) => {
      await show(program, output, 'zone.show', { zone: name }, (result) => printZone(output, result));
    });
  zone
    .command('check <file...>')
    .description('report everything that is wrong with zone files; needs no server')
    .option('--origin <zone>', 'the zone of the file (default: from its name)')
    .action(async (files: string[], { origin }: { origin?: string }) => {
      const { checkFiles } = await import('./cli/check.ts');
      setExitCode(checkFiles(files, { origin, json: isJson(program) }, output));
    });
  zone
    .command('reload [zone]')
    .description(OPERATIONS['zone.reload'].summary)
    .action(async (name: string | undefined) => {
      const result = await show(program, output, 'zone.reload', { zone: name }, (reloaded) => {
        printReloaded(output, reloaded);
      });
      if (result.zones.some(({ outcome }) => outcome === 'failed')) setExitCode(FAILURE.DATA_WRONG.exit);
    });
  zone
    .command('export <zone>')
    .description(OPERATIONS['zone.export'].summary)
    .option('--signed', 'with keys, signatures and the denial chain')
    .action(async (name: string, { signed = false }: { signed?: boolean }) => {
      const client = new ControlClient(controlPath(program));
      await client.stream('zone.export', { zone: name, signed }, (part) => process.stdout.write(part));
    });
  zone
    .command('forget [zone]')
    .description(OPERATIONS['zone.forget'].summary)
    .action(async (name: string | undefined) => {
      await show(program, output, 'zone.forget', { zone: name }, ({ zones }) => {
        if (zones.length === 0) output.note('no zone was waiting for that');
        for (const gone of zones) output.print(gone);
      });
    });
  return zone;
}

/** Calls an operation and prints its result, as JSON or by `print`. */
async function show<N extends OperationName>(
  program: Command,
  output: Output,
  ...[name, params, print]: [N, ParamsIn<N>, (result: Result<N>) => void]
): Promise<Result<N>> {
  const result = await new ControlClient(controlPath(program)).call(name, params);
  if (isJson(program)) output.print(JSON.stringify(result));
  else print(result);
  return result;
}

async function printDs(program: Command, output: Output, zone: string, format: DsFormat): Promise<void> {
  const result = await new ControlClient(controlPath(program)).call('ds.show', { zone });
  if (format === 'json' || isJson(program)) output.print(JSON.stringify(result));
  else for (const line of dsLines(result, format)) output.print(line);
  if (result.caution !== null) output.note(`caution: ${result.caution}`);
}

function printReloaded(output: Output, { zones }: Result<'zone.reload'>): void {
  for (const { zone, outcome, serial, effect, diagnostics } of zones) {
    for (const diagnostic of diagnostics) output.print(formatDiagnostic(diagnostic as Diagnostic));
    output.print(outcome === 'failed' ? `${zone} failed: ${effect}` : `${zone} ${outcome}, serial ${serial}`);
  }
}

function controlPath(program: Command): string {
  return program.opts<GlobalFlags>().control ?? process.env.KEYTURN_CONTROL ?? DEFAULT_CONTROL;
}

function isJson(program: Command): boolean {
  return program.opts<GlobalFlags>().json === true;
}

function versionLine(): string {
  const { version, versions, platform, arch } = process;
  return `keyturn ${programVersion()} (node ${version.slice(1)}, openssl ${versions.openssl}, ${platform} ${arch})`;
}

/** Tells a failure and what to do about it; returns the exit code. */
function tellFailure(error: unknown, asJson: boolean, output: Output): number {
  if (error instanceof OperationError || error instanceof StartError) {
    const { kind, code } =
      error instanceof OperationError ? error : { kind: 'DATA_WRONG' as const, code: 'START_FAILED' };
    const { message, fix } = error;
    if (asJson) {
      const failure = { kind, code, message, fix: fix ?? null };
      output.print(JSON.stringify({ schema_version: SCHEMA_VERSION, error: failure }));
    }
    output.note(`error[${code}]: ${message}${fix === undefined ? '' : `\n  fix: ${fix}`}`);
    return FAILURE[kind].exit;
  }
  output.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure, and for a server no reason to end.
  if (!isServing) process.exit(code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await main(process.argv.slice(2), processOutput());
