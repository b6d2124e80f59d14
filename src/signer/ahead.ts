/** What an epoch has signed before it is served: SOA and NS of the apex, by all that sign the zone. */
import { assert } from '../base/assert.ts';
import { Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { signedOctetsLength, writeSignedOctets } from '../dnssec/rrsig.ts';
import { RRTYPE } from '../wire/iana.ts';
import { APEX, NO_RRSET, RRSET_FLAG, type RRsetIndex, type ZoneImage } from '../zone/image.ts';
import type { SignatureBook } from './book.ts';
import type { Epoch } from './epoch.ts';
import { OnlineSigner, ZoneSigner } from './signer.ts';
import { inceptionAt } from './validity.ts';

/** What is signed is put here, and asked for by nobody. */
const rrsig = new Uint8Array(512);

/** Signs SOA and NS, or takes their signatures from `book`. Returns the tag of a key whose signature does not verify. */
export function signAhead(
  zone: ZoneImage,
  epoch: Epoch,
  now: UnixSeconds,
  book: SignatureBook,
): number | undefined {
  // Of a zone that has all of them nothing is signed.
  let signer: OnlineSigner | undefined;
  for (const key of epoch.signers) {
    const zoneSigner = new ZoneSigner(key, epoch.validity);
    const { slots } = zoneSigner;
    for (const type of [RRTYPE.SOA, RRTYPE.NS]) {
      const rrset = zone.rrset(APEX, type);
      assert(
        rrset !== NO_RRSET && (zone.rrsetFlags(rrset) & RRSET_FLAG.SIGNED) !== 0,
        'an apex has SOA and NS',
      );
      const inception = inceptionAt(now, epoch.validity, zone.u8, zone.nameAt(APEX), type);
      const octets = octetsOf(zone, rrset, zoneSigner, inception);
      const kept = book.take(zoneSigner, octets);
      if (kept !== undefined && slots.write(rrset, inception, kept, 0)) continue;
      signer ??= new OnlineSigner(new Counters());
      if (!signer.putRrsig(rrsig, 0, zoneSigner, zone, rrset, now)) return key.tag;
      const signature = new Uint8Array(slots.signatureOctets);
      if (kept === undefined && slots.read(rrset, inception, signature, 0))
        book.add(zoneSigner, octets, signature);
    }
  }
  return undefined;
}

/** What a signer signs of an rrset of the apex. */
function octetsOf(
  zone: ZoneImage,
  rrset: RRsetIndex,
  { algorithm, tag, validity }: ZoneSigner,
  inception: UnixSeconds,
): Uint8Array {
  const ownerAt = zone.nameAt(APEX);
  const fields = {
    typeCovered: zone.type(rrset),
    algorithm,
    labels: zone.labels(APEX),
    originalTtl: zone.ttl(rrset),
    inception,
    expiration: (inception + validity) as UnixSeconds,
    keyTag: tag,
    signerName: zone.origin,
  };
  const [blockAt, blockOctets] = [zone.blockAt(rrset), zone.blockOctets(rrset)];
  const octets = new Uint8Array(signedOctetsLength(fields, zone.u8, ownerAt, zone.u8, blockAt, blockOctets));
  const end = writeSignedOctets(octets, fields, zone.u8, ownerAt, zone.u8, blockAt, blockOctets);
  return octets.subarray(0, end);
}
