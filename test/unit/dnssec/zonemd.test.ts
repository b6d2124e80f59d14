/** Zone digests: the example zones of RFC 8976 appendix A, and what must not verify. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkZonemd, digestTree, fillDigests, zonemdRdata } from '../../../src/dnssec/zonemd.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { APEX, ZoneImage } from '../../../src/zone/image.ts';
import { ZoneRecords } from '../../../src/zone/records.ts';
import { renderImage } from '../../../src/zone/render.ts';
import { ZoneTree } from '../../../src/zone/tree.ts';
import { parseZoneFile } from '../../../src/zonefile/parser.ts';

function treeOf(text: string, origin: string): ZoneTree {
  const records = new ZoneRecords();
  parseZoneFile(Buffer.from(text), { file: 'z', origin: nameOf(origin) }, records);
  return new ZoneTree(records, nameOf(origin), 1);
}

function vector(name: string): string {
  return readFileSync(new URL(`../../vectors/rfc8976/${name}.zone`, import.meta.url), 'latin1');
}

const ZONE = vector('a1');

describe('RFC 8976 appendix A', () => {
  it.each([
    ['a1', 'example.', ['sha384']],
    ['a2', 'example.', ['sha384']],
    ['a3', 'example.', ['sha384', 'sha512']],
    ['a4', 'uri.arpa.', ['sha384']],
    ['a5', 'root-servers.net.', ['sha384']],
  ])('%s: %s', (name, origin, right) => {
    expect(checkZonemd(treeOf(vector(name), origin))).toMatchObject({ right });
  });
});

describe('a ZONEMD that is not right', () => {
  it.each([
    ['another record', `${ZONE}x 60 IN TXT "more"\n`, 'the SHA-384 digest of the zone is another one'],
    [
      'another TTL',
      ZONE.replace(/3600( +IN +A )/, '3601$1'),
      'the SHA-384 digest of the zone is another one',
    ],
    [
      'another serial',
      ZONE.replace('ZONEMD  2018031900', 'ZONEMD  2018031899'),
      'it is of serial 2018031899, the zone has 2018031900',
    ],
    [
      'a scheme of others',
      ZONE.replace('2018031900 1 1', '2018031900 250 1'),
      'their schemes or hash algorithms are not known here',
    ],
    [
      'one that is given twice',
      `${ZONE}example. 86400 IN ZONEMD 2018031900 1 1 ${'00'.repeat(48)}\n`,
      'the same digest is given twice',
    ],
  ])('%s', (_, text, fault) => {
    expect(text).not.toBe(ZONE);
    expect(checkZonemd(treeOf(text, 'example.'))).toMatchObject({ right: [], fault });
  });

  it('is not missed where there is none', () => {
    const text = ZONE.replace(/ +86400 +IN +ZONEMD[^)]*\)/, '');
    expect(checkZonemd(treeOf(text, 'example.'))).toBeUndefined();
  });
});

describe('fillDigests', () => {
  it('puts what a check finds right into an image', () => {
    const text = ZONE.replace(
      /ZONEMD[^)]*\)/,
      `ZONEMD \\# 54 ${Buffer.from(zonemdRdata(2018031900, 'sha384')).toString('hex')}
      86400 IN ZONEMD \\# 70 ${Buffer.from(zonemdRdata(2018031900, 'sha512')).toString('hex')}`,
    );
    const tree = treeOf(text, 'example.');
    const image = ZoneImage.open(renderImage(tree, { nsec: false, serial: 1, negativeTtl: 1 }));
    fillDigests(image);
    const at = image.blockAt(image.rrset(APEX, RRTYPE.ZONEMD));
    const digest = (from: number, octets: number) =>
      Buffer.from(image.u8.slice(from, from + octets)).toString('hex');
    expect(digest(at + 8, 8)).toBe('c68090d90a7aed71');
    expect(digest(at + 8, 48)).toBe(Buffer.from(digestTree(tree, 'sha384')).toString('hex'));
    expect(digest(at + 64, 64)).toBe(Buffer.from(digestTree(tree, 'sha512')).toString('hex'));
  });
});
