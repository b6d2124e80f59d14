/**
 * What may stand at the cursor of a command line: the words before it are followed through the commander program, as
 * commander itself would. Values that only the server or a directory knows are named by their kind.
 */
import type { Argument, Command, Option } from 'commander';
import { parametersOf } from '../control/parameters.ts';
import { operationOf } from './describe-program.ts';

/** A word that may stand there. */
export interface Candidate {
  readonly value: string;
  readonly help: string;
}

/** What the server knows: names of zones and policies, tags of keys, ids of jobs; codes need no server. */
export type ValueKind = 'zone' | 'tag' | 'job' | 'policy' | 'code';

/** What is to be found for the cursor. */
export interface Wanted {
  readonly candidates: readonly Candidate[];
  readonly values: ValueKind | null;
  readonly paths: 'files' | 'directories' | null;
  /** The word at the cursor, or the part of it that is completed. */
  readonly current: string;
  /** What stands before that part in the same word: `--type=`. */
  readonly lead: string;
  /** Options that were given with their values, by the names that commander has for them. */
  readonly given: ReadonlyMap<string, string>;
  /** The arguments before the cursor. */
  readonly standing: readonly string[];
}

/** Placeholders of options and names of arguments that say what stands there. */
const VALUE_KINDS: Readonly<Record<string, ValueKind>> = {
  zone: 'zone',
  tag: 'tag',
  key: 'tag',
  job: 'job',
  policy: 'policy',
  code: 'code',
};
const PATH_KINDS: Readonly<Record<string, 'files' | 'directories'>> = {
  file: 'files',
  path: 'files',
  svg: 'files',
  dir: 'directories',
  directory: 'directories',
};

/** The command line up to the cursor. */
interface Line {
  command: Command;
  readonly standing: string[];
  readonly given: Map<string, string>;
  readonly seen: Set<Option>;
  /** The option whose value comes next. */
  pending: Option | undefined;
  onlyArguments: boolean;
}

/** What may stand in the place of the last word; the words are those behind `keyturn`. */
export function wantedAt(program: Command, words: readonly string[]): Wanted {
  const { before, current, isSplit } = joined(words);
  const line: Line = {
    ...{ command: program, standing: [], given: new Map(), seen: new Set() },
    ...{ pending: undefined, onlyArguments: false },
  };
  for (const word of before) step(line, word);
  const at = { given: line.given, standing: line.standing };
  const { pending } = line;
  if (pending !== undefined && (pending.required || !current.startsWith('-'))) {
    return { ...valuesOfOption(pending), ...at, current, lead: '' };
  }
  if (line.onlyArguments || !current.startsWith('-'))
    return { ...standingAt(line), ...at, current, lead: '' };
  const [flag, value] = splitOption(current);
  const option = value === undefined ? undefined : findOption(line.command, flag);
  if (option === undefined) return { ...nothing, candidates: optionsOf(line), ...at, current, lead: '' };
  return { ...valuesOfOption(option), ...at, current: value!, lead: isSplit ? '' : `${flag}=` };
}

const nothing = { candidates: [], values: null, paths: null } as const;
type Found = Pick<Wanted, 'candidates' | 'values' | 'paths'>;

/** Bash takes `--type=zsk` apart; here it is one word again. Quotes and backslashes of the shell go. */
function joined(words: readonly string[]): { before: string[]; current: string; isSplit: boolean } {
  const whole: string[] = [];
  let isSplit = false;
  for (const word of words.map(unquoted)) {
    const last = whole.at(-1) ?? '';
    const isValue = last.startsWith('--') && (word === '=' || last.endsWith('='));
    if (isValue) whole[whole.length - 1] = last + word;
    else whole.push(word);
    isSplit = isValue;
  }
  return { before: whole.slice(0, -1), current: whole.at(-1) ?? '', isSplit };
}

function unquoted(word: string): string {
  return word.replace(/^(["'])(.*?)\1?$/, '$2').replace(/\\(.)/g, '$1');
}

/** Takes one word before the cursor. */
function step(line: Line, word: string): void {
  const { command, pending, standing } = line;
  line.pending = undefined;
  if (pending !== undefined && (pending.required || !word.startsWith('-'))) {
    line.given.set(pending.attributeName(), word);
    return;
  }
  if (line.onlyArguments || !word.startsWith('-') || word === '-') {
    const below = standing.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (below === undefined) standing.push(word);
    else line.command = below;
    return;
  }
  if (word === '--') {
    line.onlyArguments = true;
    return;
  }
  const [flag, value] = splitOption(word);
  const option = findOption(command, flag);
  if (option === undefined) return;
  line.seen.add(option);
  if (value !== undefined) line.given.set(option.attributeName(), value);
  else if (option.required || option.optional) line.pending = option;
}

function splitOption(word: string): [flag: string, value: string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

// ---- What there is ----

/** Options of a command and of those around it. */
function allOptions(command: Command): Option[] {
  const own = [...command.createHelp().visibleOptions(command)];
  return command.parent === null ? own : [...own, ...allOptions(command.parent)];
}

function findOption(command: Command, flag: string): Option | undefined {
  return allOptions(command).find((option) => option.long === flag || option.short === flag);
}

/** Options that may still be given. */
function optionsOf({ command, seen }: Line): Candidate[] {
  const options = new Map<string, Candidate>();
  for (const option of allOptions(command)) {
    const isRepeated = option.parseArg !== undefined && option.argChoices === undefined;
    const isOver = seen.has(option) && !isRepeated;
    const value = option.long ?? option.short ?? '';
    if (isOver || options.has(value) || (value === '--version' && command.parent !== null)) continue;
    options.set(value, { value, help: option.description });
  }
  return [...options.values()];
}

/** Commands, or what the next argument may be; options where nothing else can stand. */
function standingAt(line: Line): Found {
  const { command, standing } = line;
  if (standing.length === 0 && command.commands.length > 0)
    return { ...nothing, candidates: commandsOf(command) };
  const declared = command.registeredArguments;
  const last = declared.length - 1;
  const index = declared[last]?.variadic === true ? Math.min(standing.length, last) : standing.length;
  const argument = declared[index];
  if (argument === undefined) return { ...nothing, candidates: optionsOf(line) };
  if (argument.name() === 'command') {
    return { ...nothing, candidates: commandsBelow(command.parent!, standing) };
  }
  return valuesOf(argument, placeholderOf(command, index));
}

/** What stands for an argument: what the table of operations says of it, else its name. */
function placeholderOf(command: Command, index: number): string {
  const operation = operationOf(wordsOf(command));
  const parameters = operation === undefined ? [] : parametersOf(operation);
  const { value } = parameters.filter(({ isPositional }) => isPositional)[index] ?? {};
  return (value ?? command.registeredArguments[index]!.name()).toLowerCase();
}

/** `['rollover', 'start']`. */
function wordsOf(command: Command): string[] {
  return command.parent === null ? [] : [...wordsOf(command.parent), command.name()];
}

function commandsOf(command: Command): Candidate[] {
  const shown = command.createHelp().visibleCommands(command);
  return shown.map((one) => ({ value: one.name(), help: one.description() }));
}

/** Words that may follow others that name a command. */
function commandsBelow(program: Command, words: readonly string[]): Candidate[] {
  let command: Command | undefined = program;
  for (const word of words) command = command?.commands.find((one) => one.name() === word);
  return command === undefined ? [] : commandsOf(command).filter(({ value }) => value !== 'help');
}

/** The values of an option or an argument. */
function valuesOf(taker: Option | Argument, placeholder: string): Found {
  const { argChoices, description } = taker;
  if (argChoices !== undefined) {
    return { ...nothing, candidates: argChoices.map((value) => ({ value, help: description })) };
  }
  return {
    ...nothing,
    values: VALUE_KINDS[placeholder] ?? null,
    paths: PATH_KINDS[placeholder] ?? null,
  };
}

function valuesOfOption(option: Option): Found {
  return valuesOf(option, /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? '');
}
