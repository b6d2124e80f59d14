/**
 * The command line as data: what completion, man pages and the reference are made of. It is read from the commander
 * program and the table of operations, so that whatever is a command is described, and nothing else.
 */
import type { Argument, Command, Option } from 'commander';
import { FAILURE, type FailureKind } from '../control/operation.ts';
import { OPERATION_NAMES, OPERATIONS, type OperationName } from '../control/operations.ts';
import { commandWords, parametersOf } from '../control/parameters.ts';
import { EXAMPLES, type Example } from './examples.ts';
import { INTERRUPTED } from './runner.ts';

/** An argument, as it is shown. */
export interface ArgumentPage {
  /** `ZONE`, `FILE...`, `[ZONE]`. */
  readonly word: string;
  readonly help: string;
  readonly choices: readonly string[];
}

/** An option, as it is shown. */
export interface OptionPage {
  /** `-y, --yes`, `--type <type>`. */
  readonly flags: string;
  readonly help: string;
  readonly choices: readonly string[];
  readonly isMandatory: boolean;
  /** Undefined if there is none, or the help text says it. */
  readonly fallback: string | undefined;
}

/** A command or a group of commands. */
export interface CommandPage {
  /** `['rollover', 'start']`; empty for the program. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly arguments: readonly ArgumentPage[];
  readonly options: readonly OptionPage[];
  /** Undefined for what is done without a server. */
  readonly operation: OperationName | undefined;
  readonly examples: readonly Example[];
  readonly commands: readonly CommandPage[];
}

/** The program and all below it; hidden commands are left out. */
export function describeProgram(program: Command): CommandPage {
  return pageOf(program, []);
}

function pageOf(command: Command, words: readonly string[]): CommandPage {
  const shown = command.createHelp();
  const below = command.commands.filter((one) => shown.visibleCommands(command).includes(one));
  return {
    words,
    summary: command.description(),
    arguments: command.registeredArguments.map(argumentPage),
    options: shown.visibleOptions(command).map(optionPage),
    operation: operationOf(words),
    examples: EXAMPLES[words.join(' ')] ?? [],
    commands: below.map((one) => pageOf(one, [...words, one.name()])),
  };
}

/** A page and all below it, in the order of the tree. */
export function pagesBelow(page: CommandPage): CommandPage[] {
  return [page, ...page.commands.flatMap(pagesBelow)];
}

/** Commands that can be run: no groups. */
export function runnablePages(program: CommandPage): CommandPage[] {
  return pagesBelow(program).filter(({ commands }) => commands.length === 0);
}

function argumentPage(argument: Argument): ArgumentPage {
  const name = `${argument.name().toUpperCase()}${argument.variadic ? '...' : ''}`;
  return {
    word: argument.required ? name : `[${name}]`,
    help: argument.description,
    choices: argument.argChoices ?? [],
  };
}

function optionPage(option: Option): OptionPage {
  const { flags, description, argChoices, mandatory, defaultValue, defaultValueDescription } = option;
  const fallback = defaultValueDescription ?? (isTold(defaultValue) ? String(defaultValue) : undefined);
  return { flags, help: description, choices: argChoices ?? [], isMandatory: mandatory, fallback };
}

function isTold(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** The operation that a command calls; undefined for one that needs no server. */
export function operationOf(words: readonly string[]): OperationName | undefined {
  return OPERATION_NAMES.find((name) => commandWords(name).join(' ') === words.join(' '));
}

/** `keyturn rollover start [options] ZONE`. */
export function usageOf({ words, options, arguments: taken, commands }: CommandPage): string {
  const parts = ['keyturn', ...words];
  // Every command has --help.
  if (options.length > 1) parts.push('[options]');
  parts.push(...taken.map(({ word }) => word));
  if (commands.length > 0) parts.push('COMMAND');
  return parts.join(' ');
}

/** Help text, choices and default of an option or an argument, in one line. */
export function fullHelp({ help, choices, ...rest }: ArgumentPage | OptionPage): string {
  const notes = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...('fallback' in rest && rest.fallback !== undefined ? [`default: ${rest.fallback}`] : []),
    ...('isMandatory' in rest && rest.isMandatory ? ['must be given'] : []),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
}

// ---- Exit codes ----

/** What the exit codes mean (DESIGN §8). */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  ...exitMeanings({
    DATA_WRONG: 'the data is wrong: a zone file, a configuration, what was found in a check',
    USAGE_WRONG: 'the usage is wrong: an unknown command or option, a malformed value',
    UNREACHABLE: 'the server cannot be reached over its control socket',
    NO_SUCH_OBJECT: 'there is no such zone, key, policy, job, rollover or code',
    REFUSED: 'refused by a safety rule, or not agreed to when asked',
    NOT_YET: 'not yet: what is waited for has not happened',
    MISMATCH: 'what was said does not match what is known, or a file what is served',
  }),
  [INTERRUPTED, 'interrupted'],
];

function exitMeanings(meanings: Readonly<Record<FailureKind, string>>): [number, string][] {
  const kinds = Object.keys(FAILURE) as FailureKind[];
  return kinds.map((kind) => [FAILURE[kind].exit, meanings[kind]]);
}

/** Parameters that name something which need not be there. */
const OBJECTS = ['ZONE', 'TAG', '[TAG]', 'JOB', 'POLICY'];

/** Exit codes of commands beyond those that follow from their operations. */
const MORE_CODES: Readonly<Record<string, readonly number[]>> = {
  events: [INTERRUPTED],
  explain: [FAILURE.NO_SUCH_OBJECT.exit],
  'job show': [INTERRUPTED],
  query: [FAILURE.UNREACHABLE.exit],
  'rollover start': [INTERRUPTED],
  'rollover status': [FAILURE.NOT_YET.exit],
  'zone diff': [FAILURE.MISMATCH.exit],
};

/** Exit codes that a command is known to end with; others come with what the server refuses. */
export function exitCodesOf({ operation, words }: CommandPage): number[] {
  const { DATA_WRONG, USAGE_WRONG, UNREACHABLE, NO_SUCH_OBJECT, REFUSED } = FAILURE;
  const codes: number[] = [0, DATA_WRONG.exit, USAGE_WRONG.exit];
  if (operation !== undefined) {
    codes.push(UNREACHABLE.exit);
    const isOfObject = parametersOf(operation).some(({ value }) => OBJECTS.includes(value ?? ''));
    if (isOfObject) codes.push(NO_SUCH_OBJECT.exit);
    if (OPERATIONS[operation].danger !== 'reads') codes.push(REFUSED.exit);
  }
  return [...codes, ...(MORE_CODES[words.join(' ')] ?? [])];
}
