import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZoneTable } from '../../../src/answer/zonetable.ts';
import { unsignedEpoch } from '../../../src/signer/epoch.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { SearchName } from '../../../src/wire/searchname.ts';
import { compileZone } from '../../../src/zone/compile.ts';
import type { ImageMemory } from '../../../src/zone/image.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';

const SEED = 77;
const SOA = [...nameOf('ns.test.'), ...nameOf('h.test.'), ...new Array<number>(20).fill(1)];

function imageOf(origin: string): ImageMemory {
  const records = new ZoneRecords();
  const name = nameOf(origin);
  const file = records.addFile('zone');
  records.add(name, 0, 6, 60, Uint8Array.from(SOA), 0, SOA.length, file, 1);
  const ns = nameOf('ns.test.');
  records.add(name, 0, 2, 60, ns, 0, ns.length, file, 2);
  const { image } = compileZone(records, name, { seed: SEED, nsec: false });
  if (image === undefined) throw new Error(`no image for ${origin}`);
  return image;
}

const label = fc.constantFrom('a', 'b', 'c', 'd');
const name = fc.array(label, { minLength: 0, maxLength: 4 }).map((labels) => `${labels.join('.')}.`);
const origins = new Map<string, ImageMemory>();

function cachedImage(origin: string): ImageMemory {
  const image = origins.get(origin) ?? imageOf(origin);
  origins.set(origin, image);
  return image;
}

describe('ZoneTable', () => {
  it('finds by longest suffix whatever was added, replaced and removed before (slow twin)', () => {
    const change = fc.record({ origin: name, isRemoval: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 200, size: 'max' }),
        fc.array(name, { minLength: 5 }),
        (changes, questions) => {
          const table = new ZoneTable();
          const ids = new Map<string, number>();
          const served = new Set<string>();
          for (const { origin, isRemoval } of changes) {
            const id = ids.get(origin) ?? ids.size + 1;
            ids.set(origin, id);
            if (isRemoval) table.remove(id);
            else table.publish(id, unsignedEpoch(cachedImage(origin)));
            if (isRemoval) served.delete(origin);
            else served.add(origin);
          }
          expect(table.size).toBe(served.size);
          for (const question of questions) {
            const search = new SearchName();
            search.load(nameOf(question), 0, SEED);
            const found = table.find(search, 0);
            expect(found === null ? undefined : formatName(found.image.origin)).toBe(
              longest(served, question),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

function longest(served: ReadonlySet<string>, question: string): string | undefined {
  const labels = question.split('.').filter((part) => part !== '');
  for (let i = 0; i <= labels.length; i++) {
    const suffix = `${labels.slice(i).join('.')}.`;
    if (served.has(suffix)) return suffix;
  }
  return undefined;
}
