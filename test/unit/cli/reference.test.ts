/**
 * Reference and manual pages: the files in docs/ are what the program makes of itself. UPDATE_GOLDEN=1 (or
 * the script "docs") writes them; what changed is read like code.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeProgram, runnablePages } from '../../../src/cli/describe-program.ts';
import { ENVIRONMENT } from '../../../src/cli/man.ts';
import { quoted, roff, typed } from '../../../src/cli/man-roff.ts';
import { allPages, formatJson, sampleRequest } from '../../../src/cli/reference.ts';
import { configKeys } from '../../../src/cli/reference-config.ts';
import { OPERATION_NAMES, OPERATIONS } from '../../../src/control/operations.ts';
import { parametersOf } from '../../../src/control/parameters.ts';
import { operationSchemas } from '../../../src/control/schemas.ts';
import { ControlServer, type Handlers } from '../../../src/control/server.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { createLog } from '../../../src/ops/log.ts';
import { lookedAtProgram } from '../../support/captured.ts';
import { run, Workplace } from '../../support/processes.ts';
import { ROOT_FOLDER, typescriptBelow } from '../../support/sources.ts';

const PROGRAM = lookedAtProgram();
const PAGES = allPages(PROGRAM);
const DOCS = join(ROOT_FOLDER, 'docs');
const IS_UPDATE = process.env.UPDATE_GOLDEN === '1';

/** Files below docs/man and docs/reference. */
function present(): string[] {
  return ['man', 'reference'].flatMap((folder) =>
    existsSync(join(DOCS, folder)) ? readdirSync(join(DOCS, folder)).map((name) => `${folder}/${name}`) : [],
  );
}

describe('docs/man and docs/reference', () => {
  it.each(PAGES.map(({ file, text }) => [file, text]))('%s is as the program makes it', (file, text) => {
    const at = join(DOCS, file);
    if (IS_UPDATE) {
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text);
    }
    expect(readFileSync(at, 'utf8'), 'UPDATE_GOLDEN=1 writes it').toBe(text);
  });

  it('have no other files', () => {
    const made = PAGES.map(({ file }) => file);
    if (IS_UPDATE) for (const file of present()) if (!made.includes(file)) rmSync(join(DOCS, file));
    expect(present().sort()).toEqual(made.sort());
  });

  it('tell of every command, its parameters and its operation', () => {
    const commands = PAGES.find(({ file }) => file === 'reference/commands.md')!.text;
    const manual = PAGES.filter(({ file }) => file.endsWith('.1'))
      .map(({ text }) => text)
      .join('\n');
    for (const page of runnablePages(describeProgram(PROGRAM))) {
      const title = ['keyturn', ...page.words].join(' ');
      expect(commands).toContain(`\n## ${title}\n`);
      expect(manual).toContain(`.SS ${quoted(title)}`);
      for (const { flags } of page.options) expect(manual, title).toContain(typed(flags));
    }
    for (const name of OPERATION_NAMES) expect(commands).toContain(`\`${name}\``);
  });

  it('tell of every variable of the environment that the sources read', () => {
    const read = typescriptBelow('src').flatMap(({ text }) =>
      [...text.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name!),
    );
    expect(Object.keys(ENVIRONMENT).sort()).toEqual([...new Set(read)].sort());
  });
});

describe('the keys of the configuration', () => {
  it('all have a meaning, and those of a policy a default', () => {
    const keys = configKeys();
    for (const { path, meaning } of keys) expect(meaning, path).not.toBe('');
    const policy = keys.filter(({ path, type }) => path.startsWith('policies.NAME.') && type !== 'mapping');
    for (const { path, fallback } of policy) expect(fallback, path).toBeDefined();
    const top = new Set(policy.map(({ path }) => path.split('.')[2]));
    expect([...top].sort()).toEqual(Object.keys(DEFAULT_POLICY).sort());
    expect(keys.find(({ path }) => path === 'keysDirectory')?.fallback).toBe('keys');
  });
});

describe('operations.json', () => {
  const document = operationSchemas() as {
    $defs: Record<string, unknown>;
    operations: Record<string, object>;
  };

  it('has a schema for all parameters and results, and all references lead somewhere', () => {
    for (const name of OPERATION_NAMES) {
      const { properties = {} } = document.$defs[`${name}.params`] as { properties?: object };
      expect(Object.keys(properties).sort()).toEqual(
        parametersOf(name)
          .map((one) => one.name)
          .sort(),
      );
      const result = document.$defs[`${name}.result`] as { required?: string[] } | undefined;
      expect(result === undefined).toBe(OPERATIONS[name].result === null);
      if (result !== undefined) expect(result.required).toContain('schema_version');
    }
    const links = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(OPERATION_NAMES.length);
    for (const link of links) expect(document.$defs).toHaveProperty([link.replace('#/$defs/', '')]);
  });

  it('is laid out as Biome does', () => {
    const value = {
      a: [],
      b: {},
      c: ['x', 'y'],
      d: [{ e: 1 }],
      f: ['x'.repeat(60), 'y'.repeat(60)],
      g: undefined,
    };
    expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    expect(formatJson({ c: ['x', 'y'] })).toBe('{\n  "c": ["x", "y"]\n}\n');
  });
});

describe('sample requests', () => {
  const place = new Workplace();
  const socket = place.at('control.sock');
  const called: string[] = [];
  const handlers = Object.fromEntries(
    OPERATION_NAMES.map((name) => [
      name,
      () => {
        called.push(name);
        return OPERATIONS[name].result === null ? ['text'] : {};
      },
    ]),
  ) as unknown as Handlers;
  const server = new ControlServer(socket, handlers, createLog('fatal' as 'error', { isTerminal: false }));
  beforeAll(() => server.start());
  afterAll(async () => {
    await server.stop();
    place.remove();
  });

  it.each(OPERATION_NAMES)('%s is understood as the page has it for curl', async (name) => {
    const { path } = sampleRequest(name);
    const page = PAGES.find(({ file }) => file === 'reference/commands.md')!.text;
    const lines = page
      .split('\n')
      .filter((line) => line.startsWith('curl ') && line.endsWith(`localhost${path}'`));
    const isPost = OPERATIONS[name].http.method === 'POST';
    const line = lines.find((one) => one.includes(" -d '") === isPost);
    expect(line).toBeDefined();
    const words = line!
      .replace('keys/control.sock', socket)
      .replace('curl ', 'curl --silent --fail-with-body ');
    const { code, stdout } = await run('bash', ['-c', words]);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(called.splice(0)).toEqual([name]);
  });
});

describe('roff', () => {
  it('keeps text what it is', () => {
    expect(roff(".TH\n'b a\\b --c")).toBe("\\&.TH\n\\&'b a\\eb \\-\\-c");
    expect(quoted('say "x"')).toBe('"say \\(dqx\\(dq"');
    expect(typed('--type <type>')).toBe('\\-\\-type \\fItype\\fB');
  });
});
