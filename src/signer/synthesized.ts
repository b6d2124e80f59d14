/**
 * @hot Signatures of rrsets that stand in no image: NSEC records of compact denial, and what a zone with compact denial
 * expands from a wildcard, which it signs as if the name existed (RFC 9824 §3.3). Three kinds of places keep them:
 *
 * ```
 *   NSEC of a name that exists            slot of its node, shared by all threads      never turned away
 *   NSEC of a name that does not exist    cache of the thread                          within the signing budget
 *   expanded from a wildcard              cache of the thread                          within the signing budget
 * ```
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import { halfSipHash } from '../base/halfsiphash.ts';
import type { UnixSeconds } from '../base/time.ts';
import {
  blankRrsigFields,
  type RrsigFields,
  rrsigLabels,
  signedOctetsLength,
  writeRrsigHead,
  writeSignedOctets,
} from '../dnssec/rrsig.ts';
import { ROOT } from '../wire/name.ts';
import type { NodeIndex, ZoneImage } from '../zone/image.ts';
import { NO_NODE } from '../zone/image.ts';
import type { SigningBudget } from './budget.ts';
import type { SignatureMaker } from './maker.ts';
import { NO_ENTRY, type SignatureCache } from './signaturecache.ts';
import type { ZoneSigner } from './signer.ts';
import { inceptionAt, isInWindow } from './validity.ts';

/** What became of a signature that was asked for. */
export const SYNTHESIS = {
  /** It was written. */
  DONE: 0,
  /** It does not verify: nothing may be served. */
  FAILED: 1,
  /** The signing budget is spent. */
  OVER_BUDGET: 2,
} as const;

/** Octets of the public key behind what is signed: they tell apart keys of one tag, in a zone that was away. */
const KEY_OCTETS = 8;

/** The rrset to sign; filled in anew for each. */
export class SynthesizedRRset {
  owner: Uint8Array = ROOT;
  ownerAt = 0;
  type = 0;
  ttl = 0;
  /** RDATA in block form (zone/image) at `blockAt`. */
  block: Uint8Array = ROOT;
  blockAt = 0;
  blockOctets = 0;
  /** The existing node whose NSEC this is, or NO_NODE. */
  node: NodeIndex = NO_NODE;
}

/** One per thread. */
export class Synthesizer {
  /** What `putRrsig` signs. */
  readonly rrset: SynthesizedRRset = new SynthesizedRRset();
  readonly #counters: Counters;
  readonly #budget: SigningBudget;
  readonly #cache: SignatureCache;
  readonly #seed: number;
  readonly #maker: SignatureMaker;
  readonly #fields: RrsigFields = blankRrsigFields();

  /** `seed` is random and secret: strangers choose what is looked up in the cache. */
  constructor(
    counters: Counters,
    maker: SignatureMaker,
    budget: SigningBudget,
    cache: SignatureCache,
    seed: number,
  ) {
    this.#counters = counters;
    this.#maker = maker;
    this.#budget = budget;
    this.#cache = cache;
    this.#seed = seed;
  }

  /** Lets go of the zone that was signed for last. */
  release(): void {
    this.#fields.signerName = ROOT;
    this.rrset.owner = ROOT;
    this.rrset.block = ROOT;
  }

  /**
   * Writes the RRSIG RDATA of `rrset` by `signer`, whose table has a slot for each node of `image`, at `offset` of `out`,
   * which must have room for it. Returns one of SYNTHESIS.
   */
  putRrsig(out: Uint8Array, offset: number, signer: ZoneSigner, image: ZoneImage, now: UnixSeconds): number {
    const { node } = this.rrset;
    this.#fill(signer, image);
    if (node === NO_NODE) return this.#fromCache(out, offset, signer, now);
    const { slots } = signer;
    const stored = slots.inception(node);
    if (stored !== 0 && isInWindow(now, signer.validity, stored)) {
      this.#begin(signer, stored as UnixSeconds);
      const at = writeRrsigHead(out, offset, this.#fields);
      if (slots.read(node, stored, out, at)) {
        this.#counters.bump(COUNTER.SIGNATURES_REUSED);
        return SYNTHESIS.DONE;
      }
    }
    this.#begin(signer, this.#inception(signer, now));
    const octets = this.#writeSigned(signer);
    const signature = this.#maker.make(signer, octets, false);
    if (signature === null) return SYNTHESIS.FAILED;
    out.set(signature, writeRrsigHead(out, offset, this.#fields));
    slots.write(node, this.#fields.inception, signature, 0);
    return SYNTHESIS.DONE;
  }

  #fromCache(out: Uint8Array, offset: number, signer: ZoneSigner, now: UnixSeconds): number {
    this.#begin(signer, this.#inception(signer, now));
    const octets = this.#writeSigned(signer);
    const words = (octets + KEY_OCTETS + 3) >> 2;
    const signed = this.#maker.words;
    const hash = halfSipHash(this.#seed, ~this.#seed, signed, words);
    const at = writeRrsigHead(out, offset, this.#fields);
    const entry = this.#cache.find(hash, signed, words);
    if (entry !== NO_ENTRY) {
      this.#cache.read(entry, out, at, signer.slots.signatureOctets);
      this.#counters.bump(COUNTER.SYNTHESIZED_REUSED);
      return SYNTHESIS.DONE;
    }
    if (!this.#budget.take(signer.algorithm, now)) return SYNTHESIS.OVER_BUDGET;
    const signature = this.#maker.make(signer, octets, false);
    if (signature === null) return SYNTHESIS.FAILED;
    this.#counters.bump(COUNTER.SYNTHESIZED_MADE);
    out.set(signature, at);
    this.#cache.store(hash, signed, words, signature);
    return SYNTHESIS.DONE;
  }

  /** The fields that are the same whenever the rrset is signed. */
  #fill(signer: ZoneSigner, image: ZoneImage): void {
    const fields = this.#fields;
    const { rrset } = this;
    fields.typeCovered = rrset.type;
    fields.algorithm = signer.algorithm;
    fields.labels = rrsigLabels(rrset.owner, rrset.ownerAt);
    fields.originalTtl = rrset.ttl;
    fields.keyTag = signer.tag;
    fields.signerName = image.origin;
  }

  #inception(signer: ZoneSigner, now: UnixSeconds): UnixSeconds {
    const { rrset } = this;
    return inceptionAt(now, signer.validity, rrset.owner, rrset.ownerAt, rrset.type);
  }

  #begin(signer: ZoneSigner, inception: UnixSeconds): void {
    this.#fields.inception = inception;
    this.#fields.expiration = (inception + signer.validity) as UnixSeconds;
  }

  /**
   * Writes what is to be signed into the scratch, then octets of the key, then zeros up to a whole word: the identity of a
   * signature in the cache. Returns the octets that are signed.
   */
  #writeSigned(signer: ZoneSigner): number {
    const { owner, ownerAt, block, blockAt, blockOctets } = this.rrset;
    const octets = signedOctetsLength(this.#fields, owner, ownerAt, block, blockAt, blockOctets);
    this.#maker.reserve(octets + KEY_OCTETS);
    const { scratch } = this.#maker;
    writeSignedOctets(scratch, this.#fields, owner, ownerAt, block, blockAt, blockOctets);
    let end = octets;
    for (let i = 0; i < KEY_OCTETS; i++) scratch[end++] = signer.publicKey[i]!;
    while ((end & 3) !== 0) scratch[end++] = 0;
    return octets;
  }
}
