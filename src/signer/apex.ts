/**
 * The apex image of an epoch: one node with the rrsets that depend on keys, each followed by its RRSIG rrset. It has
 * the form of a zone image, so that answers treat its rrsets as any other; the word TARGETS_AT of an rrset leads to
 * its signatures.
 */
import type { UnixSeconds } from '../base/time.ts';
import { dnskeyRdata } from '../dnssec/dnskey.ts';
import { rrsigLabels, signRRset, sortRdata, verifyRRset } from '../dnssec/rrsig.ts';
import { RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';
import type { ZoneImage } from '../zone/image.ts';
import { APEX, NODE_FLAG } from '../zone/image.ts';
import { ImageWriter } from '../zone/imagewriter.ts';
import type { EpochKey } from './epoch.ts';

/** An rrset at the apex. */
export interface UnsignedRRset {
  readonly type: number;
  readonly ttl: number;
  /** Canonical RDATA in any order. */
  readonly rdatas: readonly Uint8Array[];
}

/** An rrset with its signatures, verified. */
export interface ApexRRset extends UnsignedRRset {
  /** RDATA of its RRSIGs. */
  readonly rrsigs: readonly Uint8Array[];
}

/** Thrown when a fresh signature does not verify with the key that is published. */
export class ApexSignatureError extends Error {
  override readonly name = 'ApexSignatureError';
}

/** Signs an apex rrset with each key and verifies every signature as a validator would. */
export function signApexRRset(
  apex: Name,
  rrset: UnsignedRRset,
  keys: readonly EpochKey[],
  window: { readonly inception: UnixSeconds; readonly validity: number; readonly now: UnixSeconds },
): ApexRRset {
  const rrsigs = keys.map((key) => {
    const fields = {
      typeCovered: rrset.type,
      algorithm: key.algorithm,
      labels: rrsigLabels(apex),
      originalTtl: rrset.ttl,
      inception: window.inception,
      expiration: (window.inception + window.validity) as UnixSeconds,
      keyTag: key.tag,
      signerName: apex,
    };
    const rrsig = signRRset(fields, apex, rrset.rdatas, key.privateKey);
    const dnskey = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
    const signed = { owner: apex, type: rrset.type, rdatas: rrset.rdatas, rrsig, dnskey, apex };
    const fault = verifyRRset(signed, window.now);
    if (fault !== undefined) throw new ApexSignatureError(`signature by key ${key.tag}: ${fault}`);
    return rrsig;
  });
  return { ...rrset, rrsigs };
}

/** Renders the apex image for a zone. */
export function renderApex(zone: ZoneImage, rrsets: readonly ApexRRset[]): SharedArrayBuffer {
  const octets = [...rrsets].flatMap(({ rdatas, rrsigs }) => [...rdatas, ...rrsigs]);
  const heapOctets = octets.reduce((sum, rdata) => sum + rdata.length + 2, zone.origin.length);
  const size = { nodes: 1, rrsets: rrsets.length * 2, targetWords: 0, heapOctets };
  const writer = new ImageWriter(size, zone.seed);
  const { origin } = zone;
  writer.addNode(origin, 0, origin.length, zone.labels(APEX), zone.nameHash(APEX), NODE_FLAG.NSEC);
  let records = 0;
  for (const rrset of rrsets) {
    const index = writer.addRRset(rrset.type, rrset.ttl, true);
    for (const rdata of sortRdata(rrset.rdatas)) writer.addRecord(rdata, 0, rdata.length);
    const signatures = writer.addRRset(RRTYPE.RRSIG, rrset.ttl, false);
    for (const rrsig of sortRdata(rrset.rrsigs)) writer.addRecord(rrsig, 0, rrsig.length);
    writer.setTargets(index, signatures + 1);
    records += rrset.rdatas.length;
  }
  return writer.finish({ serial: zone.serial, negativeTtl: zone.negativeTtl, records });
}
