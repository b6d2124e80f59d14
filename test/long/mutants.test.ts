/**
 * Mutants of the rollover engine must not survive (ROLLOVER 6.4): each is applied to a copy of the sources, and the
 * searches, the unit tests and timelines, and the random rollovers are run there, in this order, until one fails.
 * Prints a table. `KEYTURN_MUTANT` chooses mutants by a part of their name.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edit, MUTANTS, type Mutant, ORACLE_OFF } from '../support/mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const CHOSEN = process.env.KEYTURN_MUTANT ?? '';
const MOST_MS = 300_000;

const SEARCH = 'test/property/model-check.test.ts';
const STAGES: readonly (readonly string[])[] = [
  [SEARCH],
  ['test/unit/kasp'],
  ['test/property/rollover.test.ts'],
];

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

let copy = '';
const rows: string[][] = [];

/** Runs some tests in the copy; what failed first, or null. A run that says nothing counts as neither: it throws. */
async function failureOf(files: readonly string[], kinds: readonly string[]): Promise<string | null> {
  const output = join(copy, 'report.json');
  rmSync(output, { force: true });
  const env = { ...process.env, KEYTURN_MODEL_KIND: kinds.join(',') };
  const args = [
    'run',
    '--project',
    'unit',
    '--bail',
    '1',
    '--reporter=json',
    `--outputFile=${output}`,
    ...files,
  ];
  await new Promise<void>((resolve) => {
    const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
    execFile(process.execPath, [vitest, ...args], { cwd: copy, env, timeout: MOST_MS }, () => resolve());
  });
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    const message = failed.failureMessages.join('\n');
    if (/timed out|STACK_TRACE_ERROR/i.test(message))
      throw new Error(`slowness is no proof: ${failed.fullName}`);
    return `${failed.fullName}: ${propertyIn(message)}`;
  }
  const broken = report.testResults.find(({ message }) => message !== '');
  if (broken !== undefined)
    throw new Error(`a mutant that cannot even be loaded tests nothing: ${broken.message}`);
  return null;
}

/** The property that a search found broken, else the first words of a message. */
function propertyIn(message: string): string {
  const property = /P(?:[1-7]|10|8)(?= )/.exec(message);
  return property?.[0] ?? message.slice(0, 60).replaceAll(/\s+/g, ' ');
}

async function killerOf(kinds: readonly string[]): Promise<string | null> {
  for (const files of STAGES) {
    if (files[0] === SEARCH && kinds.length === 0) continue;
    const failure = await failureOf(files, kinds);
    if (failure !== null) return failure;
  }
  return null;
}

/** Applies the edits; gives back how to undo them. */
function apply(edits: readonly Edit[]): () => void {
  const before = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const path = join(copy, 'src/kasp', file);
    const text = readFileSync(path, 'utf8');
    if (!before.has(path)) before.set(path, text);
    expect(text.split(find).length - 1, `"${find}" occurs once in ${file}`).toBe(1);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return () => {
    for (const [path, text] of before) writeFileSync(path, text);
  };
}

async function judge({ name, kinds, edits, isOracleOff = false }: Mutant): Promise<string | null> {
  const undo = apply(isOracleOff ? [...edits, ORACLE_OFF] : edits);
  try {
    const killer = await killerOf(kinds);
    rows.push([name, isOracleOff ? 'off' : 'on', killer === null ? 'SURVIVED' : 'killed', killer ?? '']);
    return killer;
  } finally {
    undo();
  }
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'keyturn-mutants-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
  const table = [['mutant', 'oracle', 'result', 'by'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  console.info(table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n'));
});

describe('mutants', () => {
  it('differ from sources that pass', async () => {
    const kinds = [...new Set(MUTANTS.flatMap((mutant) => mutant.kinds))];
    expect(await killerOf(kinds)).toBeNull();
  });

  it.each(MUTANTS.filter(({ name }) => name.includes(CHOSEN)))('$name is killed', async (mutant) => {
    expect(await judge(mutant)).not.toBeNull();
  });
});
