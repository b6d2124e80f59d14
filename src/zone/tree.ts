/**
 * From records to the tree of names (RFC 1034 §3.1): nodes with parents, empty non-terminals included, in canonical
 * order, each with its records sorted by type and RDATA and the duplicates left out; then zone cuts, occluded names
 * and the nodes of the NSEC chain. Columns, no object per node. It is scaffolding: `zone/render` writes the image
 * from it, `zone/check` reads it, then it is dropped.
 */
import { assert } from '../base/assert.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';
import { equalNames, labelCount, MAX_LABELS } from '../wire/name.ts';
import { hashLabel, hashName } from '../wire/namehash.ts';
import { NODE_FLAG } from './image.ts';
import type { ZoneRecords } from './records.ts';
import { sortByLabel } from './siblings.ts';

export const NO_PARENT = 0xffff_ffff;
const NONE = 0xffff_ffff;

/** Room for so many nodes at first; for a small zone, as many as it has records, or somewhat more. */
const MOST_FIRST_NODES = 256;

const labelsScratch = new Uint16Array(MAX_LABELS + 1);
const hashScratch = new Int32Array(MAX_LABELS + 1);

/** Nodes of one zone; a node is a number in order of discovery, `order` lists them canonically. */
export class ZoneTree {
  readonly records: ZoneRecords;
  readonly origin: Name;
  readonly seed: number;
  count = 0;
  /** Offset of the node's name in `records.heap`; an empty non-terminal's is inside a longer name. */
  nameAt: Uint32Array;
  nameHash: Int32Array;
  labels: Uint8Array;
  parent: Uint32Array;
  /** Canonical rank → node. */
  order = new Uint32Array(0);
  /** Node → canonical rank. */
  rank = new Uint32Array(0);
  /** Node → first position of its records in `sorted`; one more entry than nodes. */
  firstRecord = new Uint32Array(0);
  /** Record numbers by node, type and RDATA; duplicates are not in it. */
  sorted = new Uint32Array(0);
  flags = new Uint16Array(0);
  /** Node → the cut at or DNAME above it that is nearest the apex, or NONE. */
  barrier = new Uint32Array(0);
  /** Records that had an equal twin, for the check. */
  readonly duplicates: number[] = [];
  #index: Uint32Array;

  constructor(records: ZoneRecords, origin: Name, seed: number) {
    this.records = records;
    this.origin = origin;
    this.seed = seed;
    const nodes = Math.min(MOST_FIRST_NODES, records.count + 2);
    this.nameAt = new Uint32Array(nodes);
    this.nameHash = new Int32Array(nodes);
    this.labels = new Uint8Array(nodes);
    this.parent = new Uint32Array(nodes);
    this.#index = new Uint32Array(2 << (31 - Math.clz32(nodes * 2)));
    const nodeOf = this.#collectNodes();
    this.#orderNodes();
    this.#sortRecords(nodeOf);
    this.#markNodes();
  }

  /** The node with this name, or NONE (`0xffffffff`). The name is in lower case. */
  find(name: Uint8Array, offset: number): number {
    return this.#lookup(name, offset, hashName(name, offset, this.seed));
  }

  /** True if `node` has a record of `type`. */
  has(node: number, type: number): boolean {
    return this.firstOf(node, type) !== NONE;
  }

  /** Position in `sorted` of the node's first record of `type`, or NONE. */
  firstOf(node: number, type: number): number {
    const end = this.firstRecord[node + 1]!;
    for (let at = this.firstRecord[node]!; at < end; at++) {
      if (this.records.types[this.sorted[at]!] === type) return at;
    }
    return NONE;
  }

  // ---- Building ----

  #collectNodes(): Uint32Array {
    const { records, origin } = this;
    const nodeOf = new Uint32Array(records.count);
    const originLabels = labelCount(origin);
    this.#insert(this.#originInHeap(), hashName(origin, 0, this.seed), originLabels, NO_PARENT);
    let lastOwnerAt = NONE;
    let node = 0;
    for (let record = 0; record < records.count; record++) {
      const ownerAt = records.ownerAt[record]!;
      if (ownerAt !== lastOwnerAt) node = this.#nodeFor(ownerAt, originLabels);
      lastOwnerAt = ownerAt;
      nodeOf[record] = node;
    }
    return nodeOf;
  }

  /** The origin's octets at the end of the heap, for a zone file that has no record at its apex. */
  #originInHeap(): number {
    const { records, origin } = this;
    const needed = records.heapOctets + origin.length;
    if (needed > records.heap.length) {
      const heap = new Uint8Array(needed);
      heap.set(records.heap);
      records.heap = heap;
    }
    records.heap.set(origin, records.heapOctets);
    const at = records.heapOctets;
    records.heapOctets = needed;
    return at;
  }

  /** Finds or makes the node of an owner, and those of all names between it and the apex. */
  #nodeFor(ownerAt: number, originLabels: number): number {
    const { heap } = this.records;
    let count = 0;
    for (let at = ownerAt; heap[at] !== 0; at += heap[at]! + 1) labelsScratch[count++] = at - ownerAt;
    assert(count >= originLabels, 'owners are at or below the origin');
    let hash = this.nameHash[0]!;
    const own = count - originLabels;
    for (let i = own - 1; i >= 0; i--) {
      hash = hashLabel(hash, heap, ownerAt + labelsScratch[i]!);
      hashScratch[i] = hash;
    }
    let parent = 0;
    // From the apex down: most names have their parent already, and the deepest lookup decides at once.
    const deepest = own === 0 ? 0 : this.#lookup(heap, ownerAt, hashScratch[0]!);
    if (deepest !== NONE) return deepest;
    for (let i = own - 1; i >= 0; i--) {
      const at = ownerAt + labelsScratch[i]!;
      let node = i === 0 ? NONE : this.#lookup(heap, at, hashScratch[i]!);
      if (node === NONE) node = this.#insert(at, hashScratch[i]!, originLabels + own - i, parent);
      parent = node;
    }
    return parent;
  }

  #lookup(name: Uint8Array, offset: number, hash: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot]!;
      if (entry === 0) return NONE;
      const node = entry - 1;
      if (this.nameHash[node] === hash && equalNames(this.records.heap, this.nameAt[node]!, name, offset)) {
        return node;
      }
    }
  }

  #insert(nameAt: number, hash: number, labels: number, parent: number): number {
    if (this.count === this.nameAt.length) this.#growNodes();
    if (this.count * 2 >= this.#index.length) this.#growIndex();
    const node = this.count++;
    this.nameAt[node] = nameAt;
    this.nameHash[node] = hash;
    this.labels[node] = labels;
    this.parent[node] = parent;
    place(this.#index, hash, node);
    return node;
  }

  #growNodes(): void {
    const size = this.nameAt.length * 2;
    this.nameAt = copyInto(this.nameAt, new Uint32Array(size));
    this.nameHash = copyInto(this.nameHash, new Int32Array(size));
    this.labels = copyInto(this.labels, new Uint8Array(size));
    this.parent = copyInto(this.parent, new Uint32Array(size));
  }

  #growIndex(): void {
    this.#index = new Uint32Array(this.#index.length * 4);
    for (let node = 0; node < this.count; node++) place(this.#index, this.nameHash[node]!, node);
  }

  /** Canonical order = depth first, siblings by label (RFC 4034 §6.1). */
  #orderNodes(): void {
    const firstChild = new Uint32Array(this.count + 1);
    for (let node = 1; node < this.count; node++) firstChild[this.parent[node]! + 1]!++;
    for (let node = 0; node < this.count; node++) firstChild[node + 1]! += firstChild[node]!;
    const children = new Uint32Array(this.count);
    const filled = firstChild.slice(0, this.count);
    for (let node = 1; node < this.count; node++) children[filled[this.parent[node]!]!++] = node;

    this.order = new Uint32Array(this.count);
    this.rank = new Uint32Array(this.count);
    const stack = new Uint32Array(this.count);
    let depth = 1;
    for (let rank = 0; depth > 0; rank++) {
      const node = stack[--depth]!;
      this.order[rank] = node;
      this.rank[node] = rank;
      const siblings = children.subarray(firstChild[node]!, firstChild[node + 1]!);
      sortByLabel(siblings, this.records.heap, this.nameAt);
      for (let i = siblings.length - 1; i >= 0; i--) stack[depth++] = siblings[i]!;
    }
  }

  #sortRecords(nodeOf: Uint32Array): void {
    const total = this.records.count;
    const first = new Uint32Array(this.count + 1);
    for (let record = 0; record < total; record++) first[nodeOf[record]! + 1]!++;
    for (let node = 0; node < this.count; node++) first[node + 1]! += first[node]!;
    const sorted = new Uint32Array(total);
    const filled = first.slice(0, this.count);
    for (let record = 0; record < total; record++) sorted[filled[nodeOf[record]!]!++] = record;
    this.firstRecord = new Uint32Array(this.count + 1);
    let kept = 0;
    for (let node = 0; node < this.count; node++) {
      this.firstRecord[node] = kept;
      const own = sorted.subarray(first[node]!, first[node + 1]!);
      sortFew(own, this.records);
      for (let i = 0; i < own.length; i++) {
        if (i > 0 && compareRecords(this.records, own[i - 1]!, own[i]!) === 0) this.duplicates.push(own[i]!);
        else sorted[kept++] = own[i]!;
      }
    }
    this.firstRecord[this.count] = kept;
    this.sorted = sorted.subarray(0, kept);
  }

  /** Cuts, occlusion, emptiness: parents come before children in canonical order. */
  #markNodes(): void {
    this.flags = new Uint16Array(this.count);
    this.barrier = new Uint32Array(this.count).fill(NONE);
    for (let rank = 0; rank < this.count; rank++) {
      const node = this.order[rank]!;
      let flags = this.#ownFlags(node, rank === 0);
      if (rank > 0) {
        const parent = this.parent[node]!;
        if (this.barrier[parent] !== NONE) this.barrier[node] = this.barrier[parent]!;
        else if ((this.flags[parent]! & NODE_FLAG.DNAME) !== 0) this.barrier[node] = parent;
        if (this.barrier[node] !== NONE) flags |= NODE_FLAG.OCCLUDED;
        else if ((flags & NODE_FLAG.CUT) !== 0) this.barrier[node] = node;
      }
      if ((flags & (NODE_FLAG.OCCLUDED | NODE_FLAG.EMPTY)) === 0) flags |= NODE_FLAG.NSEC;
      this.flags[node] = flags;
    }
    this.flags[0]! |= NODE_FLAG.NSEC;
  }

  #ownFlags(node: number, isApex: boolean): number {
    const end = this.firstRecord[node + 1]!;
    let flags = this.firstRecord[node] === end ? NODE_FLAG.EMPTY : 0;
    for (let at = this.firstRecord[node]!; at < end; at++) {
      const type = this.records.types[this.sorted[at]!];
      if (type === RRTYPE.NS && !isApex) flags |= NODE_FLAG.CUT;
      else if (type === RRTYPE.DNAME) flags |= NODE_FLAG.DNAME;
      else if (type === RRTYPE.CNAME) flags |= NODE_FLAG.CNAME;
    }
    return flags;
  }
}

function place(index: Uint32Array, hash: number, node: number): void {
  const mask = index.length - 1;
  let slot = hash & mask;
  while (index[slot] !== 0) slot = (slot + 1) & mask;
  index[slot] = node + 1;
}

function copyInto<T extends Uint8Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** By type, then by RDATA as unsigned octet strings, the shorter first on a tie (RFC 4034 §6.3). */
export function compareRecords(records: ZoneRecords, a: number, b: number): number {
  const byType = records.types[a]! - records.types[b]!;
  if (byType !== 0) return byType;
  const { heap } = records;
  const aAt = records.rdataAt[a]!;
  const bAt = records.rdataAt[b]!;
  const aOctets = records.rdataOctets[a]!;
  const bOctets = records.rdataOctets[b]!;
  const shared = Math.min(aOctets, bOctets);
  for (let i = 0; i < shared; i++) {
    const order = heap[aAt + i]! - heap[bAt + i]!;
    if (order !== 0) return order;
  }
  return aOctets - bOctets;
}

/** Insertion sort for the usual handful; the engine's sort for large rrsets. */
function sortFew(numbers: Uint32Array, records: ZoneRecords): void {
  if (numbers.length > 24) {
    numbers.sort((a, b) => compareRecords(records, a, b));
    return;
  }
  for (let i = 1; i < numbers.length; i++) {
    const number = numbers[i]!;
    let j = i - 1;
    while (j >= 0 && compareRecords(records, numbers[j]!, number) > 0) {
      numbers[j + 1] = numbers[j]!;
      j--;
    }
    numbers[j + 1] = number;
  }
}
