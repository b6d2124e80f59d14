/** Looks into a zone image for those who are in no hurry: copies of RDATA, and whether a name belongs to the zone. */
import { getU16 } from '../wire/header.ts';
import { formatName, isAtOrBelow, type Name, parentName } from '../wire/name.ts';
import { hashName } from '../wire/namehash.ts';
import { NO_NODE, NO_RRSET, NODE_FLAG, type NodeIndex, type ZoneImage } from './image.ts';

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
  const node = closestEncloser(image, name);
  const isThere = image.nameOctets(node) === name.length;
  return image.barrier(node) === NO_NODE && (isThere || (image.flags(node) & NODE_FLAG.DNAME) === 0);
}

/** The node of a name that is in the zone, or of the nearest one above it. */
function closestEncloser(image: ZoneImage, name: Name): NodeIndex {
  let at = name;
  let node = nodeOf(image, at);
  while (node === NO_NODE) {
    at = parentName(at);
    node = nodeOf(image, at);
  }
  return node;
}

/**
 * Where the authority of a zone ends, of all that is at, above and below these names, which are inside the zone or above
 * it: zone cuts and DNAMEs as a text. As long as it is the same, `isAuthoritativeFor` says the same of all those names.
 */
export function cutsNear(image: ZoneImage, names: readonly Name[]): string {
  const found = new Set<NodeIndex>();
  const note = (node: NodeIndex) => {
    if (cutFlags(image, node) !== 0) found.add(node);
  };
  for (const name of names) {
    const top = isAtOrBelow(name, image.origin) ? name : image.origin;
    const encloser = closestEncloser(image, top);
    for (let node = encloser; node !== NO_NODE; node = image.parent(node)) note(node);
    if (image.nameOctets(encloser) === top.length) for (const node of nodesBelow(image, encloser)) note(node);
  }
  const texts = [...found].map((node) => `${formatName(image.name(node))} ${cutFlags(image, node)}`);
  return texts.sort().join('\n');
}

function cutFlags(image: ZoneImage, node: NodeIndex): number {
  return image.flags(node) & (NODE_FLAG.CUT | NODE_FLAG.DNAME);
}

/** The nodes below a node: in canonical order they follow it, and whatever comes then has no more labels than it has. */
function* nodesBelow(image: ZoneImage, top: NodeIndex): Generator<NodeIndex> {
  const labels = image.labels(top);
  for (let node = top + 1; node < image.nodeCount; node++) {
    if (image.labels(node as NodeIndex) <= labels) return;
    yield node as NodeIndex;
  }
}
