import { describe, expect, it } from 'vitest';
import { compareCanonical, formatName, nameOf } from '../../../src/wire/name.ts';
import { SearchName } from '../../../src/wire/searchname.ts';
import type { NodeIndex } from '../../../src/zone/image.ts';
import { ZoneImage } from '../../../src/zone/image.ts';
import { Match, nodeBefore } from '../../../src/zone/lookup.ts';
import { imageOf, SEED } from '../../support/served.ts';

const ORIGIN = 'example.com.';
const LABELS = ['!', '*', '-', '0', '9z', 'a', 'aa', 'b', 'm', 'z', '\\200', '\\255'];

/** Names of one to three labels, two out of three of them in the zone, so that empty non-terminals arise too. */
const NAMES = LABELS.flatMap((one) => [
  one,
  ...LABELS.flatMap((two) => [`${two}.${one}`, `${one}.a.${two}`, `${two}.b`]),
]);
const image = ZoneImage.open(
  imageOf(
    ORIGIN,
    [
      '@ 60 SOA ns h 1 2 3 4 5',
      '@ 60 NS ns',
      ...NAMES.filter((_, i) => i % 3 > 0).map((name) => `${name} 60 TXT x`),
    ].join('\n'),
  ),
);

/** What `nodeBefore` must find, by looking at all nodes. */
function slowNodeBefore(name: Uint8Array): number {
  let before = 0;
  for (let node = 0; node < image.nodeCount; node++) {
    if (compareCanonical(image.u8, image.nameAt(node as NodeIndex), name, 0) < 0) before = node;
  }
  return before;
}

describe('nodeBefore', () => {
  it('finds the node before every name that does not exist, as a look at all nodes does', () => {
    const search = new SearchName();
    const match = new Match();
    let missing = 0;
    for (const text of [...NAMES, ...NAMES.map((name) => `deeper.${name}`), 'zz', '\\000']) {
      const name = nameOf(`${text}.${ORIGIN}`);
      search.load(name, 0, SEED);
      match.find(image, search);
      if (match.isExact) continue;
      missing++;
      const label = search.labelAt[match.surplus - 1]!;
      const found = nodeBefore(image, match.node, search.octets, label);
      const expected = slowNodeBefore(search.octets);
      expect(formatName(image.u8, image.nameAt(found)), text).toBe(
        formatName(image.u8, image.nameAt(expected as NodeIndex)),
      );
    }
    expect(missing).toBeGreaterThan(300);
  });
});
