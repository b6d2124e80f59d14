/**
 * A zone as it is served, in master file form: every rrset, and when asked every RRSIG, the keys' rrsets and the NSEC
 * chain, for `ldns-verify-zone` and `dnssec-verify`. Signatures come from the slots, or are made and kept there.
 */
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { NodeIndex, RRsetIndex } from '../zone/image.ts';
import { APEX, NO_RRSET, RRSET_FLAG, ZoneImage } from '../zone/image.ts';
import { formatRecord } from '../zonefile/printer.ts';
import type { Epoch } from './epoch.ts';
import { OnlineSigner, ZoneSigner } from './signer.ts';

/** Yields one record a line, SOA first, then in canonical order. `signed` adds what DNSSEC adds. */
export function* exportZone(
  epoch: Epoch,
  options: { readonly signed: boolean },
  now: UnixSeconds,
): Generator<string, void, undefined> {
  const image = ZoneImage.open(epoch.image);
  const isSigned = options.signed && epoch.apex !== null;
  const lines = new ZoneLines(image, isSigned ? epoch : undefined, now);
  yield* lines.rrset(image, image.rrset(APEX, RRTYPE.SOA));
  for (let node = 0; node < image.nodeCount; node++) yield* lines.node(node as NodeIndex);
}

class ZoneLines {
  readonly #image: ZoneImage;
  readonly #apex: ZoneImage | undefined;
  readonly #signers: readonly ZoneSigner[];
  readonly #signer = new OnlineSigner(new Counters());
  readonly #now: UnixSeconds;
  readonly #rrsig = new Uint8Array(512);

  constructor(image: ZoneImage, epoch: Epoch | undefined, now: UnixSeconds) {
    this.#image = image;
    this.#apex = epoch?.apex ? ZoneImage.open(epoch.apex) : undefined;
    this.#signers = epoch?.signers.map((signer) => new ZoneSigner(signer, epoch.validity)) ?? [];
    this.#now = now;
  }

  *node(node: NodeIndex): Generator<string, void, undefined> {
    const image = this.#image;
    const first = image.firstRRset(node);
    for (let i = 0; i < image.rrsetsOf(node); i++) {
      const rrset = (first + i) as RRsetIndex;
      const type = image.type(rrset);
      const isLeftOut = type === RRTYPE.SOA || (type === RRTYPE.NSEC && this.#apex === undefined);
      if (!isLeftOut) yield* this.rrset(image, rrset);
    }
    if (node === APEX && this.#apex !== undefined) yield* this.#apexRRsets(this.#apex);
  }

  *#apexRRsets(apex: ZoneImage): Generator<string, void, undefined> {
    for (let i = 0; i < apex.rrsetCount; i++) yield* this.#records(apex, i as RRsetIndex);
  }

  *rrset(image: ZoneImage, rrset: RRsetIndex): Generator<string, void, undefined> {
    assert(rrset !== NO_RRSET, 'the rrset exists');
    yield* this.#records(image, rrset);
    if ((image.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) === 0) return;
    for (const signer of this.#signers) {
      const octets = this.#signer.rrsigOctets(signer, image);
      const isGood = this.#signer.putRrsig(this.#rrsig, 0, signer, image, rrset, this.#now);
      assert(isGood, 'signatures verify');
      yield this.#line(image, rrset, RRTYPE.RRSIG, this.#rrsig, 0, octets);
    }
  }

  *#records(image: ZoneImage, rrset: RRsetIndex): Generator<string, void, undefined> {
    let at = image.blockAt(rrset);
    for (let i = 0; i < image.records(rrset); i++) {
      const octets = (image.u8[at]! << 8) | image.u8[at + 1]!;
      yield this.#line(image, rrset, image.type(rrset), image.u8, at + 2, octets);
      at += octets + 2;
    }
  }

  #line(
    image: ZoneImage,
    rrset: RRsetIndex,
    type: number,
    rdata: Uint8Array,
    at: number,
    octets: number,
  ): string {
    const owner = image.nameAt(image.owner(rrset));
    return formatRecord(image.u8, owner, image.ttl(rrset), type, rdata, at, octets);
  }
}
