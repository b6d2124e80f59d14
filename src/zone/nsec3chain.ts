/**
 * @hot The NSEC3 chain of a zone (RFC 5155 §7.1), a zone image beside that of the zone (zone/nsec3render makes it). A
 * change of the denial mode so changes neither the zone's image nor the signatures over it.
 *
 * ```
 *   node 0     the apex, under its own name, without rrsets: signer and origin of the others
 *   node 1 …   hashed owners in hash order, each with its NSEC3; that of the apex has no bitmap and is not served: what
 *              its keys add is known to an epoch, whose apex image has the whole one. WILDCARD of a node is the one that
 *              covers the wildcard below its name, if that was worth knowing beforehand
 *   targets    matching: for each node of the zone image its node here, or COVERED + the node that covers it
 *              buckets: first node at or behind each 2ᵏ-th part of all hashes, then the number of nodes
 * ```
 * Where a name that does not exist would be is found by its bucket, which holds one or two hashes.
 */
import { SHA1_WORDS } from '../base/sha1.ts';
import type { NodeIndex } from './image.ts';
import { APEX, type ImageMemory, NO_NODE, ZoneImage } from './image.ts';
import { HASH_LABEL_OCTETS, hashOwner, hashWildcard, putHashLabel } from './nsec3hash.ts';

/** Marks in `matching` a node without an NSEC3 of its own: an unsigned delegation, with opt-out. */
export const COVERED = 0x8000_0000;

const hash = new Uint32Array(SHA1_WORDS);
const label = new Uint8Array(HASH_LABEL_OCTETS);

/** A read-only view of one chain. */
export class Nsec3Chain {
  readonly image: ZoneImage;
  /** The node here that matches the apex. */
  readonly apex: NodeIndex;
  readonly #matchingAt: number;
  readonly #bucketsAt: number;
  readonly #shift: number;

  constructor(chain: ImageMemory) {
    const image = ZoneImage.open(chain);
    this.image = image;
    const matchingAt = image.hashAt + image.hashMask + 1;
    const bucketsAt = matchingAt + image.u32[matchingAt]! + 1;
    this.#matchingAt = matchingAt + 1;
    this.#bucketsAt = bucketsAt + 1;
    this.#shift = bucketShift(image.u32[bucketsAt]! - 1);
    this.apex = this.matching(APEX);
  }

  /** The node of the NSEC3 that matches `node` of the zone image; NO_NODE if it has none. */
  matching(node: NodeIndex): NodeIndex {
    const entry = this.image.u32[this.#matchingAt + node]!;
    return entry < COVERED ? (entry as NodeIndex) : NO_NODE;
  }

  /** The node of the NSEC3 that covers an unsigned delegation without an NSEC3 of its own (opt-out). */
  coveringCut(cut: NodeIndex): NodeIndex {
    return (this.image.u32[this.#matchingAt + cut]! - COVERED) as NodeIndex;
  }

  /**
   * The node of the NSEC3 that covers the name of `octets` octets at `offset`, which is not in the zone and in lower
   * case; NO_NODE if its hash is that of a name of the zone (RFC 5155 §7.2.9).
   */
  covering(name: Uint8Array, offset: number, octets: number): NodeIndex {
    hashOwner(name, offset, octets, hash, 0);
    return this.#coveringHash();
  }

  /** The same for the wildcard below `encloser` of `zone`, which has none. */
  coveringWildcard(zone: ZoneImage, encloser: NodeIndex): NodeIndex {
    const known = this.image.wildcard(this.matching(encloser));
    if (known !== NO_NODE) return known;
    return hashWildcard(zone, encloser, hash) ? this.#coveringHash() : NO_NODE;
  }

  /** The node of the NSEC3 that covers the hash in `hash`. */
  #coveringHash(): NodeIndex {
    putHashLabel(hash, 0, label, 0);
    const { image } = this;
    const bucket = this.#bucketsAt + (hash[0]! >>> this.#shift);
    const end = image.u32[bucket + 1]!;
    let node = image.u32[bucket]!;
    for (; node < end; node++) {
      const order = compareLabels(image.u8, image.nameAt(node as NodeIndex));
      if (order === 0) return NO_NODE;
      if (order > 0) break;
    }
    // The last one covers also what is in front of the first.
    return (node > 1 ? node - 1 : image.nodeCount - 1) as NodeIndex;
  }
}

/** How far to the right the first word of a hash is shifted to be its bucket; `buckets` is a power of two from 2 on. */
export function bucketShift(buckets: number): number {
  return Math.clz32(buckets) + 1;
}

/** Compares the hashed label at `at` with the one that is looked for. */
function compareLabels(octets: Uint8Array, at: number): number {
  for (let i = 1; i < HASH_LABEL_OCTETS; i++) {
    const order = octets[at + i]! - label[i]!;
    if (order !== 0) return order;
  }
  return 0;
}
