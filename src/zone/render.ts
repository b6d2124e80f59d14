/**
 * Renders the tree of a checked zone as an image (zone/image): sizes first, then one pass in canonical order. The
 * NSEC chain (RFC 4034 §4) is part of it: every authoritative name and zone cut but the apex gets its NSEC here; the
 * apex has its in the epoch, because its bitmap tells of DNSKEY, CDS and CDNSKEY.
 */
import { encodeTypeBitmap } from '../rdata/bitmap.ts';
import { RRTYPE } from '../wire/iana.ts';
import { nameOctets } from '../wire/name.ts';
import { APEX, type ImageMemory, NODE, NODE_FLAG } from './image.ts';
import type { ImagePack } from './imagepack.ts';
import { ImageWriter } from './imagewriter.ts';
import { addTargets, isServiceType, MAX_SERVICE_TARGETS, targetOffset } from './targets.ts';
import type { ZoneTree } from './tree.ts';

const NONE = 0xffff_ffff;
const NO_RANKS = new Uint32Array(0);
const WILDCARD_LABEL = [1, 42] as const;
/** RDATA of an NSEC. */
const nsecScratch = new Uint8Array(255 + 8192);

export interface RenderOptions {
  /** Write the NSEC chain. */
  readonly nsec: boolean;
  readonly serial: number;
  readonly negativeTtl: number;
  /** Where small images go together; without it each has memory of its own. */
  readonly pack?: ImagePack | undefined;
}

/** Renders `tree` into shared memory. */
export function renderImage(tree: ZoneTree, options: RenderOptions): ImageMemory {
  return new Rendering(tree, options).run();
}

class Rendering {
  readonly #tree: ZoneTree;
  readonly #options: RenderOptions;
  readonly #writer: ImageWriter;
  /** Bitmaps by the types they name: most names of a zone hold the same few. */
  #bitmaps: Map<string, Uint8Array> | undefined;
  /** Canonical rank of the next node with an NSEC, by rank; 0 (the apex) after the last. Empty without a chain. */
  readonly #nextNsec: Uint32Array;

  constructor(tree: ZoneTree, options: RenderOptions) {
    this.#tree = tree;
    this.#options = options;
    this.#nextNsec = options.nsec ? nextNsecRanks(tree) : NO_RANKS;
    this.#writer = new ImageWriter(this.#measure(), tree.seed, options.pack);
  }

  run(): ImageMemory {
    const { order, count } = this.#tree;
    let covering: number = APEX;
    for (let rank = 0; rank < count; rank++) {
      if ((this.#tree.flags[order[rank]!]! & NODE_FLAG.NSEC) !== 0) covering = rank;
      this.#writeNode(rank, covering);
    }
    const { serial, negativeTtl } = this.#options;
    return this.#writer.finish({ serial, negativeTtl, records: this.#tree.sortedCount });
  }

  #writeNode(rank: number, covering: number): void {
    const tree = this.#tree;
    const node = tree.order[rank]!;
    const nameAt = tree.nameAt[node]!;
    const { heap } = tree.records;
    const octets = nameOctets(heap, nameAt);
    const flags = tree.flags[node]!;
    this.#writer.addNode(heap, nameAt, octets, tree.labels[node]!, tree.nameHash[node]!, flags);
    this.#writer.setNode(rank, NODE.COVERING, covering);
    const barrier = tree.barrier[node]!;
    if (barrier !== NONE) this.#writer.setNode(rank, NODE.BARRIER, tree.rank[barrier]!);
    if (rank > 0) {
      const parentRank = tree.rank[tree.parent[node]!]!;
      this.#writer.setNode(rank, NODE.PARENT, parentRank);
      const isWildcard = heap[nameAt] === WILDCARD_LABEL[0] && heap[nameAt + 1] === WILDCARD_LABEL[1];
      if (isWildcard) this.#writer.setNode(parentRank, NODE.WILDCARD, rank);
    }
    this.#writeRRsets(node, flags);
    if (this.#hasOwnNsec(rank, flags)) this.#writeNsec(rank, node, flags);
  }

  #hasOwnNsec(rank: number, flags: number): boolean {
    return this.#options.nsec && rank > 0 && (flags & NODE_FLAG.NSEC) !== 0;
  }

  #writeRRsets(node: number, flags: number): void {
    const { records, sorted, firstRecord } = this.#tree;
    const end = firstRecord[node + 1]!;
    for (let at = firstRecord[node]!; at < end; ) {
      const type = records.types[sorted[at]!]!;
      const rrset = this.#writer.addRRset(type, records.ttls[sorted[at]!]!, isSigned(type, flags));
      const targets: number[] = [];
      for (; at < end && records.types[sorted[at]!] === type; at++) {
        const record = sorted[at]!;
        this.#writer.addRecord(records.heap, records.rdataAt[record]!, records.rdataOctets[record]!);
        this.#writer.lowerTtl(rrset, records.ttls[record]!);
        addTargets(targets, this.#tree, node, record);
      }
      if (targets.length === 0) continue;
      const ranks = targets.map((target) => this.#tree.rank[target]!);
      this.#writer.setTargets(rrset, this.#writer.addTargets(ranks));
    }
  }

  #writeNsec(rank: number, node: number, flags: number): void {
    const tree = this.#tree;
    const next = tree.order[this.#nextNsec[rank]!]!;
    const nextAt = tree.nameAt[next]!;
    const octets = nameOctets(tree.records.heap, nextAt);
    nsecScratch.set(tree.records.heap.subarray(nextAt, nextAt + octets));
    const bitmap = this.#bitmap(node, flags);
    nsecScratch.set(bitmap, octets);
    this.#writer.addRRset(RRTYPE.NSEC, this.#options.negativeTtl, true);
    this.#writer.addRecord(nsecScratch, 0, octets + bitmap.length);
  }

  #bitmap(node: number, flags: number): Uint8Array {
    const types = this.#typesOf(node).filter(
      (type) => (flags & NODE_FLAG.CUT) === 0 || type === RRTYPE.NS || type === RRTYPE.DS,
    );
    const key = types.join();
    this.#bitmaps ??= new Map();
    let bitmap = this.#bitmaps.get(key);
    if (bitmap === undefined) {
      bitmap = encodeTypeBitmap([...types, RRTYPE.RRSIG, RRTYPE.NSEC]);
      if (this.#bitmaps.size < 4096) this.#bitmaps.set(key, bitmap);
    }
    return bitmap;
  }

  #typesOf(node: number): number[] {
    const { records, sorted, firstRecord } = this.#tree;
    const types: number[] = [];
    const end = firstRecord[node + 1]!;
    for (let at = firstRecord[node]!; at < end; at++) {
      const type = records.types[sorted[at]!]!;
      if (types.at(-1) !== type) types.push(type);
    }
    return types;
  }

  // ---- Sizes ----

  #measure(): { nodes: number; rrsets: number; targetWords: number; heapOctets: number } {
    const tree = this.#tree;
    let rrsets = 0;
    let heapOctets = 0;
    let targetWords = 0;
    for (let rank = 0; rank < tree.count; rank++) {
      const node = tree.order[rank]!;
      heapOctets += nameOctets(tree.records.heap, tree.nameAt[node]!);
      let lastType = -1;
      const end = tree.firstRecord[node + 1]!;
      for (let at = tree.firstRecord[node]!; at < end; at++) {
        const record = tree.sorted[at]!;
        const type = tree.records.types[record]!;
        heapOctets += tree.records.rdataOctets[record]! + 2;
        if (type !== lastType) rrsets++;
        targetWords += mostTargetWords(type, type === lastType);
        lastType = type;
      }
      if (this.#hasOwnNsec(rank, tree.flags[node]!)) {
        rrsets++;
        heapOctets += this.#nsecOctets(rank, node);
      }
    }
    return { nodes: tree.count, rrsets, targetWords, heapOctets };
  }

  #nsecOctets(rank: number, node: number): number {
    const tree = this.#tree;
    const next = tree.order[this.#nextNsec[rank]!]!;
    const bitmap = this.#bitmap(node, tree.flags[node]!);
    return 2 + nameOctets(tree.records.heap, tree.nameAt[next]!) + bitmap.length;
  }
}

/** Words that the targets of one record take at most; the first of an rrset brings the count. */
function mostTargetWords(type: number, isFurther: boolean): number {
  if (targetOffset(type) < 0) return 0;
  return (isFurther ? 1 : 2) + (isServiceType(type) ? MAX_SERVICE_TARGETS : 0);
}

/** Delegation NS, glue and occluded data are not signed (RFC 4035 §2.2); DS at a cut is. */
function isSigned(type: number, flags: number): boolean {
  if ((flags & NODE_FLAG.OCCLUDED) !== 0) return false;
  return (flags & NODE_FLAG.CUT) === 0 || type === RRTYPE.DS;
}

function nextNsecRanks(tree: ZoneTree): Uint32Array {
  const next = new Uint32Array(tree.count);
  let following = 0;
  for (let rank = tree.count - 1; rank >= 0; rank--) {
    next[rank] = following;
    if ((tree.flags[tree.order[rank]!]! & NODE_FLAG.NSEC) !== 0) following = rank;
  }
  return next;
}
