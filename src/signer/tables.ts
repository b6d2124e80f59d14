/** Signature tables over images: which slots they have, and what of an earlier table still holds in them. */
import { type ImageMemory, ZoneImage } from '../zone/image.ts';
import type { ImagePack } from '../zone/imagepack.ts';
import { carryCompact, carrySignatures } from './carry.ts';
import { SlotTable, slotTableOctets, type TableMemory } from './slots.ts';

/** An image and the table of a key over it. */
export interface SignedImage {
  readonly image: ImageMemory;
  readonly table: TableMemory;
}

/** Both, or undefined if one of them is not there. */
export function signedImage(
  image: ImageMemory | null | undefined,
  table: TableMemory | null | undefined,
): SignedImage | undefined {
  return image == null || table == null ? undefined : { image, table };
}

/** What has a slot of its own in a table over an image, and how what still holds comes into the next table. */
export interface SlotPlan {
  readonly slotsOf: (image: ZoneImage) => number;
  readonly carry: typeof carrySignatures;
}

export const OF_RRSETS: SlotPlan = { slotsOf: ({ rrsetCount }) => rrsetCount, carry: carrySignatures };
/** The NSECs of compact denial, one a node. */
export const OF_NODES: SlotPlan = { slotsOf: ({ nodeCount }) => nodeCount, carry: carryCompact };

/** Octets of the table over an image; 0 without one. */
export function tableOctets(image: ImageMemory | null, algorithm: number, { slotsOf }: SlotPlan): number {
  return image === null ? 0 : slotTableOctets(slotsOf(ZoneImage.open(image)), algorithm);
}

/**
 * The table over `image`: that of before if the image is the same, else a new one with what still holds; in `pack`, if
 * one is given and the table is small. Yields now and then, to pause.
 */
export function* tableOver(
  image: ImageMemory,
  algorithm: number,
  before: SignedImage | undefined,
  { slotsOf, carry }: SlotPlan,
  pack?: ImagePack,
): Generator<undefined, TableMemory, undefined> {
  if (before?.image === image) return before.table;
  const view = ZoneImage.open(image);
  const octets = slotTableOctets(slotsOf(view), algorithm);
  const table = pack?.take(octets) ?? new SharedArrayBuffer(octets);
  if (before !== undefined) {
    const slots = new SlotTable(table, algorithm);
    yield* carry(ZoneImage.open(before.image), new SlotTable(before.table, algorithm), view, slots);
  }
  return table;
}

/** Does such work in one piece. */
export function inOnePiece<T>(work: Generator<undefined, T, undefined>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
