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
import { OnlineSigner, ZoneSigner } from './signer.ts';
import { SlotTable } from './slots.ts';
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
 * Signs rrsets of `epoch` that were served of `previous` and have no signature yet by one of its signers. Throws
 * EpochError if a signature does not verify (a sample is checked).
 */
export function signHot(epoch: Epoch, previous: Epoch | undefined, budget: HotBudget): HotProgress {
  const { now, from, signatures } = budget;
  if (previous === undefined || epoch.signers.length === 0) return { next: from, signed: 0, isDone: true };
  const before = ZoneImage.open(previous.image);
  const image = ZoneImage.open(epoch.image);
  const tables = previous.signers.map(({ table, algorithm }) => new SlotTable(table, algorithm));
  const signing = new HotSigner(epoch, image, now);
  const end = Math.min(before.rrsetCount, from + Math.max(1, signatures) * LOOKS_PER_SIGNATURE);
  let slot = from;
  for (; slot < end && signing.signed < signatures; slot++) {
    if (!tables.some((table) => isInWindow(now, previous.validity, table.inception(slot)))) continue;
    const rrset = image.u8.buffer === before.u8.buffer ? slot : sameRRset(before, slot as RRsetIndex, image);
    if (rrset !== NO_RRSET) signing.sign(rrset as RRsetIndex);
  }
  return { next: slot, signed: signing.signed, isDone: slot >= before.rrsetCount };
}

/** The rrset of the same owner and type in the image that comes, if it is signed there. */
function sameRRset(before: ZoneImage, rrset: RRsetIndex, image: ZoneImage): RRsetIndex {
  const nameAt = before.nameAt(before.owner(rrset));
  const node = image.find(before.u8, nameAt, hashName(before.u8, nameAt, image.seed));
  const same = node === NO_NODE ? NO_RRSET : image.rrset(node, before.type(rrset));
  const isSigned = same !== NO_RRSET && (image.rrsetFlags(same) & RRSET_FLAG.SIGNED) !== 0;
  return isSigned ? same : NO_RRSET;
}

/** Makes the signatures that an rrset lacks, into the tables of an epoch. */
class HotSigner {
  signed = 0;
  readonly #online = new OnlineSigner(new Counters());
  readonly #signers: readonly ZoneSigner[];
  readonly #image: ZoneImage;
  readonly #now: UnixSeconds;
  readonly #out: Uint8Array;

  constructor(epoch: Epoch, image: ZoneImage, now: UnixSeconds) {
    this.#signers = epoch.signers.map((signer) => new ZoneSigner(signer, epoch.validity));
    this.#image = image;
    this.#now = now;
    const octets = this.#signers.map((signer) => this.#online.rrsigOctets(signer, image));
    this.#out = new Uint8Array(Math.max(...octets));
  }

  sign(rrset: RRsetIndex): void {
    for (const signer of this.#signers) {
      if (isInWindow(this.#now, signer.validity, signer.slots.inception(rrset))) continue;
      if (!this.#online.putRrsig(this.#out, 0, signer, this.#image, rrset, this.#now)) {
        throw new EpochError(`a signature by key ${signer.tag} does not verify`);
      }
      this.signed++;
    }
  }
}
