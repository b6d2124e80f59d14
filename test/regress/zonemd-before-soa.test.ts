/**
 * Regression: the place of the SOA was looked up before the ZONEMD records of the file were taken out. With one in front of
 * the SOA, the serial of the policy was written into the record behind it.
 */
import { expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { prepareContent } from '../../src/daemon/loadcontent.ts';
import { soaSerial } from '../../src/rdata/views.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { ZoneRecords } from '../../src/zone/records.ts';
import { parseZoneFile } from '../../src/zonefile/parser.ts';

const ORIGIN = nameOf('example.com.');
const TEXT = `@ 300 ZONEMD 10 1 1 ${'09'.repeat(48)}
@ 300 SOA ns host 10 2 3 4 5
@ 300 NS ns.elsewhere.example.
`;

it('gives the SOA its serial, wherever the file has it', () => {
  const records = new ZoneRecords();
  parseZoneFile(Buffer.from(TEXT), { file: 'example.com.zone', origin: ORIGIN }, records);
  expect(records.types[0]).toBe(RRTYPE.ZONEMD);
  const zone = { records, origin: ORIGIN, digest: 'new', isSigned: false };
  prepareContent(zone, {
    zonemd: { check: 'off', publish: 'off' },
    serial: { mode: 'increment', before: { serial: 40, digest: 'old' }, now: unixSeconds(1_795_478_400) },
    derived: [],
  });
  const [soa, ns] = [0, 1] as const;
  expect([records.types[soa], records.types[ns]]).toEqual([RRTYPE.SOA, RRTYPE.NS]);
  expect(soaSerial(records.heap, records.rdataAt[soa]!, records.rdataOctets[soa]!)).toBe(41);
});
