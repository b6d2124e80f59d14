/** Records that are in no file take the place of those that are, and break nothing. */
import { expect, it } from 'vitest';
import { type DerivedRRset, isOfSameFiles, putDerived, withDerived } from '../../../src/daemon/derived.ts';
import { formatType, RRTYPE } from '../../../src/wire/iana.ts';
import { formatName, nameOf } from '../../../src/wire/name.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';
import { parseZoneFile } from '../../../src/zonefile/parser.ts';

const ORIGIN = 'zone.test.';
const FILE = [
  '@ 300 SOA ns admin 1 7200 900 1209600 300',
  '@ 300 NS ns',
  'Child 300 NS ns.elsewhere.',
  `CHILD 300 DS 1 13 2 ${'AA'.repeat(32)}`,
  `child 300 DS 2 13 2 ${'BB'.repeat(32)}`,
  `other 300 DS 3 13 2 ${'CC'.repeat(32)}`,
  'bare 300 NS ns.elsewhere.',
  'alias 300 CNAME ns',
].join('\n');

function recordsOf(): ZoneRecords {
  const records = new ZoneRecords();
  parseZoneFile(new TextEncoder().encode(`${FILE}\n`), { file: 'zone', origin: nameOf(ORIGIN) }, records);
  return records;
}

/** `child.zone.test. 300 DS 1`, the number being the first octet but one of the RDATA. */
function linesOf(records: ZoneRecords, type: number): string[] {
  return Array.from({ length: records.count }, (_, i) => i)
    .filter((i) => records.types[i] === type)
    .map((i) => {
      const owner = formatName(records.heap, records.ownerAt[i]).toLowerCase();
      return `${owner} ${records.ttls[i]} ${formatType(type)} ${records.heap[records.rdataAt[i]! + 1]}`;
    });
}

const ds = (owner: string, ...tags: number[]): DerivedRRset => ({
  ...{ owner: nameOf(owner), type: RRTYPE.DS, ttl: 60 },
  rdatas: tags.map((tag) => Uint8Array.of(0, tag, 13, 2, ...new Uint8Array(32))),
});

function put(...derived: DerivedRRset[]): string[] {
  const records = recordsOf();
  putDerived(records, derived, 0);
  return linesOf(records, RRTYPE.DS);
}

it('takes the place of an RRset of the file, whatever the case of its name', () => {
  expect(put(ds('child.zone.test.', 7, 8))).toEqual([
    'other.zone.test. 300 DS 3',
    'child.zone.test. 60 DS 7',
    'child.zone.test. 60 DS 8',
  ]);
});

it('removes an RRset of the file if there shall be none', () => {
  expect(put(ds('child.zone.test.'))).toEqual(['other.zone.test. 300 DS 3']);
});

it('comes to what the file has at other names', () => {
  expect(put(ds('bare.zone.test.', 9))).toHaveLength(4);
  expect(put()).toHaveLength(3);
});

it('is left out beside an alias, and a DS where there is no delegation', () => {
  const records = recordsOf();
  const signal = (owner: string) => ({ ...ds(owner, 9), type: RRTYPE.CDS });
  putDerived(records, [signal('alias.zone.test.'), signal('new.zone.test.'), ds('new.zone.test.', 9)], 0);
  expect(linesOf(records, RRTYPE.CDS)).toEqual(['new.zone.test. 60 CDS 9']);
  expect(linesOf(records, RRTYPE.DS)).toHaveLength(3);
});

it('is digested with the file, in any order', () => {
  const [one, other] = [ds('a.zone.test.', 1, 2), ds('b.zone.test.', 3)];
  const digest = withDerived('ab', [one, other]);
  expect(withDerived('ab', [other, { ...one, rdatas: one.rdatas.toReversed() }])).toBe(digest);
  expect(withDerived('ab', [])).toBe('ab');
  for (const changed of [
    [one],
    [one, { ...other, ttl: 61 }],
    [one, ds('b.zone.test.', 4)],
    [one, ds('c.zone.test.', 3)],
  ]) {
    expect(withDerived('ab', changed)).not.toBe(digest);
    expect(isOfSameFiles(withDerived('ab', changed), digest)).toBe(true);
  }
  expect(isOfSameFiles(withDerived('cd', [one]), digest)).toBe(false);
});
