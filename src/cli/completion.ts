/**
 * `keyturn completion` prints a script for a shell; the script asks the hidden command `__complete`, which knows the
 * commands from the program itself and names of zones, tags of keys and ids of jobs from the server. No server, or a
 * slow one, means no such values: completion never waits and never complains.
 */
import os from 'node:os';
import { Argument, type Command } from 'commander';
import { ControlClient } from '../control/client.ts';
import { OperationError } from '../control/operation.ts';
import type { ZoneSummary } from '../control/shapes.ts';
import { keyWord } from '../control/words.ts';
import { SCRIPTS, SHELLS, type Shell } from './completion-scripts.ts';
import { type Candidate, type ValueKind, type Wanted, wantedAt } from './completion-words.ts';
import type { Runner } from './runner.ts';

/** How long the server is waited for, if KEYTURN_COMPLETION_MS does not say it. */
const LIMIT_MS = 200;
const MAX_LIMIT_MS = 60_000;

/** What a shell takes as it is. Other names are left out: a shell would run what is in them. */
const PLAIN = /^[\w@%+,./][\w@%+,./-]*$/;

/** Adds `completion` and `__complete`. */
export function addCompletion(program: Command, runner: Runner): void {
  program
    .command('completion')
    .description('print a script by which a shell completes commands, options and names')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => runner.output.print(SCRIPTS[shell]));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      for (const line of await completionLines(program, words, runner)) runner.output.print(line);
    });
}

/** Lines for a completion script: `VALUE:HELP`, `:files` or `:directories`. */
export async function completionLines(
  program: Command,
  words: readonly string[],
  runner: Runner,
): Promise<string[]> {
  const wanted = wantedAt(program, words);
  const { candidates, values, paths, current, lead } = wanted;
  const known = values === null ? [] : await askFor(values, wanted, runner);
  const start = current.toLowerCase();
  const fitting = [...candidates, ...known].filter(({ value }) => value.toLowerCase().startsWith(start));
  const lines = fitting.map(({ value, help }) => `${lead}${value}:${help}`);
  return paths === null ? lines : [...lines, `:${paths}`];
}

// ---- What the server knows ----

function limitMs(): number {
  const told = Number(process.env.KEYTURN_COMPLETION_MS ?? LIMIT_MS);
  return told >= 0 ? Math.min(told, MAX_LIMIT_MS) : LIMIT_MS;
}

/** Values of a kind; none if the server does not tell them in time. */
async function askFor(kind: ValueKind, wanted: Wanted, runner: Runner): Promise<Candidate[]> {
  const named = wanted.given.get('control');
  const file = named === undefined ? runner.controlPath : named.replace(/^~(?=\/)/, os.homedir());
  const client = new ControlClient(file, AbortSignal.timeout(limitMs()));
  try {
    const found = await ASK[kind](client, wanted);
    const plain = found.filter(({ value }) => PLAIN.test(value));
    return [...new Map(plain.map((one) => [one.value, one])).values()];
  } catch (error) {
    if (error instanceof OperationError) return [];
    throw error;
  }
}

type Ask = (client: ControlClient, wanted: Wanted) => Promise<Candidate[]>;

const ASK: Readonly<Record<ValueKind, Ask>> = {
  zone: async (client) => {
    const { zones } = await client.call('zone.list', {});
    return zones.map(({ zone, state }) => ({ value: plainName(zone), help: state }));
  },
  policy: async (client) => {
    const { policies } = await client.call('policy.show', {});
    return policies.map(({ policy }) => ({ value: policy, help: 'policy' }));
  },
  tag: async (client, { standing, given }) => {
    const zone = given.get('zone') ?? standing[0];
    const { keys } =
      zone === undefined ? { keys: await keysOfAll(client) } : await client.call('zone.show', { zone });
    return keys.map((key) => {
      return { value: String(key.tag), help: `${keyWord(key)}, algorithm ${key.algorithm}` };
    });
  },
  code: async () => {
    const { CODES } = await import('../control/codes.ts');
    return [...CODES].map(([value, { meaning }]) => ({ value, help: meaning }));
  },
  job: async (client) => {
    const { jobs } = await client.call('job.list', {});
    return jobs.map(({ id, type, state }) => ({ value: id.slice(0, 8), help: `${type}, ${state}` }));
  },
};

async function keysOfAll(client: ControlClient): Promise<ZoneSummary['keys']> {
  const { zones } = await client.call('zone.list', {});
  return zones.flatMap(({ keys }) => keys);
}

/** `example.com` for `example.com.`. */
function plainName(zone: string): string {
  return zone === '.' ? zone : zone.replace(/\.$/, '');
}
