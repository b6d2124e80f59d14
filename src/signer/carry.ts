/**
 * Carries signatures over a reload: an rrset that is the same in both images, TTL and owner included, keeps the
 * signature that it has. Both images are walked once, in canonical order.
 */
import { MAX_SIGNATURE_OCTETS } from '../dnssec/algorithm.ts';
import { compareCanonical } from '../wire/name.ts';
import type { NodeIndex, RRsetIndex, ZoneImage } from '../zone/image.ts';
import { APEX, NO_RRSET, RRSET_FLAG } from '../zone/image.ts';
import { hasSameNsec } from './compact.ts';
import type { SlotTable } from './slots.ts';

const signature = new Uint8Array(MAX_SIGNATURE_OCTETS);

/** Copies what still holds from `oldSlots` to `newSlots`, both of the same key; returns how many were carried. */
export function carrySignatures(
  oldImage: ZoneImage,
  oldSlots: SlotTable,
  newImage: ZoneImage,
  newSlots: SlotTable,
): number {
  let carried = 0;
  for (const [oldNode, node] of sameNames(oldImage, newImage)) {
    carried += carryNode(oldImage, oldNode, oldSlots, newImage, node, newSlots);
  }
  return carried;
}

/** As `carrySignatures`, for slots of compact denial, one a node (signer/compact). */
export function carryCompact(
  oldImage: ZoneImage,
  oldSlots: SlotTable,
  newImage: ZoneImage,
  newSlots: SlotTable,
): number {
  let carried = 0;
  for (const [oldNode, node] of sameNames(oldImage, newImage)) {
    // The NSEC of the apex belongs to the epoch: the zone image has none, nor has its slot a signature.
    if (node === APEX || !hasSameNsec(oldImage, oldNode, newImage, node)) continue;
    if (carrySlot(oldSlots, oldNode, newSlots, node)) carried++;
  }
  return carried;
}

/** The nodes of both images that have the same name. */
function* sameNames(
  oldImage: ZoneImage,
  newImage: ZoneImage,
): Generator<readonly [NodeIndex, NodeIndex], void, undefined> {
  let oldNode = 0;
  for (let node = 0; node < newImage.nodeCount; node++) {
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
): number {
  let carried = 0;
  const first = newImage.firstRRset(newNode);
  const end = first + newImage.rrsetsOf(newNode);
  for (let i: number = first; i < end; i++) {
    const rrset = i as RRsetIndex;
    if ((newImage.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) continue;
    const old = oldImage.rrset(oldNode, newImage.type(rrset));
    if (old === NO_RRSET || !isSame(oldImage, old, newImage, rrset)) continue;
    if (carrySlot(oldSlots, old, newSlots, rrset)) carried++;
  }
  return carried;
}

/** Copies one slot; false if it is empty. */
function carrySlot(oldSlots: SlotTable, old: number, newSlots: SlotTable, slot: number): boolean {
  const inception = oldSlots.inception(old);
  if (inception === 0 || !oldSlots.read(old, inception, signature, 0)) return false;
  return newSlots.write(slot, inception, signature, 0);
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
