/**
 * @hot The online signer: gives the RRSIG RDATA of an rrset, from its slot or made now. A signature is made once for
 * all threads and lasts for its window (signer/validity).
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { type KeyObject, loadPublicKey, verifyWithKey } from '../dnssec/algorithm.ts';
import { type LentKey, openPrivateKey, publicKeyOf } from '../dnssec/privatekey.ts';
import {
  blankRrsigFields,
  RRSIG_HEAD_OCTETS,
  type RrsigFields,
  signedOctetsLength,
  writeRrsigHead,
  writeSignedOctets,
} from '../dnssec/rrsig.ts';
import { ROOT } from '../wire/name.ts';
import type { RRsetIndex, ZoneImage } from '../zone/image.ts';
import { APEX } from '../zone/image.ts';
import type { Epoch, EpochSigner } from './epoch.ts';
import { SignatureMaker } from './maker.ts';
import { SlotTable, type TableMemory } from './slots.ts';
import { inceptionAt, isInWindow } from './validity.ts';

const ASTERISK = 42;

/** A key that signs zone data, and where its signatures over one image, of the zone or of its NSEC3 chain, lie. */
export class ZoneSigner {
  readonly algorithm: number;
  readonly tag: number;
  readonly slots: SlotTable;
  /** How long its signatures are valid, in seconds. */
  readonly validity: number;
  readonly #lent: LentKey;
  #publicKey: Uint8Array | undefined;
  /** Weak: of the zones that a thread has signed for, it has few keys open. */
  #opened: WeakRef<KeyObject> | undefined;
  #published: KeyObject | undefined;

  /** `table` is the signer's over the zone image, unless it is said to be that of the zone's way to deny. */
  constructor(signer: EpochSigner, validity: number, table: TableMemory = signer.table) {
    this.algorithm = signer.algorithm;
    this.tag = signer.tag;
    this.#lent = signer.privateKey;
    this.slots = new SlotTable(table, signer.algorithm);
    this.validity = validity;
  }

  /** In DNSKEY form; copied when it is first needed. */
  get publicKey(): Uint8Array {
    this.#publicKey ??= publicKeyOf(this.algorithm, this.#lent);
    return this.#publicKey;
  }

  /** The private key; loaded, if this thread has not signed with it lately. Throws KeyMismatchError. */
  get privateKey(): KeyObject {
    const opened = this.#opened?.deref();
    if (opened !== undefined) return opened;
    const { algorithm, publicKey } = this;
    const key = openPrivateKey({ algorithm, publicKey, privateKey: this.#lent });
    this.#opened = new WeakRef(key);
    return key;
  }

  /** True if the signature over `octets` verifies with the key that is published. Loads that key once. */
  verifies(octets: Uint8Array, signature: Uint8Array): boolean {
    this.#published ??= loadPublicKey(this.algorithm, this.publicKey);
    const key = this.#published;
    return key !== undefined && verifyWithKey(this.algorithm, key, octets, signature);
  }
}

type Signers = Pick<Epoch, 'signers' | 'validity'>;

/** The signers of an epoch over its NSEC3 chain; none without one. */
export function chainSigners({ signers, validity }: Signers): ZoneSigner[] {
  return signers.flatMap((signer) =>
    signer.nsec3Table === null ? [] : [new ZoneSigner(signer, validity, signer.nsec3Table)],
  );
}

/** The signers of an epoch with slots for the NSECs of compact denial, one a node; none if it denies in another way. */
export function compactSigners({ signers, validity }: Signers): ZoneSigner[] {
  return signers.flatMap((signer) =>
    signer.compactTable === null ? [] : [new ZoneSigner(signer, validity, signer.compactTable)],
  );
}

/** One per thread. */
export class OnlineSigner {
  readonly #counters: Counters;
  readonly #maker: SignatureMaker;
  readonly #fields: RrsigFields = blankRrsigFields();

  constructor(counters: Counters, maker: SignatureMaker = new SignatureMaker(counters)) {
    this.#counters = counters;
    this.#maker = maker;
  }

  /** Lets go of the image that was signed last. */
  release(): void {
    this.#fields.signerName = ROOT;
  }

  /** Octets of the RRSIG RDATA that `putRrsig` will write. */
  rrsigOctets(signer: ZoneSigner, image: ZoneImage): number {
    return RRSIG_HEAD_OCTETS + image.nameOctets(APEX) + signer.slots.signatureOctets;
  }

  /**
   * Writes the RRSIG RDATA of an rrset of `image`, the one that `signer` has its table over, at `offset` of `out`,
   * which must have room for `rrsigOctets`. Returns false if no good signature can be had; nothing may then be served.
   */
  putRrsig(
    out: Uint8Array,
    offset: number,
    signer: ZoneSigner,
    image: ZoneImage,
    rrset: RRsetIndex,
    now: UnixSeconds,
  ): boolean {
    const { slots } = signer;
    const stored = slots.inception(rrset);
    if (stored !== 0 && isInWindow(now, signer.validity, stored)) {
      const at = this.#putHead(out, offset, signer, image, rrset, stored as UnixSeconds);
      if (slots.read(rrset, stored, out, at)) {
        this.#counters.bump(COUNTER.SIGNATURES_REUSED);
        return true;
      }
    }
    return this.#make(out, offset, signer, image, rrset, now);
  }

  #putHead(
    out: Uint8Array,
    offset: number,
    signer: ZoneSigner,
    image: ZoneImage,
    rrset: RRsetIndex,
    inception: UnixSeconds,
  ): number {
    const fields = this.#fields;
    const owner = image.owner(rrset);
    const ownerAt = image.nameAt(owner);
    const isWildcard = image.u8[ownerAt] === 1 && image.u8[ownerAt + 1] === ASTERISK;
    fields.typeCovered = image.type(rrset);
    fields.algorithm = signer.algorithm;
    fields.labels = image.labels(owner) - (isWildcard ? 1 : 0);
    fields.originalTtl = image.ttl(rrset);
    fields.inception = inception;
    fields.expiration = (inception + signer.validity) as UnixSeconds;
    fields.keyTag = signer.tag;
    fields.signerName = image.origin;
    return writeRrsigHead(out, offset, fields);
  }

  #make(
    out: Uint8Array,
    offset: number,
    signer: ZoneSigner,
    image: ZoneImage,
    rrset: RRsetIndex,
    now: UnixSeconds,
  ): boolean {
    const ownerAt = image.nameAt(image.owner(rrset));
    const inception = inceptionAt(now, signer.validity, image.u8, ownerAt, image.type(rrset));
    const at = this.#putHead(out, offset, signer, image, rrset, inception);
    const blockAt = image.blockAt(rrset);
    const blockOctets = image.blockOctets(rrset);
    const needed = signedOctetsLength(this.#fields, image.u8, ownerAt, image.u8, blockAt, blockOctets);
    const maker = this.#maker;
    maker.reserve(needed);
    writeSignedOctets(maker.scratch, this.#fields, image.u8, ownerAt, image.u8, blockAt, blockOctets);
    // SOA and NS of the apex carry the delegation: they are always verified.
    const signature = maker.make(signer, needed, image.owner(rrset) === APEX);
    if (signature === null) return false;
    out.set(signature, at);
    signer.slots.write(rrset, inception, signature, 0);
    return true;
  }
}
