/** Policies of a configuration file, without a server: `keyturn policy check --config FILE`, and show and simulate. */
import type { Command } from 'commander';
import { formatDiagnostic, hasErrors } from '../base/diagnostic.ts';
import { unixSeconds } from '../base/time.ts';
import { FAILURE, OperationError, SCHEMA_VERSION } from '../control/operation.ts';
import type { OperationName } from '../control/operations.ts';
import { checkParams, optionWord, parametersOf } from '../control/parameters.ts';
import type { Policies } from '../control/policy-handlers.ts';
import type { ParsedConfig } from '../store/config.ts';
import { letRepeat, paramsOf, runOperation } from './command.ts';
import { configText } from './config-file.ts';
import { printPolicies, printPolicyCheck, printSimulation } from './policy-output.ts';
import type { Runner } from './runner.ts';

type PolicyOperation = Extract<OperationName, `policy.${string}`>;

/** Adds `--config FILE` to the command of an operation. */
export function addConfigFile(name: PolicyOperation): (command: Command, runner: Runner) => void {
  return (command, runner) => {
    command.option('--config <file>', 'the policies of this file instead of those of the server');
    if (name === 'policy.simulate') letRepeat(command, '--set');
    const parameters = parametersOf(name);
    command.action(async () => {
      const given = paramsOf(command, parameters);
      const { config } = command.opts<{ readonly config?: string }>();
      if (config === undefined) await runOperation(name, given, runner);
      else await runLocally(name, given, config, runner);
    });
  };
}

async function runLocally(
  name: PolicyOperation,
  given: Record<string, unknown>,
  file: string,
  runner: Runner,
): Promise<void> {
  // Loaded when it is needed: other commands start in a fraction of the time.
  const [parsed, operations] = await Promise.all([readFile(file), import('../control/policy-handlers.ts')]);
  const policies = policiesOf(parsed);
  const { output } = runner;
  if (name === 'policy.check') {
    const checked = operations.checkPolicies(policies, checkParams(name, given, optionWord));
    const { diagnostics } = parsed;
    const ok = checked.ok && !hasErrors(diagnostics);
    runner.show(versioned({ file, ...checked, ok, diagnostics }), () => {
      for (const diagnostic of diagnostics) output.print(formatDiagnostic(diagnostic));
      printPolicyCheck(output, checked);
    });
    if (!ok) runner.exitCode = FAILURE.DATA_WRONG.exit;
    return;
  }
  for (const diagnostic of parsed.diagnostics) output.note(formatDiagnostic(diagnostic));
  if (hasErrors(parsed.diagnostics)) throw brokenFile(file);
  if (name === 'policy.show') {
    const result = operations.showPolicies(policies, checkParams(name, given, optionWord));
    runner.show(versioned(result), () => printPolicies(output, result));
    return;
  }
  const now = unixSeconds(Date.now() / 1_000);
  const result = operations.simulatePolicy(policies, checkParams(name, given, optionWord), now);
  runner.show(versioned(result), () => printSimulation(output, result));
}

function versioned<R extends object>(result: R): R & { readonly schema_version: number } {
  return { schema_version: SCHEMA_VERSION, ...result };
}

/** The configuration file with whatever is wrong in it. Throws OperationError if it cannot be read. */
async function readFile(file: string): Promise<ParsedConfig> {
  const { parseConfig } = await import('../store/config.ts');
  return parseConfig(configText(file, 'name an existing file with --config'), file);
}

function brokenFile(file: string): OperationError {
  return new OperationError(
    'DATA_WRONG',
    'CONFIG_WRONG',
    `${file} has errors`,
    `keyturn policy check --config ${file}`,
  );
}

/** The policies of a file; of the zones, only those are known that it names. */
function policiesOf({ policies, config }: ParsedConfig): Policies {
  const followers = [...(config?.zonePolicies ?? [])];
  return {
    all: policies,
    followersOf: (policy) =>
      followers
        .filter(([, name]) => name === policy)
        .map(([name]) => ({ name, facts: undefined, state: undefined })),
    zone: () => undefined,
  };
}
