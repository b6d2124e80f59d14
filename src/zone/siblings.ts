/**
 * Sorting the children of one node by their labels (RFC 4034 §6.1). A large zone has most of its names under one
 * node, so that this is where ordering a zone spends its time: the first six octets of a label, as one number, decide
 * nearly every comparison without a look into the heap.
 */

/** Below this many siblings the comparison without keys is as quick. */
const KEYED_FROM = 16;
const KEY_OCTETS = 6;

/** Sorts `nodes[from]` to `nodes[to - 1]` by the first labels of their (lower-case) names. */
export function sortByLabel(
  nodes: Uint32Array,
  from: number,
  to: number,
  heap: Uint8Array,
  nameAt: Uint32Array,
): void {
  if (to - from >= KEYED_FROM) sortByKey(nodes.subarray(from, to), heap, nameAt);
  else {
    for (let i = from + 1; i < to; i++) {
      const node = nodes[i]!;
      let j = i - 1;
      while (j >= from && compareLabels(heap, nameAt[nodes[j]!]!, nameAt[node]!) > 0) {
        nodes[j + 1] = nodes[j]!;
        j--;
      }
      nodes[j + 1] = node;
    }
  }
}

function sortByKey(nodes: Uint32Array, heap: Uint8Array, nameAt: Uint32Array): void {
  const keys = new Float64Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) keys[i] = labelKey(heap, nameAt[nodes[i]!]!);
  if (isSorted(nodes, keys, heap, nameAt)) return;
  const positions = new Uint32Array(nodes.length);
  for (let i = 0; i < positions.length; i++) positions[i] = i;
  const unsorted = nodes.slice();
  positions.sort((a, b) => {
    const order = keys[a]! - keys[b]!;
    return order !== 0 ? order : compareLabels(heap, nameAt[unsorted[a]!]!, nameAt[unsorted[b]!]!);
  });
  for (let i = 0; i < positions.length; i++) nodes[i] = unsorted[positions[i]!]!;
}

function isSorted(nodes: Uint32Array, keys: Float64Array, heap: Uint8Array, nameAt: Uint32Array): boolean {
  for (let i = 1; i < nodes.length; i++) {
    const order = keys[i - 1]! - keys[i]!;
    if (order > 0) return false;
    if (order === 0 && compareLabels(heap, nameAt[nodes[i - 1]!]!, nameAt[nodes[i]!]!) > 0) return false;
  }
  return true;
}

/** The first six octets as a number; a shorter label is filled up with zeros, which sort it first or tie. */
function labelKey(heap: Uint8Array, at: number): number {
  const length = heap[at]!;
  let key = 0;
  for (let i = 1; i <= KEY_OCTETS; i++) key = key * 256 + (i <= length ? heap[at + i]! : 0);
  return key;
}

function compareLabels(heap: Uint8Array, a: number, b: number): number {
  const aLength = heap[a]!;
  const bLength = heap[b]!;
  const shared = Math.min(aLength, bLength);
  for (let i = 1; i <= shared; i++) {
    const order = heap[a + i]! - heap[b + i]!;
    if (order !== 0) return order;
  }
  return aLength - bLength;
}
