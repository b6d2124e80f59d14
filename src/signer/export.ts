/**
 * A zone as it is served, in master file form: every rrset, and when asked every RRSIG, the keys' rrsets and the chain
 * of denial, for `ldns-verify-zone` and `dnssec-verify`. Signatures come from the slots, or are made and kept there.
 *
 * Compact denial has no chain (RFC 9824), and those who judge a whole zone want one: they are given the zone's NSEC chain,
 * which is never served, with a comment that says so.
 */
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { NodeIndex, RRsetIndex } from '../zone/image.ts';
import { APEX, NO_RRSET, RRSET_FLAG, ZoneImage } from '../zone/image.ts';
import { Nsec3Chain } from '../zone/nsec3chain.ts';
import { formatRecord } from '../zonefile/printer.ts';
import { renderApex } from './apex.ts';
import { chainApexNsec } from './apexdenial.ts';
import type { Epoch } from './epoch.ts';
import { chainSigners, OnlineSigner, ZoneSigner } from './signer.ts';
import { slotTableOctets } from './slots.ts';

const COMPACT_COMMENT =
  '; This zone is denied compactly (RFC 9824). The NSEC chain is for programs that judge a whole zone: it is not served.';

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
    type === RRTYPE.SOA || (type === RRTYPE.NSEC && (apex === null || epoch.denial === 'nsec3'));
  const isCompact = apex !== null && epoch.denial === 'compact';
  const lines = new ImageLines(image, signers, now);
  if (isCompact) yield COMPACT_COMMENT;
  yield* lines.rrset(image.rrset(APEX, RRTYPE.SOA));
  for (let node = 0; node < image.nodeCount; node++) {
    yield* lines.node(node as NodeIndex, isLeftOut);
    if (node !== APEX || apex === null) continue;
    const ofKeys = ZoneImage.open(apex);
    yield* apexLines(ofKeys, isCompact, now);
    if (isCompact) yield* chainApexLines(image, ofKeys, epoch, now);
  }
  if (nsec3 !== null) yield* chainLines(new Nsec3Chain(nsec3), chainSigners(epoch), now);
}

/** The rrsets of an apex image, their signatures among them; with compact denial its NSEC is left out. */
function* apexLines(
  apex: ZoneImage,
  isCompact: boolean,
  now: UnixSeconds,
): Generator<string, void, undefined> {
  const lines = new ImageLines(apex, [], now);
  const nsec = isCompact ? apex.rrset(APEX, RRTYPE.NSEC) : NO_RRSET;
  for (let rrset = 0; rrset < apex.rrsetCount; rrset++) {
    const isNsec = nsec !== NO_RRSET && (rrset === nsec || rrset === apex.targetsAt(nsec) - 1);
    if (!isNsec) yield* lines.rrset(rrset as RRsetIndex);
  }
}

/** The first link of the NSEC chain of a zone that is denied compactly. */
function* chainApexLines(
  zone: ZoneImage,
  apex: ZoneImage,
  { signers, validity }: Epoch,
  now: UnixSeconds,
): Generator<string, void, undefined> {
  const image = ZoneImage.open(renderApex(zone, [{ ...chainApexNsec(zone, apex), rrsigs: [] }]));
  const table = (algorithm: number) => new SharedArrayBuffer(slotTableOctets(image.rrsetCount, algorithm));
  const over = signers.map((signer) => new ZoneSigner(signer, validity, table(signer.algorithm)));
  yield* new ImageLines(image, over, now).rrset(image.firstRRset(APEX));
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
