/** The NSEC3 chain against slow twins: hashes by OpenSSL as numbers, bitmaps from the records of the zone. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeBase32Hex } from '../../../src/base/encoding.ts';
import { decodeTypeBitmap } from '../../../src/rdata/bitmap.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { formatName, type Name, nameOf, wildcardOf } from '../../../src/wire/name.ts';
import {
  APEX,
  NO_NODE,
  NODE_FLAG,
  type NodeIndex,
  type RRsetIndex,
  ZoneImage,
} from '../../../src/zone/image.ts';
import { ImageWriter } from '../../../src/zone/imagewriter.ts';
import { Nsec3Chain } from '../../../src/zone/nsec3chain.ts';
import { renderNsec3 } from '../../../src/zone/nsec3render.ts';
import { chainOf, imageOf, SEED } from '../../support/served.ts';
import { generateZone } from '../../support/zones.ts';

const APEX_RECORDS = '$TTL 3600\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n';
const HEAD = { flags: 1, next: 6, bitmap: 26 };

const hashOf = (name: Name) => createHash('sha1').update(name).digest('hex');
const asText = (hex: string) => encodeBase32Hex(Buffer.from(hex, 'hex')).toLowerCase();

/** One link of a chain: hash of its owner, flags, hash of the next, types. */
interface Link {
  readonly hash: string;
  readonly flags: number;
  readonly next: string;
  readonly types: number[];
}

function linksOf({ image }: Nsec3Chain): Link[] {
  return Array.from({ length: image.nodeCount - 1 }, (_, i) => {
    const node = (i + 1) as NodeIndex;
    const rrset = image.firstRRset(node);
    expect([image.rrsetsOf(node), image.type(rrset), image.records(rrset)]).toEqual([1, RRTYPE.NSEC3, 1]);
    const at = image.blockAt(rrset);
    const rdata = image.u8.subarray(at + 2, at + image.blockOctets(rrset));
    expect([...rdata.subarray(2, HEAD.next)]).toEqual([0, 0, 0, 20]);
    return {
      hash: formatName(image.u8, image.nameAt(node)).split('.', 1)[0]!,
      flags: rdata[HEAD.flags]!,
      next: asText(Buffer.from(rdata.subarray(HEAD.next, HEAD.bitmap)).toString('hex')),
      types: decodeTypeBitmap(rdata, HEAD.bitmap) ?? [-1],
    };
  });
}

/** What the chain must say of a node; undefined if it has no NSEC3. */
function expectedTypes(zone: ZoneImage, node: NodeIndex, optOut: boolean): number[] | undefined {
  const first = zone.firstRRset(node);
  const own = Array.from({ length: zone.rrsetsOf(node) }, (_, i) => zone.type((first + i) as RRsetIndex));
  const types = own.filter((type) => type !== RRTYPE.NSEC);
  const flags = zone.flags(node);
  if ((flags & NODE_FLAG.OCCLUDED) !== 0) return undefined;
  if (node === APEX) return [];
  if ((flags & NODE_FLAG.CUT) === 0) return types.length === 0 ? [] : withRrsig(types);
  if (types.includes(RRTYPE.DS)) return withRrsig([RRTYPE.NS, RRTYPE.DS]);
  return optOut ? undefined : [RRTYPE.NS];
}

const withRrsig = (types: readonly number[]) => [...types, RRTYPE.RRSIG].sort((a, b) => a - b);

describe.each([false, true])('the NSEC3 chain, opt-out: %s', (optOut) => {
  const zones = [1, 2, 3, 4].map((seed) =>
    generateZone({ origin: 'example.com.', names: 40 * seed ** 2, seed }),
  );
  it.each(zones)(
    'is complete, in hash order and one circle ($origin, $text.length octets)',
    ({ origin, text }) => {
      const zone = ZoneImage.open(imageOf(origin, text));
      const chain = new Nsec3Chain(chainOf(imageOf(origin, text), optOut));
      const links = linksOf(chain);
      const hashes = links.map(({ hash }) => hash);
      expect(hashes).toEqual([...hashes].sort());
      expect(links.map(({ next }) => next)).toEqual([...hashes.slice(1), hashes[0]]);
      expect(new Set(links.map(({ flags }) => flags))).toEqual(new Set([optOut ? 1 : 0]));
      let inChain = 0;
      for (let node = 0 as NodeIndex; node < zone.nodeCount; node++) {
        const types = expectedTypes(zone, node, optOut);
        const matching = chain.matching(node);
        const where = formatName(zone.name(node));
        if (types === undefined) {
          expect(matching, where).toBe(NO_NODE);
          continue;
        }
        inChain++;
        expect(links[matching - 1], where).toMatchObject({ hash: asText(hashOf(zone.name(node))), types });
      }
      expect(links.length).toBe(inChain);
    },
  );

  it.each(zones)(
    'covers every name that is not there by the link before its hash ($origin, $text.length octets)',
    ({ origin, text }) => {
      const zone = ZoneImage.open(imageOf(origin, text));
      const chain = new Nsec3Chain(chainOf(imageOf(origin, text), optOut));
      const hashes = linksOf(chain).map(({ hash }) => hash);
      const lastBefore = (hash: string) => hashes.findLastIndex((own) => own < hash) + 1 || hashes.length;
      for (let i = 0; i < 500; i++) {
        const name = nameOf(`missing${i}.${origin}`);
        expect(chain.covering(name, 0, name.length), `missing${i}`).toBe(lastBefore(asText(hashOf(name))));
      }
      for (let node = 0 as NodeIndex; node < zone.nodeCount; node++) {
        const name = zone.name(node);
        const wildcard = wildcardOf(name);
        if (chain.matching(node) !== NO_NODE && zone.wildcard(node) === NO_NODE && wildcard !== undefined) {
          expect(chain.coveringWildcard(zone, node), formatName(name)).toBe(
            lastBefore(asText(hashOf(wildcard))),
          );
        }
        const isCut = (zone.flags(node) & NODE_FLAG.CUT) !== 0;
        if (isCut && chain.matching(node) === NO_NODE && zone.barrier(node) === node) {
          expect(chain.coveringCut(node), formatName(name)).toBe(lastBefore(asText(hashOf(name))));
        } else if (chain.matching(node) !== NO_NODE) {
          expect(chain.covering(name, 0, name.length), formatName(name)).toBe(NO_NODE);
        }
      }
    },
  );
});

describe('the NSEC3 chain', () => {
  it('hashes as RFC 5155 §5 says', () => {
    // The vector of ROLLOVER 5.2.
    expect(asText(hashOf(nameOf('a.example.com.')))).toBe('h64kfa4p1acer2ebps9qsdk6dnp8b3jq');
    const image = imageOf('example.com.', `${APEX_RECORDS}A A 192.0.2.1\n`);
    const hashes = linksOf(new Nsec3Chain(chainOf(image))).map(({ hash }) => hash);
    expect(hashes).toContain('h64kfa4p1acer2ebps9qsdk6dnp8b3jq');
  });

  it('may have one link, which covers everything else', () => {
    const chain = new Nsec3Chain(
      chainOf(imageOf('example.', '@ 60 SOA ns.test. h.test. 1 2 3 4 5\n@ 60 NS ns.test.\n')),
    );
    const [link] = linksOf(chain);
    expect(link!.next).toBe(link!.hash);
    for (let i = 0; i < 20; i++) {
      const name = nameOf(`n${i}.example.`);
      expect(chain.covering(name, 0, name.length)).toBe(chain.apex);
    }
  });

  it('is refused where a hashed name would be too long', () => {
    const label = 'a'.repeat(62);
    const zoneOf = (octets: number) => {
      const origin = `${label}.${label}.${label}.${'b'.repeat(octets - 3 * 63 - 2)}.`;
      expect(nameOf(origin).length).toBe(octets);
      return renderNsec3(
        ZoneImage.open(imageOf(origin, '@ 60 SOA ns.test. h.test. 1 2 3 4 5\n@ 60 NS ns.test.\n')),
        false,
      );
    };
    expect(zoneOf(222)).toBeInstanceOf(SharedArrayBuffer);
    expect(zoneOf(223)).toMatchObject({ code: 'ZONE_NSEC3_NAME' });
  });

  it.each([false, true])('is refused where two names have the same hash, opt-out: %s', (optOut) => {
    // Nobody has two such names; an image that holds one name twice is as good.
    const [origin, twin] = [nameOf('example.'), nameOf('twin.example.')];
    const writer = new ImageWriter({ nodes: 3, rrsets: 3, targetWords: 0, heapOctets: 200 }, SEED);
    writer.addNode(origin, 0, origin.length, 1, 1, NODE_FLAG.NSEC);
    for (const flags of [0, NODE_FLAG.CUT]) {
      writer.addNode(twin, 0, twin.length, 2, 2, flags | NODE_FLAG.NSEC);
      writer.addRRset(RRTYPE.NS, 60, false);
      writer.addRecord(origin, 0, origin.length);
    }
    const image = ZoneImage.open(writer.finish({ serial: 1, negativeTtl: 60, records: 2 }));
    expect(renderNsec3(image, optOut)).toEqual({
      code: 'ZONE_NSEC3_COLLISION',
      message: 'twin.example. and twin.example. have the same SHA-1, so NSEC3 cannot tell them apart',
    });
  });
});
