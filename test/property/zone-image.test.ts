/** Zone images and what is found in them, against lists of names and records: zones of all shapes, packed and alone. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase32Hex } from '../../src/base/encoding.ts';
import { SearchName } from '../../src/wire/searchname.ts';
import {
  NO_NODE,
  NODE_FLAG,
  type NodeIndex,
  RRSET_FLAG,
  type RRsetIndex,
  ZoneImage,
} from '../../src/zone/image.ts';
import { ImagePack } from '../../src/zone/imagepack.ts';
import { Match, nodeBefore } from '../../src/zone/lookup.ts';
import { compareHashes, hashOwner, hashWildcard, putHash, putHashLabel } from '../../src/zone/nsec3hash.ts';
import { imageOf, SEED } from '../support/served.ts';
import { TYPE } from '../support/validator-message.ts';
import {
  isBelow,
  isWildcard,
  type Name,
  nameAt,
  nameToText,
  nameToWire,
  parentOf,
  upTo,
} from '../support/validator-name.ts';
import type { FactRecord } from '../support/validator-zone.ts';
import {
  buildZone,
  namesOfZone,
  type PlainZone,
  questionOf,
  questionRecipe,
  textOf,
  zoneRecipe,
} from '../support/validator-zones.ts';

/** All that an image says of a node, with names in place of indexes. */
interface PlainNode {
  readonly name: string;
  readonly parent: string;
  readonly wildcard: string;
  readonly barrier: string;
  readonly covering: string;
  readonly flags: string;
  readonly rrsets: readonly string[];
}

const NONE = '-';

function nodesOf(image: ZoneImage): PlainNode[] {
  const text = (node: NodeIndex) =>
    node === NO_NODE ? NONE : nameToText(nameAt(image.u8, image.nameAt(node)).name);
  const flagNames = Object.entries(NODE_FLAG);
  return Array.from({ length: image.nodeCount }, (_, i) => {
    const node = i as NodeIndex;
    expect(image.hasWildcard(node)).toBe(image.wildcard(node) !== NO_NODE);
    const first = image.firstRRset(node);
    return {
      name: text(node),
      parent: text(image.parent(node)),
      wildcard: text(image.wildcard(node)),
      barrier: text(image.barrier(node)),
      covering: text(image.covering(node)),
      flags: flagNames.flatMap(([name, bit]) => ((image.flags(node) & bit) === 0 ? [] : [name])).join(' '),
      rrsets: Array.from({ length: image.rrsetsOf(node) }, (_, at) => {
        const rrset = (first + at) as RRsetIndex;
        expect([image.owner(rrset), image.rrset(node, image.type(rrset))]).toEqual([node, rrset]);
        return rrsetText(image, rrset);
      }),
    };
  });
}

function rrsetText(image: ZoneImage, rrset: RRsetIndex): string {
  const rdatas: string[] = [];
  const end = image.blockAt(rrset) + image.blockOctets(rrset);
  for (let at = image.blockAt(rrset); at < end; ) {
    const length = image.u8[at]! * 256 + image.u8[at + 1]!;
    rdatas.push(Buffer.from(image.u8.subarray(at + 2, at + 2 + length)).toString('hex'));
    at += 2 + length;
  }
  expect(image.records(rrset)).toBe(rdatas.length);
  const isSigned = (image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) !== 0;
  // The bitmap of an NSEC is for the independent validator to judge.
  const data = image.type(rrset) === TYPE.NSEC ? 'NSEC' : rdatas.join(' ');
  return `${image.type(rrset)} ${image.ttl(rrset)} ${isSigned ? 'signed' : ''} ${data}`;
}

/** The same from the records of the zone, each question asked by looking at all of them. */
function slowNodes({ apex, records }: PlainZone): PlainNode[] {
  const names = [...new Set(records.flatMap(({ owner }) => upTo(owner, apex)))].sort();
  const typesAt = (name: Name) =>
    new Set(records.filter(({ owner }) => owner === name).map(({ type }) => type));
  const isCut = (name: Name) => name !== apex && typesAt(name).has(TYPE.NS);
  const above = (name: Name) => (name === apex ? [] : upTo(parentOf(name), apex));
  const barrierOf = (name: Name) =>
    [
      ...above(name)
        .filter((one) => isCut(one) || typesAt(one).has(TYPE.DNAME))
        .reverse(),
      ...(isCut(name) ? [name] : []),
    ][0];
  const isOccluded = (name: Name) => (barrierOf(name) ?? name) !== name;
  const hasNsec = (name: Name) => !isOccluded(name) && typesAt(name).size > 0;
  const soa = records.find(({ type }) => type === TYPE.SOA)!;
  const negativeTtl = Math.min(soa.ttl, soa.rdata.readUInt32BE(soa.rdata.length - 4));
  const text = (name: Name | undefined) => (name === undefined ? NONE : nameToText(name));
  return names.map((name) => {
    const types = typesAt(name);
    const flags = {
      // Below another one, too; there BARRIER tells.
      CUT: isCut(name),
      DNAME: types.has(TYPE.DNAME),
      OCCLUDED: isOccluded(name),
      EMPTY: types.size === 0,
      NSEC: hasNsec(name),
      CNAME: types.has(TYPE.CNAME),
    };
    const isAuthoritative = (type: number) => !isOccluded(name) && (!isCut(name) || type === TYPE.DS);
    const rrsets = [...types]
      .sort((a, b) => a - b)
      .map((type) => {
        const own = records.filter((record) => record.owner === name && record.type === type);
        return `${type} ${ttlOf(own)} ${isAuthoritative(type) ? 'signed' : ''} ${rdataOf(own)}`;
      });
    // That of the apex depends on keys.
    if (hasNsec(name) && name !== apex) rrsets.push(`${TYPE.NSEC} ${negativeTtl} signed NSEC`);
    return {
      name: nameToText(name),
      parent: name === apex ? NONE : nameToText(parentOf(name)),
      wildcard: text(names.find((one) => one !== apex && parentOf(one) === name && isWildcard(one))),
      barrier: text(barrierOf(name)),
      covering: text(names.filter((one) => one <= name && hasNsec(one)).at(-1)),
      flags: Object.entries(flags)
        .flatMap(([flag, isSet]) => (isSet ? [flag] : []))
        .join(' '),
      rrsets,
    };
  });
}

const ttlOf = (records: readonly FactRecord[]) => Math.min(...records.map(({ ttl }) => ttl));
const rdataOf = (records: readonly FactRecord[]) =>
  [...new Set(records.map(({ rdata }) => rdata.toString('hex')))].sort().join(' ');

describe('a zone image', () => {
  it('has the nodes and rrsets that the list of records has, alone and among others', () => {
    const pack = new ImagePack();
    let before: { image: ZoneImage; expected: PlainNode[] } | undefined;
    fc.assert(
      fc.property(zoneRecipe, fc.constantFrom(1, 2, 3), (recipe, unlike) => {
        const built = buildZone(recipe);
        // Records of one rrset may disagree in their TTL: the least one is the rrset's (RFC 2181 §5.2).
        const records = built.records.map((record, i) => ({ ...record, ttl: record.ttl + (i % unlike) }));
        const zone = { ...built, records, text: textOf(records) };
        const expected = slowNodes(zone);
        const origin = nameToText(zone.apex);
        expect(nodesOf(ZoneImage.open(imageOf(origin, zone.text))), zone.text).toEqual(expected);
        const image = ZoneImage.open(imageOf(origin, zone.text, { pack }));
        expect(nodesOf(image)).toEqual(expected);
        // The one in front of it is as it was.
        if (before !== undefined) expect(nodesOf(before.image)).toEqual(before.expected);
        before = { image, expected };
      }),
      { numRuns: 100 },
    );
  });

  it('finds names, what is above them and what is before them as a look at all names does', () => {
    let missing = 0;
    const match = new Match();
    const search = new SearchName();
    fc.assert(
      fc.property(
        zoneRecipe,
        fc.array(questionRecipe, { minLength: 20, maxLength: 20 }),
        (recipe, questions) => {
          const zone = buildZone(recipe);
          const image = ZoneImage.open(imageOf(nameToText(zone.apex), zone.text));
          const nodes = [...new Set(zone.records.flatMap(({ owner }) => upTo(owner, zone.apex)))].sort();
          const names = namesOfZone(zone);
          for (const question of questions) {
            const { name } = questionOf(zone, names, question);
            if (name !== zone.apex && !isBelow(name, zone.apex)) continue;
            search.load(nameToWire(name), 0, SEED);
            match.find(image, search);
            const ancestors = upTo(name, zone.apex);
            const surplus = ancestors.findIndex((one) => nodes.includes(one));
            expect([match.surplus, match.isExact, match.node as number]).toEqual([
              surplus,
              surplus === 0,
              nodes.indexOf(ancestors[surplus]!),
            ]);
            if (match.isExact) continue;
            missing++;
            const found = nodeBefore(image, match.node, search.octets, search.labelAt[surplus - 1]!);
            expect(found as number, `${nameToText(name)}\n${zone.text}`).toBe(
              nodes.filter((one) => one < name).length - 1,
            );
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(missing).toBeGreaterThan(50);
  });
});

describe('hashes of owners', () => {
  it('are those of OpenSSL, in base32hex, and sort as octets', () => {
    const [words, label, octets] = [new Uint32Array(12), new Uint8Array(40), new Uint8Array(24)];
    const image = new Map<string, ZoneImage>();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 255 }),
        fc.uint8Array({ maxLength: 255 }),
        fc.nat(3),
        (one, other, at) => {
          const [a, b] = [one, other].map((name) => createHash('sha1').update(name).digest()) as [
            Buffer,
            Buffer,
          ];
          hashOwner(Uint8Array.of(...new Array(at).fill(1), ...one, 1), at, one.length, words, 0);
          hashOwner(other, 0, other.length, words, 6);
          label.fill(7);
          octets.fill(7);
          putHashLabel(words, 0, label, at);
          putHash(words, 6, octets, at);
          const digits = Buffer.from(encodeBase32Hex(a).toLowerCase());
          expect([...label.subarray(0, at + 34)]).toEqual([...new Array(at).fill(7), 32, ...digits, 7]);
          expect([...octets.subarray(0, at + 21)]).toEqual([...new Array(at).fill(7), ...b, 7]);
          expect(Math.sign(compareHashes(words, 0, words, 6))).toBe(Buffer.compare(a, b));
          expect(compareHashes(words, 6, words, 6)).toBe(0);
        },
      ),
      { numRuns: 800 },
    );
    // Wildcards below apexes of 250 to 255 octets: `*` takes two.
    for (let length = 250; length <= 255; length++) {
      const labels = [63, 63, 63, length - 4 - 3 * 63 - 1];
      const origin = `${labels.map((count) => 'a'.repeat(count)).join('.')}.`;
      image.set(origin, ZoneImage.open(imageOf(origin, '@ 60 SOA ns. h. 1 2 3 4 5\n@ 60 NS ns.\n')));
      const name = Buffer.concat([
        ...labels.map((count) => Buffer.from([count, ...Buffer.alloc(count, 97)])),
        Buffer.of(0),
      ]);
      expect(name.length).toBe(length);
      const isThere = hashWildcard(image.get(origin)!, 0 as NodeIndex, words);
      expect(isThere).toBe(length + 2 <= 255);
      if (!isThere) continue;
      putHash(words, 0, octets, 0);
      expect(octets.subarray(0, 20)).toEqual(
        Uint8Array.from(
          createHash('sha1')
            .update(Buffer.from([1, 42]))
            .update(name)
            .digest(),
        ),
      );
    }
  });
});
