/**
 * Signing ahead (signer/hot) with compact denial: NSECs of names that exist, of those that were denied something of late,
 * by a new signer or because another way to deny was left.
 */
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import { hashName } from '../wire/namehash.ts';
import { APEX, NO_NODE, NODE_FLAG, type NodeIndex, ZoneImage } from '../zone/image.ts';
import { SigningBudget } from './budget.ts';
import { MAX_COMPACT_OCTETS, putNodeNsec } from './compact.ts';
import { type Epoch, EpochError } from './epoch.ts';
import { SignatureMaker } from './maker.ts';
import { SignatureCache } from './signaturecache.ts';
import { compactSigners, ZoneSigner } from './signer.ts';
import { SYNTHESIS, Synthesizer } from './synthesized.ts';
import { isInWindow } from './validity.ts';

/** The longest RRSIG RDATA takes 369. */
const RRSIG_OCTETS = 512;

/** From the nodes of an image to their NSECs in the epoch that comes, which denies compactly. */
export class CompactWalk {
  /** Nodes to look at. */
  readonly slots: number;
  readonly #before: ZoneImage;
  readonly #image: ZoneImage;
  readonly #signers: readonly ZoneSigner[];
  readonly #wasDenied: (node: NodeIndex) => boolean;
  readonly #now: UnixSeconds;
  // Nothing is looked up in the cache, and names that exist have no budget.
  readonly #synthesizer = new Synthesizer(
    new Counters(),
    new SignatureMaker(new Counters()),
    new SigningBudget(0),
    new SignatureCache(0),
    0,
  );
  readonly #block = new Uint8Array(MAX_COMPACT_OCTETS);
  readonly #out = new Uint8Array(RRSIG_OCTETS);

  constructor(previous: Epoch, epoch: Epoch, now: UnixSeconds) {
    this.#before = ZoneImage.open(previous.image);
    this.slots = this.#before.nodeCount;
    this.#image = ZoneImage.open(epoch.image);
    this.#signers = compactSigners(epoch);
    this.#wasDenied = denialsOf(previous, this.#before, now);
    this.#now = now;
  }

  /** Makes the signatures that the NSEC of a node lacks, if something was denied there lately; returns how many. */
  sign(slot: number): number {
    const old = slot as NodeIndex;
    if (old === APEX || !this.#wasDenied(old)) return 0;
    const nameAt = this.#before.nameAt(old);
    const node = this.#image.find(
      this.#before.u8,
      nameAt,
      hashName(this.#before.u8, nameAt, this.#image.seed),
    );
    if (node === NO_NODE || (this.#image.flags(node) & NODE_FLAG.OCCLUDED) !== 0) return 0;
    const lacking = this.#signers.filter(
      ({ slots, validity }) => !isInWindow(this.#now, validity, slots.inception(node)),
    );
    if (lacking.length > 0) this.#load(node);
    for (const signer of lacking) {
      const outcome = this.#synthesizer.putRrsig(this.#out, 0, signer, this.#image, this.#now);
      if (outcome !== SYNTHESIS.DONE)
        throw new EpochError(`a signature by key ${signer.tag} does not verify`);
    }
    return lacking.length;
  }

  #load(node: NodeIndex): void {
    const { rrset } = this.#synthesizer;
    rrset.owner = this.#image.u8;
    rrset.ownerAt = this.#image.nameAt(node);
    rrset.type = RRTYPE.NSEC;
    rrset.ttl = this.#image.negativeTtl;
    rrset.block = this.#block;
    rrset.blockAt = 0;
    rrset.blockOctets = putNodeNsec(this.#block, 0, this.#image, node);
    rrset.node = node;
  }
}

/** Tells of a node whether its NSEC, of compact denial or of the chain, has a signature that is served. */
function denialsOf(epoch: Epoch, image: ZoneImage, now: UnixSeconds): (node: NodeIndex) => boolean {
  const has = (signers: readonly ZoneSigner[], slot: number) =>
    signers.some(({ slots, validity }) => isInWindow(now, validity, slots.inception(slot)));
  if (epoch.denial === 'compact') {
    const signers = compactSigners(epoch);
    return (node) => has(signers, node);
  }
  const signers = epoch.signers.map((signer) => new ZoneSigner(signer, epoch.validity));
  return (node) => (image.flags(node) & NODE_FLAG.NSEC) !== 0 && has(signers, image.nsec(node));
}
