/** Looks into a zone image for those who are in no hurry: copies of RDATA, and whether a name belongs to the zone. */
import { getU16 } from '../wire/header.ts';
import { isAtOrBelow, type Name, parentName } from '../wire/name.ts';
import { hashName } from '../wire/namehash.ts';
import { NO_NODE, NO_RRSET, type NodeIndex, type ZoneImage } from './image.ts';

/** RDATA of an RRset, as copies; none if it is not there. */
export function rdatasAt(image: ZoneImage, node: NodeIndex, type: number): Uint8Array[] {
  const rrset = image.rrset(node, type);
  if (rrset === NO_RRSET) return [];
  const found: Uint8Array[] = [];
  let at = image.blockAt(rrset);
  for (let i = 0; i < image.records(rrset); i++) {
    const octets = getU16(image.u8, at);
    found.push(Uint8Array.from(image.u8.subarray(at + 2, at + 2 + octets)));
    at += 2 + octets;
  }
  return found;
}

/** The node of a name; NO_NODE if the zone has none. */
export function nodeOf(image: ZoneImage, name: Name): NodeIndex {
  return isAtOrBelow(name, image.origin) ? image.find(name, 0, hashName(name, 0, image.seed)) : NO_NODE;
}

/** True if data at a name would be the zone's: it is inside, and neither at nor below a zone cut nor below a DNAME. */
export function isAuthoritativeFor(image: ZoneImage, name: Name): boolean {
  if (!isAtOrBelow(name, image.origin)) return false;
  let at = name;
  let node = nodeOf(image, at);
  while (node === NO_NODE) {
    at = parentName(at);
    node = nodeOf(image, at);
  }
  return image.barrier(node) === NO_NODE;
}
