/** Signatures carried over a reload in slices, against a slow twin that looks every rrset up by all that it says. */
import { describe, expect, it } from 'vitest';
import { carryOver, type Epoch } from '../../../src/signer/epoch.ts';
import { SlotTable, type TableMemory } from '../../../src/signer/slots.ts';
import { inOnePiece } from '../../../src/signer/tables.ts';
import { ALGORITHM } from '../../../src/wire/iana.ts';
import { formatName } from '../../../src/wire/name.ts';
import {
  type ImageMemory,
  type NodeIndex,
  RRSET_FLAG,
  type RRsetIndex,
  ZoneImage,
} from '../../../src/zone/image.ts';
import { chainOf, imageOf, signedEpoch, type TestMode } from '../../support/served.ts';

const ORIGIN = 'large.example.';
const NAMES = 3_000;
/** Inception of the signature in slot n: this and n. */
const FIRST_INCEPTION = 1_000_000;

/** Every third name is only in one version, every seventh has other data in each, every tenth is a delegation. */
function zoneOf(serial: number): ImageMemory {
  const rows = [
    '$TTL 300',
    `@ SOA ns.b.test. admin.b.test. ${serial} 7200 900 1209600 300`,
    '@ NS ns.b.test.',
  ];
  for (let i = 0; i < NAMES; i++) {
    if (i % 3 === 0 && i % 2 === serial % 2) continue;
    if (i % 10 === 0) rows.push(`host${i} NS ns.b.test.`);
    else
      rows.push(
        `host${i} ${i % 11 === 0 ? serial : 60} A 192.0.2.1`,
        `host${i} TXT "${i % 7 === 0 ? serial : ''}"`,
      );
  }
  return imageOf(ORIGIN, `${rows.join('\n')}\n`);
}

interface Slot {
  readonly slot: number;
  /** Name, type, TTL and RDATA. */
  readonly text: string;
  readonly isSigned: boolean;
}

function slotsOf(image: ZoneImage): Slot[] {
  const hex = (at: number, octets: number) => Buffer.from(image.u8.subarray(at, at + octets)).toString('hex');
  return Array.from({ length: image.nodeCount }, (_, i) => i as NodeIndex).flatMap((node) =>
    Array.from({ length: image.rrsetsOf(node) }, (_, i) => (image.firstRRset(node) + i) as RRsetIndex).map(
      (slot) => ({
        slot,
        text: [
          hex(image.nameAt(node), image.nameOctets(node)),
          ...[image.type(slot), image.ttl(slot), hex(image.blockAt(slot), image.blockOctets(slot))],
        ].join(),
        isSigned: (image.rrsetFlags(slot) & RRSET_FLAG.SIGNED) !== 0,
      }),
    ),
  );
}

const tableOf = (table: TableMemory) => new SlotTable(table, ALGORITHM.ECDSAP256SHA256);

/** An epoch all of whose rrsets have been asked for. */
function warmEpoch(denial: TestMode): Epoch {
  const epoch = signedEpoch(ORIGIN, zoneOf(1), { denial });
  const [{ table, nsec3Table }] = epoch.signers as [Epoch['signers'][number]];
  for (const [image, memory] of [
    [epoch.image, table],
    [epoch.nsec3, nsec3Table],
  ] as const) {
    if (image === null || memory === null) continue;
    for (const { slot } of slotsOf(ZoneImage.open(image))) {
      tableOf(memory).write(slot, FIRST_INCEPTION + slot, new Uint8Array(64).fill(slot), 0);
    }
  }
  return epoch;
}

/** Which old slot each new slot has its signature from, as the table says; undefined: from none. */
function carried(image: ImageMemory, table: TableMemory): (number | undefined)[] {
  const slots = tableOf(table);
  const signature = new Uint8Array(64);
  return slotsOf(ZoneImage.open(image)).map(({ slot }) => {
    const inception = slots.inception(slot);
    if (inception === 0) return undefined;
    const from = inception - FIRST_INCEPTION;
    slots.read(slot, inception, signature, 0);
    expect(new Set(signature), 'the octets are those of that slot').toEqual(new Set([from & 0xff]));
    return from;
  });
}

function expected(before: ImageMemory, after: ImageMemory): (number | undefined)[] {
  const known = new Map(slotsOf(ZoneImage.open(before)).map(({ text, slot }) => [text, slot]));
  return slotsOf(ZoneImage.open(after)).map(({ text, isSigned }) => (isSigned ? known.get(text) : undefined));
}

describe.each(['nsec', 'nsec3'] as const)('signatures of a zone with %s', (denial) => {
  const before = warmEpoch(denial);
  const image = zoneOf(2);
  const nsec3 = denial === 'nsec3' ? chainOf(image) : null;
  let pauses = 0;
  const work = carryOver(before, { image, nsec3 });
  let step = work.next();
  for (; step.done !== true; step = work.next()) pauses++;
  const after = step.value;
  const [signer] = after.signers as [Epoch['signers'][number]];

  it('are carried for what did not change, and for nothing else, with pauses', () => {
    const wanted = expected(before.image, image);
    expect(carried(image, signer.table)).toEqual(wanted);
    expect(new Set(wanted.map((slot) => slot === undefined))).toEqual(new Set([true, false]));
    if (nsec3 !== null) expect(carried(nsec3, signer.nsec3Table!)).toEqual(expected(before.nsec3!, nsec3));
    expect(pauses).toBeGreaterThanOrEqual(2);
  });

  it('stay where they are when the zone is the same', () => {
    const [{ table, nsec3Table }] = before.signers as [Epoch['signers'][number]];
    const same = carryOver(before, before).next().value as Epoch;
    expect(same.signers[0]).toMatchObject({ table, nsec3Table });
    expect(same.signers[0]!.table).toBe(table);
  });
});

it('is what the next epoch is built from, without another walk', () => {
  const before = warmEpoch('nsec');
  const image = zoneOf(2);
  const after = inOnePiece(carryOver(before, { image, nsec3: null }));
  const next = signedEpoch(ORIGIN, image, { previous: after });
  expect(next.signers[0]!.table).toBe(after.signers[0]!.table);
});

it('makes tables of compact denial anew by the nodes whose NSEC stays the same', () => {
  const before = signedEpoch(ORIGIN, zoneOf(1), { denial: 'compact' });
  const [{ compactTable }] = before.signers as [Epoch['signers'][number]];
  const old = ZoneImage.open(before.image);
  for (let node = 0; node < old.nodeCount; node++) {
    tableOf(compactTable!).write(node, FIRST_INCEPTION + node, new Uint8Array(64).fill(node), 0);
  }
  const image = zoneOf(2);
  const after = inOnePiece(carryOver(before, { image, nsec3: null }));
  const view = ZoneImage.open(image);
  const nameIn = (zone: ZoneImage, node: number) => formatName(zone.u8, zone.nameAt(node as NodeIndex));
  const known = new Map(Array.from({ length: old.nodeCount }, (_, node) => [nameIn(old, node), node]));
  const slots = tableOf(after.signers[0]!.compactTable!);
  const found = Array.from({ length: view.nodeCount }, (_, node) => slots.inception(node));
  // Here a name that is in both versions has the same types in both.
  const wanted = found.map((_, node) => (node === 0 ? undefined : known.get(nameIn(view, node))));
  expect(found).toEqual(wanted.map((node) => (node === undefined ? 0 : FIRST_INCEPTION + node)));
});
