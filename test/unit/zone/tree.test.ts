import { describe, expect, it } from 'vitest';
import { nameOf, ROOT } from '../../../src/wire/name.ts';
import { checkZone } from '../../../src/zone/check.ts';
import { viewsOf } from '../../../src/zone/image.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';
import { renderImage } from '../../../src/zone/render.ts';
import { ZoneTree } from '../../../src/zone/tree.ts';
import { parseZoneFile } from '../../../src/zonefile/parser.ts';

const ORIGIN = nameOf('example.com.');
const HEAD = '$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
/** Cuts, a DNAME, empty non-terminals, twins, rrsets of many records: each leaves something in every column. */
const ZONES = {
  wide: `${HEAD}${Array.from({ length: 300 }, (_, i) => `h${i} A 192.0.2.${i % 250}\n`).join('')}`,
  deep: `${HEAD}a.b.c.d.e.f TXT x\na.b.c.d.e.f TXT x\nsub NS ns.sub\nns.sub A 192.0.2.2\n`,
  many: `${HEAD}${Array.from({ length: 60 }, (_, i) => `m TXT ${60 - i}\n`).join('')}old DNAME new\nx.old A 192.0.2.3\n`,
  few: HEAD,
};

function recordsOf(text: string): ZoneRecords {
  const records = new ZoneRecords();
  parseZoneFile(Buffer.from(text), { file: 'z', origin: ORIGIN }, records);
  return records;
}

/** All that follows from a tree. */
function outcomeOf(tree: ZoneTree) {
  const image = renderImage(tree, { nsec: true, serial: 1, negativeTtl: 5 });
  return { findings: checkZone(tree), image: Buffer.from(viewsOf(image).u8).toString('hex') };
}

describe('a tree that is built again', () => {
  it('is that of the last zone, whatever it was of before', () => {
    const again = new ZoneTree(new ZoneRecords(), ROOT, 0);
    const order = ['few', 'wide', 'deep', 'few', 'many', 'wide', 'few', 'many', 'deep'] as const;
    for (const zone of order) {
      const fresh = outcomeOf(new ZoneTree(recordsOf(ZONES[zone]), ORIGIN, 7));
      expect(outcomeOf(again.rebuild(recordsOf(ZONES[zone]), ORIGIN, 7)), zone).toEqual(fresh);
    }
  });
});

describe('records that are cleared', () => {
  it('hold those of the next zone only', () => {
    const records = recordsOf(ZONES.many);
    records.clear();
    parseZoneFile(Buffer.from(ZONES.few), { file: 'z', origin: ORIGIN }, records);
    expect(records.files).toEqual(['z']);
    expect(outcomeOf(new ZoneTree(records, ORIGIN, 7))).toEqual(
      outcomeOf(new ZoneTree(recordsOf(ZONES.few), ORIGIN, 7)),
    );
  });
});
