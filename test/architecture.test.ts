/**
 * The architecture as a test (docs/architecture.md): imports go down only, the core knows no world, each package has
 * one door. A failure names the place, the rule and the reason for the rule.
 */
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { codeOf, importsOf, placesOf, type Source, typescriptBelow } from './support/sources.ts';

/** Which folders of src/ a folder may import from; itself is always allowed. The order is that of the layers. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  rdata: ['base', 'wire'],
  zone: ['base', 'wire', 'rdata'],
  zonefile: ['base', 'wire', 'rdata', 'zone'],
  dnssec: ['base', 'wire', 'rdata', 'zone'],
  kasp: ['base', 'wire', 'rdata', 'zone', 'dnssec'],
  signer: ['base', 'wire', 'rdata', 'zone', 'zonefile', 'dnssec', 'kasp'],
  answer: ['base', 'wire', 'rdata', 'zone', 'dnssec', 'kasp', 'signer'],
  transport: ['base', 'wire', 'answer'],
  store: ['base', 'wire', 'rdata', 'zone', 'zonefile', 'dnssec', 'kasp', 'signer'],
  parent: ['base', 'wire', 'rdata', 'dnssec', 'kasp'],
  ops: ['base', 'wire'],
  daemon: ['*', '!main', '!cli'],
  control: ['*', '!main', '!cli'],
  main: ['*', '!cli'],
  cli: ['*'],
};

/** Folders without a world: what they need is handed in. */
const CORE = ['base', 'wire', 'rdata', 'zone', 'zonefile', 'dnssec', 'kasp', 'signer', 'answer'];

/** Files or folders (below src/) that may import a package. Tests and benches may use what they like. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'dns-packet': ['parent/', 'cli'],
  '@noble/curves': ['dnssec/keypair.ts'],
  '@noble/hashes': ['dnssec/keypair.ts', 'dnssec/digest.ts'],
  'node:crypto': [
    'dnssec/algorithm.ts',
    'dnssec/keypair.ts',
    'dnssec/privatekey.ts',
    'dnssec/digest.ts',
    'dnssec/foreign.ts',
    'transport/',
    'store/',
    'daemon/',
    'control/',
    'main.ts',
  ],
  'lru-cache': ['parent/'],
  pino: ['ops/log.ts'],
  'pino-pretty': ['ops/log.ts'],
  koffi: ['transport/libc.ts', 'daemon/openssl.ts'],
  zod: ['store/config', 'control/'],
  yaml: ['store/config'],
  commander: ['cli'],
  fastify: ['control/', 'http/'],
};

const LATER = /\basync\b|\bawait\b|\bPromise\b/g;

/** What the core must not touch, and why. */
const WORLD: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\s*\)/g, reason: 'the core has no clock: take `now: UnixSeconds`' },
  { pattern: /\bperformance\b|\bhrtime\b/g, reason: 'the core has no clock: take an instant' },
  {
    pattern: /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/g,
    reason: 'the core has no timer: return nextWake',
  },
  { pattern: /\bMath\.random\b|\bgetRandomValues\b/g, reason: 'the core has no randomness: take a Random' },
  { pattern: /\bprocess\b/g, reason: 'the core has no process: the shell hands settings in' },
  { pattern: /\bconsole\b/g, reason: 'the core has no logger: return what the shell shall log' },
  { pattern: LATER, reason: 'the core is synchronous (DESIGN §3)' },
  { pattern: /\bfetch\(|\bnew (WebSocket|Worker)\b/g, reason: 'the core has no network and no threads' },
];

/** `wire` for src/wire/name.ts, `main` for src/main.ts. */
function folderOf(path: string): string {
  return (path.split('/')[1] as string).replace(/\.ts$/, '');
}

function mayImport(from: string, to: string): boolean {
  const allowed = MAY_IMPORT[from] ?? [];
  return from === to || (allowed.includes('*') ? !allowed.includes(`!${to}`) : allowed.includes(to));
}

function layerFaults(source: Source): string[] {
  const from = folderOf(source.path);
  if (MAY_IMPORT[from] === undefined) return [`${source.path}: src/${from} has no row in MAY_IMPORT`];
  return importsOf(source)
    .filter(({ path }) => path !== undefined && !(path.startsWith('src/') && mayImport(from, folderOf(path))))
    .map(({ line, path }) => `${source.path}:${line}: ${from} may not import ${path} (imports go down only)`);
}

/** `@noble/curves` for `@noble/curves/nist.js`, `node:fs` for `node:fs/promises`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
}

function packageFaults(source: Source): string[] {
  const isCore = CORE.includes(folderOf(source.path));
  return importsOf(source).flatMap(({ specifier, path, line }) => {
    if (path !== undefined) return [];
    const name = packageOf(specifier);
    const doors = DOORS[name];
    const place = `${source.path}:${line}: ${specifier}`;
    if (doors === undefined) {
      if (!name.startsWith('node:'))
        return [`${place} has no door: add a row to DOORS and to docs/architecture.md`];
      return isCore ? [`${place}: the core imports no node: module, what it needs is handed in`] : [];
    }
    if (doors.some((door) => source.path.startsWith(`src/${door}`))) return [];
    return [`${place} has one door, so that it can be replaced there: ${doors.join(', ')}`];
  });
}

function worldFaults(source: Source): string[] {
  if (!CORE.includes(folderOf(source.path))) return [];
  return WORLD.flatMap(({ pattern, reason }) =>
    // The types of the ports, which the shell implements, may say that an answer comes later.
    (source.path === 'src/base/ports.ts' && pattern === LATER ? [] : placesOf(source, pattern)).map(
      (place) => `${place}: ${reason}`,
    ),
  );
}

function shapeFaults(source: Source): string[] {
  const defaults = placesOf(source, /^export default\b/gm).map((place) => `${place}: named exports only`);
  const stars = placesOf(source, /^export \*/gm).map((place) => `${place}: import the file itself`);
  const reexports = importsOf(source).filter((found) => found.reexport);
  const declares =
    /^export (?:declare |abstract |async )*(?:const|let|function|class|interface|type \w+[\s<])/m;
  const isBarrel = reexports.length > 0 && !declares.test(source.code);
  return [
    ...defaults,
    ...stars,
    ...(isBarrel ? [`${source.path}: a barrel; import the files themselves`] : []),
  ];
}

/** Cycles of value imports (types vanish when compiled), each as `a → b → a`. */
function importCycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source).flatMap(({ path, typeOnly }) => (path === undefined || typeOnly ? [] : [path])),
    ]),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt !== -1) cycles.push([...trail.slice(seenAt), path].join(' → '));
    if (seenAt !== -1 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

/** The command line. */
const ENTRY = 'src/cli.ts';
/** Each of these threads has a heap of its own, in which all that it loads is there once more. */
const ANSWERING_THREADS = ['src/daemon/udp-thread.ts', 'src/daemon/stream-thread.ts'];
const PATH = /'(\.{1,2}\/[\w./-]+)\.ts'/g;
/** Where scripts of threads are looked up by the name of their module; who starts one names it as a word. */
const LOOKUP = 'src/daemon/installation.ts';
const WORD = /'([\w-]+)'/g;

/** Files that nothing imports or starts. */
function deadFiles(sources: readonly Source[]): string[] {
  const used = new Set<string | undefined>([ENTRY]);
  for (const source of sources) {
    for (const [, target] of source.text.matchAll(PATH)) used.add(join(dirname(source.path), `${target}.ts`));
    if (source.path === LOOKUP || !source.text.includes('threadScript(')) continue;
    for (const [, word] of source.text.matchAll(WORD)) used.add(`src/daemon/${word}.ts`);
  }
  return sources.map(({ path }) => path).filter((path) => !used.has(path));
}

/** What every command loads at its start may be of these folders and packages: the rest is loaded when it is needed. */
const START_FOLDERS = ['base', 'wire', 'ops', 'store', 'daemon', 'control', 'cli'];
const START_PACKAGES = ['commander', 'zod'];

/** What every command would load at its start beyond that, with the file that asks for it. */
function startFaults(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const loaded = new Set([ENTRY]);
  const faults: string[] = [];
  for (const path of loaded) {
    for (const { specifier, path: target, typeOnly, lazy } of importsOf(byPath.get(path)!)) {
      if (typeOnly || lazy) continue;
      if (target !== undefined) loaded.add(target);
      const isFine =
        target === undefined
          ? specifier.startsWith('node:') || START_PACKAGES.includes(packageOf(specifier))
          : START_FOLDERS.includes(folderOf(target));
      if (!isFine) faults.push(`${path}: each command would load ${specifier}: import it when it is needed`);
    }
  }
  return faults;
}

const THREAD_PACKAGES = ['koffi'];

/** Packages that the threads which answer queries would load, with the file that asks for it. */
function threadFaults(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const loaded = new Set(entries);
  const faults: string[] = [];
  for (const path of loaded) {
    for (const { specifier, path: target, typeOnly } of importsOf(byPath.get(path)!)) {
      if (typeOnly) continue;
      if (target !== undefined) loaded.add(target);
      else if (!specifier.startsWith('node:') && !THREAD_PACKAGES.includes(packageOf(specifier)))
        faults.push(`${path}: each thread that answers would load ${specifier}`);
    }
  }
  return faults;
}

const SOURCES = typescriptBelow('src');

describe('architecture', () => {
  it('imports go down only', () => {
    expect(SOURCES.flatMap(layerFaults)).toEqual([]);
  });
  it('has no import cycles', () => {
    expect(importCycles(SOURCES)).toEqual([]);
  });
  it('has no file that nothing imports or starts', () => {
    expect(deadFiles(SOURCES)).toEqual([]);
  });
  it('loads no keys, no zones and no server at the start of each command', () => {
    expect(startFaults(SOURCES)).toEqual([]);
  });
  it('loads no package into the threads that answer', () => {
    expect(threadFaults(SOURCES, ANSWERING_THREADS)).toEqual([]);
  });
  it('has each package behind its one door, and no node: module in the core', () => {
    expect(SOURCES.flatMap(packageFaults)).toEqual([]);
  });
  it('has a core without clock, timer, randomness, process, logger and Promise', () => {
    expect(SOURCES.flatMap(worldFaults)).toEqual([]);
  });
  it('has no default exports and no barrels', () => {
    expect(SOURCES.flatMap(shapeFaults)).toEqual([]);
  });
});

/** Planted faults: a check that finds nothing must be able to find something. */
describe('the architecture checks themselves', () => {
  const plant = (path: string, text: string): Source => ({ path, text, code: codeOf(text) });

  it('see an upward import, an unknown folder and an import that leaves src/', () => {
    expect(layerFaults(plant('src/wire/a.ts', "import { b } from '../zone/b.ts';\n"))).toHaveLength(1);
    expect(layerFaults(plant('src/utils/a.ts', ''))).toHaveLength(1);
    expect(layerFaults(plant('src/cli.ts', "import { b } from '../test/b.ts';\n"))).toHaveLength(1);
    expect(layerFaults(plant('src/zone/a.ts', "import { b } from '../wire/b.ts';\n"))).toEqual([]);
  });
  it('see a package that a thread would load by way of another file', () => {
    const thread = plant('src/daemon/thread.ts', "import { a } from '../dnssec/a.ts';\n");
    const key = plant('src/dnssec/a.ts', "import { p256 } from '@noble/curves/nist.js';\n");
    expect(threadFaults([thread, key], [thread.path])).toHaveLength(1);
    expect(threadFaults([plant(thread.path, "import type { a } from 'zod';\n")], [thread.path])).toEqual([]);
  });
  it('see a cycle over three files', () => {
    const a = plant('src/wire/a.ts', "import { b } from './b.ts';\n");
    const b = plant('src/wire/b.ts', "import { c } from './c.ts';\n");
    const c = plant('src/wire/c.ts', "import { a } from './a.ts';\n");
    expect(importCycles([a, b, c])).toEqual([
      'src/wire/a.ts → src/wire/b.ts → src/wire/c.ts → src/wire/a.ts',
    ]);
  });
  it('see a file that nothing uses, and the use of a thread', () => {
    const cli = plant('src/cli.ts', "new Worker(threadScript('thread'));\n");
    const lookup = plant(LOOKUP, "export function threadScript(name: 'thread' | 'dead'): URL {}\n");
    const files = [cli, lookup, plant('src/daemon/thread.ts', ''), plant('src/daemon/dead.ts', '')];
    expect(deadFiles(files)).toEqual([LOOKUP, 'src/daemon/dead.ts']);
  });
  it('see what each command would load, by whatever way, but not what is loaded later', () => {
    const cli = plant('src/cli.ts', "import { a } from './cli/a.ts';\n");
    const later = "const { pino } = await import('pino');\nimport type { K } from '../kasp/k.ts';\n";
    const a = plant('src/cli/a.ts', `import { b } from '../store/b.ts';\n${later}`);
    const b = plant('src/store/b.ts', "import { k } from '../kasp/k.ts';\nimport { parse } from 'yaml';\n");
    const all = [cli, a, b, plant('src/kasp/k.ts', '')];
    expect(startFaults(all).map((fault) => fault.split(':')[0])).toEqual([
      'src/store/b.ts',
      'src/store/b.ts',
    ]);
  });
  it('see packages outside of their doors', () => {
    expect(packageFaults(plant('src/kasp/a.ts', "import { sign } from 'node:crypto';\n"))).toHaveLength(1);
    expect(packageFaults(plant('src/zone/a.ts', "import fs from 'node:fs';\n"))).toHaveLength(1);
    expect(packageFaults(plant('src/daemon/a.ts', "import { pino } from 'pino';\n"))).toHaveLength(1);
    expect(packageFaults(plant('src/daemon/a.ts', "const x = await import('left-pad');\n"))).toHaveLength(1);
    expect(packageFaults(plant('src/ops/log.ts', "import { pino } from 'pino';\n"))).toEqual([]);
  });
  it('see the world in the core, but not in comments, strings and the shell', () => {
    const text = `const at = Date.now();\nconst x = \`a\${Math.random()}\`;\n`;
    expect(worldFaults(plant('src/kasp/a.ts', text))).toHaveLength(2);
    expect(worldFaults(plant('src/daemon/a.ts', text))).toEqual([]);
    expect(worldFaults(plant('src/kasp/a.ts', "// Date.now()\nconst x = 'process.exit';\n"))).toEqual([]);
  });
  it('read templates, quotes in regular expressions and nested holes as code', () => {
    const text = `const a = \`\${b.replace(/'/g, \`x\${Date.now()}\`)} it's\`;\nconst c = '\`';\nprocess.exit();\n`;
    expect(worldFaults(plant('src/kasp/a.ts', text))).toHaveLength(2);
  });
  it('see default exports and barrels', () => {
    expect(shapeFaults(plant('src/wire/a.ts', 'export default 1;\n'))).toHaveLength(1);
    expect(shapeFaults(plant('src/wire/a.ts', "export { b } from './b.ts';\n"))).toHaveLength(1);
  });
});
