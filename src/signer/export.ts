/**
 * A zone as it is served, in master file form: every rrset, and when asked every RRSIG, the keys' rrsets and the chain
 * of denial, for `ldns-verify-zone` and `dnssec-verify`. Signatures come from the slots, or are made and kept there.
 */
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { NodeIndex, RRsetIndex } from '../zone/image.ts';
import { APEX, NO_RRSET, RRSET_FLAG, ZoneImage } from '../zone/image.ts';
import { Nsec3Chain } from '../zone/nsec3chain.ts';
import { formatRecord } from '../zonefile/printer.ts';
import type { Epoch } from './epoch.ts';
import { chainSigners, OnlineSigner, ZoneSigner } from './signer.ts';

/** Yields one record a line, SOA first, then in canonical order. `signed` adds what DNSSEC adds. */
export function* exportZone(
  epoch: Epoch,
  options: { readonly signed: boolean },
  now: UnixSeconds,
): Generator<string, void, undefined> {
  const image = ZoneImage.open(epoch.image);
  const { apex, nsec3 } = options.signed ? epoch : { apex: null, nsec3: null };
  const signers = apex === null ? [] : epoch.signers.map((signer) => new ZoneSigner(signer, epoch.validity));
  const isLeftOut = (type: number) =>
    type === RRTYPE.SOA || (type === RRTYPE.NSEC && (apex === null || epoch.denial !== 'nsec'));
  const lines = new ImageLines(image, signers, now);
  yield* lines.rrset(image.rrset(APEX, RRTYPE.SOA));
  for (let node = 0; node < image.nodeCount; node++) {
    yield* lines.node(node as NodeIndex, isLeftOut);
    if (node === APEX && apex !== null) yield* apexLines(ZoneImage.open(apex), now);
  }
  if (nsec3 !== null) yield* chainLines(new Nsec3Chain(nsec3), chainSigners(epoch), now);
}

/** The rrsets of an apex image, their signatures among them. */
function* apexLines(apex: ZoneImage, now: UnixSeconds): Generator<string, void, undefined> {
  const lines = new ImageLines(apex, [], now);
  for (let rrset = 0; rrset < apex.rrsetCount; rrset++) yield* lines.rrset(rrset as RRsetIndex);
}

/** The NSEC3 records but that of the apex, which is in the apex image. */
function* chainLines(
  { image, apex }: Nsec3Chain,
  signers: readonly ZoneSigner[],
  now: UnixSeconds,
): Generator<string, void, undefined> {
  const lines = new ImageLines(image, signers, now);
  for (let node = 0; node < image.nodeCount; node++) {
    if (node !== apex) yield* lines.node(node as NodeIndex, () => false);
  }
}

/** Records of one image, and their signatures by those who have their tables over it. */
class ImageLines {
  readonly #image: ZoneImage;
  readonly #signers: readonly ZoneSigner[];
  readonly #signer = new OnlineSigner(new Counters());
  readonly #now: UnixSeconds;
  readonly #rrsig = new Uint8Array(512);

  constructor(image: ZoneImage, signers: readonly ZoneSigner[], now: UnixSeconds) {
    this.#image = image;
    this.#signers = signers;
    this.#now = now;
  }

  *node(node: NodeIndex, isLeftOut: (type: number) => boolean): Generator<string, void, undefined> {
    const image = this.#image;
    const first = image.firstRRset(node);
    for (let i = 0; i < image.rrsetsOf(node); i++) {
      const rrset = (first + i) as RRsetIndex;
      if (!isLeftOut(image.type(rrset))) yield* this.rrset(rrset);
    }
  }

  *rrset(rrset: RRsetIndex): Generator<string, void, undefined> {
    assert(rrset !== NO_RRSET, 'the rrset exists');
    const image = this.#image;
    yield* this.#records(rrset);
    if ((image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) return;
    for (const signer of this.#signers) {
      const octets = this.#signer.rrsigOctets(signer, image);
      const isGood = this.#signer.putRrsig(this.#rrsig, 0, signer, image, rrset, this.#now);
      assert(isGood, 'signatures verify');
      yield this.#line(rrset, RRTYPE.RRSIG, this.#rrsig, 0, octets);
    }
  }

  *#records(rrset: RRsetIndex): Generator<string, void, undefined> {
    const image = this.#image;
    let at = image.blockAt(rrset);
    for (let i = 0; i < image.records(rrset); i++) {
      const octets = (image.u8[at]! << 8) | image.u8[at + 1]!;
      yield this.#line(rrset, image.type(rrset), image.u8, at + 2, octets);
      at += octets + 2;
    }
  }

  #line(rrset: RRsetIndex, type: number, rdata: Uint8Array, at: number, octets: number): string {
    const image = this.#image;
    const owner = image.nameAt(image.owner(rrset));
    return formatRecord(image.u8, owner, image.ttl(rrset), type, rdata, at, octets);
  }
}
