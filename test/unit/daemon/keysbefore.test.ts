import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { KeysBefore } from '../../../src/daemon/keysbefore.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { zoneKeysPath } from '../../../src/store/keystore.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { Workplace } from '../../support/processes.ts';

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
