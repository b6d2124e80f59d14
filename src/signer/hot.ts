/**
 * Signing ahead: before an epoch with a new signer goes live, the rrsets that are asked for, which is to say those
 * with a signature in the tables of the epoch before, get theirs by the new signer. So a switch of keys does not
 * meet a wave of queries with as many signatures to make at once.
 *
 * It is done in slices, for the caller's thread has other work: each takes the budget it is given and tells where the
 * next one goes on.
 */
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { hashName } from '../wire/namehash.ts';
import { NO_NODE, NO_RRSET, RRSET_FLAG, type RRsetIndex, ZoneImage } from '../zone/image.ts';
import { type Epoch, EpochError } from './epoch.ts';
import { chainSigners, OnlineSigner, ZoneSigner } from './signer.ts';
import { isInWindow } from './validity.ts';

/** Slots that are looked at for each signature of a budget: reading one costs a thousandth of a signature. */
const LOOKS_PER_SIGNATURE = 256;

/** What a slice may do. */
export interface HotBudget {
  readonly now: UnixSeconds;
  /** Where the slice begins: 0, then what `next` said. */
  readonly from: number;
  /** How many signatures it may make; the last rrset of a slice may add one for each further signer. */
  readonly signatures: number;
}

/** How far a slice has come. */
export interface HotProgress {
  readonly next: number;
  readonly signed: number;
  readonly isDone: boolean;
}

/**
 * Signs rrsets of `epoch` that were served of `previous` and have no signature yet by one of its signers; those of the
 * zone first, then those of the NSEC3 chain, if both have one. Throws EpochError if a signature does not verify (a
 * sample is checked).
 */
export function signHot(epoch: Epoch, previous: Epoch | undefined, budget: HotBudget): HotProgress {
  const { now, from, signatures } = budget;
  if (previous === undefined || epoch.signers.length === 0) return { next: from, signed: 0, isDone: true };
  const walks = walksOf(epoch, previous, now);
  const last = from + Math.max(1, signatures) * LOOKS_PER_SIGNATURE;
  let begin = 0;
  let signed = 0;
  let slot = from;
  for (const walk of walks) {
    const end = begin + walk.before.rrsetCount;
    for (; slot < Math.min(end, last) && signed < signatures; slot++) signed += walk.sign(slot - begin);
    begin = end;
  }
  return { next: slot, signed, isDone: slot >= begin };
}

function walksOf(epoch: Epoch, previous: Epoch, now: UnixSeconds): Walk[] {
  const zone = new Walk(
    { image: previous.image, signers: zoneSigners(previous) },
    { image: epoch.image, signers: zoneSigners(epoch) },
    now,
  );
  if (previous.nsec3 === null || epoch.nsec3 === null) return [zone];
  const chain = new Walk(
    { image: previous.nsec3, signers: chainSigners(previous) },
    { image: epoch.nsec3, signers: chainSigners(epoch) },
    now,
  );
  return [zone, chain];
}

function zoneSigners({ signers, validity }: Epoch): ZoneSigner[] {
  return signers.map((signer) => new ZoneSigner(signer, validity));
}

/** An image and who has tables over it. */
interface SignedImage {
  readonly image: SharedArrayBuffer;
  readonly signers: readonly ZoneSigner[];
}

/** From the slots of an image to the same rrsets of the one that comes. */
class Walk {
  readonly before: ZoneImage;
  readonly #oldSigners: readonly ZoneSigner[];
  readonly #image: ZoneImage;
  readonly #isSame: boolean;
  readonly #signers: readonly ZoneSigner[];
  readonly #online = new OnlineSigner(new Counters());
  readonly #now: UnixSeconds;
  readonly #out: Uint8Array;

  constructor(old: SignedImage, fresh: SignedImage, now: UnixSeconds) {
    this.before = ZoneImage.open(old.image);
    this.#oldSigners = old.signers;
    this.#image = ZoneImage.open(fresh.image);
    this.#isSame = old.image === fresh.image;
    this.#signers = fresh.signers;
    this.#now = now;
    const octets = fresh.signers.map((signer) => this.#online.rrsigOctets(signer, this.#image));
    this.#out = new Uint8Array(Math.max(...octets));
  }

  /** Makes the signatures that the rrset in `slot` lacks, if it was asked for lately; returns how many. */
  sign(slot: number): number {
    const isHot = this.#oldSigners.some(({ slots, validity }) =>
      isInWindow(this.#now, validity, slots.inception(slot)),
    );
    if (!isHot) return 0;
    const rrset = this.#isSame
      ? (slot as RRsetIndex)
      : sameRRset(this.before, slot as RRsetIndex, this.#image);
    return rrset === NO_RRSET ? 0 : this.#signRRset(rrset);
  }

  #signRRset(rrset: RRsetIndex): number {
    let signed = 0;
    for (const signer of this.#signers) {
      if (isInWindow(this.#now, signer.validity, signer.slots.inception(rrset))) continue;
      if (!this.#online.putRrsig(this.#out, 0, signer, this.#image, rrset, this.#now)) {
        throw new EpochError(`a signature by key ${signer.tag} does not verify`);
      }
      signed++;
    }
    return signed;
  }
}

/** The rrset of the same owner and type in the image that comes, if it is signed there. */
function sameRRset(before: ZoneImage, rrset: RRsetIndex, image: ZoneImage): RRsetIndex {
  const nameAt = before.nameAt(before.owner(rrset));
  const node = image.find(before.u8, nameAt, hashName(before.u8, nameAt, image.seed));
  const same = node === NO_NODE ? NO_RRSET : image.rrset(node, before.type(rrset));
  const isSigned = same !== NO_RRSET && (image.rrsetFlags(same) & RRSET_FLAG.SIGNED) !== 0;
  return isSigned ? same : NO_RRSET;
}
