/**
 * @hot Finding a name in a zone image: the node itself, else its closest encloser (RFC 4592 §3.3.1), and the node before a
 * name in canonical order, whose NSEC covers it.
 */
import { compareCanonical } from '../wire/name.ts';
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

/** The last node that comes at or before `name` in canonical order; `name` is below the apex. */
export function nodeBefore(image: ZoneImage, name: Uint8Array, offset: number): NodeIndex {
  let low = 0;
  let high = image.nodeCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const order = compareCanonical(image.u8, image.nameAt(middle as NodeIndex), name, offset);
    if (order <= 0) low = middle;
    else high = middle - 1;
  }
  return low as NodeIndex;
}
