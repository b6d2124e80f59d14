/**
 * Makes the NSEC3 chain (zone/nsec3chain) of a zone image (RFC 5155 §7.1): every name of the zone that is not occluded,
 * empty non-terminals too, has an NSEC3; with opt-out, unsigned delegations have none (RFC 5155 §6). Hashes spread
 * evenly, so they are put into as many buckets as there are, and few are left to compare.
 */
import { SHA1_WORDS } from '../base/sha1.ts';
import { encodeTypeBitmap } from '../rdata/bitmap.ts';
import { RRTYPE } from '../wire/iana.ts';
import { formatName, MAX_NAME_OCTETS } from '../wire/name.ts';
import { hashLabel } from '../wire/namehash.ts';
import type { ImageMemory, NodeIndex, RRsetIndex, ZoneImage } from './image.ts';
import { APEX, NO_NODE, NO_RRSET, NODE, NODE_FLAG } from './image.ts';
import type { ImagePack } from './imagepack.ts';
import { ImageWriter } from './imagewriter.ts';
import { bucketShift, COVERED } from './nsec3chain.ts';
import { compareHashes, HASH_LABEL_OCTETS, hashOwner, hashWildcard, putHashLabel } from './nsec3hash.ts';
import { NSEC3_HEAD_OCTETS, putNsec3Head } from './nsec3rdata.ts';

const NO_TYPES = new Uint8Array(0);

/** Why a zone can have no NSEC3 chain. */
export interface Nsec3Fault {
  readonly code: 'ZONE_NSEC3_COLLISION' | 'ZONE_NSEC3_NAME';
  readonly message: string;
}

/** Renders the chain of `zone` into shared memory, `pack` if it is small; with `optOut`, over unsigned delegations. */
export function renderNsec3(zone: ZoneImage, optOut: boolean, pack?: ImagePack): ImageMemory | Nsec3Fault {
  if (zone.origin.length + HASH_LABEL_OCTETS > MAX_NAME_OCTETS) {
    return {
      code: 'ZONE_NSEC3_NAME',
      message: 'its name is too long for NSEC3, which puts 33 octets in front of it',
    };
  }
  const owners = new HashedOwners(zone, optOut);
  return owners.collision ?? new Rendering(zone, owners, optOut, pack).run();
}

/** True if a node has an NSEC3. With opt-out a wildcard with NS records too: names are answered from it. */
function isInChain(zone: ZoneImage, node: NodeIndex, optOut: boolean): boolean {
  const flags = zone.flags(node);
  if ((flags & NODE_FLAG.OCCLUDED) !== 0) return false;
  if (!optOut || (flags & NODE_FLAG.CUT) === 0) return true;
  return zone.rrset(node, RRTYPE.DS) !== NO_RRSET || zone.wildcard(zone.parent(node)) === node;
}

/** The hashes of all names of a zone that are not occluded, and those in the chain in hash order. */
class HashedOwners {
  /** SHA1_WORDS for each node of the zone. */
  readonly hashes: Uint32Array;
  /** Nodes of the chain in hash order. */
  readonly order: Uint32Array;
  /** Where in `order` each bucket begins; one more entry than buckets. */
  readonly bucketStart: Uint32Array;
  readonly collision: Nsec3Fault | undefined;
  readonly #zone: ZoneImage;
  readonly #shift: number;

  constructor(zone: ZoneImage, optOut: boolean) {
    this.#zone = zone;
    this.hashes = new Uint32Array(zone.nodeCount * SHA1_WORDS);
    const members = new Uint32Array(zone.nodeCount);
    const cuts: number[] = [];
    let count = 0;
    for (let node = 0; node < zone.nodeCount; node++) {
      if ((zone.flags(node as NodeIndex) & NODE_FLAG.OCCLUDED) !== 0) continue;
      hashOwner(
        zone.u8,
        zone.nameAt(node as NodeIndex),
        zone.nameOctets(node as NodeIndex),
        this.hashes,
        node * SHA1_WORDS,
      );
      if (isInChain(zone, node as NodeIndex, optOut)) members[count++] = node;
      else cuts.push(node);
    }
    let buckets = 2;
    while (buckets * 2 <= count) buckets *= 2;
    this.#shift = bucketShift(buckets);
    this.bucketStart = new Uint32Array(buckets + 1);
    this.order = this.#sort(members.subarray(0, count));
    this.collision = this.#collisionInOrder() ?? this.#collisionOfCut(cuts);
  }

  #bucketOf(node: number): number {
    return this.hashes[node * SHA1_WORDS]! >>> this.#shift;
  }

  #compare(a: number, b: number): number {
    return compareHashes(this.hashes, a * SHA1_WORDS, this.hashes, b * SHA1_WORDS);
  }

  #sort(members: Uint32Array): Uint32Array {
    const { bucketStart } = this;
    for (const node of members) bucketStart[this.#bucketOf(node) + 1]!++;
    for (let bucket = 1; bucket < bucketStart.length; bucket++)
      bucketStart[bucket]! += bucketStart[bucket - 1]!;
    const filled = bucketStart.slice();
    const order = new Uint32Array(members.length);
    for (const node of members) {
      const bucket = this.#bucketOf(node);
      let at = filled[bucket]!++;
      for (; at > bucketStart[bucket]! && this.#compare(order[at - 1]!, node) > 0; at--)
        order[at] = order[at - 1]!;
      order[at] = node;
    }
    return order;
  }

  /** The position in `order` of the owner whose NSEC3 matches or else covers the hash at `at` of `words`. */
  position(words: Uint32Array, at: number): number {
    const { bucketStart, order, hashes } = this;
    const bucket = words[at]! >>> this.#shift;
    let position = bucketStart[bucket + 1]!;
    while (position > bucketStart[bucket]!) {
      if (compareHashes(hashes, order[position - 1]! * SHA1_WORDS, words, at) <= 0) break;
      position--;
    }
    return position > 0 ? position - 1 : order.length - 1;
  }

  #collisionInOrder(): Nsec3Fault | undefined {
    const { order } = this;
    for (let i = 1; i < order.length; i++) {
      if (this.#compare(order[i - 1]!, order[i]!) === 0) return this.#fault(order[i - 1]!, order[i]!);
    }
    return undefined;
  }

  #collisionOfCut(cuts: readonly number[]): Nsec3Fault | undefined {
    for (const cut of cuts) {
      const found = this.order[this.position(this.hashes, cut * SHA1_WORDS)]!;
      if (this.#compare(found, cut) === 0) return this.#fault(found, cut);
    }
    return undefined;
  }

  #fault(one: number, other: number): Nsec3Fault {
    const names = [one, other].map((node) => formatName(this.#zone.name(node as NodeIndex))).join(' and ');
    return {
      code: 'ZONE_NSEC3_COLLISION',
      message: `${names} have the same SHA-1, so NSEC3 cannot tell them apart`,
    };
  }
}

class Rendering {
  readonly #zone: ZoneImage;
  readonly #owners: HashedOwners;
  readonly #optOut: boolean;
  readonly #writer: ImageWriter;
  readonly #bitmaps: TypeBitmaps;
  readonly #scratch = new Uint8Array(NSEC3_HEAD_OCTETS + 8192);
  /** A hashed owner. */
  readonly #owner: Uint8Array;

  constructor(zone: ZoneImage, owners: HashedOwners, optOut: boolean, pack: ImagePack | undefined) {
    this.#zone = zone;
    this.#owners = owners;
    this.#optOut = optOut;
    this.#bitmaps = new TypeBitmaps(zone);
    this.#owner = new Uint8Array(HASH_LABEL_OCTETS + zone.origin.length);
    this.#owner.set(zone.origin, HASH_LABEL_OCTETS);
    this.#writer = new ImageWriter(this.#measure(), zone.seed, pack);
  }

  run(): ImageMemory {
    const { origin, serial, negativeTtl } = this.#zone;
    const { order } = this.#owners;
    const flags = NODE_FLAG.EMPTY;
    this.#writer.addNode(origin, 0, origin.length, this.#zone.labels(APEX), this.#zone.nameHash(APEX), flags);
    for (let i = 0; i < order.length; i++) this.#writeNode(i);
    const matching = this.#matching();
    this.#noteWildcards(matching);
    this.#writer.addTargets(matching);
    // Node 0 is not of the chain.
    this.#writer.addTargets(this.#owners.bucketStart.map((position) => position + 1));
    return this.#writer.finish({ serial, negativeTtl, records: 0 });
  }

  #writeNode(i: number): void {
    const zone = this.#zone;
    const { order, hashes } = this.#owners;
    const node = order[i]! as NodeIndex;
    const owner = this.#owner;
    putHashLabel(hashes, node * SHA1_WORDS, owner, 0);
    const hash = hashLabel(zone.nameHash(APEX), owner, 0);
    const added = this.#writer.addNode(owner, 0, owner.length, zone.labels(APEX) + 1, hash, NODE_FLAG.NSEC);
    this.#writer.setNode(added, NODE.PARENT, APEX);
    const next = order[(i + 1) % order.length]!;
    const bitmap = this.#bitmaps.of(node);
    putNsec3Head(this.#scratch, 0, this.#optOut, hashes, next * SHA1_WORDS);
    this.#scratch.set(bitmap, NSEC3_HEAD_OCTETS);
    this.#writer.addRRset(RRTYPE.NSEC3, zone.negativeTtl, node !== APEX);
    this.#writer.addRecord(this.#scratch, 0, NSEC3_HEAD_OCTETS + bitmap.length);
  }

  /**
   * Notes at every name that has names below it, but no wildcard, what covers the wildcard: proofs of most names that do
   * not exist need it.
   */
  #noteWildcards(matching: Uint32Array): void {
    const zone = this.#zone;
    const { order, hashes } = this.#owners;
    const hash = new Uint32Array(SHA1_WORDS);
    // In canonical order a name stands in front of its first child.
    for (let child = 1; child < zone.nodeCount; child++) {
      const node = (child - 1) as NodeIndex;
      if (zone.parent(child as NodeIndex) !== node || matching[node]! >= COVERED) continue;
      if (zone.wildcard(node) !== NO_NODE || !hashWildcard(zone, node, hash)) continue;
      const position = this.#owners.position(hash, 0);
      const isCollision = compareHashes(hashes, order[position]! * SHA1_WORDS, hash, 0) === 0;
      if (!isCollision) this.#writer.setNode(matching[node]!, NODE.WILDCARD, position + 1);
    }
  }

  #matching(): Uint32Array {
    const zone = this.#zone;
    const { order } = this.#owners;
    const matching = new Uint32Array(zone.nodeCount).fill(NO_NODE);
    for (let i = 0; i < order.length; i++) matching[order[i]!] = i + 1;
    for (let node = 0; node < zone.nodeCount; node++) {
      const isCovered =
        matching[node] === NO_NODE && (zone.flags(node as NodeIndex) & NODE_FLAG.OCCLUDED) === 0;
      if (!isCovered) continue;
      matching[node] = COVERED + this.#owners.position(this.#owners.hashes, node * SHA1_WORDS) + 1;
    }
    return matching;
  }

  #measure(): { nodes: number; rrsets: number; targetWords: number; heapOctets: number } {
    const zone = this.#zone;
    const { order, bucketStart } = this.#owners;
    const origin = zone.origin.length;
    let heapOctets = origin + order.length * (HASH_LABEL_OCTETS + origin + 2 + NSEC3_HEAD_OCTETS);
    // In the order of the zone, which is that of memory.
    for (let node = 0; node < zone.nodeCount; node++) {
      if (isInChain(zone, node as NodeIndex, this.#optOut))
        heapOctets += this.#bitmaps.of(node as NodeIndex).length;
    }
    const targetWords = zone.nodeCount + bucketStart.length + 2;
    return { nodes: order.length + 1, rrsets: order.length, targetWords, heapOctets };
  }
}

/** The bitmaps of the nodes of a zone, each made once: most names hold the same few types. */
class TypeBitmaps {
  readonly #zone: ZoneImage;
  readonly #byTypes = new Map<string, number>();
  /** By the numbers in `#numbers` minus 1. */
  readonly #bitmaps: Uint8Array[] = [];
  /** Node → number of its bitmap; 0 if it has none yet. */
  readonly #numbers: Uint32Array;

  constructor(zone: ZoneImage) {
    this.#zone = zone;
    this.#numbers = new Uint32Array(zone.nodeCount);
  }

  /** That of the apex is empty: an epoch knows what its keys add. */
  of(node: NodeIndex): Uint8Array {
    if (node === APEX) return NO_TYPES;
    if (this.#numbers[node] === 0) this.#numbers[node] = this.#find(node);
    return this.#bitmaps[this.#numbers[node]! - 1]!;
  }

  #find(node: NodeIndex): number {
    const types = nsec3Types(this.#zone, node);
    const key = types.join();
    let number = this.#byTypes.get(key);
    if (number === undefined) {
      number = this.#bitmaps.push(encodeTypeBitmap(types));
      this.#byTypes.set(key, number);
    }
    return number;
  }
}

/**
 * The types in the bitmap of a node but the apex, RRSIG among them where anything is signed (RFC 5155 §7.1): an unsigned
 * delegation has only NS, an empty non-terminal nothing.
 */
function nsec3Types(zone: ZoneImage, node: NodeIndex): number[] {
  const first = zone.firstRRset(node);
  const isCut = (zone.flags(node) & NODE_FLAG.CUT) !== 0;
  const types: number[] = [];
  for (let i = 0; i < zone.rrsetsOf(node); i++) {
    const type = zone.type((first + i) as RRsetIndex);
    if (type !== RRTYPE.NSEC && (!isCut || type === RRTYPE.NS || type === RRTYPE.DS)) types.push(type);
  }
  const isSigned = isCut ? types.includes(RRTYPE.DS) : types.length > 0;
  if (isSigned) types.push(RRTYPE.RRSIG);
  return types;
}
