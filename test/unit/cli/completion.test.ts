/** What completes a command line, in this process; the scripts in real shells are tried in test/integration. */
import { describe, expect, it } from 'vitest';
import { completionLines } from '../../../src/cli/completion.ts';
import { wantedAt } from '../../../src/cli/completion-words.ts';
import { describeProgram, pagesBelow } from '../../../src/cli/describe-program.ts';
import { OPERATION_NAMES } from '../../../src/control/operations.ts';
import { commandWords, parametersOf } from '../../../src/control/parameters.ts';
import { capturedRunner, longFlag, lookedAtProgram, NOWHERE } from '../../support/captured.ts';

const PROGRAM = lookedAtProgram();
/** No server is where this says. */
process.env.KEYTURN_CONTROL = NOWHERE;
const PAGES = pagesBelow(describeProgram(PROGRAM));

/** What is offered, without the help. */
async function offered(...words: string[]): Promise<string[]> {
  const lines = await completionLines(PROGRAM, words, capturedRunner().runner);
  return lines.map((line) => (line.startsWith(':') ? line : line.slice(0, line.indexOf(':'))));
}

describe('completion', () => {
  it.each(PAGES.map((page) => [['keyturn', ...page.words].join(' '), page] as const))(
    '%s is completed whole: commands, options and choices',
    async (_, { words, commands, options, ...page }) => {
      const names = commands.map((command) => command.words.at(-1)!);
      if (commands.length > 0) expect(await offered(...words, '')).toEqual(expect.arrayContaining(names));
      const flags = options.map((option) => longFlag(option.flags));
      expect(await offered(...words, '--')).toEqual(expect.arrayContaining(flags));
      for (const { flags: text, choices } of options) {
        if (choices.length > 0) expect(await offered(...words, longFlag(text), '')).toEqual(choices);
      }
      const [first] = page.arguments;
      if (first !== undefined && first.choices.length > 0)
        expect(await offered(...words, '')).toEqual(first.choices);
    },
  );

  it('asks the server for what only it knows', () => {
    const kinds = { ZONE: 'zone', TAG: 'tag', '[TAG]': 'tag', JOB: 'job', POLICY: 'policy' } as const;
    for (const name of OPERATION_NAMES) {
      const words = commandWords(name);
      const before: string[] = [];
      for (const { word, value, isPositional } of parametersOf(name)) {
        const kind = kinds[(value ?? '') as keyof typeof kinds];
        const line = isPositional ? [...words, ...before, ''] : [...words, word, ''];
        if (kind !== undefined) expect(wantedAt(PROGRAM, line).values, `${name} ${word}`).toBe(kind);
        if (isPositional) before.push('x');
      }
    }
  });

  it('knows the zone that was named before a key', () => {
    const at = wantedAt(PROGRAM, ['--json', 'rollover', 'confirm-ds', 'example.com', '--seen', '']);
    expect(at).toMatchObject({ values: 'tag', standing: ['example.com'] });
  });

  it('takes an option for what it is wherever it stands, and its value for no argument', async () => {
    expect(wantedAt(PROGRAM, ['--control', 'zone', 'zone', 'show', '']).given.get('control')).toBe('zone');
    expect(await offered('rollover', '--yes', 'sta')).toEqual(['start', 'status']);
    expect(await offered('rollover', 'start', '--type', 'zsk', '--t')).toEqual(['--to']);
    expect(await offered('zone', 'show', 'a.example', '--')).not.toContain('show');
    expect(await offered('zone', 'show', '--', '--')).toEqual([]);
  });

  it('completes a value behind =, also where the shell takes the word apart', async () => {
    expect(await offered('rollover', 'start', '--type=z')).toEqual(['--type=zsk']);
    expect(await offered('rollover', 'start', '--type', '=')).toContain('zsk');
    expect(await offered('rollover', 'start', '--type', '=', 'z')).toEqual(['zsk']);
    expect(await offered('rollover', 'start', '--type', '=', 'zsk', '--emergency', 'conti')).toEqual([
      'continuity',
    ]);
  });

  it('leaves files and directories to the shell', async () => {
    expect(await offered('zone', 'check', '')).toEqual([':files']);
    expect(await offered('serve', '--zones', 'z')).toEqual([':directories']);
    expect(await offered('serve', '--config=')).toEqual([':files']);
  });

  it('is silent without a server, and about what is no command', async () => {
    expect(await offered('zone', 'show', '')).toEqual([]);
    expect(await offered('no-such', 'command', '--no-such=')).toEqual([]);
    expect(await offered('help', 'no-such', '')).toEqual([]);
    expect(await offered('help', 'rollover', 'sta')).toEqual(['start', 'status']);
    expect(await offered('explain', 'zone_no_s')).toContain('ZONE_NO_SOA');
  });

  it('takes any words, also none, without complaint', async () => {
    const odd = [
      '',
      '-',
      '--',
      '---',
      '=',
      '--=',
      '"',
      "'",
      '\\',
      '\0',
      '🙂',
      'x'.repeat(10_000),
      '--type',
      '--key=',
    ];
    for (const first of odd) {
      for (const second of odd)
        await expect(offered('rollover', 'start', first, second)).resolves.toBeDefined();
    }
    await expect(offered()).resolves.toBeDefined();
  });
});
