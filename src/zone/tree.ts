/**
 * From records to the tree of names (RFC 1034 §3.1): nodes with parents, empty non-terminals included, in canonical
 * order, each with its records sorted by type and RDATA and the duplicates left out; then zone cuts, occluded names
 * and the nodes of the NSEC chain. Columns, no object per node. It is scaffolding: `zone/render` writes the image
 * from it, `zone/check` reads it, then it is dropped, or built again for another zone: the columns of a small zone cost
 * more to make than to fill.
 */
import { assert } from '../base/assert.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';
import { equalNames, labelCount, MAX_LABELS } from '../wire/name.ts';
import { hashLabel, hashName } from '../wire/namehash.ts';
import { NODE_FLAG } from './image.ts';
import { compareRecords, sortRecords } from './recordorder.ts';
import type { ZoneRecords } from './records.ts';
import { sortByLabel } from './siblings.ts';

export const NO_PARENT = 0xffff_ffff;
const NONE = 0xffff_ffff;

/** Room for so many nodes at first; for a small zone, as many as it has records, or somewhat more. */
const MOST_FIRST_NODES = 256;
const NO_COLUMN = new Uint32Array(0);

/** Columns that are needed only while a tree is built: if they are short, they are there once. */
const SCRATCH_LENGTH = 512;
const SCRATCH = Array.from({ length: 5 }, () => new Uint32Array(SCRATCH_LENGTH));

const labelsScratch = new Uint16Array(MAX_LABELS + 1);
const hashScratch = new Int32Array(MAX_LABELS + 1);

/** Nodes of one zone; a node is a number in order of discovery, `order` lists them canonically. */
export class ZoneTree {
  records: ZoneRecords;
  origin: Name;
  seed: number;
  /** Nodes. Columns may be longer. */
  count = 0;
  /** Offset of the node's name in `records.heap`; an empty non-terminal's is inside a longer name. */
  nameAt = NO_COLUMN;
  nameHash = new Int32Array(0);
  labels = new Uint8Array(0);
  parent = NO_COLUMN;
  /** Canonical rank → node. */
  order = NO_COLUMN;
  /** Node → canonical rank. */
  rank = NO_COLUMN;
  /** Node → first position of its records in `sorted`; one more entry than nodes. */
  firstRecord = NO_COLUMN;
  /** Record numbers by node, type and RDATA; duplicates are not in it. */
  sorted = NO_COLUMN;
  /** Entries of `sorted`. */
  sortedCount = 0;
  flags = new Uint16Array(0);
  /** Node → the cut at or DNAME above it that is nearest the apex, or NONE. */
  barrier = NO_COLUMN;
  /** Records that had an equal twin, for the check. */
  readonly duplicates: number[] = [];
  #index = NO_COLUMN;
  #indexMask = 0;

  constructor(records: ZoneRecords, origin: Name, seed: number) {
    this.records = records;
    this.origin = origin;
    this.seed = seed;
    this.#build();
  }

  /** Becomes the tree of another zone, in the columns that it has. */
  rebuild(records: ZoneRecords, origin: Name, seed: number): this {
    this.records = records;
    this.origin = origin;
    this.seed = seed;
    this.#build();
    return this;
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

  #build(): void {
    this.count = 0;
    this.duplicates.length = 0;
    const nodes = Math.min(MOST_FIRST_NODES, this.records.count + 2);
    if (this.nameAt.length < nodes) this.#growNodes(nodes);
    this.#clearIndex(2 << (31 - Math.clz32(nodes * 2)));
    const nodeOf = this.#collectNodes();
    this.#orderNodes();
    this.#sortRecords(nodeOf);
    this.#markNodes();
  }

  #collectNodes(): Uint32Array {
    const { records, origin } = this;
    const nodeOf = zeros(0, records.count);
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
    const mask = this.#indexMask;
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
    if (this.count === this.nameAt.length) this.#growNodes(this.count * 2);
    if (this.count * 2 > this.#indexMask) this.#growIndex();
    const node = this.count++;
    this.nameAt[node] = nameAt;
    this.nameHash[node] = hash;
    this.labels[node] = labels;
    this.parent[node] = parent;
    this.#place(hash, node);
    return node;
  }

  #place(hash: number, node: number): void {
    const mask = this.#indexMask;
    let slot = hash & mask;
    while (this.#index[slot] !== 0) slot = (slot + 1) & mask;
    this.#index[slot] = node + 1;
  }

  #growNodes(size: number): void {
    this.nameAt = copyInto(this.nameAt, new Uint32Array(size));
    this.nameHash = copyInto(this.nameHash, new Int32Array(size));
    this.labels = copyInto(this.labels, new Uint8Array(size));
    this.parent = copyInto(this.parent, new Uint32Array(size));
  }

  /** `size` is a power of two. */
  #clearIndex(size: number): void {
    this.#indexMask = size - 1;
    if (this.#index.length < size) this.#index = new Uint32Array(size);
    else this.#index.fill(0, 0, size);
  }

  #growIndex(): void {
    this.#clearIndex((this.#indexMask + 1) * 4);
    for (let node = 0; node < this.count; node++) this.#place(this.nameHash[node]!, node);
  }

  /** Canonical order = depth first, siblings by label (RFC 4034 §6.1). */
  #orderNodes(): void {
    const firstChild = zeros(1, this.count + 1);
    for (let node = 1; node < this.count; node++) firstChild[this.parent[node]! + 1]!++;
    for (let node = 0; node < this.count; node++) firstChild[node + 1]! += firstChild[node]!;
    const children = zeros(2, this.count);
    const filled = zeros(3, this.count);
    for (let node = 0; node < this.count; node++) filled[node] = firstChild[node]!;
    for (let node = 1; node < this.count; node++) children[filled[this.parent[node]!]!++] = node;

    this.order = roomFor(this.order, this.count);
    this.rank = roomFor(this.rank, this.count);
    const stack = zeros(4, this.count);
    let depth = 1;
    for (let rank = 0; depth > 0; rank++) {
      const node = stack[--depth]!;
      this.order[rank] = node;
      this.rank[node] = rank;
      const first = firstChild[node]!;
      const end = firstChild[node + 1]!;
      sortByLabel(children, first, end, this.records.heap, this.nameAt);
      for (let i = end - 1; i >= first; i--) stack[depth++] = children[i]!;
    }
  }

  #sortRecords(nodeOf: Uint32Array): void {
    const total = this.records.count;
    const first = zeros(1, this.count + 1);
    for (let record = 0; record < total; record++) first[nodeOf[record]! + 1]!++;
    for (let node = 0; node < this.count; node++) first[node + 1]! += first[node]!;
    const filled = zeros(3, this.count);
    for (let node = 0; node < this.count; node++) filled[node] = first[node]!;
    this.sorted = roomFor(this.sorted, total);
    this.firstRecord = roomFor(this.firstRecord, this.count + 1);
    const { records, sorted, firstRecord } = this;
    for (let record = 0; record < total; record++) sorted[filled[nodeOf[record]!]!++] = record;
    let kept = 0;
    for (let node = 0; node < this.count; node++) {
      firstRecord[node] = kept;
      const end = first[node + 1]!;
      sortRecords(sorted, first[node]!, end, records);
      for (let at = first[node]!; at < end; at++) {
        const record = sorted[at]!;
        const isTwin = kept > firstRecord[node]! && compareRecords(records, sorted[kept - 1]!, record) === 0;
        if (isTwin) this.duplicates.push(record);
        else sorted[kept++] = record;
      }
    }
    firstRecord[this.count] = kept;
    this.sortedCount = kept;
  }

  /** Cuts, occlusion, emptiness: parents come before children in canonical order. */
  #markNodes(): void {
    if (this.flags.length < this.count) this.flags = new Uint16Array(this.count);
    this.barrier = roomFor(this.barrier, this.count).fill(NONE, 0, this.count);
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

/** A column of zeros to work in: the one of this number, unless a long one is wanted. */
function zeros(number: number, length: number): Uint32Array {
  return length > SCRATCH_LENGTH ? new Uint32Array(length) : SCRATCH[number]!.fill(0, 0, length);
}

/** `column`, or one that is long enough; what it holds is of no matter. */
function roomFor(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  return column.length < length ? new Uint32Array(length) : column;
}

function copyInto<T extends Uint8Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
