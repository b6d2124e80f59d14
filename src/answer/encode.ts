/**
 * @hot From a plan to octets. The only writer of answers: names are compressed, an rrset goes in whole or not at all
 * (RFC 2181 §9), signatures follow their rrset, TC says that something needed is missing.
 */
import type { UnixSeconds } from '../base/time.ts';
import type { OnlineSigner } from '../signer/signer.ts';
import { SYNTHESIS, type Synthesizer } from '../signer/synthesized.ts';
import type { Compressor } from '../wire/compress.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { nameOctets } from '../wire/name.ts';
import type { Writer } from '../wire/writer.ts';
import type { NodeIndex, RRsetIndex, ZoneImage } from '../zone/image.ts';
import { NO_NODE, RRSET_FLAG } from '../zone/image.ts';
import type { Plan } from './plan.ts';
import { KIND, SECTION } from './plan.ts';
import { DENIAL, type ServedZone } from './zonetable.ts';

/** Writes planned rrsets; the header, the question and OPT are `respond`'s. */
export class Encoder {
  readonly #writer: Writer;
  readonly #compressor: Compressor;
  readonly #signer: OnlineSigner;
  readonly #synthesizer: Synthesizer;
  /** Records written into each section. */
  readonly counts: Uint16Array = new Uint16Array(3);
  /** Something that the answer must have did not fit. */
  isTruncated = false;
  /** A signature could not be made or did not verify, or a proof cannot be given: the answer must not go out. */
  isUnsignable = false;
  /** The budget for signatures of synthesized names is spent: the answer must not go out. */
  isOverBudget = false;
  #wantsSignatures = false;
  #now = 0 as UnixSeconds;
  /** Where the owner of the current rrset was written, and how many octets it took, a pointer at its end included. */
  #ownerAt = 0;
  #ownerOctets = 0;

  constructor(writer: Writer, compressor: Compressor, signer: OnlineSigner, synthesizer: Synthesizer) {
    this.#writer = writer;
    this.#compressor = compressor;
    this.#signer = signer;
    this.#synthesizer = synthesizer;
  }

  /** Writes all sections of `plan` behind what the writer holds. */
  encode(plan: Plan, dnssecOk: boolean, now: UnixSeconds): void {
    this.counts.fill(0);
    this.isTruncated = plan.isIncomplete;
    this.isUnsignable = plan.isUnprovable;
    this.isOverBudget = false;
    this.#wantsSignatures = dnssecOk;
    this.#now = now;
    for (let section: number = SECTION.ANSWER; section <= SECTION.ADDITIONAL; section++) {
      for (let i = 0; i < plan.count; i++) {
        if (plan.sections[i] === section) this.#putPlanned(plan, i, section);
        if (this.isTruncated || this.isUnsignable || this.isOverBudget) return;
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
    if (fits && (this.#wantsSignatures || isSignaturesOnly(plan.kinds[i]!))) {
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
    const kind = plan.kinds[i]!;
    if (isSignaturesOnly(kind)) return;
    this.#putOwner(plan, i);
    if (kind === KIND.SYNTHESIZED) {
      this.#putSynthesized(plan, i, section);
      return;
    }
    if (kind === KIND.NSEC) {
      this.#putNsec(plan, i, section);
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

  /** RFC 4034 §4.1.1: the next name of an NSEC is not compressed. */
  #putNsec(plan: Plan, i: number, section: number): void {
    const writer = this.#writer;
    const at = plan.targetAt[i]!;
    writer.putU16(RRTYPE.NSEC);
    writer.putU16(CLASS.IN);
    writer.putU32(plan.ttls[i]!);
    writer.putOctets(plan.scratch, at, blockOctets(plan.scratch, at));
    this.counts[section]!++;
  }

  // ---- Signatures ----

  #putSignatures(plan: Plan, i: number, section: number): void {
    const zone = plan.zones[i]!;
    const image = plan.images[i]!;
    const kind = plan.kinds[i]!;
    if (zone.denial === DENIAL.NONE || kind === KIND.SYNTHESIZED) return;
    const isFirst = isSignaturesOnly(kind);
    if (kind === KIND.NSEC || kind === KIND.NSEC_SIGNATURES) {
      this.#loadNsec(plan, i);
      this.#putSynthesizedSignatures(plan, i, zone, section, isFirst);
      return;
    }
    const rrset = plan.rrsets[i]! as RRsetIndex;
    if ((image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) return;
    if (image === zone.apex) {
      this.#putApexSignatures(zone, image, rrset, plan.ttls[i]!, section);
    } else if (plan.ownerAt[i]! >= 0 && zone.denial === DENIAL.COMPACT) {
      this.#loadExpanded(plan, i, image, rrset);
      this.#putSynthesizedSignatures(plan, i, zone, section, isFirst);
    } else {
      this.#putZoneSignatures(plan, i, zone, section, isFirst);
    }
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
  // ---- Signatures of what exists for this answer alone ----

  #loadNsec(plan: Plan, i: number): void {
    const { rrset } = this.#synthesizer;
    rrset.owner = plan.scratch;
    rrset.ownerAt = plan.ownerAt[i]!;
    rrset.type = RRTYPE.NSEC;
    rrset.ttl = plan.ttls[i]!;
    rrset.block = plan.scratch;
    rrset.blockAt = plan.targetAt[i]!;
    rrset.blockOctets = blockOctets(plan.scratch, rrset.blockAt);
    rrset.node = plan.nodes[i]! as NodeIndex;
  }

  /** RFC 9824 §3.3: the wildcard's records as if the name had them. */
  #loadExpanded(plan: Plan, i: number, image: ZoneImage, index: RRsetIndex): void {
    const { rrset } = this.#synthesizer;
    rrset.owner = plan.scratch;
    rrset.ownerAt = plan.ownerAt[i]!;
    rrset.type = image.type(index);
    rrset.ttl = plan.ttls[i]!;
    rrset.block = image.u8;
    rrset.blockAt = image.blockAt(index);
    rrset.blockOctets = image.blockOctets(index);
    rrset.node = NO_NODE;
  }

  #putSynthesizedSignatures(
    plan: Plan,
    i: number,
    zone: ServedZone,
    section: number,
    isFirst: boolean,
  ): void {
    const writer = this.#writer;
    const signers = zone.compactSigners;
    for (let s = 0; s < signers.length; s++) {
      const signer = signers[s]!;
      if (isFirst && s === 0) this.#putOwner(plan, i);
      else this.#putOwnerAgain(writer.octets);
      const octets = this.#signer.rrsigOctets(signer, zone.image);
      writer.putU16(RRTYPE.RRSIG);
      writer.putU16(CLASS.IN);
      writer.putU32(plan.ttls[i]!);
      writer.putU16(octets);
      const at = writer.reserve(octets);
      if (at < 0) return;
      const outcome = this.#synthesizer.putRrsig(writer.octets, at, signer, zone.image, this.#now);
      if (outcome !== SYNTHESIS.DONE) {
        if (outcome === SYNTHESIS.OVER_BUDGET) this.isOverBudget = true;
        else this.isUnsignable = true;
        return;
      }
      this.counts[section]!++;
    }
  }
}

/** True for what is planned without its records. */
function isSignaturesOnly(kind: number): boolean {
  return kind === KIND.SIGNATURES || kind === KIND.NSEC_SIGNATURES;
}

/** Octets of the block of one record that starts at `at`. */
function blockOctets(octets: Uint8Array, at: number): number {
  return 2 + ((octets[at]! << 8) | octets[at + 1]!);
}
