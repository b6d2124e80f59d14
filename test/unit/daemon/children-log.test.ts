/** A zone that is a parent, and whose record of the DS of its children cannot be read. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { CHILDREN_FILE } from '../../../src/store/children.ts';
import { zoneKeysPath } from '../../../src/store/keystore.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

let bench: ZonesBench;
afterEach(() => bench.close());

it('is a problem of that zone alone, and is over when it can be read', async () => {
  bench = new ZonesBench();
  const directory = zoneKeysPath(bench.config.keysDirectory, nameOf('parent.test.'));
  const path = join(directory, CHILDREN_FILE);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  bench.write('parent.test.zone', zoneText(1));
  bench.write('other.test.zone', zoneText(2));
  await bench.settle();
  expect(bench.problem('parent.test.')).toBe('KEY_STORE_EINVAL');
  expect([bench.serial('parent.test.'), bench.serial('other.test.')]).toEqual([undefined, 2]);
  rmdirSync(path);
  bench.write('parent.test.zone', zoneText(3));
  await bench.settle();
  expect(bench.problem('parent.test.')).toBeUndefined();
  expect(bench.serial('parent.test.')).toBe(3);
});
