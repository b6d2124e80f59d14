/** Names as texts and as stems of files: against the same said octet by octet, in strings. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256Hex } from '../../src/dnssec/algorithm.ts';
import { zoneStem } from '../../src/store/stem.ts';
import { formatName, lowerName, type Name, parseName } from '../../src/wire/name.ts';
import { arbitraryName, fewLetters, longName } from '../support/wiretext.ts';

const octet = fc.oneof(fc.nat(255), fewLetters, fc.constantFrom(...Buffer.from('.\\"%-_@$;() \0\x7f')));
const anyName = fc.oneof(arbitraryName(octet), longName(octet));

function labelsOf(name: Name): number[][] {
  const labels: number[][] = [];
  for (let at = 0; name[at] !== 0; at += name[at]! + 1)
    labels.push([...name.subarray(at + 1, at + 1 + name[at]!)]);
  return labels;
}

/** RFC 1035 §5.1. */
function plainText(name: Name): string {
  const character = (one: number) => {
    const text = String.fromCharCode(one);
    if ('."\\;()@$'.includes(text)) return `\\${text}`;
    return one > 32 && one < 127 ? text : `\\${`${one}`.padStart(3, '0')}`;
  };
  return labelsOf(name)
    .map((label) => `${label.map(character).join('')}.`)
    .join('');
}

/** DESIGN §8. */
function plainStem(name: Name): string {
  const character = (one: number) => {
    const text = String.fromCharCode(one);
    return /^[a-z0-9_-]$/.test(text) ? text : `%${one.toString(16).toUpperCase().padStart(2, '0')}`;
  };
  const stem = labelsOf(lowerName(name))
    .map((label) => label.map(character).join(''))
    .join('.');
  if (stem === 'root') return '%72oot';
  return stem.length <= 200 ? stem : sha256Hex(lowerName(name));
}

it('are what is said octet by octet, and read back as the same octets', () => {
  let long = 0;
  fc.assert(
    fc.property(anyName, fc.array(fc.nat(255), { maxLength: 4 }), (name, before) => {
      const text = formatName(Uint8Array.from([...before, ...name, 7]), before.length);
      expect(text).toBe(name[0] === 0 ? '.' : plainText(name));
      expect(parseName(text)).toEqual(name);
      if (name[0] === 0) return;
      expect(zoneStem(name)).toBe(plainStem(name));
      if (plainStem(name).length === 64) long++;
    }),
    { numRuns: 3_000 },
  );
  expect(long).toBeGreaterThan(100);
});
