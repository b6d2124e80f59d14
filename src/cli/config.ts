/** `keyturn config`: check a configuration file, show what is in force, describe the format. Needs no server. */
import { type Diagnostic, formatDiagnostic, hasErrors, severityWords } from '../base/diagnostic.ts';
import { FAILURE, OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import { type Config, defaultConfig, parseConfig } from '../store/config.ts';
import { configJsonSchema, shownConfig, yamlOf } from '../store/config-show.ts';
import { configText } from './config-file.ts';
import { marked } from './output.ts';
import type { Runner } from './runner.ts';

interface ReadConfig {
  readonly text: string;
  readonly config: Config | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** `config check FILE`. Throws OperationError if it cannot be read. */
export function checkConfig(file: string, runner: Runner): void {
  const { output } = runner;
  const { diagnostics } = readConfig(file);
  const ok = !hasErrors(diagnostics);
  const counts = severityWords(diagnostics);
  runner.show({ schema_version: SCHEMA_VERSION, ok, file, diagnostics }, () => {
    for (const diagnostic of diagnostics) output.print(formatDiagnostic(diagnostic));
    const level = ok ? (diagnostics.length === 0 ? 'ok' : 'warn') : 'error';
    output.print(marked(output, level, `${file}: ${ok ? 'can be used' : 'cannot be used'}: ${counts}`));
  });
  if (!ok) runner.exitCode = FAILURE.DATA_WRONG.exit;
}

/** `config show [FILE]`. Throws OperationError if the file cannot be used. */
export function showConfig(file: string | undefined, runner: Runner): void {
  const { text, config, diagnostics } =
    file === undefined ? { text: '', config: defaultConfig(), diagnostics: [] } : readConfig(file);
  for (const diagnostic of diagnostics) runner.output.note(formatDiagnostic(diagnostic));
  if (config === undefined) {
    const message = `${file} cannot be used`;
    throw new OperationError('DATA_WRONG', 'CONFIG_WRONG', message, `keyturn config check ${file}`);
  }
  const values = shownConfig(config, text);
  const told = values.map(({ path, value, line }) => ({
    key: path,
    value,
    origin: line === null ? 'default' : 'file',
    line,
  }));
  runner.show({ schema_version: SCHEMA_VERSION, file: file ?? null, values: told }, () =>
    runner.output.print(yamlOf(values).trimEnd()),
  );
}

function readConfig(file: string): ReadConfig {
  const text = configText(file, 'name an existing file');
  return { text, ...parseConfig(text, file) };
}

// ---- Schema ----

/** `config schema`: the same with `--json` and without, for it is JSON. */
export function schemaOfConfig(): string {
  const about = { $id: 'keyturn-config', title: 'Configuration of keyturn' };
  return JSON.stringify({ ...about, ...configJsonSchema() }, null, 2);
}
