/** Every command there is, by walking the program: its help, its refusals, its examples, and what completes it. */
import { describe, expect, it } from 'vitest';
import {
  type CommandPage,
  describeProgram,
  EXIT_MEANINGS,
  pagesBelow,
  runnablePages,
} from '../../../src/cli/describe-program.ts';
import { EXAMPLES } from '../../../src/cli/examples.ts';
import { FAILURE } from '../../../src/control/operation.ts';
import { OPERATION_NAMES } from '../../../src/control/operations.ts';
import { commandWords } from '../../../src/control/parameters.ts';
import { longFlag, lookedAtProgram, runCaptured } from '../../support/captured.ts';

const PROGRAM = describeProgram(lookedAtProgram());
const PAGES = pagesBelow(PROGRAM);
const title = ({ words }: CommandPage) => ['keyturn', ...words].join(' ');
const ALL = PAGES.map((page) => [title(page), page] as const);
const RUNNABLE = runnablePages(PROGRAM).map((page) => [title(page), page] as const);
const GROUPS = ALL.filter(([, page]) => page.commands.length > 0);

/** The words of an example behind `keyturn`; what a shell does with it is left out. */
function wordsOfExample(line: string): string[] {
  const command = /keyturn (?:[^<>|()]+)?/.exec(line)?.[0] ?? line;
  const words = command.match(/"[^"]*"|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^"(.*)"$/, '$1'));
}

/** Options without which a command is not understood. */
function mandatory({ options }: CommandPage): string[] {
  const needed = options.filter(({ isMandatory }) => isMandatory);
  return needed.flatMap(({ flags, choices }) => [longFlag(flags), choices[0] ?? 'x']);
}

describe('the program', () => {
  it('has a command for each operation', () => {
    const found = PAGES.map(({ words }) => words.join(' '));
    expect(found).toEqual(
      expect.arrayContaining(OPERATION_NAMES.map((name) => commandWords(name).join(' '))),
    );
    expect(new Set(found).size).toBe(found.length);
  });

  it('tells its version and its exit codes', async () => {
    expect(await runCaptured('-V')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^keyturn \d+\.\d+/),
    });
    const { out } = await runCaptured('--help');
    for (const [code, meaning] of EXIT_MEANINGS)
      expect(out).toContain(`${String(code).padEnd(4)} ${meaning}`);
    const codes = EXIT_MEANINGS.map(([code]) => code);
    expect(codes).toEqual(expect.arrayContaining(Object.values(FAILURE).map(({ exit }) => exit)));
  });

  it('refuses commands that are not there', async () => {
    expect(await runCaptured('no-such-command')).toMatchObject({ code: 2, out: '' });
    const { code, err } = await runCaptured('help', 'zone', 'no-such-command');
    expect(code).toBe(2);
    expect(err).toContain('there is no command "zone no-such-command"');
  });

  it('shows the help of a command in each way of asking', async () => {
    const { out, code } = await runCaptured('rollover', 'start', '--help');
    expect(code).toBe(0);
    expect(await runCaptured('help', 'rollover', 'start')).toMatchObject({ code: 0, out });
    expect(await runCaptured('rollover', 'help', 'start')).toMatchObject({ code: 0, out });
  });
});

describe('usage errors with --json', () => {
  it.each([
    [['zone', 'show'], "missing required argument 'zone'"],
    [['zone', 'show', 'a.', '--nonsense', '--json'], "unknown option '--nonsense'"],
    [['rollover', 'start', 'a.', '--type', 'x'], "argument 'x' is invalid"],
    [['zone'], 'a command is missing'],
    [['nonsense'], "unknown command 'nonsense'"],
    [['rollover', 'plan', 'a.', '--days', 'x'], '--days: a whole number'],
  ])('%j', async (words, message) => {
    const { code, out } = await runCaptured('--json', ...words);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      error: {
        kind: 'USAGE_WRONG',
        code: 'BAD_PARAMETERS',
        message: expect.stringContaining(message),
        fix: null,
      },
    });
  });
});

describe('every command', () => {
  it.each(ALL)('%s has a help with a summary and the options of all commands', async (_, page) => {
    expect(page.summary).not.toBe('');
    const { code, out, err } = await runCaptured(...page.words, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const flat = out.replace(/\s+/g, ' ');
    expect(flat).toContain(page.summary);
    expect(flat).toContain(`Usage: ${title(page)}`);
    for (const word of ['--json', '--control', '--yes']) expect(out).toContain(word);
    for (const { flags, help } of page.options) {
      expect(out).toContain(flags);
      expect(help, flags).not.toBe('');
    }
    for (const { help, word } of page.arguments) expect(help, word).not.toBe('');
    for (const { line } of page.examples) expect(out).toContain(line);
  });

  it.each(RUNNABLE)('%s refuses an option that it does not have', async (_, page) => {
    const { code, out, err } = await runCaptured(...page.words, ...mandatory(page), '--no-such-option');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain("unknown option '--no-such-option'");
  });

  it.each(RUNNABLE.filter(([, page]) => !page.arguments.some(({ word }) => word.includes('...'))))(
    '%s refuses words that are too many',
    async (_, page) => {
      const words = page.arguments.map(({ choices }) => choices[0] ?? 'x.example');
      const { code, err } = await runCaptured(...page.words, ...mandatory(page), ...words, 'too-many');
      expect(code).toBe(2);
      expect(err).toContain('too many arguments');
    },
  );

  it.each(RUNNABLE)('%s refuses values that its options cannot have', async (_, page) => {
    const checked = /<(?:duration|n|tag|addr:port|level|mode)>|\[tag\]/;
    for (const { flags, choices } of page.options) {
      if (choices.length === 0 && !checked.test(flags)) continue;
      const words = page.arguments.map((argument) => argument.choices[0] ?? 'x.example');
      const { code, err } = await runCaptured(
        ...page.words,
        ...mandatory(page),
        `${longFlag(flags)}=🙂`,
        ...words,
      );
      expect(code, `${flags}: ${err}`).toBe(2);
      expect(err).toContain(longFlag(flags));
    }
  });

  it.each(GROUPS)('%s alone shows what there is, as an error', async (_, page) => {
    const { code, out, err } = await runCaptured(...page.words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const { words } of page.commands) expect(err).toContain(words.at(-1));
    expect((await runCaptured(...page.words, 'no-such-command')).code).toBe(2);
  });
});

describe('examples', () => {
  const lines = Object.values(EXAMPLES).flatMap((examples) => examples.map(({ line }) => line));

  it('are there for every command', () => {
    const bare = RUNNABLE.filter(([, { examples }]) => examples.length === 0);
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  it('are of commands that are there', () => {
    const known = RUNNABLE.map(([, { words }]) => words.join(' '));
    expect(known).toEqual(expect.arrayContaining(Object.keys(EXAMPLES)));
    for (const [words, examples] of Object.entries(EXAMPLES)) {
      for (const { line } of examples) expect(` ${line} `).toContain(`keyturn ${words} `);
    }
  });

  it.each(lines)('%s is understood', async (line) => {
    const program = lookedAtProgram();
    let isReached = false;
    const stub = (command: typeof program): void => {
      command.action(() => {
        isReached = true;
      });
      command.commands.forEach(stub);
    };
    program.commands.forEach(stub);
    const words = wordsOfExample(line);
    await program.parseAsync(words, { from: 'user' });
    expect(isReached).toBe(true);
    // Values are checked before a server is asked: none is here, and nothing else may be wrong.
    if (EXAMPLES_OF_SERVER.has(line) && !line.includes('--config'))
      expect((await runCaptured(...words)).code).toBe(3);
  });
});

/** Examples of commands that ask the server. */
const EXAMPLES_OF_SERVER = new Set(
  RUNNABLE.filter(([, { operation }]) => operation !== undefined).flatMap(([, { examples }]) => {
    return examples.map(({ line }) => line);
  }),
);
