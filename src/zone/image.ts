/**
 * @hot The zone image: one loaded zone as one immutable flat structure in shared memory. Every thread reads the same octets;
 * nothing in it is an object for the garbage collector. It holds what the zone file says, in canonical order
 * (RFC 4034 §6.1), plus what answers need beforehand: empty non-terminals, parents, zone cuts, wildcards, the NSEC
 * chain, the nodes of additional data. What depends on keys (DNSKEY, CDS, CDNSKEY, the apex NSEC) is not in it: that
 * is the apex image of an epoch (signer/epoch), which has the same form.
 *
 * ```
 *   header │ nodes: NODE.WORDS each │ rrsets: RRSET.WORDS each │ hash index │ targets │ heap: names and RDATA blocks
 * ```
 * Words are 32 bits in the machine's order; names and RDATA are octets. A name is uncompressed and in lower case.
 * An RDATA block is `u16 length (network order), octets` for each record, sorted as RFC 4034 §6.3 wants, without
 * duplicates. Only files in `zone/` know an offset; others call the methods below.
 *
 * Small images share memory (zone/imagepack). So offsets in an image, of words and of octets, count from the beginning of
 * the memory that it lies in, and all images there have the same two views of it.
 */
import { assert } from '../base/assert.ts';
import type { Name } from '../wire/name.ts';
import { equalNames } from '../wire/name.ts';

export type NodeIndex = number & { readonly __brand: 'NodeIndex' };
export type RRsetIndex = number & { readonly __brand: 'RRsetIndex' };

/** "No such node" and "no such rrset". */
export const NO_NODE = 0xffff_ffff as NodeIndex;
export const NO_RRSET = 0xffff_ffff as RRsetIndex;
/** Nodes stand in canonical order, so the apex is the first. */
export const APEX = 0 as NodeIndex;

export const MAGIC = 0x4b_54_5a_31; // KTZ1

/** Where an image lies. Plain data, fit for `postMessage`; the same image has the same object in a thread. */
export type ImageMemory = SharedArrayBuffer | PackedImage;

/** An image in memory that it shares with others. */
export interface PackedImage {
  readonly memory: SharedArrayBuffer;
  /** Octets in front of it, a multiple of 8. */
  readonly at: number;
}

/** Word offsets in the header. */
export const HEAD = {
  MAGIC: 0,
  OCTETS: 1,
  NODES: 2,
  RRSETS: 3,
  RECORDS: 4,
  NODES_AT: 5,
  RRSETS_AT: 6,
  HASH_AT: 7,
  HASH_MASK: 8,
  SERIAL: 9,
  NEGATIVE_TTL: 10,
  MAX_TTL: 11,
  SEED: 12,
  WORDS: 16,
} as const;

/** Word offsets in a node. SHAPE packs `name octets << 24 | labels << 16 | flags`. */
export const NODE = {
  NAME_AT: 0,
  HASH: 1,
  SHAPE: 2,
  PARENT: 3,
  FIRST_RRSET: 4,
  RRSET_COUNT: 5,
  WILDCARD: 6,
  BARRIER: 7,
  COVERING: 8,
  WORDS: 9,
} as const;

/** Word offsets in an rrset. SHAPE packs `type << 16 | flags`. */
export const RRSET = {
  SHAPE: 0,
  TTL: 1,
  BLOCK_AT: 2,
  BLOCK_OCTETS: 3,
  RECORDS: 4,
  OWNER: 5,
  TARGETS_AT: 6,
  WORDS: 7,
} as const;

/** Flags of a node. */
export const NODE_FLAG = {
  /** A zone cut: NS below the apex. Its BARRIER is the node itself, but for one below another cut. */
  CUT: 1,
  /** Holds a DNAME: names below it are occluded. */
  DNAME: 2,
  /** Below a zone cut or a DNAME: not authoritative data of this zone. */
  OCCLUDED: 4,
  /** Has no rrsets of its own (RFC 8020). */
  EMPTY: 8,
  /** Has an NSEC; it is the node's last rrset (or, at the apex, in the apex image). */
  NSEC: 16,
  /** Holds a CNAME. */
  CNAME: 32,
} as const;

/** Flags of an rrset. */
export const RRSET_FLAG = {
  /** Authoritative, hence signed in a signed zone (RFC 4035 §2.2). */
  SIGNED: 1,
  /** RDATA is one name that answers may compress (NS, CNAME, PTR and their like). */
  NAME: 2,
  /** RDATA is two octets and a name that answers may compress (MX). */
  PREFERENCE_NAME: 4,
  /** RDATA starts with two names that answers may compress (SOA, MINFO). */
  TWO_NAMES: 8,
} as const;

/** Size of an image. */
export function imageOctets(image: ImageMemory): number {
  return image instanceof SharedArrayBuffer ? image.byteLength : ZoneImage.open(image).octets;
}

/** The views of memory, in words and in octets. */
interface Views {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
}

/** Those of memory that images share: one pair for all of them. */
const packedViews = new WeakMap<SharedArrayBuffer, Views>();

/** Views of the memory of an image, with where in it the image begins. */
export function viewsOf(image: ImageMemory): Views & { readonly at: number } {
  if (image instanceof SharedArrayBuffer) {
    return { u8: new Uint8Array(image), u32: new Uint32Array(image), at: 0 };
  }
  const { memory, at } = image;
  let views = packedViews.get(memory);
  if (views === undefined) {
    views = { u8: new Uint8Array(memory), u32: new Uint32Array(memory) };
    packedViews.set(memory, views);
  }
  return { u8: views.u8, u32: views.u32, at };
}

/** A read-only view of one zone image. Cheap to make; holds no copy. */
export class ZoneImage {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  /** Word offset of the header. */
  readonly headAt: number;
  readonly nodesAt: number;
  readonly rrsetsAt: number;
  readonly hashAt: number;
  readonly hashMask: number;
  readonly nodeCount: number;
  readonly rrsetCount: number;
  #origin: Name | undefined;

  private constructor({ u8, u32, at }: ReturnType<typeof viewsOf>) {
    this.u8 = u8;
    this.u32 = u32;
    this.headAt = at >> 2;
    this.nodesAt = this.#head(HEAD.NODES_AT);
    this.rrsetsAt = this.#head(HEAD.RRSETS_AT);
    this.hashAt = this.#head(HEAD.HASH_AT);
    this.hashMask = this.#head(HEAD.HASH_MASK);
    this.nodeCount = this.#head(HEAD.NODES);
    this.rrsetCount = this.#head(HEAD.RRSETS);
  }

  /** Opens the image that lies there. */
  static open(image: ImageMemory): ZoneImage {
    const views = viewsOf(image);
    assert(views.u32[views.at >> 2] === MAGIC, 'shared memory holds a zone image');
    return new ZoneImage(views);
  }

  #head(word: number): number {
    return this.u32[this.headAt + word]!;
  }

  /** Both are views of the same image. */
  isSameAs({ u8, headAt }: ZoneImage): boolean {
    return this.headAt === headAt && this.u8.buffer === u8.buffer;
  }

  /** The zone's apex name, as a view of shared memory. */
  get origin(): Name {
    this.#origin ??= this.name(APEX);
    return this.#origin;
  }

  /** Size of the image. */
  get octets(): number {
    return this.#head(HEAD.OCTETS);
  }

  get serial(): number {
    return this.#head(HEAD.SERIAL);
  }

  /** TTL of NSEC and of negative answers: min(SOA TTL, SOA MINIMUM) (RFC 2308 §3, RFC 9077). */
  get negativeTtl(): number {
    return this.#head(HEAD.NEGATIVE_TTL);
  }

  /** The largest TTL of any rrset. */
  get maxTtl(): number {
    return this.#head(HEAD.MAX_TTL);
  }

  /** Records of the zone file; NSEC not counted. */
  get recordCount(): number {
    return this.#head(HEAD.RECORDS);
  }

  /** Seed of the name hashes (wire/namehash). */
  get seed(): number {
    return this.#head(HEAD.SEED);
  }

  // ---- Nodes ----

  #node(node: NodeIndex, word: number): number {
    return this.u32[this.nodesAt + node * NODE.WORDS + word]!;
  }

  /** Octet offset of the node's name in `u8`. */
  nameAt(node: NodeIndex): number {
    return this.#node(node, NODE.NAME_AT);
  }

  nameOctets(node: NodeIndex): number {
    return this.#node(node, NODE.SHAPE) >>> 24;
  }

  /** Labels of the node's name, the root's not counted. */
  labels(node: NodeIndex): number {
    return (this.#node(node, NODE.SHAPE) >>> 16) & 0xff;
  }

  flags(node: NodeIndex): number {
    return this.#node(node, NODE.SHAPE) & 0xffff;
  }

  /** The node's name as a view of shared memory. */
  name(node: NodeIndex): Name {
    const at = this.nameAt(node);
    return this.u8.subarray(at, at + this.nameOctets(node));
  }

  nameHash(node: NodeIndex): number {
    return this.#node(node, NODE.HASH) | 0;
  }

  parent(node: NodeIndex): NodeIndex {
    return this.#node(node, NODE.PARENT) as NodeIndex;
  }

  /** The child `*`, which is the source of synthesis below this node (RFC 4592 §3.3.1), or NO_NODE. */
  wildcard(node: NodeIndex): NodeIndex {
    return this.#node(node, NODE.WILDCARD) as NodeIndex;
  }

  /** True if the node has a child `*`. Cheaper than to look at that: NO_NODE may be an object, as it has no sign. */
  hasWildcard(node: NodeIndex): boolean {
    return this.u32[this.nodesAt + node * NODE.WORDS + NODE.WILDCARD] !== NO_NODE;
  }

  /** The zone cut at or above the node or the DNAME above it, the one nearest the apex; NO_NODE if there is none. */
  barrier(node: NodeIndex): NodeIndex {
    return this.#node(node, NODE.BARRIER) as NodeIndex;
  }

  /** The node whose NSEC matches this node or, if this has none, covers it: the last one at or before it. */
  covering(node: NodeIndex): NodeIndex {
    return this.#node(node, NODE.COVERING) as NodeIndex;
  }

  firstRRset(node: NodeIndex): RRsetIndex {
    return this.#node(node, NODE.FIRST_RRSET) as RRsetIndex;
  }

  rrsetsOf(node: NodeIndex): number {
    return this.#node(node, NODE.RRSET_COUNT);
  }

  /** The rrset of `type` at `node`, or NO_RRSET. Types ascend within a node, but for NSEC, which is the last. */
  rrset(node: NodeIndex, type: number): RRsetIndex {
    const first = this.#node(node, NODE.FIRST_RRSET);
    const end = first + this.#node(node, NODE.RRSET_COUNT);
    let at = this.rrsetsAt + first * RRSET.WORDS;
    for (let rrset = first; rrset < end; rrset++, at += RRSET.WORDS) {
      if (this.u32[at]! >>> 16 === type) return rrset as RRsetIndex;
    }
    return NO_RRSET;
  }

  /** The NSEC of a node that has NODE_FLAG.NSEC and is not the apex. */
  nsec(node: NodeIndex): RRsetIndex {
    return (this.#node(node, NODE.FIRST_RRSET) + this.#node(node, NODE.RRSET_COUNT) - 1) as RRsetIndex;
  }

  /** The node that the NSEC of `node` names as the next: the following one in the chain, after the last the apex. */
  nextNsec(node: NodeIndex): NodeIndex {
    for (let next = node + 1; next < this.nodeCount; next++) {
      if ((this.flags(next as NodeIndex) & NODE_FLAG.NSEC) !== 0) return next as NodeIndex;
    }
    return APEX;
  }

  // ---- RRsets ----

  #rrset(rrset: RRsetIndex, word: number): number {
    return this.u32[this.rrsetsAt + rrset * RRSET.WORDS + word]!;
  }

  type(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.SHAPE) >>> 16;
  }

  rrsetFlags(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.SHAPE) & 0xffff;
  }

  ttl(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.TTL);
  }

  /** Octet offset of the RDATA block in `u8`. */
  blockAt(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.BLOCK_AT);
  }

  blockOctets(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.BLOCK_OCTETS);
  }

  /** Records in the rrset. */
  records(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.RECORDS);
  }

  owner(rrset: RRsetIndex): NodeIndex {
    return this.#rrset(rrset, RRSET.OWNER) as NodeIndex;
  }

  /**
   * In a zone image: word offset of `count, node …`, the nodes in this zone whose addresses belong into Additional
   * with this rrset; 0 for none. In an apex image: the number of the RRSIG rrset of this rrset plus 1.
   */
  targetsAt(rrset: RRsetIndex): number {
    return this.#rrset(rrset, RRSET.TARGETS_AT);
  }

  // ---- Finding ----

  /** The node named by the suffix at `offset` of `name` (any case) with the given hash, or NO_NODE. */
  find(name: Uint8Array, offset: number, hash: number): NodeIndex {
    const { u32, hashMask, hashAt, nodesAt } = this;
    for (let slot = hash & hashMask; ; slot = (slot + 1) & hashMask) {
      const entry = u32[hashAt + slot]!;
      if (entry === 0) return NO_NODE;
      const at = nodesAt + (entry - 1) * NODE.WORDS;
      if ((u32[at + NODE.HASH]! | 0) !== hash) continue;
      if (equalNames(this.u8, u32[at + NODE.NAME_AT]!, name, offset)) return (entry - 1) as NodeIndex;
    }
  }
}
