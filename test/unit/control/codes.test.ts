import { describe, expect, it } from 'vitest';
import { CODE_GROUPS, CODES, explain, nearestCode } from '../../../src/control/codes.ts';
import { KEY_STORE_CODES } from '../../../src/control/codes-keys.ts';
import { readSource, typescriptBelow } from '../../support/sources.ts';

/** Words of capitals with an underscore, alone in quotation marks: no other text of ours looks like that. */
const COMPOUND = /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g;
/** A code of one word, where only a code can stand. */
const SINGLE = [
  /new OperationError\(\s*'[A-Z_]+',\s*'([A-Z]+)'/g,
  /new OperationError\(\s*'([A-Z]+)'/g,
  /\bcode: '([A-Z]+)'/g,
];

/** Places that name codes for other reasons than to print them. */
const TABLES = /src\/control\/codes/;

/** Codes in the sources, with one place of each. */
function codesInSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of typescriptBelow('src')) {
    if (TABLES.test(file.path)) continue;
    for (const pattern of [COMPOUND, ...SINGLE]) {
      for (const [, word] of file.text.matchAll(pattern)) found.set(word!, file.path);
    }
  }
  for (const reason of waitReasons()) found.set(reason, 'src/kasp/step.ts');
  for (const kind of failureKinds()) found.set(kind, 'src/control/operation.ts');
  return found;
}

function waitReasons(): string[] {
  const { text } = readSource('src/kasp/step.ts');
  const union = /export type WaitReason =([^;]+);/.exec(text)![1]!;
  return [...union.matchAll(/'(\w+)'/g)].map(([, reason]) => reason!);
}

function failureKinds(): string[] {
  const { text } = readSource('src/control/operation.ts');
  const table = /export const FAILURE = \{([\s\S]+?)\} as const/.exec(text)![1]!;
  return [...table.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, kind]) => kind!);
}

describe('the table of codes', () => {
  const used = codesInSources();

  it('explains every code in the sources', () => {
    const missing = [...used].filter(([code]) => !CODES.has(code)).map(([code, path]) => `${code} (${path})`);
    expect(missing).toEqual([]);
    expect(used.size).toBeGreaterThan(100);
  });

  it('explains no code that is gone', () => {
    const bySystem = Object.keys(KEY_STORE_CODES);
    const stale = [...CODES.keys()].filter((code) => !used.has(code) && !bySystem.includes(code));
    expect(stale).toEqual([]);
  });

  it('has each code once', () => {
    const all = CODE_GROUPS.flatMap(({ codes }) => Object.keys(codes));
    expect(all.filter((code, index) => all.indexOf(code) !== index)).toEqual([]);
  });

  it('says all that is to be said, in sentences', () => {
    for (const [code, { meaning, cause, effect, fix, rfc }] of CODES) {
      for (const text of [meaning, cause, effect, fix]) expect(text, code).toMatch(/^[^ ].{8,}[^ ]$/);
      for (const text of [meaning, cause, effect]) expect(text, code).toMatch(/[.]$/);
      expect(rfc ?? 'RFC 1 §1', code).toMatch(/^RFC \d+ §[\d.]+$/);
    }
  });
});

describe('explain', () => {
  it('finds a code in any case', () => {
    expect(explain('zone_no_soa')?.code).toBe('ZONE_NO_SOA');
    expect(explain('PARENT_DS')?.code).toBe('parent_ds');
  });

  it('knows the words of the system by their beginning', () => {
    expect(explain('KEY_STORE_ENOSPC')?.explanation.meaning).toContain('full');
    expect(explain('KEY_STORE_EPERM')).toEqual({
      code: 'KEY_STORE_EPERM',
      explanation: KEY_STORE_CODES.KEY_STORE_OTHER,
    });
    expect(explain('KEY_STORE_')).toBeUndefined();
  });

  it('finds what was meant', () => {
    expect(explain('ZONE_NO_SAO')).toBeUndefined();
    expect(nearestCode('ZONE_NO_SAO')).toBe('ZONE_NO_SOA');
    expect(nearestCode('xyzzy')).toBeUndefined();
  });
});
