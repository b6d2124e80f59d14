/**
 * Manual pages: keyturn(1), one page for each group of commands, and keyturn.yaml(5). They are made from the program
 * and the schema of the configuration; a test holds docs/man/ against them.
 */
import { programVersion } from '../daemon/installation.ts';
import {
  type CommandPage,
  EXIT_MEANINGS,
  exitCodesOf,
  fullHelp,
  type OptionPage,
  runnablePages,
  usageOf,
} from './describe-program.ts';
import { filled, paragraph, quoted, roff, term, typed, verbatim } from './man-roff.ts';
import { type ConfigKey, configKeys } from './reference-config.ts';

/** When the words of the pages were last looked over. */
const DATE = '2026-11-24';

/** A file and its text. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** Variables of the environment that the program reads. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  KEYTURN_CONTROL: 'path of the control socket, if --control does not say it',
  KEYTURN_COMPLETION_MS: 'how long completion waits for the server, in milliseconds (default: 200)',
  COLUMNS: 'width of what is drawn, if the standard output is no terminal',
  NO_COLOR: 'if it is set, nothing is colored',
};

const FILES: readonly (readonly [name: string, meaning: string])[] = [
  ['zones/example.com.zone', 'the zone file of example.com, a master file (RFC 1035)'],
  ['keys/example.com/', 'its private keys, their state, and the audit trail'],
  ['keys/control.sock', 'the control socket: HTTP with JSON, for the owner alone'],
];

/** All pages. */
export function manPages(program: CommandPage): Page[] {
  const groups = program.commands.filter(({ commands }) => commands.length > 0);
  return [programPage(program), ...groups.map((group) => groupPage(group, groups)), configurationPage()];
}

/** `keyturn-zone`. */
function nameOf({ words }: CommandPage): string {
  return ['keyturn', ...words].join('-');
}

function pageText(name: string, section: number, summary: string, parts: readonly string[]): string {
  const header = `.TH ${quoted(name.toUpperCase())} ${section} ${DATE} ${quoted(`keyturn ${programVersion()}`)}`;
  return [
    '.\\" Made by the script "docs" of package.json; changes here are lost.',
    `${header} "Keyturn manual"`,
    `.SH NAME\n${filled(`${name} - ${summary}`)}`,
    ...parts,
    '',
  ].join('\n');
}

function section(title: string, ...parts: readonly string[]): string {
  // A heading is followed by text at once.
  return [`.SH ${quoted(title)}`, ...parts].join('\n').replace(/^(.*)\n\.PP\n/, '$1\n');
}

// ---- keyturn(1) ----

function programPage(program: CommandPage): Page {
  const groups = program.commands.filter(({ commands }) => commands.length > 0);
  const alone = program.commands.filter(({ commands }) => commands.length === 0);
  const intro = [
    'Keyturn serves zone files as signed zones. It makes keys, signs what it is asked for when it is asked, and ' +
      'replaces keys without a moment at which a resolver could fail to validate.',
    'keyturn serve is the server; the other commands ask it over its control socket, or need no server. Results ' +
      'go to the standard output, everything else to the standard error.',
  ];
  const text = pageText('keyturn', 1, program.summary, [
    section('SYNOPSIS', '.B keyturn', '.RI [ options ]', '.I command', '.RI [ argument \\ ...]'),
    section('DESCRIPTION', ...intro.map(paragraph)),
    section('OPTIONS', roff('These may stand anywhere on the line.'), ...program.options.map(optionTerm)),
    section(
      'COMMANDS',
      ...alone.flatMap(commandParts),
      '.SS "More commands"',
      ...groups.map((group) => `.TP\n.BR ${roff(nameOf(group))} (1)\n${filled(group.summary)}`),
    ),
    section('EXIT STATUS', ...EXIT_MEANINGS.map(([code, meaning]) => term(String(code), meaning))),
    section('ENVIRONMENT', ...Object.entries(ENVIRONMENT).map(([name, meaning]) => plainTerm(name, meaning))),
    section('FILES', ...FILES.map(([name, meaning]) => plainTerm(name, meaning))),
    seeAlso([...groups.map(nameOf), 'keyturn.yaml']),
  ]);
  return { file: 'keyturn.1', text };
}

function plainTerm(name: string, meaning: string): string {
  return `.TP\n\\fB${roff(name)}\\fR\n${filled(meaning)}`;
}

function optionTerm(option: OptionPage): string {
  return term(option.flags, fullHelp(option));
}

/** One command: how it is called, what it does, its options and examples. */
function commandParts(page: CommandPage): string[] {
  const title = ['keyturn', ...page.words].join(' ');
  const options = page.options.filter(({ flags }) => !flags.includes('--help'));
  const codes = exitCodesOf(page).join(', ');
  return [
    `.SS ${quoted(title)}`,
    `\\fB${typed(usageOf(page))}\\fR`,
    paragraph(page.summary),
    ...page.arguments.map((argument) => term(argument.word, fullHelp(argument))),
    ...options.map(optionTerm),
    ...page.examples.flatMap(({ line, meaning }) => [paragraph(`${meaning}:`), verbatim([line])]),
    paragraph(`Exit status: ${codes}.`),
  ];
}

// ---- keyturn-zone(1) and its like ----

function groupPage(group: CommandPage, groups: readonly CommandPage[]): Page {
  const name = nameOf(group);
  const pages = runnablePages(group);
  const synopsis = pages.map((page) => `\\fB${typed(usageOf(page))}\\fR`);
  const text = pageText(name, 1, group.summary.replace(/:.*/, ''), [
    section('SYNOPSIS', synopsis.join('\n.br\n')),
    section(
      'DESCRIPTION',
      filled('Each command takes the options of all commands and ends with an exit status, as told in'),
      '.BR keyturn (1).',
    ),
    section('COMMANDS', ...pages.flatMap(commandParts)),
    seeAlso(['keyturn', ...groups.filter((one) => one !== group).map(nameOf), 'keyturn.yaml']),
  ]);
  return { file: `${name}.1`, text };
}

function seeAlso(names: readonly string[]): string {
  const lines = names.map((name, index) => {
    const end = index === names.length - 1 ? '' : ' ,';
    return `.BR ${roff(name)} (${name.endsWith('.yaml') ? 5 : 1})${end.trim()}`;
  });
  return section('SEE ALSO', ...lines);
}

// ---- keyturn.yaml(5) ----

function configurationPage(): Page {
  const intro = [
    'A YAML file that keyturn serve takes with --config. Every key is optional; an unknown key is an error. What the ' +
      'command line says wins over the file.',
    'Durations are written 0s, 5m, 1h, 7d, 2w or 1y, joined like 1h30m, or as a number of seconds. Paths are ' +
      'relative to the file.',
  ];
  const example = [
    'listen: ["192.0.2.1:53", "[2001:db8::1]:53"]',
    'policies:',
    '  default: { scheme: ksk-zsk, lifetime: { ksk: 1y, zsk: 90d } }',
    '  careful: { algorithm: ED25519, rollover: { ksk: double-ds } }',
    'zones:',
    '  example.com: { policy: careful }',
  ];
  const text = pageText('keyturn.yaml', 5, 'configuration of the DNS server Keyturn', [
    section('DESCRIPTION', ...intro.map(paragraph)),
    section('KEYS', ...configKeys().map(keyTerm)),
    section('EXAMPLES', verbatim(example)),
    seeAlso(['keyturn']),
  ]);
  return { file: 'keyturn.yaml.5', text };
}

function keyTerm({ path, meaning, type, fallback }: ConfigKey): string {
  const notes =
    type === 'mapping' ? '' : ` (${type}${fallback === undefined ? '' : `; default: ${fallback}`})`;
  return term(path, `${meaning}${notes}`);
}
