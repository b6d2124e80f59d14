/**
 * Reads the repository's own files for the architecture and tidy tests. `codeOf` blanks out comments and the inside
 * of strings but keeps every line where it was, so that a search finds code only and can name the line.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const ROOT_FOLDER: string = fileURLToPath(new URL('../../', import.meta.url));

/** One text file: `path` from the root with `/`, `code` = the text without comments and string contents. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

const IGNORED = new Set(['node_modules', 'dist', '.git', 'coverage', 'out', 'reports']);

/** Paths of all files below `folder` (from the root, `/`), sorted; generated and foreign folders are left out. */
export function filesBelow(folder: string): string[] {
  const paths: string[] = [];
  for (const found of readdirSync(join(ROOT_FOLDER, folder), { withFileTypes: true })) {
    const path = folder === '' ? found.name : `${folder}/${found.name}`;
    if (found.isDirectory() && !IGNORED.has(found.name)) paths.push(...filesBelow(path));
    else if (found.isFile()) paths.push(path);
  }
  return paths.sort();
}

/** Reads one file of the repository. */
export function readSource(path: string): Source {
  const text = readFileSync(join(ROOT_FOLDER, path), 'utf8');
  return { path, text, code: path.endsWith('.ts') ? codeOf(text) : text };
}

/** The TypeScript files below the given folders. */
export function typescriptBelow(...folders: string[]): Source[] {
  return folders
    .flatMap(filesBelow)
    .filter((path) => path.endsWith('.ts'))
    .map(readSource);
}

const TOKEN = new RegExp(
  [
    String.raw`\/\*[^]*?\*\/`, // block comment
    String.raw`\/\/[^\n]*`, // line comment
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    // A regular expression stands where a value may begin.
    String.raw`(?<=[(,=:[!&|?{};+\n]\s*|return\s+)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`,
    '`',
  ].join('|'),
  'g',
);

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The text with comments, strings, regular expressions and template text blanked; positions and lines are kept. */
export function codeOf(text: string): string {
  let code = '';
  let at = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    code += text.slice(at, match.index);
    at = match[0] === '`' ? endOfTemplate(text, match.index) : TOKEN.lastIndex;
    const token = text.slice(match.index, at);
    code += token.startsWith('`') ? blankTemplate(token) : blankToken(token);
    TOKEN.lastIndex = at;
  }
  return code + text.slice(at);
}

/** Keeps the quotes of a string, so that `''` stays visible as a value. */
function blankToken(token: string): string {
  const quote = token[0] as string;
  return quote === '/' ? blank(token) : quote + blank(token.slice(1, -1)) + quote;
}

/** Keeps the code of the holes of a template: `a${b}c` shows `b`. */
function blankTemplate(template: string): string {
  let code = '';
  let at = 0;
  for (let hole = template.indexOf('${'); hole !== -1; hole = template.indexOf('${', at)) {
    const end = endOfHole(template, hole + 2);
    code += `${blank(template.slice(at, hole + 2))}${codeOf(template.slice(hole + 2, end))}`;
    at = end;
  }
  return code + blank(template.slice(at));
}

function endOfTemplate(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text.startsWith('${', at)) at = endOfHole(text, at + 2);
  }
  return text.length;
}

/** Offset of the `}` that ends the hole whose code starts at `start`; strings and the like in it are stepped over. */
function endOfHole(text: string, start: number): number {
  const token = new RegExp(TOKEN.source, 'y');
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found !== undefined) at = (found === '`' ? endOfTemplate(text, at) : at + found.length) - 1;
    else if (text[at] === '{') depth++;
    else if (text[at] === '}' && depth-- === 0) return at;
  }
  return text.length;
}

/** One `import … from 'x'`, `export … from 'x'` or `import('x')`. */
export interface Import {
  readonly specifier: string;
  /** Path from the root of a relative import; undefined for a package. */
  readonly path: string | undefined;
  readonly line: number;
  readonly typeOnly: boolean;
  /** `import('x')`: loaded when it is reached. */
  readonly lazy: boolean;
  readonly reexport: boolean;
}

const IMPORT = new RegExp(
  [
    String.raw`^[ \t]*(import|export)\b(\s+type\b)?[^;'"()]*?\bfrom\s+'([^']+)'`,
    String.raw`^[ \t]*import\s+'([^']+)'`,
    String.raw`\bimport\(\s*'([^']+)'`,
  ].join('|'),
  'gm',
);

/** All imports of a TypeScript file. */
export function importsOf(source: Source): Import[] {
  return [...source.text.matchAll(IMPORT)]
    .filter((match) => source.code.slice(match.index, match.index + match[0].length).trim() !== '')
    .map((match) => {
      const specifier = (match[3] ?? match[4] ?? match[5]) as string;
      const folder = join(ROOT_FOLDER, source.path, '..');
      const path = specifier.startsWith('.')
        ? relative(ROOT_FOLDER, join(folder, specifier)).split(sep).join('/')
        : undefined;
      const line = lineOf(source.text, match.index);
      return {
        ...{ specifier, path, line, typeOnly: match[2] !== undefined },
        ...{ lazy: match[5] !== undefined, reexport: match[1] === 'export' },
      };
    });
}

/** Line number (from 1) of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `path:line` of each match of `pattern` (with the g flag) in the code. */
export function placesOf(source: Source, pattern: RegExp): string[] {
  return [...source.code.matchAll(pattern)].map(
    (match) => `${source.path}:${lineOf(source.code, match.index)}: ${match[0].trim()}`,
  );
}
