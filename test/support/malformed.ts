/** Values that a parameter must not have, found by trying a pool of odd ones on its schema. */
import { OPERATIONS, type OperationName } from '../../src/control/operations.ts';

/** What a command line can say: texts. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  'x\r\ny',
  '-1',
  '-5m',
  '1.5',
  '1e3',
  '0x10',
  '+1',
  'NaN',
  'Infinity',
  '99999999999',
  '9'.repeat(400),
  '2147483648s',
  '5q',
  '..',
  'a..example',
  `${'a'.repeat(64)}.example`,
  '%s%n',
  '../../etc/passwd',
  '🙂',
  'é',
  '\u202e',
  '\ud800',
  '{}',
  '[]',
  'null',
  'undefined',
  'maybe',
  'x'.repeat(2_000),
  'x'.repeat(50_000),
];

/** What JSON can say besides. */
const DEEP = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown;
const VALUES: readonly unknown[] = [
  ...TEXTS,
  null,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  [],
  ['a', 'b'],
  {},
  { toString: 1 },
  DEEP,
];

function isWrong(name: OperationName, field: string, value: unknown): boolean {
  const { shape } = OPERATIONS[name].params as unknown as { shape: Record<string, Schema> };
  return !shape[field]!.safeParse(value).success;
}

interface Schema {
  safeParse(value: unknown): { readonly success: boolean };
}

/** So many are tried of one parameter; another parameter of the same kind has others. */
const TRIED = 12;

/** Some of many, others for another name. */
export function some<T>(values: readonly T[], name: string): T[] {
  const first = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return values.slice(0, TRIED).map((_, index) => values[(first + index) % values.length]!);
}

/** Texts that a parameter must not be. */
export function malformedTexts(name: OperationName, field: string): string[] {
  return some(
    TEXTS.filter((text) => isWrong(name, field, text)),
    name + field,
  );
}

/** All values, also of wrong types, that a parameter must not be. */
export function malformedValues(name: OperationName, field: string): unknown[] {
  return VALUES.filter((value) => isWrong(name, field, value));
}
