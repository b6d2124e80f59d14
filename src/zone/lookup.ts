/**
 * @hot Finding a name in a zone image: the node itself, else its closest encloser (RFC 4592 §3.3.1), and the node before a
 * name in canonical order, whose NSEC covers it.
 */
import type { SearchName } from '../wire/searchname.ts';
import type { NodeIndex, ZoneImage } from './image.ts';
import { APEX, NO_NODE } from './image.ts';

/** The outcome of a search; one object is reused. */
export class Match {
  /** The node of the name itself, or of its closest encloser. */
  node: NodeIndex = APEX;
  isExact = false;
  /** Labels of the name in front of the node's name; 0 if exact. */
  surplus = 0;

  /** Finds `name`, which is at or below the apex of `image`. */
  find(image: ZoneImage, name: SearchName): void {
    const deepest = name.labels - image.labels(APEX);
    for (let i = 0; i <= deepest; i++) {
      const node = i === deepest ? APEX : image.find(name.octets, name.labelAt[i]!, name.suffixHash[i]!);
      if (node === NO_NODE) continue;
      this.node = node;
      this.isExact = i === 0;
      this.surplus = i;
      return;
    }
  }
}

/**
 * The last node before a name that does not exist, in canonical order. `encloser` is the name's closest encloser and
 * `offset` where in `name` (in lower case) the label below that lies: no node has this label there, so it alone decides.
 */
export function nodeBefore(
  image: ZoneImage,
  encloser: NodeIndex,
  name: Uint8Array,
  offset: number,
): NodeIndex {
  let low: number = encloser;
  let high = image.nodeCount - 1;
  // The first look is at the first child: it decides nearly every proof of "no wildcard", for `*` sorts before letters.
  for (let middle = low + 1; low < high; middle = (low + high + 1) >>> 1) {
    const child = childTowards(image, encloser, middle as NodeIndex);
    if (child === NO_NODE) high = middle - 1;
    else if (compareLabels(image.u8, image.nameAt(child), name, offset) < 0) low = middle;
    else high = child - 1;
  }
  return low as NodeIndex;
}

/** The child of `encloser` that is at or above `node`; NO_NODE if `node`, which comes later, is not below `encloser`. */
function childTowards(image: ZoneImage, encloser: NodeIndex, node: NodeIndex): NodeIndex {
  let child = node;
  for (let parent = image.parent(child); parent !== encloser; parent = image.parent(child)) {
    if (parent < encloser) return NO_NODE;
    child = parent;
  }
  return child;
}

/** Compares two labels in lower case, at their length octets (RFC 4034 §6.1). */
function compareLabels(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  const aLength = a[aOffset]!;
  const bLength = b[bOffset]!;
  const shared = Math.min(aLength, bLength);
  for (let i = 1; i <= shared; i++) {
    const order = a[aOffset + i]! - b[bOffset + i]!;
    if (order !== 0) return order;
  }
  return aLength - bLength;
}
