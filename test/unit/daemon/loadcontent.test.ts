/** What a policy makes of serial and digest between a file and its image. */
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { prepareContent } from '../../../src/daemon/loadcontent.ts';
import type { SerialRule } from '../../../src/daemon/messages.ts';
import { checkZonemd, digestTree, zonemdRdata } from '../../../src/dnssec/zonemd.ts';
import type { ZonemdPolicy } from '../../../src/kasp/policy.ts';
import { soaSerial } from '../../../src/rdata/views.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';
import { ZoneTree } from '../../../src/zone/tree.ts';
import { parseZoneFile } from '../../../src/zonefile/parser.ts';

const ORIGIN = nameOf('example.com.');
const NOW = unixSeconds(1_795_478_400);
const TEXT = '@ 300 SOA ns host 10 2 3 4 5\n@ 300 NS ns\nns 300 A 192.0.2.1\n';

function read(text: string): ZoneRecords {
  const records = new ZoneRecords();
  parseZoneFile(Buffer.from(text), { file: 'example.com.zone', origin: ORIGIN }, records);
  return records;
}

/** The zone with its own right digest, or with a wrong one. */
function withDigest(isRight: boolean): string {
  const digest = isRight
    ? digestTree(new ZoneTree(read(TEXT), ORIGIN, 0), 'sha384')
    : new Uint8Array(48).fill(9);
  const rdata = Buffer.from(zonemdRdata(10, 'sha384', digest));
  return `${TEXT}@ 300 ZONEMD \\# ${rdata.length} ${rdata.toString('hex')}\n`;
}

function prepare(
  text: string,
  rules: { zonemd?: ZonemdPolicy; serial?: SerialRule; isSigned?: boolean; digest?: string },
) {
  const records = read(text);
  const zone = { records, origin: ORIGIN, digest: rules.digest ?? 'new', isSigned: rules.isSigned ?? false };
  const { diagnostics, lacksDigests } = prepareContent(zone, {
    zonemd: rules.zonemd,
    serial: rules.serial,
    derived: [],
  });
  const zonemds = Array.from({ length: records.count }, (_, i) => i).filter(
    (i) => records.types[i] === RRTYPE.ZONEMD,
  );
  return {
    serial: soaSerial(records.heap, records.rdataAt[0]!, records.rdataOctets[0]!),
    zonemds: zonemds.length,
    lacksDigests,
    found: diagnostics.map(({ severity, code, line }) => `${severity} ${code} ${line}`),
  };
}

describe('the digest', () => {
  const zonemd = (check: ZonemdPolicy['check'], publish: ZonemdPolicy['publish']) => ({ check, publish });
  it.each([
    ['a right one is served again', true, zonemd('warn', 'file'), false, 1, []],
    ['a wrong one is left out', false, zonemd('warn', 'file'), false, 0, ['warning ZONE_ZONEMD_WRONG 4']],
    ['a wrong one is refused', false, zonemd('refuse', 'file'), false, 0, ['error ZONE_ZONEMD_WRONG 4']],
    ['a wrong one is replaced', false, zonemd('off', 'sha384'), false, 1, []],
    ['a right one is taken away', true, zonemd('refuse', 'off'), false, 0, []],
    ['a signed zone has none', true, zonemd('warn', 'sha512'), true, 0, ['warning ZONE_ZONEMD_LEFT_OUT 4']],
  ] as const)('%s', (_, isRight, policy, isSigned, zonemds, found) => {
    const prepared = prepare(withDigest(isRight), { zonemd: policy, isSigned });
    expect(prepared).toMatchObject({ zonemds, found, lacksDigests: zonemds > 0 });
  });

  it('is made of a zone that has none, and of nothing else', () => {
    expect(prepare(TEXT, { zonemd: zonemd('warn', 'sha512') })).toMatchObject({
      zonemds: 1,
      lacksDigests: true,
    });
    expect(prepare(TEXT, {})).toMatchObject({ zonemds: 0, lacksDigests: false, found: [] });
    expect(checkZonemd(new ZoneTree(read(TEXT), ORIGIN, 0))).toBeUndefined();
  });
});

describe('the serial', () => {
  const rule = (mode: SerialRule['mode'], serial: number | undefined, digest = 'old'): SerialRule => ({
    mode,
    before: serial === undefined ? undefined : { serial, digest },
    now: NOW,
  });
  it.each([
    ['is that of the file', rule('file', 9), 10, []],
    ['is told when it has not increased', rule('file', 10), 10, ['warning ZONE_SERIAL_NOT_INCREASED 1']],
    ['is not told of the same content', rule('file', 10, 'new'), 10, []],
    ['is not told of what was not served before', rule('file', undefined), 10, []],
    ['increases', rule('increment', 10), 11, []],
    ['stays with the content', rule('increment', 17, 'new'), 17, []],
    ['is the time', rule('unixtime', 10), 1_795_478_400, []],
    ['is the date', rule('dateserial', undefined), 2_026_112_400, []],
  ])('%s', (_, serial, expected, found) => {
    expect(prepare(TEXT, { serial })).toMatchObject({ serial: expected, found });
  });
});
