/**
 * @hot From a plan to octets. The only writer of answers: names are compressed, an rrset goes in whole or not at all
 * (RFC 2181 §9), signatures follow their rrset, TC says that something needed is missing.
 */
import type { UnixSeconds } from '../base/time.ts';
import type { OnlineSigner } from '../signer/signer.ts';
import type { Compressor } from '../wire/compress.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { nameOctets } from '../wire/name.ts';
import type { Writer } from '../wire/writer.ts';
import type { RRsetIndex, ZoneImage } from '../zone/image.ts';
import { RRSET_FLAG } from '../zone/image.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import type { ServedZone } from './zonetable.ts';

/** Writes planned rrsets; the header, the question and OPT are `respond`'s. */
export class Encoder {
  readonly #writer: Writer;
  readonly #compressor: Compressor;
  readonly #signer: OnlineSigner;
  /** Records written into each section. */
  readonly counts: Uint16Array = new Uint16Array(3);
  /** Something that the answer must have did not fit. */
  isTruncated = false;
  /** A signature could not be made or did not verify, or a proof cannot be given: the answer must not go out. */
  isUnsignable = false;
  #wantsSignatures = false;
  #now = 0 as UnixSeconds;
  /** Where the owner of the current rrset was written, and how many octets it took, a pointer at its end included. */
  #ownerAt = 0;
  #ownerOctets = 0;

  constructor(writer: Writer, compressor: Compressor, signer: OnlineSigner) {
    this.#writer = writer;
    this.#compressor = compressor;
    this.#signer = signer;
  }

  /** Writes all sections of `plan` behind what the writer holds. */
  encode(plan: Plan, dnssecOk: boolean, now: UnixSeconds): void {
    this.counts.fill(0);
    this.isTruncated = plan.isIncomplete;
    this.isUnsignable = plan.isUnprovable;
    this.#wantsSignatures = dnssecOk;
    this.#now = now;
    for (let section: number = SECTION.ANSWER; section <= SECTION.ADDITIONAL; section++) {
      for (let i = 0; i < plan.count; i++) {
        if (plan.sections[i] === section) this.#putPlanned(plan, i, section);
        if (this.isTruncated || this.isUnsignable) return;
      }
    }
  }

  #putPlanned(plan: Plan, i: number, section: number): void {
    const mark = this.#writer.mark();
    const before = this.counts[section]!;
    this.#putRecords(plan, i, section);
    const withoutSignatures = this.#writer.mark();
    const recordsWithoutSignatures = this.counts[section]!;
    const fits = !this.#writer.isOverflowed;
    if (fits && (this.#wantsSignatures || plan.kinds[i] === KIND.SIGNATURES)) {
      this.#putSignatures(plan, i, section);
      if (!this.#writer.isOverflowed) return;
      if (section === SECTION.ADDITIONAL) {
        // Additional data may go without its signatures.
        this.#writer.rollback(withoutSignatures);
        this.counts[section] = recordsWithoutSignatures;
        return;
      }
    }
    if (!this.#writer.isOverflowed) return;
    this.#writer.rollback(mark);
    this.counts[section] = before;
    if (section !== SECTION.ADDITIONAL || plan.kinds[i] === KIND.GLUE) this.isTruncated = true;
  }

  #putRecords(plan: Plan, i: number, section: number): void {
    if (plan.kinds[i] === KIND.SIGNATURES) return;
    this.#putOwner(plan, i);
    if (plan.kinds[i] === KIND.SYNTHESIZED) {
      this.#putSynthesized(plan, i, section);
      return;
    }
    const image = plan.images[i]!;
    const rrset = plan.rrsets[i]! as RRsetIndex;
    this.#putBlock(image, rrset, image.type(rrset), plan.ttls[i]!, section);
  }

  /** The owner of the first record; it is written in front of it, later records point to it. */
  #putOwner(plan: Plan, i: number): void {
    const writer = this.#writer;
    this.#ownerAt = writer.position;
    const scratchAt = plan.ownerAt[i]!;
    const image = plan.images[i]!;
    if (scratchAt >= 0) this.#compressor.putName(writer, plan.scratch, scratchAt, true);
    else this.#compressor.putName(writer, image.u8, image.nameAt(plan.owner(i)), true);
    this.#ownerOctets = writer.position - this.#ownerAt;
  }

  /** Repeats the owner for a further record: a pointer, the root's octet, or beyond the reach of pointers a copy. */
  #putOwnerAgain(octets: Uint8Array): void {
    const first = octets[this.#ownerAt]!;
    if (first === 0) this.#writer.putU8(0);
    else if (first >= 0xc0) this.#writer.putU16((first << 8) | octets[this.#ownerAt + 1]!);
    else if (this.#ownerAt < 0x4000) this.#writer.putU16(0xc000 | this.#ownerAt);
    else this.#writer.putOctets(octets, this.#ownerAt, this.#ownerOctets);
  }

  /** Writes all records of a block; the owner of the first stands already. */
  #putBlock(image: ZoneImage, rrset: RRsetIndex, type: number, ttl: number, section: number): void {
    const writer = this.#writer;
    const { u8 } = image;
    const flags = image.rrsetFlags(rrset);
    const records = image.records(rrset);
    let at = image.blockAt(rrset);
    for (let record = 0; record < records; record++) {
      if (record > 0) this.#putOwnerAgain(writer.octets);
      const octets = (u8[at]! << 8) | u8[at + 1]!;
      at += 2;
      writer.putU16(type);
      writer.putU16(CLASS.IN);
      writer.putU32(ttl);
      this.#putRdata(u8, at, octets, flags);
      if (writer.isOverflowed) return;
      at += octets;
    }
    this.counts[section]! += records;
  }

  #putRdata(u8: Uint8Array, at: number, octets: number, flags: number): void {
    const writer = this.#writer;
    const lengthAt = writer.position;
    writer.putU16(octets);
    const compressible = RRSET_FLAG.NAME | RRSET_FLAG.PREFERENCE_NAME | RRSET_FLAG.TWO_NAMES;
    if ((flags & compressible) === 0) {
      writer.putOctets(u8, at, octets);
      return;
    }
    let from = at;
    if ((flags & RRSET_FLAG.PREFERENCE_NAME) !== 0) {
      writer.putOctets(u8, from, 2);
      from += 2;
    }
    from += this.#putCompressed(u8, from);
    if ((flags & RRSET_FLAG.TWO_NAMES) !== 0) {
      from += this.#putCompressed(u8, from);
      writer.putOctets(u8, from, at + octets - from);
    }
    writer.patchU16(lengthAt, writer.position - lengthAt - 2);
  }

  #putCompressed(u8: Uint8Array, at: number): number {
    this.#compressor.putName(this.#writer, u8, at, true);
    return nameOctets(u8, at);
  }

  #putSynthesized(plan: Plan, i: number, section: number): void {
    const writer = this.#writer;
    writer.putU16(RRTYPE.CNAME);
    writer.putU16(CLASS.IN);
    writer.putU32(plan.ttls[i]!);
    const lengthAt = writer.position;
    writer.putU16(0);
    this.#compressor.putName(writer, plan.scratch, plan.targetAt[i]!, true);
    writer.patchU16(lengthAt, writer.position - lengthAt - 2);
    this.counts[section]!++;
  }

  // ---- Signatures ----

  #putSignatures(plan: Plan, i: number, section: number): void {
    const zone = plan.zones[i]!;
    const image = plan.images[i]!;
    const rrset = plan.rrsets[i]! as RRsetIndex;
    if (zone.apex === null || plan.kinds[i] === KIND.SYNTHESIZED) return;
    if ((image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) return;
    const isFirst = plan.kinds[i] === KIND.SIGNATURES;
    if (image === zone.apex) this.#putApexSignatures(zone, image, rrset, plan.ttls[i]!, section);
    else this.#putZoneSignatures(plan, i, zone, section, isFirst);
  }

  #putApexSignatures(
    zone: ServedZone,
    apex: ZoneImage,
    rrset: RRsetIndex,
    ttl: number,
    section: number,
  ): void {
    if (this.#now > zone.apexExpiresAt) {
      this.isUnsignable = true;
      return;
    }
    const rrsigs = apex.targetsAt(rrset) - 1;
    if (rrsigs < 0) return;
    this.#putOwnerAgain(this.#writer.octets);
    this.#putBlock(apex, rrsigs as RRsetIndex, RRTYPE.RRSIG, ttl, section);
  }

  #putZoneSignatures(plan: Plan, i: number, zone: ServedZone, section: number, isFirst: boolean): void {
    const writer = this.#writer;
    const image = plan.images[i]!;
    const rrset = plan.rrsets[i]! as RRsetIndex;
    const signers = image === zone.image ? zone.signers : zone.nsec3Signers;
    for (let s = 0; s < signers.length; s++) {
      const signer = signers[s]!;
      if (isFirst && s === 0) this.#putOwner(plan, i);
      else this.#putOwnerAgain(writer.octets);
      const octets = this.#signer.rrsigOctets(signer, image);
      writer.putU16(RRTYPE.RRSIG);
      writer.putU16(CLASS.IN);
      writer.putU32(plan.ttls[i]!);
      writer.putU16(octets);
      const at = writer.reserve(octets);
      if (at < 0) return;
      if (!this.#signer.putRrsig(writer.octets, at, signer, image, rrset, this.#now)) {
        this.isUnsignable = true;
        return;
      }
      this.counts[section]!++;
    }
  }
}
