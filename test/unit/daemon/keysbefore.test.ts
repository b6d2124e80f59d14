import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { KeysBefore } from '../../../src/daemon/keysbefore.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { zoneKeysPath } from '../../../src/store/keystore.ts';
import { formatName, lowerName, nameOf } from '../../../src/wire/name.ts';
import { Workplace } from '../../support/processes.ts';
import { arbitraryName, longName } from '../../support/wiretext.ts';

const place = new Workplace();
afterEach(() => place.remove());

it('knows every zone that has a directory of keys, whatever its name', () => {
  const long = `${'+'.repeat(60)}.${'+'.repeat(60)}.example.`;
  const names = ['example.com.', '.', 'root.', 'a\\.b.example.', 'ä.example.', long].map((text) =>
    nameOf(text),
  );
  for (const name of names) fs.mkdirSync(zoneKeysPath(place.path, name), { recursive: true });
  const before = new KeysBefore(new DiskFileStore(), place.path);
  expect(names.map((name) => before.mayBeOf(formatName(name)))).toEqual(names.map(() => true));
  expect(before.mayBeOf('other.example.')).toBe(false);
  before.note('other.example.');
  expect(before.mayBeOf('other.example.')).toBe(true);
});

it('says that there may be some if the directory cannot be read', () => {
  const before = new KeysBefore(new DiskFileStore(), `${place.path}/none`);
  expect(before.mayBeOf('example.com.')).toBe(true);
});

it('knows what a look for each zone would find', () => {
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('aZ09-_.%*')));
  const name = fc.oneof({ weight: 5, arbitrary: arbitraryName(octet, 3) }, longName(octet));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.boolean()), { maxLength: 20, size: 'max' }), (zones) => {
      const own = new Workplace();
      const folder = own.path;
      const pathOf = (zone: Uint8Array) => zoneKeysPath(folder, zone);
      for (const [zone, hasKeys] of zones) if (hasKeys) fs.mkdirSync(pathOf(zone), { recursive: true });
      const before = new KeysBefore(new DiskFileStore(), folder);
      for (const [zone] of zones) {
        const text = formatName(lowerName(zone));
        // Of long names it may not be certain.
        if (fs.existsSync(pathOf(zone))) expect(before.mayBeOf(text), text).toBe(true);
        else if (text.length < 60) expect(before.mayBeOf(text), text).toBe(false);
      }
      own.remove();
    }),
    { numRuns: 25 },
  );
});
