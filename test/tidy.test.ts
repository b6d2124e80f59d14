/**
 * House rules that neither the compiler nor Biome checks: sizes, names, honest tests, clean text, a README that is
 * true. A failure names the place and the rule.
 */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  filesBelow,
  lineOf,
  placesOf,
  ROOT_FOLDER,
  readSource,
  type Source,
  typescriptBelow,
} from './support/sources.ts';

/** Biome formats code to 110 columns; prose and strings may be a little wider. */
const LIMIT = { sourceLines: 400, testLines: 600, functionLines: 60, parameters: 4, lineColumns: 125 };

/** Tables may be as long as what they list. */
const TABLES = [/^src\/wire\/iana\.ts$/, /^src\/rdata\/descriptor/, /^test\/vectors\//];

/** Folders where a call takes primitives instead of an object, because it runs for each packet or record. */
const HOT = [
  'src/base/sha1.ts',
  'src/wire/',
  'src/rdata/',
  'src/zone/',
  'src/zonefile/',
  'src/dnssec/',
  'src/signer/',
  'src/answer/',
  'src/transport/',
];

function isTable(path: string): boolean {
  return TABLES.some((pattern) => pattern.test(path));
}

function sizeFaults({ path, text }: Source): string[] {
  const lines = text.split('\n').length - 1;
  const limit = path.startsWith('test/') ? LIMIT.testLines : LIMIT.sourceLines;
  return lines > limit && !isTable(path)
    ? [`${path}: ${lines} lines, over ${limit}: split it by concept`]
    : [];
}

function columnFaults({ path, text }: Source): string[] {
  if (isTable(path)) return [];
  return text.split('\n').flatMap((line, index) => {
    return line.length > LIMIT.lineColumns ? [`${path}:${index + 1}: ${line.length} columns`] : [];
  });
}

const MODIFIERS = '(?:export |private |protected |static |override |async |get |set )*';
const NOT_A_METHOD = '(?!(?:if|for|while|switch|catch|return|with)\\b)';
const FUNCTION_HEAD = new RegExp(
  `^( *)${MODIFIERS}(?:function\\*? (\\w+)|${NOT_A_METHOD}(#?\\w+)(?=\\([^\\n]*\\)[^\\n;]*\\{$))`,
  'gm',
);

/** Functions and methods: name, line, length in lines, number of parameters. Relies on Biome's layout. */
function functionsOf(source: Source): { place: string; lines: number; parameters: number }[] {
  return [...source.code.matchAll(FUNCTION_HEAD)].flatMap((match) => {
    const name = match[2] ?? match[3];
    const start = match.index;
    const end = source.code.slice(start).search(new RegExp(`^ {${match[1]?.length}}\\}`, 'm'));
    if (end === -1) return [];
    const body = source.code.slice(start, start + end + 1);
    const place = `${source.path}:${lineOf(source.code, start)} ${name}`;
    return [{ place, lines: body.split('\n').length, parameters: parameterCount(body) }];
  });
}

/** Commas at the top level of the first parentheses, a trailing one not counted. */
function parameterCount(head: string): number {
  const start = head.indexOf('(');
  let depth = 0;
  let commas = 0;
  for (let at = start; at < head.length; at++) {
    const character = head[at] as string;
    if ('([{<'.includes(character)) depth++;
    else if ((')]}'.includes(character) || (character === '>' && head[at - 1] !== '=')) && --depth === 0) {
      const inside = head.slice(start + 1, at).trim();
      return inside === '' ? 0 : commas + (inside.endsWith(',') ? 0 : 1);
    } else if (character === ',' && depth === 1) commas++;
  }
  return 0;
}

function functionFaults(source: Source): string[] {
  const isHot = HOT.some((folder) => source.path.startsWith(folder));
  return functionsOf(source).flatMap(({ place, lines, parameters }) => [
    ...(lines > LIMIT.functionLines ? [`${place}: ${lines} lines, over ${LIMIT.functionLines}`] : []),
    ...(parameters > LIMIT.parameters && !isHot
      ? [`${place}: ${parameters} parameters: take one object`]
      : []),
  ]);
}

const HOUSE_RULES: readonly { readonly pattern: RegExp; readonly rule: string }[] = [
  { pattern: /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}/g, rule: 'an empty catch hides a failure' },
  { pattern: /@ts-(ignore|expect-error|nocheck)/g, rule: 'fix the type' },
  { pattern: /\bas any\b|:\s*any\b|<any>/g, rule: 'no any' },
  { pattern: /\bdebugger\b/g, rule: 'left over' },
];

/** A test is never switched off. One that needs what a machine may lack says `skipIf`; CI counts that as failed. */
const SWITCHED_OFF = /\b(?:it|test|describe|suite)\.(?:only|skip|todo|fails)\b|\bx(?:it|describe)\(/g;

const TEXT_RULES: readonly { readonly pattern: RegExp; readonly rule: string }[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/g, rule: 'write TODO(#issue), or do it' },
  { pattern: /(?<![\w.~}/-])\/(?:work|home|root|Users|tmp)\/[\w.-]+/g, rule: 'a path of one machine' },
  { pattern: /[ \t]+$/gm, rule: 'blanks at the end of a line' },
  { pattern: /\r/g, rule: 'line ends are \\n' },
];

function textFaults({ path, text }: Source): string[] {
  const faults = TEXT_RULES.flatMap(({ pattern, rule }) =>
    [...text.matchAll(pattern)].map(
      (match) => `${path}:${lineOf(text, match.index)}: ${match[0].trim()}: ${rule}`,
    ),
  );
  return text === '' || text.endsWith('\n') ? faults : [...faults, `${path}: no newline at the end`];
}

function nameFaults(path: string): string[] {
  const name = path.split('/').at(-1) as string;
  const isVague = /^(utils?|helpers?|common|misc|index|lib|tools?|stuff)(\.test)?\.ts$/.test(name);
  const isPlain = /^[a-z][a-z0-9-]*(\.test)?\.ts$/.test(name);
  return isPlain && !isVague ? [] : [`${path}: name the concept, in lower case`];
}

/** Links to files, names of files, code fences, `npm run` scripts that a Markdown page mentions. */
function pageFaults({ path, text }: Source): string[] {
  const faults: string[] = [];
  const fences = text.match(/^```.*$/gm) ?? [];
  if (fences.length % 2 !== 0) faults.push(`${path}: a code fence is not closed`);
  fences
    .filter((fence, index) => index % 2 === 0 && fence === '```')
    .forEach(() => {
      faults.push(`${path}: a code fence has no language`);
    });
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    const isFile = !/^[a-z]+:/.test(target as string);
    if (isFile && !existsSync(join(ROOT_FOLDER, normalize(join(dirname(path), target as string))))) {
      faults.push(`${path}: a link leads nowhere: ${target}`);
    }
  }
  for (const [, file] of text.matchAll(/`((?:src|test|bench|docs|zones|keys)\/[\w./-]+)`/g)) {
    if (!existsSync(join(ROOT_FOLDER, file as string)))
      faults.push(`${path}: names a file that is not there: ${file}`);
  }
  for (const [, script] of text.matchAll(/\bnpm run ([\w:]+)/g)) {
    if (SCRIPTS[script as string] === undefined) faults.push(`${path}: no such script: npm run ${script}`);
  }
  return faults;
}

const PACKAGE = JSON.parse(readSource('package.json').text) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const SCRIPTS: Readonly<Record<string, string | undefined>> = PACKAGE.scripts;

/** Octets that tests need as they are: golden output, vectors of others. */
const VERBATIM = [/^test\/golden\//, /^test\/vectors\//, /^package-lock\.json$/, /^LICENSE$/];
const TEXT_FILE = /\.(?:ts|mjs|md|json|yaml|yml|zone|service|sh)$|^\.ci\/|^packaging\//;

const CODE = typescriptBelow('src', 'bench', 'test').filter(({ path }) =>
  existsSync(join(ROOT_FOLDER, path)),
);
const TEXTS = filesBelow('')
  .filter((path) => TEXT_FILE.test(path) && !/^keys\/[^R]/.test(path))
  .filter((path) => !VERBATIM.some((pattern) => pattern.test(path)))
  .map(readSource);
/** This file writes down what it forbids. */
const SELF = 'test/tidy.test.ts';

describe('tidy', () => {
  it('keeps files, functions and lines small', () => {
    expect(CODE.flatMap(sizeFaults)).toEqual([]);
    expect(CODE.flatMap(columnFaults)).toEqual([]);
    expect(CODE.filter(({ path }) => !path.startsWith('test/')).flatMap(functionFaults)).toEqual([]);
  });
  it('names files by concept', () => {
    expect(CODE.flatMap(({ path }) => nameFaults(path))).toEqual([]);
  });
  it('opens each source file with a header that says what it is', () => {
    const bare = CODE.filter(({ path, text }) => path.startsWith('src/') && !/^(#!.*\n)?\/\*\*/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });
  it('hides no failure and no type', () => {
    expect(
      CODE.flatMap((source) =>
        HOUSE_RULES.flatMap(({ pattern, rule }) => {
          return placesOf(source, pattern).map((place) => `${place}: ${rule}`);
        }),
      ),
    ).toEqual([]);
  });
  it('switches no test off', () => {
    const tests = CODE.filter(({ path }) => path.startsWith('test/') && path !== 'test/support/peers.ts');
    expect(tests.flatMap((source) => placesOf(source, SWITCHED_OFF))).toEqual([]);
  });
  it('has clean text without paths of one machine', () => {
    expect(TEXTS.filter(({ path }) => path !== SELF).flatMap(textFaults)).toEqual([]);
  });
  it('has pages whose links, fences and commands are true', () => {
    expect(TEXTS.filter(({ path }) => path.endsWith('.md')).flatMap(pageFaults)).toEqual([]);
  });
  it('pins its dependencies exactly and names no registry in the lock file', () => {
    const { dependencies, optionalDependencies, devDependencies } = PACKAGE;
    const all = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(readSource('package-lock.json').text).not.toMatch(/"resolved": "http/);
  });
});

describe('the tidy checks themselves', () => {
  const plant = (text: string, path = 'src/store/a.ts'): Source => ({ path, text, code: codeOf(text) });
  const findings = (text: string): number =>
    HOUSE_RULES.reduce((count, { pattern }) => count + placesOf(plant(text), pattern).length, 0);

  it('see long files, long functions and many parameters', () => {
    const long = `function f() {\n${'  g();\n'.repeat(60)}}\n`;
    expect(sizeFaults(plant('\n'.repeat(401)))).toHaveLength(1);
    expect(functionFaults(plant(long))).toHaveLength(1);
    expect(
      functionFaults(plant(`class A {\n  m(a: X<B, C>, b: () => D, c, d, e): void {\n  }\n}\n`)),
    ).toHaveLength(1);
    expect(functionFaults(plant('function f(a: X<B, C>, b: () => D, c, d) {\n}\n'))).toEqual([]);
  });
  it('see an empty catch and any, in code only', () => {
    expect(findings('try { f(); } catch {}\n')).toBe(1);
    expect(findings('try { f(); } catch (e) { g(e); }\n// catch {}\n')).toBe(0);
    expect(findings('const a = b as any;\n')).toBe(1);
  });
  it('see tests that are switched off', () => {
    expect(placesOf(plant("it.skip('x', () => {});\n"), SWITCHED_OFF)).toHaveLength(1);
    expect(placesOf(plant("it('x.skip', () => {});\n"), SWITCHED_OFF)).toEqual([]);
  });
  it('see machine paths, open ends and broken pages', () => {
    expect(textFaults(plant("const a = '/home/me';\n"))).toHaveLength(1);
    expect(textFaults(plant('// TODO later\n'))).toHaveLength(1);
    expect(textFaults(plant('// TODO(#12) later\n'))).toEqual([]);
    expect(
      pageFaults(plant('```sh\nnpm run nosuch\n[a](nowhere.md) `src/nowhere.ts`\n', 'README.md')),
    ).toHaveLength(4);
  });
  it('see vague names', () => {
    expect(nameFaults('src/wire/utils.ts')).toHaveLength(1);
    expect(nameFaults('src/wire/Name.ts')).toHaveLength(1);
    expect(nameFaults('src/wire/name.ts')).toEqual([]);
  });
});
