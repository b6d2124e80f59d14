/**
 * @hot The plan of an answer: which rrsets go into which section, in order. `resolve` and `denial` write it, `encode` is
 * its only reader. Columns that are filled anew for each query; nothing is allocated.
 *
 * ```
 *   i        0            1            2
 *   zone     example.com  example.com  example.com
 *   image    zone image   zone image   apex image        where the rrset lies
 *   rrset    17           42           3                 or SYNTHESIZED: a CNAME made from a DNAME
 *   section  ANSWER       AUTHORITY    AUTHORITY
 * ```
 */

import { equalNames, MAX_NAME_OCTETS } from '../wire/name.ts';
import type { NodeIndex, RRsetIndex, ZoneImage } from '../zone/image.ts';
import { NO_RRSET } from '../zone/image.ts';
import type { ServedZone } from './zonetable.ts';

export const SECTION = { ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2 } as const;

/** Kinds of planned rrsets. */
export const KIND = {
  /** An rrset of an image, with its signatures if they are asked for. */
  RRSET: 0,
  /** Only the signatures of the rrset: somebody asked for RRSIG. */
  SIGNATURES: 1,
  /** A CNAME synthesized from a DNAME: its target lies in `scratch`. */
  SYNTHESIZED: 2,
  /** Glue that a referral needs: if it does not fit, TC is set (RFC 9471). */
  GLUE: 3,
  /** An NSEC of compact denial, which lies in `scratch`, with its signatures. */
  NSEC: 4,
  /** Only its signatures. */
  NSEC_SIGNATURES: 5,
} as const;

const CAPACITY = 128;
/** Room for what exists only in this answer: owners from wildcards, targets from DNAMEs, NSECs. */
const SCRATCH_OCTETS = 128 * MAX_NAME_OCTETS;

export class Plan {
  count = 0;
  rcode = 0;
  isAuthoritative = false;
  /** True if something that the answer must have did not fit the plan. */
  isIncomplete = false;
  /** True if what the answer says cannot be proven: SERVFAIL (RFC 5155 §7.2.9). */
  isUnprovable = false;
  /** True if the asker takes NXDOMAIN for a name that compact denial proves as NXNAME (RFC 9824 §5.1): DO and CO. */
  takesCompactRcode = false;
  /** True if a zone with compact denial has a say in the answer: CO is answered by CO. */
  isCompact = false;
  /** True if the name does not exist, whatever the rcode is (RFC 9824 §3.1). */
  isNxname = false;
  /** Entries at and beyond `count` are left from earlier answers. */
  readonly zones: ServedZone[] = [];
  readonly images: ZoneImage[] = [];
  readonly rrsets: Uint32Array = new Uint32Array(CAPACITY);
  readonly sections: Uint8Array = new Uint8Array(CAPACITY);
  readonly kinds: Uint8Array = new Uint8Array(CAPACITY);
  readonly ttls: Uint32Array = new Uint32Array(CAPACITY);
  /** Offset in `scratch` of the owner of a wildcard's or synthesized rrset, or -1: the rrset's own owner. */
  readonly ownerAt: Int32Array = new Int32Array(CAPACITY);
  /** Offset in `scratch` of a synthesized CNAME's target, or of the RDATA of an NSEC, as a block (zone/image). */
  readonly targetAt: Int32Array = new Int32Array(CAPACITY);
  /** The node that an NSEC of compact denial is of, or NO_NODE. */
  readonly nodes: Uint32Array = new Uint32Array(CAPACITY);
  readonly scratch: Uint8Array = new Uint8Array(SCRATCH_OCTETS);
  scratchOctets = 0;

  reset(): void {
    this.count = 0;
    this.rcode = 0;
    this.isAuthoritative = false;
    this.isIncomplete = false;
    this.isUnprovable = false;
    this.takesCompactRcode = false;
    this.isCompact = false;
    this.isNxname = false;
    this.scratchOctets = 0;
  }

  /** Lets go of the zones of earlier answers, or they would outlive their service. */
  release(): void {
    this.zones.length = 0;
    this.images.length = 0;
  }

  /** Plans an rrset under its own owner; one that stands in the plan already is left out. */
  add(section: number, zone: ServedZone, image: ZoneImage, rrset: RRsetIndex, kind: number): void {
    if (this.has(image, rrset)) return;
    this.#append(section, zone, image, rrset, kind, -1);
  }

  /** Plans an rrset from a wildcard under the owner that was asked for, which lies in `scratch`. */
  addExpanded(zone: ServedZone, rrset: RRsetIndex, kind: number, ownerAt: number): void {
    this.#append(SECTION.ANSWER, zone, zone.image, rrset, kind, ownerAt);
  }

  /** Plans the CNAME that follows from the DNAME rrset (RFC 6672 §3.1). */
  addSynthesized(zone: ServedZone, dname: RRsetIndex, ownerAt: number, targetAt: number): void {
    this.targetAt[this.count] = targetAt;
    this.#append(SECTION.ANSWER, zone, zone.image, dname, KIND.SYNTHESIZED, ownerAt);
  }

  /**
   * Plans the NSEC of compact denial whose RDATA lies at `blockAt` in `scratch`, for the name at `ownerAt`. `node` is that
   * of the name, or NO_NODE. `kind` is NSEC or NSEC_SIGNATURES.
   */
  addNsec(
    section: number,
    zone: ServedZone,
    node: NodeIndex,
    kind: number,
    ownerAt: number,
    blockAt: number,
  ): void {
    const i = this.count;
    if (i === CAPACITY) {
      this.isIncomplete = true;
      return;
    }
    this.targetAt[i] = blockAt;
    this.nodes[i] = node;
    this.#put(i, section, zone, zone.image, NO_RRSET, kind, zone.image.negativeTtl, ownerAt);
  }

  /** True if this rrset is planned under its own owner. */
  has(image: ZoneImage, rrset: RRsetIndex): boolean {
    for (let i = 0; i < this.count; i++) {
      if (this.rrsets[i] === rrset && this.images[i] === image && this.ownerAt[i] === -1) return true;
    }
    return false;
  }

  /** True if this rrset is planned under the owner that lies at `ownerAt` in `scratch`: a wildcard led to itself. */
  hasExpanded(image: ZoneImage, rrset: RRsetIndex, ownerAt: number): boolean {
    for (let i = 0; i < this.count; i++) {
      if (this.rrsets[i] !== rrset || this.images[i] !== image || this.ownerAt[i] === -1) continue;
      if (equalNames(this.scratch, this.ownerAt[i]!, this.scratch, ownerAt)) return true;
    }
    return false;
  }

  /** Lowers the TTL of the last planned rrset: a SOA in a negative answer (RFC 2308 §5). */
  lowerLastTtl(ttl: number): void {
    const last = this.count - 1;
    if (last >= 0 && ttl < this.ttls[last]!) this.ttls[last] = ttl;
  }

  /** Copies a name into `scratch`; returns its offset, or -1 if there is no room. */
  keepName(name: Uint8Array, offset: number, octets: number): number {
    const at = this.scratchOctets;
    if (at + octets > SCRATCH_OCTETS) {
      this.isIncomplete = true;
      return -1;
    }
    for (let i = 0; i < octets; i++) this.scratch[at + i] = name[offset + i]!;
    this.scratchOctets = at + octets;
    return at;
  }

  /** True if `octets` octets more have room in `scratch`, from `scratchOctets` on. */
  hasRoom(octets: number): boolean {
    if (this.scratchOctets + octets <= SCRATCH_OCTETS) return true;
    this.isIncomplete = true;
    return false;
  }

  #append(
    section: number,
    zone: ServedZone,
    image: ZoneImage,
    rrset: RRsetIndex,
    kind: number,
    ownerAt: number,
  ): void {
    const i = this.count;
    if (i === CAPACITY) {
      if (section !== SECTION.ADDITIONAL) this.isIncomplete = true;
      return;
    }
    this.#put(i, section, zone, image, rrset, kind, image.ttl(rrset), ownerAt);
  }

  #put(
    i: number,
    section: number,
    zone: ServedZone,
    image: ZoneImage,
    rrset: RRsetIndex,
    kind: number,
    ttl: number,
    ownerAt: number,
  ): void {
    this.zones[i] = zone;
    this.images[i] = image;
    this.rrsets[i] = rrset;
    this.sections[i] = section;
    this.kinds[i] = kind;
    this.ttls[i] = ttl;
    this.ownerAt[i] = ownerAt;
    this.count = i + 1;
  }

  owner(i: number): NodeIndex {
    return this.images[i]!.owner(this.rrsets[i]! as RRsetIndex);
  }
}
