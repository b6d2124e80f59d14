/** From a row of the table of operations to a command: its words, its parameters, what it calls and prints. */
import { type Command, Option } from 'commander';
import { formatDuration } from '../base/time.ts';
import { OPERATIONS, type OperationName, type ParamsIn } from '../control/operations.ts';
import {
  checkParams,
  commandLineWord,
  commandWords,
  optionWord,
  type Parameter,
  parametersOf,
} from '../control/parameters.ts';
import { askBefore } from './ask.ts';
import { EXITS, PRINTERS } from './printers.ts';
import type { Runner } from './runner.ts';

/** The group of a command, made when its first command comes: `zone` in `zone list`. */
export function groupOf(program: Command, word: string): Command {
  return program.commands.find((command) => command.name() === word) ?? program.command(word);
}

/** Adds the command of an operation. */
export function addOperation(program: Command, name: OperationName, runner: Runner): Command {
  const words = commandWords(name);
  const parent = words.length === 1 ? program : groupOf(program, words[0]!);
  const command = parent.command(words.at(-1)!).description(OPERATIONS[name].summary);
  const parameters = parametersOf(name);
  for (const parameter of parameters) addParameter(command, parameter);
  return command.action(async () => runOperation(name, paramsOf(command, parameters), runner));
}

/** Adds a parameter to a command, as an argument or an option. */
export function addParameter(command: Command, parameter: Parameter): void {
  const { name, word, help, value, choices, isRequired, isPositional, isVariadic, fallback } = parameter;
  if (isPositional) {
    const inner = `${name}${isVariadic ? '...' : ''}`;
    command.argument(isRequired ? `<${inner}>` : `[${inner}]`, help);
    return;
  }
  const isOn = value === null && fallback === true;
  const told =
    value === null || fallback === undefined ? help : `${help} (default: ${defaultWord(parameter)})`;
  const flags = isOn ? optionWord(name).replace('--', '--no-') : `${word}${placeholder(value)}`;
  const option = new Option(flags, told);
  if (choices !== null) option.choices([...choices]);
  if (isRequired) option.makeOptionMandatory();
  command.addOption(option);
}

function defaultWord({ value, fallback }: Parameter): string {
  return value === 'DURATION' ? formatDuration(Number(fallback)) : String(fallback);
}

function placeholder(value: string | null): string {
  if (value === null) return '';
  return value.startsWith('[') ? ` ${value.toLowerCase()}` : ` <${value.toLowerCase()}>`;
}

/** Takes what an option says beside what it said before: for options that may be repeated. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Lets an option that a command has be repeated. */
export function letRepeat(command: Command, flag: string): void {
  command.options.find(({ long }) => long === flag)?.argParser(collected);
}

/** The parameters that a command line says. */
export function paramsOf(command: Command, parameters: readonly Parameter[]): Record<string, unknown> {
  const options = command.opts<Record<string, unknown>>();
  const values = parameters.map(({ name, isPositional }, index) => [
    name,
    isPositional ? command.processedArgs[index] : options[name],
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** Asks if need be, calls an operation and prints what comes of it. Throws OperationError. */
export async function runOperation<N extends OperationName>(
  name: N,
  given: Record<string, unknown>,
  runner: Runner,
): Promise<void> {
  const row = OPERATIONS[name];
  const params = checkParams(name, given, commandLineWord(name));
  const effect = 'asks' in row ? (row.asks as (params: unknown) => string | null)(params) : null;
  if (effect !== null) await askBefore(effect, runner);
  // What was checked is sent as it was given: the server checks and fills in for itself.
  if (row.result === null) return runner.stream(name, given as ParamsIn<N>);
  const result = await runner.call(name, given as ParamsIn<N>);
  runner.show(result, () => PRINTERS[name](runner.output, result, params));
  runner.exitCode = EXITS[name]?.(result) ?? 0;
}
