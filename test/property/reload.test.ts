/** What a reload carries of signatures, and what is signed ahead, against lists of rrsets: pairs of zones of all shapes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putNodeNsec } from '../../src/signer/compact.ts';
import { carryOver, type Epoch } from '../../src/signer/epoch.ts';
import { signHot } from '../../src/signer/hot.ts';
import { SlotTable } from '../../src/signer/slots.ts';
import { inOnePiece } from '../../src/signer/tables.ts';
import { isInWindow } from '../../src/signer/validity.ts';
import { formatName } from '../../src/wire/name.ts';
import {
  APEX,
  type ImageMemory,
  NODE_FLAG,
  type NodeIndex,
  RRSET_FLAG,
  type RRsetIndex,
  ZoneImage,
} from '../../src/zone/image.ts';
import { chainOf, imageOf, NOW, signedEpoch, testKey } from '../support/served.ts';
import { nameToText } from '../support/validator-name.ts';
import { buildZone, type PlainZone, zoneRecipe } from '../support/validator-zones.ts';

const KEY = testKey();
const NEXT_KEY = testKey(9);

/** A zone, and what became of it: some of its items are gone, others have come, its SOA may be another. */
const pair = fc
  .record({
    before: zoneRecipe,
    other: zoneRecipe,
    kept: fc.array(fc.constantFrom(true, true, true, false), { minLength: 12, maxLength: 12 }),
    hasOtherTtls: fc.constantFrom(false, false, true),
  })
  .map(({ before, other, kept, hasOtherTtls }) => {
    const items = [...before.items.filter((_, i) => kept[i]), ...other.items.slice(0, 3)];
    const after = { ...before, items, ttls: hasOtherTtls ? other.ttls : before.ttls };
    return [buildZone(before), buildZone(after)] as const;
  });

const originOf = ({ apex }: PlainZone) => nameToText(apex);
const imageFor = (zone: PlainZone) => imageOf(originOf(zone), zone.text);
type Signer = Epoch['signers'][number];
const tableOf = (table: Signer['table']) => new SlotTable(table, KEY.algorithm);

interface Entry {
  readonly slot: number;
  /** Owner and type, and all that is signed of it. */
  readonly what: string;
  readonly content: string;
  readonly isSigned: boolean;
}

/** The rrsets of an image, by slot. */
function rrsetsOf(memory: ImageMemory): Entry[] {
  const image = ZoneImage.open(memory);
  return Array.from({ length: image.rrsetCount }, (_, i) => {
    const rrset = i as RRsetIndex;
    const at = image.blockAt(rrset);
    const block = Buffer.from(image.u8.subarray(at, at + image.blockOctets(rrset))).toString('hex');
    return {
      slot: i,
      what: `${formatName(image.name(image.owner(rrset)))} ${image.type(rrset)}`,
      content: `${image.ttl(rrset)} ${block}`,
      isSigned: (image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) !== 0,
    };
  });
}

/** The NSECs of compact denial, by node; the apex, whose slot is not used, and names that are not of the zone have none. */
function compactOf(memory: ImageMemory): Entry[] {
  const image = ZoneImage.open(memory);
  const out = new Uint8Array(10_000);
  return Array.from({ length: image.nodeCount }, (_, i) => i as NodeIndex).flatMap((node) => {
    if (node === APEX || (image.flags(node) & NODE_FLAG.OCCLUDED) !== 0) return [];
    const block = Buffer.from(out.subarray(0, putNodeNsec(out, 0, image, node))).toString('hex');
    return [
      {
        slot: node as number,
        what: formatName(image.name(node)),
        content: `${image.negativeTtl} ${block}`,
        isSigned: true,
      },
    ];
  });
}

/** Fills the slots of the entries, each with a signature that tells which it is. */
function fill(table: Signer['table'], entries: readonly Entry[], salt: number): void {
  for (const { slot } of entries)
    tableOf(table).write(slot, 1_000_000 + slot, new Uint8Array(64).fill(slot + salt), 0);
}

/** By slot: which slot its signature is from. */
function originsOf(table: Signer['table'], entries: readonly Entry[], salt: number): (number | undefined)[] {
  const out = new Uint8Array(64);
  return entries.map(({ slot }) => {
    const inception = tableOf(table).inception(slot);
    if (inception === 0) return undefined;
    expect(tableOf(table).read(slot, inception, out, 0)).toBe(true);
    const from = inception - 1_000_000;
    expect(new Set(out)).toEqual(new Set([(from + salt) & 255]));
    return from;
  });
}

function carried(before: readonly Entry[], after: readonly Entry[]): (number | undefined)[] {
  return after.map(({ what, content, isSigned }) =>
    isSigned ? before.find((old) => old.what === what && old.content === content)?.slot : undefined,
  );
}

describe('carryOver', () => {
  it.each(['nsec', 'nsec3', 'compact'] as const)(
    'with %s keeps what a look at all rrsets finds unchanged',
    (denial) => {
      const counts = { carried: 0, lost: 0 };
      fc.assert(
        fc.property(pair, ([zone, changed]) => {
          const epoch = signedEpoch(originOf(zone), imageFor(zone), { denial, key: KEY });
          const image = imageFor(changed);
          const nsec3 = denial === 'nsec3' ? chainOf(image) : null;
          const [{ table, nsec3Table, compactTable }] = epoch.signers as [Signer];
          fill(table, rrsetsOf(epoch.image), 0);
          if (epoch.nsec3 !== null) fill(nsec3Table!, rrsetsOf(epoch.nsec3), 1);
          if (compactTable !== null) fill(compactTable, compactOf(epoch.image), 2);
          const next = inOnePiece(carryOver(epoch, { image, nsec3 }));
          const [fresh] = next.signers as [Signer];
          const expected = carried(rrsetsOf(epoch.image), rrsetsOf(image));
          expect(originsOf(fresh.table, rrsetsOf(image), 0), changed.text).toEqual(expected);
          for (const slot of expected) counts[slot === undefined ? 'lost' : 'carried']++;
          if (nsec3 !== null)
            expect(originsOf(fresh.nsec3Table!, rrsetsOf(nsec3), 1)).toEqual(
              carried(rrsetsOf(epoch.nsec3!), rrsetsOf(nsec3)),
            );
          if (compactTable !== null)
            expect(
              originsOf(fresh.compactTable!, compactOf(image), 2),
              `${zone.text}\n${changed.text}`,
            ).toEqual(carried(compactOf(epoch.image), compactOf(image)));
        }),
        { numRuns: 60 },
      );
      expect(Math.min(counts.carried, counts.lost)).toBeGreaterThan(20);
    },
  );
});

describe('signHot', () => {
  it('signs what a list of all that was asked for says, in slices of any size', () => {
    const ages = fc.array(
      fc.constantFrom(undefined, 0, 0, 3_600, 86_400, 3 * 86_400, 6 * 86_400, 30 * 86_400),
      {
        minLength: 7,
        maxLength: 7,
      },
    );
    let signed = 0;
    fc.assert(
      fc.property(pair, ages, fc.integer({ min: 1, max: 4 }), ([zone, changed], ages, slice) => {
        const before = signedEpoch(originOf(zone), imageFor(zone), { key: KEY });
        const [old] = before.signers as [Signer];
        for (const { slot, isSigned } of rrsetsOf(before.image)) {
          const age = ages[slot % ages.length];
          if (isSigned && age !== undefined) tableOf(old.table).write(slot, NOW - age, new Uint8Array(64), 0);
        }
        const after = signedEpoch(originOf(changed), imageFor(changed), { key: NEXT_KEY, previous: before });
        const [fresh] = after.signers as [Signer];
        const hot = rrsetsOf(before.image).filter(({ slot }) =>
          isInWindow(NOW, before.validity, tableOf(old.table).inception(slot)),
        );
        const isThere = ({ slot }: Entry) => tableOf(fresh.table).inception(slot) !== 0;
        const own = rrsetsOf(after.image);
        const expected = own.filter(
          (one) => isThere(one) || (one.isSigned && hot.some(({ what }) => what === one.what)),
        );
        let made = expected.length - own.filter(isThere).length;
        signed += made;
        for (let from = 0, isDone = false, turns = 0; !isDone && turns < 1_000; turns++) {
          const progress = signHot(after, before, { now: NOW, from, signatures: slice });
          expect(progress.signed).toBeLessThanOrEqual(slice);
          made -= progress.signed;
          ({ next: from, isDone } = progress);
        }
        expect(made).toBe(0);
        expect(own.filter(isThere).map(({ what }) => what)).toEqual(expected.map(({ what }) => what));
      }),
      { numRuns: 60 },
    );
    expect(signed).toBeGreaterThan(50);
  });
});
