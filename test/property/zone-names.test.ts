/** Names of zone files and origins, both ways, for names of any octets. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  isHashedName,
  isZoneFileName,
  originOfFileName,
  plainZoneName,
  zoneFileName,
} from '../../src/store/zonename.ts';
import { formatName, lowerName, type Name } from '../../src/wire/name.ts';

const octet = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('.%/\\-_aZ0 ')));
const label = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .chain((octets) => fc.array(octet, { minLength: octets.length, maxLength: octets.length }));
const name: fc.Arbitrary<Name> = fc
  .array(label, { maxLength: 8 })
  .map((labels) => Uint8Array.of(...labels.flatMap((octets) => [octets.length, ...octets]), 0));

it('a file name gives back the origin, names one file, and stays in its directory', () => {
  fc.assert(
    fc.property(name, (origin) => {
      const file = zoneFileName(origin);
      expect(file).toMatch(/^[a-zA-Z0-9%_.-]+$/);
      expect(file.length).toBeLessThan(250);
      expect(isZoneFileName(file)).toBe(true);
      if (!isHashedName(file)) expect(originOfFileName(file)).toEqual(lowerName(origin));
    }),
    { numRuns: 500 },
  );
});

it('whatever a file is called, it is an origin or a sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (stem) => {
      const origin = originOfFileName(`${stem}.zone`);
      if (typeof origin !== 'string') expect(origin.length).toBeLessThanOrEqual(255);
    }),
    { numRuns: 500 },
  );
});

it('what is told of a plain file name at once is what taking it apart tells', () => {
  const character = fc.constantFrom(...'abz019-_...'.repeat(8), ...'%A$ \u00fc');
  const stem = fc.oneof(
    fc.string({ unit: character, maxLength: 300 }),
    fc.constantFrom('root', 'a'.repeat(64)),
  );
  let plain = 0;
  fc.assert(
    fc.property(stem, (text) => {
      const file = `${text}.zone`;
      const told = plainZoneName(file);
      if (told === undefined) return;
      plain++;
      const origin = originOfFileName(file);
      expect(typeof origin === 'string' ? origin : formatName(origin)).toBe(told);
      expect(isHashedName(file)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
  expect(plain).toBeGreaterThan(100);
});
