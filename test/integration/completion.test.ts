/** Completion in real shells, against a running server: what a person gets who presses the tab key. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHELLS, type Shell } from '../../src/cli/completion-scripts.ts';
import { Daemon, foldersOf, writeCommand } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { run, runOk, Workplace } from '../support/processes.ts';

const FILES = { 'one.example.zone': 'one.example.', 'other.example.zone': 'other.example.' };
const ZONES = Object.fromEntries(
  Object.entries(FILES).map(([name, origin]) => [name, versionedZone(origin, 1, 5)]),
);

/** On a machine that others use too, a fifth of a second is no time. */
const PATIENCE = 'export KEYTURN_COMPLETION_MS=20000; ';

const workplace = new Workplace();
const { control } = foldersOf(workplace);
/** Sets PATH so that the shell finds our `keyturn`, and says where the server is. */
let before: string;
let daemon: Daemon;

beforeAll(async () => {
  const bin = workplace.at('bin');
  mkdirSync(bin);
  writeCommand(bin);
  before = `cd '${workplace.path}'; export PATH='${bin}':"$PATH" KEYTURN_CONTROL='${control}'; `;
  daemon = await Daemon.start({ workplace, zones: ZONES });
  for (const shell of SHELLS) {
    writeFileSync(scriptOf(shell), (await daemon.keyturn('completion', shell)).stdout);
  }
});
afterAll(async () => {
  await daemon?.stop();
  workplace.remove();
});

function scriptOf(shell: Shell): string {
  return workplace.at(`completion.${shell}`);
}

/** What a script of a shell prints, in lines; it must not complain. */
async function linesOf(shell: string, args: readonly string[], script: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(shell, [...args, `${before}${PATIENCE}${script}`]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** As the shell quotes a word. */
const quoted = (word: string) => `'${word}'`;

async function keyTags(): Promise<string[]> {
  const { stdout } = await daemon.keyturn('--json', 'zone', 'show', 'one.example');
  return (JSON.parse(stdout) as { keys: { tag: number }[] }).keys.map(({ tag }) => String(tag));
}

/** What all shells must offer; the last word is the one at the cursor. */
const SHARED: readonly (readonly [words: string[], offered: string[]])[] = [
  [['ro'], ['rollover']],
  [
    ['rollover', 'sta'],
    ['start', 'status'],
  ],
  [
    ['rollover', 'start', '--emergency', ''],
    ['continuity', 'containment'],
  ],
  [
    ['zone', 'show', ''],
    ['one.example', 'other.example'],
  ],
  [['zone', 'show', 'ot'], ['other.example']],
  [['--json', 'rollover', 'start', '--type', 'zsk', 'on'], ['one.example']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
];

describe('bash', () => {
  /** Offers for a line, as bash takes it apart. */
  function offersOf(...words: string[]): Promise<string[]> {
    const line = ['keyturn', ...words];
    return linesOf(
      'bash',
      ['--norc', '-c'],
      [
        `source '${scriptOf('bash')}'`,
        `COMP_WORDS=(${line.map(quoted).join(' ')}); COMP_CWORD=${line.length - 1}`,
        `_keyturn keyturn ${quoted(line.at(-1)!)} ${quoted(line.at(-2)!)}`,
        `printf '%s\\n' "${'$'}{COMPREPLY[@]}"`,
      ].join('\n'),
    );
  }

  it.each(SHARED)('completes %j', async (words, offered) => {
    expect(await offersOf(...words)).toEqual(offered);
  });

  it('binds the function to the command', async () => {
    const bound = await linesOf(
      'bash',
      ['--norc', '-c'],
      'source <(keyturn completion bash); complete -p keyturn',
    );
    expect(bound).toEqual(['complete -F _keyturn keyturn']);
  });

  it('completes tags of the keys of the zone that was named', async () => {
    expect(await offersOf('rollover', 'confirm-ds', 'one.example', '--seen', '')).toEqual(await keyTags());
  });

  it('completes values behind =', async () => {
    expect(await offersOf('rollover', 'start', '--type', '=')).toContain('zsk');
    expect(await offersOf('rollover', 'start', '--type', '=', 'z')).toEqual(['zsk']);
  });

  it('completes files and directories, blanks and all', async () => {
    mkdirSync(workplace.at('some dir'));
    writeFileSync(workplace.at('some file'), '');
    expect((await offersOf('zone', 'check', 'some')).sort()).toEqual(['some dir', 'some file']);
    expect(await offersOf('serve', '--zones', 'some')).toEqual(['some dir']);
  });

  it('is silent, and soon, without a server and with one that does not answer', async () => {
    const silent = workplace.at('silent.sock');
    const server = createServer(() => undefined).listen(silent);
    try {
      for (const socket of [workplace.at('none.sock'), silent]) {
        const line = `unset KEYTURN_COMPLETION_MS; keyturn __complete -- --control '${socket}' zone show ''`;
        const began = performance.now();
        expect(await linesOf('bash', ['--norc', '-c'], line)).toEqual([]);
        expect(performance.now() - began).toBeLessThan(10_000);
      }
    } finally {
      server.close();
    }
  });
});

describeWithPeers(['zsh'], 'zsh', () => {
  it('takes the script without complaint', async () => {
    expect(await runOk(getPeer('zsh'), ['-n', scriptOf('zsh')])).toBe('');
  });

  it.each(SHARED)('completes %j', async (words, offered) => {
    // What zsh itself would do with the offers is written out; the function is ours.
    const script = [
      'compdef() { :; }; _describe() { print -rl -- "$found[@]"; }; _files() { :; }',
      `source '${scriptOf('zsh')}'`,
      `words=(keyturn ${words.map(quoted).join(' ')}); CURRENT=${words.length + 1}; _keyturn`,
    ].join('\n');
    const lines = await linesOf(getPeer('zsh'), ['-fc'], script);
    expect(lines.map((line) => line.split(':')[0])).toEqual(offered);
    for (const line of lines) expect(line).toMatch(/^[\w.-]+:./);
  });
});

describeWithPeers(['fish'], 'fish', () => {
  it('takes the script without complaint', async () => {
    expect(await runOk(getPeer('fish'), ['-n', scriptOf('fish')])).toBe('');
  });

  it.each(SHARED)('completes %j', async (words, offered) => {
    const line = ['keyturn', ...words].join(' ');
    const script = `source '${scriptOf('fish')}'; complete -C ${quoted(line)}`;
    const lines = await linesOf('bash', ['--norc', '-c'], `${getPeer('fish')} --no-config -c "${script}"`);
    expect(lines.map((one) => one.split('\t')[0]).sort()).toEqual(offered.toSorted());
  });
});
