/** `keyturn serve`: command line and configuration file into a Config, then the daemon. */
import { formatDiagnostic } from '../base/diagnostic.ts';
import { OperationError } from '../control/operation.ts';
import type { ReadConfig } from '../daemon/liveconfig.ts';
import type { DenialMode } from '../kasp/policy.ts';
import { type ServeOptions, serve } from '../main.ts';
import { createLog } from '../ops/log.ts';
import { type Config, type ConfigOverrides, defaultConfig, parseConfig } from '../store/config.ts';
import { type Listen, parseListen } from '../store/listen.ts';
import { configText } from './config-file.ts';

/** Options as commander gives them. */
export interface ServeFlags {
  readonly config?: string;
  readonly zones?: string;
  readonly keys?: string;
  readonly listen?: readonly string[];
  readonly control?: string;
  readonly workers?: string;
  readonly udp?: Config['udp'];
  readonly denial?: DenialMode;
  readonly unsigned?: boolean;
  readonly replaceKeys?: boolean;
  readonly takeover?: boolean;
  readonly logLevel?: Config['logLevel'];
}

/** Runs the daemon until a signal ends it. */
export async function serveCommand(flags: ServeFlags, print: ServeOptions['print']): Promise<void> {
  const { config, warnings } = readConfig(flags);
  const log = createLog(config.logLevel, { isTerminal: process.stderr.isTTY === true });
  for (const warning of warnings) {
    const { code, file, line, column } = warning;
    log.warn({ code, file, line, column }, formatDiagnostic(warning));
  }
  await serve({
    config,
    log,
    reread: () => readConfig(flags),
    replaceKeys: flags.replaceKeys ?? false,
    isTakeover: flags.takeover ?? false,
    print,
  });
}

/** The configuration that flags and file say. Throws OperationError. */
export function readConfig(flags: ServeFlags): ReadConfig {
  const overrides = overridesOf(flags);
  if (flags.config === undefined) return { config: defaultConfig(overrides), warnings: [] };
  const text = configText(flags.config, 'name an existing file with --config, or leave it out');
  const { config, diagnostics } = parseConfig(text, flags.config, overrides);
  if (config !== undefined) return { config, warnings: diagnostics };
  throw new OperationError(
    'DATA_WRONG',
    'CONFIG_WRONG',
    `the configuration has errors\n${diagnostics.map(formatDiagnostic).join('\n')}`,
  );
}

function overridesOf(flags: ServeFlags): ConfigOverrides {
  return {
    ...(flags.listen !== undefined && { listen: flags.listen.map(listenOf) }),
    ...(flags.zones !== undefined && { zonesDirectory: flags.zones }),
    ...(flags.keys !== undefined && { keysDirectory: flags.keys }),
    ...(flags.control !== undefined && { controlPath: flags.control }),
    ...(flags.workers !== undefined && { workers: workersOf(flags.workers) }),
    ...(flags.udp !== undefined && { udp: flags.udp }),
    ...(flags.denial !== undefined && { denial: flags.denial }),
    ...(flags.unsigned !== undefined && { isUnsigned: flags.unsigned }),
    ...(flags.logLevel !== undefined && { logLevel: flags.logLevel }),
  };
}

function listenOf(text: string): Listen {
  const listen = parseListen(text);
  if (typeof listen === 'string') throw usage('BAD_LISTEN', `--listen "${text}" ${listen}`);
  return listen;
}

function workersOf(text: string): number {
  const workers = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (workers < 1 || workers > 256)
    throw usage('BAD_WORKERS', `--workers "${text}" is no number from 1 to 256`);
  return workers;
}

function usage(code: string, message: string): OperationError {
  return new OperationError('USAGE_WRONG', code, message, 'keyturn serve --help');
}
