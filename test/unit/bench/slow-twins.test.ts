/** The slow twins in docs/performance.md: no routine with `@hot` lacks one, and the tests that are named are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const PAGE = 'docs/performance.md';

interface Row {
  readonly routines: readonly string[];
  readonly tests: readonly string[];
}

const section =
  readFileSync(PAGE, 'utf8')
    .split(/^(?=## )/m)
    .find((text) => text.startsWith('## Slow twins\n')) ?? '';
const rows: Row[] = [...section.matchAll(/^\| (`[^|]*) \| [^|]+ \| ([^|]+) \|$/gm)].map(
  ([, routines, tests]) => ({
    routines: [...routines!.matchAll(/`([a-z/0-9-]+)`/g)].map(([, name]) => `src/${name}.ts`),
    tests: [...tests!.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => join(dirname(PAGE), path!)),
  }),
);
const named = rows.flatMap(({ routines }) => routines);

it('names every file with @hot, and none twice', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const hot = files
    .map((file) => `src/${file}`)
    .filter((file) => readFileSync(file, 'utf8').includes('@hot'));
  expect(hot.length).toBeGreaterThan(40);
  expect(hot.filter((file) => !named.includes(file))).toEqual([]);
  expect(named.filter((file, i) => named.indexOf(file) !== i)).toEqual([]);
});

it('names files that are there, and with each routine a test that draws its input', () => {
  const tests = rows.flatMap((row) => row.tests);
  expect([...named, ...tests].filter((file) => !existsSync(file))).toEqual([]);
  const isRandom = (file: string) => /fc\.assert\(/.test(readFileSync(file, 'utf8'));
  const fixed = rows.filter((row) => !row.tests.some(isRandom));
  expect(fixed.map(({ routines }) => routines)).toEqual([]);
});
