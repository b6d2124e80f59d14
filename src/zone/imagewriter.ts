/**
 * Writes zone images (zone/image): first the caller tells how much of each kind there is, then nodes and rrsets are
 * written in canonical order. Both the image of a zone and the apex image of an epoch come out of here.
 */
import { assert } from '../base/assert.ts';
import { RRTYPE } from '../wire/iana.ts';
import { HEAD, type ImageMemory, MAGIC, NO_NODE, NODE, RRSET, RRSET_FLAG, viewsOf } from './image.ts';
import type { ImagePack } from './imagepack.ts';

/** How large an image will be; `heapOctets` is the sum of all names and RDATA blocks. */
export interface ImageSize {
  readonly nodes: number;
  readonly rrsets: number;
  readonly targetWords: number;
  readonly heapOctets: number;
}

/** Offsets are words of 32 bits, and no view of memory is longer. */
const MAX_IMAGE_OCTETS = 2 ** 32 - 8;

/** Thrown when an image would be larger than offsets can tell. */
export class ImageSizeError extends Error {
  override readonly name = 'ImageSizeError';
}

const NAME_TYPES = new Set<number>([
  RRTYPE.NS,
  RRTYPE.MD,
  RRTYPE.MF,
  RRTYPE.CNAME,
  RRTYPE.MB,
  RRTYPE.MG,
  RRTYPE.MR,
  RRTYPE.PTR,
]);

/** How answers may compress the names in RDATA of a type (RFC 3597 §4: only in the types of RFC 1035). */
function layoutFlag(type: number): number {
  if (NAME_TYPES.has(type)) return RRSET_FLAG.NAME;
  if (type === RRTYPE.MX) return RRSET_FLAG.PREFERENCE_NAME;
  if (type === RRTYPE.SOA || type === RRTYPE.MINFO) return RRSET_FLAG.TWO_NAMES;
  return 0;
}

/** One image under construction. */
export class ImageWriter {
  readonly image: ImageMemory;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly #headAt: number;
  readonly #endAt: number;
  readonly #nodesAt: number;
  readonly #rrsetsAt: number;
  readonly #hashAt: number;
  readonly #hashMask: number;
  #targetAt: number;
  #heapAt: number;
  #nodes = 0;
  #rrsets = 0;
  #maxTtl = 0;

  /** Small images lie in `pack`, if one is given, all others in memory of their own. */
  constructor(size: ImageSize, seed: number, pack?: ImagePack) {
    const hashWords = hashSize(size.nodes);
    const octets = imageOctets(size, hashWords);
    if (octets > MAX_IMAGE_OCTETS) {
      throw new ImageSizeError(
        `it would take ${octets} octets of memory, over the limit of ${MAX_IMAGE_OCTETS}`,
      );
    }
    this.image = pack?.take(octets) ?? new SharedArrayBuffer(octets);
    const { u8, u32, at } = viewsOf(this.image);
    this.u8 = u8;
    this.u32 = u32;
    this.#headAt = at >> 2;
    this.#endAt = at + octets;
    this.#nodesAt = this.#headAt + HEAD.WORDS;
    this.#rrsetsAt = this.#nodesAt + size.nodes * NODE.WORDS;
    this.#hashAt = this.#rrsetsAt + size.rrsets * RRSET.WORDS;
    this.#hashMask = hashWords - 1;
    this.#targetAt = this.#hashAt + hashWords;
    this.#heapAt = (this.#targetAt + size.targetWords) * 4;
    this.#setHead(HEAD.MAGIC, MAGIC);
    this.#setHead(HEAD.OCTETS, octets);
    this.#setHead(HEAD.NODES_AT, this.#nodesAt);
    this.#setHead(HEAD.RRSETS_AT, this.#rrsetsAt);
    this.#setHead(HEAD.HASH_AT, this.#hashAt);
    this.#setHead(HEAD.HASH_MASK, this.#hashMask);
    this.#setHead(HEAD.SEED, seed);
  }

  #setHead(word: number, value: number): void {
    this.u32[this.#headAt + word] = value;
  }

  /** Appends a node; its rrsets follow with `addRRset`. Returns its index. */
  addNode(
    name: Uint8Array,
    nameOffset: number,
    octets: number,
    labels: number,
    hash: number,
    flags: number,
  ): number {
    const node = this.#nodes++;
    const at = this.#nodesAt + node * NODE.WORDS;
    this.u32[at + NODE.NAME_AT] = this.putHeap(name, nameOffset, octets);
    this.u32[at + NODE.HASH] = hash;
    this.u32[at + NODE.SHAPE] = ((octets << 24) | (labels << 16) | flags) >>> 0;
    this.u32[at + NODE.PARENT] = NO_NODE;
    this.u32[at + NODE.FIRST_RRSET] = this.#rrsets;
    this.u32[at + NODE.WILDCARD] = NO_NODE;
    this.u32[at + NODE.BARRIER] = NO_NODE;
    this.u32[at + NODE.COVERING] = 0;
    let slot = hash & this.#hashMask;
    while (this.u32[this.#hashAt + slot] !== 0) slot = (slot + 1) & this.#hashMask;
    this.u32[this.#hashAt + slot] = node + 1;
    return node;
  }

  /** Sets one word of a node (NODE.PARENT, WILDCARD, BARRIER, COVERING). */
  setNode(node: number, word: number, value: number): void {
    this.u32[this.#nodesAt + node * NODE.WORDS + word] = value;
  }

  /** Appends an empty rrset to the last node; records follow with `addRecord`. Returns its index. */
  addRRset(type: number, ttl: number, signed: boolean): number {
    const rrset = this.#rrsets++;
    const at = this.#rrsetsAt + rrset * RRSET.WORDS;
    const flags = layoutFlag(type) | (signed ? RRSET_FLAG.SIGNED : 0);
    this.u32[at + RRSET.SHAPE] = ((type << 16) | flags) >>> 0;
    this.u32[at + RRSET.TTL] = ttl;
    this.u32[at + RRSET.BLOCK_AT] = this.#heapAt;
    this.u32[at + RRSET.OWNER] = this.#nodes - 1;
    this.u32[this.#nodesAt + (this.#nodes - 1) * NODE.WORDS + NODE.RRSET_COUNT]!++;
    if (ttl > this.#maxTtl) this.#maxTtl = ttl;
    return rrset;
  }

  /** Lowers the TTL of an rrset whose records disagree (RFC 2181 §5.2). */
  lowerTtl(rrset: number, ttl: number): void {
    const at = this.#rrsetsAt + rrset * RRSET.WORDS + RRSET.TTL;
    if (ttl < this.u32[at]!) this.u32[at] = ttl;
  }

  /** Appends one record to the last rrset; call in the order of RFC 4034 §6.3. */
  addRecord(rdata: Uint8Array, offset: number, octets: number): void {
    this.u8[this.#heapAt++] = octets >> 8;
    this.u8[this.#heapAt++] = octets & 0xff;
    this.putHeap(rdata, offset, octets);
    const at = this.#rrsetsAt + (this.#rrsets - 1) * RRSET.WORDS;
    this.u32[at + RRSET.BLOCK_OCTETS]! += octets + 2;
    this.u32[at + RRSET.RECORDS]!++;
  }

  /** Sets the TARGETS_AT word of an rrset. */
  setTargets(rrset: number, value: number): void {
    this.u32[this.#rrsetsAt + rrset * RRSET.WORDS + RRSET.TARGETS_AT] = value;
  }

  /** Writes a list of words, additional nodes in a zone image; returns its word offset. */
  addTargets(nodes: ArrayLike<number>): number {
    const at = this.#targetAt;
    this.u32[at] = nodes.length;
    for (let i = 0; i < nodes.length; i++) this.u32[at + 1 + i] = nodes[i]!;
    this.#targetAt += nodes.length + 1;
    return at;
  }

  putHeap(octets: Uint8Array, offset: number, length: number): number {
    const at = this.#heapAt;
    for (let i = 0; i < length; i++) this.u8[at + i] = octets[offset + i]!;
    this.#heapAt = at + length;
    return at;
  }

  /** Completes the header; the image must then not be written again. */
  finish(header: { serial: number; negativeTtl: number; records: number }): ImageMemory {
    assert(this.#heapAt <= this.#endAt, 'the image is as large as was said');
    this.#setHead(HEAD.NODES, this.#nodes);
    this.#setHead(HEAD.RRSETS, this.#rrsets);
    this.#setHead(HEAD.RECORDS, header.records);
    this.#setHead(HEAD.SERIAL, header.serial);
    this.#setHead(HEAD.NEGATIVE_TTL, header.negativeTtl);
    this.#setHead(HEAD.MAX_TTL, Math.max(this.#maxTtl, header.negativeTtl));
    return this.image;
  }
}

/** The size of an image, a multiple of 8. */
function imageOctets({ nodes, rrsets, targetWords, heapOctets }: ImageSize, hashWords: number): number {
  const words = HEAD.WORDS + nodes * NODE.WORDS + rrsets * RRSET.WORDS + hashWords + targetWords;
  return Math.ceil((words * 4 + heapOctets) / 8) * 8;
}

/** A power of two that leaves at least half of the index empty. */
function hashSize(nodes: number): number {
  let size = 2;
  while (size < nodes * 2) size *= 2;
  return size;
}
