/**
 * Carries signatures over a reload: an rrset that is the same in both images, TTL and owner included, keeps the
 * signature that it has. Both images are walked once, in canonical order, with a pause now and then: of a large zone it
 * takes a third of a second.
 */
import { MAX_SIGNATURE_OCTETS } from '../dnssec/algorithm.ts';
import { compareCanonical } from '../wire/name.ts';
import type { NodeIndex, RRsetIndex, ZoneImage } from '../zone/image.ts';
import { APEX, NO_RRSET, RRSET_FLAG } from '../zone/image.ts';
import { hasSameNsec } from './compact.ts';
import type { SlotTable } from './slots.ts';

const signature = new Uint8Array(MAX_SIGNATURE_OCTETS);

/** After so many nodes, about 1 ms, the walk yields, that others may have their turn. */
const NODES_PER_SLICE = 1_024;

/** Copies what still holds from `oldSlots` to `newSlots`, both of the same key. Yields now and then, to pause. */
export function* carrySignatures(
  oldImage: ZoneImage,
  oldSlots: SlotTable,
  newImage: ZoneImage,
  newSlots: SlotTable,
): Generator<undefined, void, undefined> {
  for (const same of sameNames(oldImage, newImage)) {
    if (same === undefined) yield undefined;
    else carryNode(oldImage, same[0], oldSlots, newImage, same[1], newSlots);
  }
}

/** As `carrySignatures`, for slots of compact denial, one a node (signer/compact). */
export function* carryCompact(
  oldImage: ZoneImage,
  oldSlots: SlotTable,
  newImage: ZoneImage,
  newSlots: SlotTable,
): Generator<undefined, void, undefined> {
  for (const same of sameNames(oldImage, newImage)) {
    if (same === undefined) {
      yield undefined;
      continue;
    }
    const [oldNode, node] = same;
    // The NSEC of the apex belongs to the epoch: the zone image has none, nor has its slot a signature.
    if (node !== APEX && hasSameNsec(oldImage, oldNode, newImage, node))
      carrySlot(oldSlots, oldNode, newSlots, node);
  }
}

/** The nodes of both images that have the same name; undefined between two of them, to pause. */
function* sameNames(
  oldImage: ZoneImage,
  newImage: ZoneImage,
): Generator<readonly [NodeIndex, NodeIndex] | undefined, void, undefined> {
  let oldNode = 0;
  for (let node = 0; node < newImage.nodeCount; node++) {
    if (node % NODES_PER_SLICE === NODES_PER_SLICE - 1) yield undefined;
    const nameAt = newImage.nameAt(node as NodeIndex);
    let order = -1;
    while (oldNode < oldImage.nodeCount) {
      order = compareCanonical(oldImage.u8, oldImage.nameAt(oldNode as NodeIndex), newImage.u8, nameAt);
      if (order >= 0) break;
      oldNode++;
    }
    if (oldNode === oldImage.nodeCount) return;
    if (order === 0) yield [oldNode as NodeIndex, node as NodeIndex];
  }
}

function carryNode(
  oldImage: ZoneImage,
  oldNode: NodeIndex,
  oldSlots: SlotTable,
  newImage: ZoneImage,
  newNode: NodeIndex,
  newSlots: SlotTable,
): void {
  const first = newImage.firstRRset(newNode);
  const end = first + newImage.rrsetsOf(newNode);
  for (let i: number = first; i < end; i++) {
    const rrset = i as RRsetIndex;
    if ((newImage.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) continue;
    const old = oldImage.rrset(oldNode, newImage.type(rrset));
    if (old === NO_RRSET || !isSame(oldImage, old, newImage, rrset)) continue;
    carrySlot(oldSlots, old, newSlots, rrset);
  }
}

/** Copies one slot, unless it is empty. */
function carrySlot(oldSlots: SlotTable, old: number, newSlots: SlotTable, slot: number): void {
  const inception = oldSlots.inception(old);
  if (inception === 0 || !oldSlots.read(old, inception, signature, 0)) return;
  newSlots.write(slot, inception, signature, 0);
}

function isSame(oldImage: ZoneImage, old: RRsetIndex, newImage: ZoneImage, rrset: RRsetIndex): boolean {
  const octets = newImage.blockOctets(rrset);
  if (oldImage.blockOctets(old) !== octets || oldImage.ttl(old) !== newImage.ttl(rrset)) return false;
  const oldAt = oldImage.blockAt(old);
  const newAt = newImage.blockAt(rrset);
  for (let i = 0; i < octets; i++) {
    if (oldImage.u8[oldAt + i] !== newImage.u8[newAt + i]) return false;
  }
  return true;
}
