/**
 * Signing ahead: before an epoch with a new signer, or with another way to deny, goes live, the rrsets that are asked for,
 * which is to say those with a signature in the tables of the epoch before, get theirs by the new signer. So a switch
 * does not meet a wave of queries with as many signatures to make at once.
 *
 * It is done in slices, for the caller's thread has other work: each takes the budget it is given and tells where the
 * next one goes on.
 */
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import { hashName } from '../wire/namehash.ts';
import { NO_NODE, NO_RRSET, type NodeIndex, RRSET_FLAG, type RRsetIndex, ZoneImage } from '../zone/image.ts';
import { Nsec3Chain } from '../zone/nsec3chain.ts';
import { type Epoch, EpochError, type EpochSigner, isSameKey } from './epoch.ts';
import { CompactWalk } from './hotcompact.ts';
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
 * The epoch has nothing signed of what it serves in place of what is served: a new signer, the first NSEC3 chain, or
 * compact denial in place of another.
 */
export function isCold(epoch: Epoch, before: Epoch | undefined): boolean {
  const isKnown = (key: EpochSigner) => before?.signers.some((signer) => isSameKey(signer, key));
  if (before === undefined) return false;
  const isNewly = (denial: Epoch['denial']) => epoch.denial === denial && before.denial !== denial;
  return !epoch.signers.every(isKnown) || isNewly('nsec3') || isNewly('compact');
}

/**
 * Signs rrsets of `epoch` that were served of `previous` and have no signature yet by one of its signers; those of the
 * zone first, then those of denial: where it comes in place of NSEC records, by these. Throws EpochError if a signature
 * does not verify (a sample is checked).
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
    const end = begin + walk.slots;
    for (; slot < Math.min(end, last) && signed < signatures; slot++) signed += walk.sign(slot - begin);
    begin = end;
  }
  return { next: slot, signed, isDone: slot >= begin };
}

function walksOf(epoch: Epoch, previous: Epoch, now: UnixSeconds): (Walk | CompactWalk)[] {
  const oldZone = { image: ZoneImage.open(previous.image), signers: zoneSigners(previous) };
  const zone = { image: ZoneImage.open(epoch.image), signers: zoneSigners(epoch) };
  const walks = [new Walk(oldZone, zone, sameRRsets(oldZone.image, zone.image), now)];
  if (epoch.denial === 'compact') return [...walks, new CompactWalk(previous, epoch, now)];
  if (epoch.nsec3 === null) return walks;
  const nsec3 = new Nsec3Chain(epoch.nsec3);
  const chain = { image: nsec3.image, signers: chainSigners(epoch) };
  if (previous.nsec3 === null) {
    return [...walks, new Walk(oldZone, chain, nsec3InsteadOf(oldZone.image, zone.image, nsec3), now)];
  }
  const oldChain = { image: ZoneImage.open(previous.nsec3), signers: chainSigners(previous) };
  return [...walks, new Walk(oldChain, chain, sameRRsets(oldChain.image, chain.image), now)];
}

function zoneSigners({ signers, validity }: Epoch): ZoneSigner[] {
  return signers.map((signer) => new ZoneSigner(signer, validity));
}

/** An image and who has tables over it. */
interface SignedImage {
  readonly image: ZoneImage;
  readonly signers: readonly ZoneSigner[];
}

/** From an rrset that is served to the one that will be served in its place; NO_RRSET if none will. */
type Instead = (rrset: RRsetIndex) => RRsetIndex;

/** From the slots of an image to rrsets of the one that comes. */
class Walk {
  /** Rrsets to look at. */
  readonly slots: number;
  readonly #oldSigners: readonly ZoneSigner[];
  readonly #image: ZoneImage;
  readonly #instead: Instead;
  readonly #signers: readonly ZoneSigner[];
  readonly #online = new OnlineSigner(new Counters());
  readonly #now: UnixSeconds;
  readonly #out: Uint8Array;

  constructor(old: SignedImage, fresh: SignedImage, instead: Instead, now: UnixSeconds) {
    this.slots = old.image.rrsetCount;
    this.#oldSigners = old.signers;
    this.#image = fresh.image;
    this.#instead = instead;
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
    const rrset = this.#instead(slot as RRsetIndex);
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

/** The rrset of the same owner and type in the image that comes. */
function sameRRsets(before: ZoneImage, image: ZoneImage): Instead {
  if (before.isSameAs(image)) return (rrset) => rrset;
  return (rrset) => {
    const node = sameNode(before, rrset, image);
    return node === NO_NODE ? NO_RRSET : signedRRset(image, image.rrset(node, before.type(rrset)));
  };
}

/** In place of an NSEC, the NSEC3 that matches the same name. */
function nsec3InsteadOf(before: ZoneImage, zone: ZoneImage, chain: Nsec3Chain): Instead {
  return (rrset) => {
    if (before.type(rrset) !== RRTYPE.NSEC) return NO_RRSET;
    const node = sameNode(before, rrset, zone);
    const matching = node === NO_NODE ? NO_NODE : chain.matching(node);
    return matching === NO_NODE ? NO_RRSET : signedRRset(chain.image, chain.image.firstRRset(matching));
  };
}

function sameNode(before: ZoneImage, rrset: RRsetIndex, image: ZoneImage): NodeIndex {
  const nameAt = before.nameAt(before.owner(rrset));
  return image.find(before.u8, nameAt, hashName(before.u8, nameAt, image.seed));
}

/** The rrset, if it is one that is signed online. */
function signedRRset(image: ZoneImage, rrset: RRsetIndex): RRsetIndex {
  return rrset !== NO_RRSET && (image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) !== 0 ? rrset : NO_RRSET;
}
