/**
 * The reference: docs/reference/commands.md and docs/reference/operations.json, made from the program, the table of
 * operations and the schema of the configuration. A test holds the files against them.
 */
import type { Command } from 'commander';
import { SCHEMA_VERSION } from '../control/operation.ts';
import { OPERATIONS, type OperationName } from '../control/operations.ts';
import { type Parameter, parametersOf } from '../control/parameters.ts';
import { operationSchemas } from '../control/schemas.ts';
import {
  type CommandPage,
  describeProgram,
  EXIT_MEANINGS,
  exitCodesOf,
  fullHelp,
  pagesBelow,
  runnablePages,
  usageOf,
} from './describe-program.ts';
import { ENVIRONMENT, manPages, type Page } from './man.ts';
import { configKeys } from './reference-config.ts';

/** All pages, with their paths below docs/. */
export function allPages(program: Command): Page[] {
  const described = describeProgram(program);
  return [
    { file: 'reference/commands.md', text: commandsPage(described) },
    { file: 'reference/configuration.md', text: configurationPage() },
    { file: 'reference/operations.json', text: formatJson(operationSchemas()) },
    ...manPages(described).map(({ file, text }) => ({ file: `man/${file}`, text })),
  ];
}

// ---- Commands ----

const MADE = '<!-- Made by the script "docs" of package.json; changes here are lost. -->';

function commandsPage(program: CommandPage): string {
  const links = pagesBelow(program)
    .filter(({ words, commands }) => words.length > 0 && commands.length === 0)
    .map(({ words, summary }) => [`[\`${words.join(' ')}\`](#${anchorOf(words)})`, summary]);
  return [
    MADE,
    '# Commands',
    'Data goes to the standard output, everything else to the standard error. Schemas of parameters and results are ' +
      'in [operations.json](operations.json); each result has `schema_version`, now ' +
      `${SCHEMA_VERSION}, which grows when a field changes its meaning or goes.`,
    table(['command', 'what it does'], links),
    '## Options of all commands',
    table(['option', 'meaning'], optionRows(program)),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    ),
    '## Environment',
    table(
      ['variable', 'meaning'],
      Object.entries(ENVIRONMENT).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    ...runnablePages(program).flatMap(commandParts),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

/** As GitHub makes it of a heading. */
function anchorOf(words: readonly string[]): string {
  return ['keyturn', ...words].join('-').toLowerCase();
}

function commandParts(page: CommandPage): string[] {
  const { words, summary, operation, examples } = page;
  const taken = page.arguments.map((argument) => [`\`${argument.word}\``, fullHelp(argument)]);
  const rows = [...taken, ...optionRows(page).filter(([option]) => !option!.includes('--help'))];
  const lines = examples.flatMap(({ line, meaning }) => [`# ${meaning}`, line]);
  return [
    `## keyturn ${words.join(' ')}`,
    `${summary[0]!.toUpperCase()}${summary.slice(1)}.`,
    fenced('text', [usageOf(page)]),
    ...(rows.length === 0 ? [] : [table(['parameter', 'meaning'], rows)]),
    ...(lines.length === 0 ? [] : [fenced('sh', lines)]),
    `Exit codes: ${exitCodesOf(page).join(', ')}.`,
    ...(operation === undefined ? ['The command does this itself, not over HTTP.'] : httpParts(operation)),
  ];
}

function optionRows({ options }: CommandPage): string[][] {
  return options.map((option) => [`\`${option.flags}\``, fullHelp(option)]);
}

function httpParts(operation: OperationName): string[] {
  const { http, result: schema, line } = OPERATIONS[operation];
  const { method, path } = http;
  const lines = line === undefined ? '' : `, a JSON object a line: \`${operation}.line\``;
  const result = schema === null ? `The result is text${lines}.` : `The result is \`${operation}.result\`.`;
  return [
    `Over HTTP it is \`${operation}\`, \`${method} ${path}\`. ${result}`,
    fenced('sh', [curlLine(operation)]),
  ];
}

function fenced(language: string, lines: readonly string[]): string {
  return [`\`\`\`${language}`, ...lines, '```'].join('\n');
}

/** A table with columns of even width, as Biome formats them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replace(/\|/g, '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const [first, ...others] = all.map(line);
  return [first, line(widths.map((width) => '-'.repeat(width))), ...others].join('\n');
}

// ---- HTTP ----

/** A request that the server understands, with what must be given and no more. */
export interface SampleRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string | undefined;
}

const SAMPLES: Readonly<Record<string, string>> = {
  ZONE: 'example.com',
  TAG: '12345',
  '[TAG]': '12345',
  JOB: '5f3a9c1e',
  POLICY: 'default',
  DURATION: '1h',
  GLOB: '*.example.com',
  PATH: 'Kexample.com.+013+12345.key',
};

/** What a sample says besides what must be said. */
const ALSO: { readonly [N in OperationName]?: Readonly<Record<string, unknown>> } = {
  'rollover.start': { type: 'ksk', dryRun: true },
  'rollover.confirm-ds': { seen: 54_321 },
  'job.start': { all: true, type: 'zsk', spread: '24h', dryRun: true },
};

function sampleValue({ choices, value, fallback }: Parameter): string {
  return choices?.[0] ?? SAMPLES[value ?? ''] ?? String(fallback ?? 'true');
}

/** A sample request of an operation. */
export function sampleRequest(operation: OperationName): SampleRequest {
  const { method, path } = OPERATIONS[operation].http;
  const needed = parametersOf(operation).filter(({ isRequired }) => isRequired);
  const rest = new Map<string, unknown>(needed.map((parameter) => [parameter.name, sampleValue(parameter)]));
  const filled = path.replace(/:(\w+)/g, (_, name: string) => {
    const value = rest.get(name) ?? '';
    rest.delete(name);
    return encodeURIComponent(String(value));
  });
  const given = { ...Object.fromEntries(rest), ...ALSO[operation] };
  if (method === 'POST') return { method, path: filled, body: JSON.stringify(given) };
  const query = new URLSearchParams(given as Record<string, string>).toString();
  return { method, path: query === '' ? filled : `${filled}?${query}`, body: undefined };
}

/** The same for a shell. */
function curlLine(operation: OperationName): string {
  const { path, body } = sampleRequest(operation);
  const data = body === undefined ? '' : ` -H 'content-type: application/json' -d '${body}'`;
  return `curl --unix-socket keys/control.sock${data} 'http://localhost${path}'`;
}

// ---- Configuration ----

function configurationPage(): string {
  const rows = configKeys().map(({ path, meaning, type, fallback }) => {
    return [`\`${path}\``, meaning, type, fallback ?? ''];
  });
  return [
    MADE,
    '# Configuration',
    'A YAML file for `keyturn serve --config FILE`. Every key is optional, an unknown key is an error. Durations are ' +
      'written `0s`, `5m`, `1h`, `7d`, `2w`, `1y` or as a number of seconds; paths are relative to the file.',
    table(['key', 'meaning', 'what may stand there', 'default'], rows),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

// ---- JSON ----

const COLUMNS = 110;

/** JSON as Biome formats it: objects over lines, arrays of words in one line where they fit. */
export function formatJson(value: unknown): string {
  return `${formatValue(value, '', 0)}\n`;
}

function formatValue(value: unknown, indent: string, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const flat = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object');
    if (isPlain && indent.length + used + flat.length < COLUMNS) return flat;
    return `[\n${value.map((item) => inner + formatValue(item, inner, 0)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([key, field]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return head + formatValue(field, inner, head.length - inner.length);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
