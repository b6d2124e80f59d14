import { describe, expect, it } from 'vitest';
import {
  compareCanonical,
  concatLabel,
  equalNames,
  formatName,
  isAtOrBelow,
  labelCount,
  lowerName,
  nameOctets,
  nameOf,
  parentName,
  parseName,
  ROOT,
  suffixOffset,
  wildcardOf,
} from '../../../src/wire/name.ts';
import { hex } from '../../support/wiretext.ts';

const LONGEST_LABEL = 'x'.repeat(63);
/** 255 octets: three labels of 63, one of 61, the root. */
const LONGEST_NAME = `${`${LONGEST_LABEL}.`.repeat(3)}${'y'.repeat(61)}.`;

describe('parseName and formatName', () => {
  it.each([
    ['.', '00'],
    ['a.', '0161 00'],
    ['WWW.Example.', '03575757 074578616d706c65 00'],
    ['a\\.b.c.', '03612e62 0163 00'],
    ['\\000\\255.', '0200ff 00'],
    ['\\@\\;\\(\\)\\"\\\\\\$.', '07403b2829225c24 00'],
    ['*.a.', '012a 0161 00'],
  ])('%s both ways', (text, octets) => {
    expect(nameOf(text)).toEqual(hex(octets));
    expect(formatName(nameOf(text))).toBe(text);
  });

  it('completes a name without a final dot, and takes @ for the origin', () => {
    const origin = nameOf('example.com.');
    expect(parseName('www', origin)).toEqual(nameOf('www.example.com.'));
    expect(parseName('@', origin)).toBe(origin);
    expect(parseName('a\\.', origin)).toEqual(hex('02612e 076578616d706c65 03636f6d 00'));
    expect(parseName('a')).toEqual(nameOf('a.'));
  });

  it.each([
    ['', 'empty'],
    ['a..b.', 'empty label'],
    ['.a.', 'empty label'],
    [`${'x'.repeat(64)}.`, 'label over 63 octets'],
    [`z${LONGEST_NAME}`, 'label over 63 octets'],
    [`z.${LONGEST_NAME}`, 'name over 255 octets'],
    ['a\\', 'bad escape'],
    ['\\256.', 'bad escape'],
    ['\\12.', 'bad escape'],
    ['\u0100.', 'bad escape'],
  ])('%j is no name: %s', (text, fault) => {
    expect(parseName(text)).toBe(fault);
    expect(() => nameOf(text)).toThrow(TypeError);
  });

  it('takes the longest label and the longest name', () => {
    expect(nameOf(LONGEST_NAME).length).toBe(255);
    expect(formatName(nameOf(LONGEST_NAME))).toBe(LONGEST_NAME);
  });

  it('keeps nothing of a text that was longer than any name', () => {
    for (const text of [`${LONGEST_NAME}${LONGEST_NAME}`, `${'a.'.repeat(1_000)}`, `${'b.'.repeat(127)}c`]) {
      expect(parseName(text)).toBe('name over 255 octets');
      expect(nameOf('a.')).toEqual(hex('016100'));
    }
    expect(formatName(nameOf(`${'\\255'.repeat(63)}.`.repeat(3)))).toHaveLength(3 * (63 * 4 + 1));
  });

  it('gives back every octet', () => {
    for (let octet = 0; octet < 256; octet++) {
      const name = Uint8Array.of(2, octet, octet, 0);
      expect(nameOf(formatName(name))).toEqual(name);
    }
  });
});

describe('compareCanonical', () => {
  // RFC 4034 §6.1.
  const ORDERED = [
    'example.',
    'a.example.',
    'yljkjljk.a.example.',
    'Z.a.example.',
    'zABC.a.EXAMPLE.',
    'z.example.',
    '\\001.z.example.',
    '*.z.example.',
    '\\200.z.example.',
  ].map(nameOf);

  it('orders as RFC 4034 does, each pair both ways', () => {
    for (const [i, a] of ORDERED.entries()) {
      for (const [j, b] of ORDERED.entries()) {
        expect(Math.sign(compareCanonical(a, 0, b, 0))).toBe(Math.sign(i - j));
      }
    }
  });

  it('puts the root first, and compares at offsets', () => {
    expect(compareCanonical(ROOT, 0, nameOf('a.'), 0)).toBeLessThan(0);
    expect(compareCanonical(nameOf('x.b.'), 2, nameOf('yy.A.'), 3)).toBeGreaterThan(0);
  });
});

describe('relations of names', () => {
  const name = nameOf('www.Example.com.');

  it('ignores ASCII case only', () => {
    expect(equalNames(name, 0, nameOf('WWW.eXAMPLE.COM.'), 0)).toBe(true);
    expect(equalNames(nameOf('[.'), 0, nameOf('{.'), 0)).toBe(false);
    expect(equalNames(nameOf('\\196.'), 0, nameOf('\\228.'), 0)).toBe(false);
    expect(lowerName(nameOf('AZ[.'))).toEqual(nameOf('az[.'));
  });

  it('knows labels, suffixes and parents', () => {
    expect([labelCount(name), labelCount(ROOT), nameOctets(name, 4), suffixOffset(name, 2)]).toEqual([
      3, 0, 13, 12,
    ]);
    expect(formatName(parentName(name))).toBe('Example.com.');
    expect(parentName(ROOT)).toBe(ROOT);
  });

  it('is at or below by whole labels', () => {
    expect(isAtOrBelow(name, nameOf('example.COM.'))).toBe(true);
    expect(isAtOrBelow(name, name)).toBe(true);
    expect(isAtOrBelow(name, ROOT)).toBe(true);
    expect(isAtOrBelow(nameOf('myexample.com.'), nameOf('example.com.'))).toBe(false);
    expect(isAtOrBelow(nameOf('com.'), name)).toBe(false);
  });

  it('puts labels in front within the limits', () => {
    expect(wildcardOf(nameOf('a.'))).toEqual(nameOf('*.a.'));
    expect(wildcardOf(nameOf(LONGEST_NAME))).toBeUndefined();
    expect(concatLabel(new Uint8Array(0), ROOT)).toBeUndefined();
    expect(concatLabel(new Uint8Array(64), ROOT)).toBeUndefined();
    expect(concatLabel(new Uint8Array(63), ROOT)?.length).toBe(65);
  });
});
