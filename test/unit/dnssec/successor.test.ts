import { describe, expect, it } from 'vitest';
import { putBehindTree, putSuccessor } from '../../../src/dnssec/successor.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';

const A63 = 'a'.repeat(63);
const LAST63 = '\\255'.repeat(63);
/** 128 octets, so that one or two labels more fill a name. */
const HALF = `${A63}.${A63}`;

function nextOf(put: typeof putSuccessor, name: string, apex: string): string {
  const octets = nameOf(name);
  const from = Uint8Array.from([9, 9, ...octets]);
  const out = new Uint8Array(300).fill(7);
  const count = put(out, 3, from, 2, octets.length, nameOf(apex).length);
  expect([...out.subarray(0, 3), ...out.subarray(3 + count)].every((octet) => octet === 7)).toBe(true);
  return formatName(out, 3);
}

describe('putSuccessor', () => {
  const next = (name: string, apex = 'example.') => nextOf(putSuccessor, name, apex);

  it('is the first name below, as long as there is room for one (RFC 9824 §3.1)', () => {
    expect(next('a.example.')).toBe('\\000.a.example.');
    expect(next('example.')).toBe('\\000.example.');
    expect(next('.', '.')).toBe('\\000.');
    expect(next(`${HALF}.${A63}.${'b'.repeat(51)}.example.`)).toMatch(/^\\000\.a/);
  });

  it('lets a label grow when only one octet has room', () => {
    expect(next(`${'b'.repeat(52)}.${HALF}.${A63}.example.`)).toBe(
      `${'b'.repeat(52)}\\000.${HALF}.${A63}.example.`,
    );
  });

  it('lets the last octet grow when no octet has room, without the capitals', () => {
    const name = (label: string) => `${label}.${HALF}.${A63}.example.`;
    expect(next(name('b'.repeat(53)))).toBe(name(`${'b'.repeat(52)}c`));
    expect(next(name(`${'b'.repeat(52)}\\@`))).toBe(name(`${'b'.repeat(52)}[`));
    expect(next(name(`${'b'.repeat(51)}c\\255`))).toBe(name(`${'b'.repeat(51)}d`));
  });

  it('goes up where all octets are the last ones, and never leaves the zone', () => {
    const last = `${'\\255'.repeat(53)}.`;
    expect(next(`${last}${HALF}.${A63}.example.`)).toBe(`${'a'.repeat(62)}b.${A63}.${A63}.example.`);
    expect(next(`${last}b.${HALF}.${'a'.repeat(61)}.example.`)).toBe(
      `b\\000.${HALF}.${'a'.repeat(61)}.example.`,
    );
    const full = `${last}${LAST63}.${LAST63}.${LAST63}.example.`;
    expect(next(full)).toBe('example.');
    expect(next(full, `${LAST63}.example.`)).toBe(`${LAST63}.example.`);
    expect(next(full, full)).toBe(full);
  });
});

describe('putBehindTree', () => {
  const behind = (name: string, apex = 'example.') => nextOf(putBehindTree, name, apex);

  it('is behind all names below (RFC 9824 §3.4)', () => {
    expect(behind('sub.example.')).toBe('sub\\000.example.');
    expect(behind(`${A63}.example.`)).toBe(`${'a'.repeat(62)}b.example.`);
    expect(behind(`${LAST63}.example.`)).toBe('example.');
    expect(behind('b.example.', 'b.example.')).toBe('b.example.');
  });
});
