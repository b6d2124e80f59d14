/**
 * The apex image of an epoch: the apex with the rrsets that depend on keys, each followed by its RRSIG rrset, and, with
 * NSEC3, the hashed apex with the NSEC3 that tells of them. It has the form of a zone image, so that answers treat its
 * rrsets as any other; the word TARGETS_AT of an rrset leads to its signatures.
 */
import type { UnixSeconds } from '../base/time.ts';
import { signOctets } from '../dnssec/algorithm.ts';
import { dnskeyRdata } from '../dnssec/dnskey.ts';
import { openPrivateKey } from '../dnssec/privatekey.ts';
import {
  type RrsigFields,
  rrsigLabels,
  rrsigRdata,
  signedOctets,
  sortRdata,
  verifyRRset,
} from '../dnssec/rrsig.ts';
import { RRTYPE } from '../wire/iana.ts';
import { labelCount, type Name } from '../wire/name.ts';
import { hashName } from '../wire/namehash.ts';
import type { ImageMemory, NodeIndex, ZoneImage } from '../zone/image.ts';
import { NODE_FLAG } from '../zone/image.ts';
import type { ImagePack } from '../zone/imagepack.ts';
import { ImageWriter } from '../zone/imagewriter.ts';
import type { SignatureBook } from './book.ts';
import type { EpochKey } from './epoch.ts';

/** The node of the apex image that is the hashed apex. */
export const HASHED_APEX = 1 as NodeIndex;

/** An rrset that depends on keys. */
export interface UnsignedRRset {
  /** The apex, or the hashed apex. */
  readonly owner: Name;
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

/** From when to when signatures are valid, in seconds, and the instant at which they are made. */
export interface Window {
  readonly inception: UnixSeconds;
  readonly validity: number;
  readonly now: UnixSeconds;
}

/**
 * Signs an rrset of the apex image with each key, but where `book` has the signature, and verifies every signature that
 * is made as a validator would.
 */
export function signApexRRset(
  apex: Name,
  rrset: UnsignedRRset,
  keys: readonly EpochKey[],
  window: Window,
  book: SignatureBook,
): ApexRRset {
  const rrsigs = keys.map((key) => {
    const fields = fieldsOf(apex, rrset, key, window);
    const octets = signedOctets(fields, rrset.owner, rrset.rdatas);
    const kept = book.take(key, octets);
    if (kept !== undefined) return rrsigRdata(fields, kept);
    const signature = signOctets(key.algorithm, openPrivateKey(key), octets);
    const rrsig = rrsigRdata(fields, signature);
    const dnskey = dnskeyRdata(key.flags, key.algorithm, key.publicKey);
    const signed = { owner: rrset.owner, type: rrset.type, rdatas: rrset.rdatas, rrsig, dnskey, apex };
    const fault = verifyRRset(signed, window.now);
    if (fault !== undefined) throw new ApexSignatureError(`signature by key ${key.tag}: ${fault}`);
    book.add(key, octets, signature);
    return rrsig;
  });
  return { ...rrset, rrsigs };
}

/** The rrset with the signatures of all keys that were kept for this window; undefined if one was not. */
export function keptApexRRset(
  apex: Name,
  rrset: UnsignedRRset,
  keys: readonly EpochKey[],
  window: Window,
  book: SignatureBook,
): ApexRRset | undefined {
  const rrsigs: Uint8Array[] = [];
  for (const key of keys) {
    const fields = fieldsOf(apex, rrset, key, window);
    const kept = book.take(key, signedOctets(fields, rrset.owner, rrset.rdatas));
    if (kept === undefined) return undefined;
    rrsigs.push(rrsigRdata(fields, kept));
  }
  return { ...rrset, rrsigs };
}

function fieldsOf(
  apex: Name,
  { owner, type, ttl }: UnsignedRRset,
  key: EpochKey,
  { inception, validity }: Window,
): RrsigFields {
  return {
    typeCovered: type,
    algorithm: key.algorithm,
    labels: rrsigLabels(owner),
    originalTtl: ttl,
    inception,
    expiration: (inception + validity) as UnixSeconds,
    keyTag: key.tag,
    signerName: apex,
  };
}

/** Renders the apex image for a zone, into `pack` if one is given; rrsets of the hashed apex stand last. */
export function renderApex(zone: ZoneImage, rrsets: readonly ApexRRset[], pack?: ImagePack): ImageMemory {
  const { origin } = zone;
  // A hashed owner is longer than the apex by a label.
  const isHashed = ({ owner }: ApexRRset) => owner.length > origin.length;
  const hashed = rrsets.find(isHashed)?.owner;
  const octets = [...rrsets].flatMap(({ rdatas, rrsigs }) => [...rdatas, ...rrsigs]);
  const names = origin.length + (hashed?.length ?? 0);
  const heapOctets = octets.reduce((sum, rdata) => sum + rdata.length + 2, names);
  const size = { nodes: hashed === undefined ? 1 : 2, rrsets: rrsets.length * 2, targetWords: 0, heapOctets };
  const writer = new ImageWriter(size, zone.seed, pack);
  addNode(writer, zone, origin);
  for (const rrset of rrsets) if (!isHashed(rrset)) addRRset(writer, rrset);
  if (hashed !== undefined) addNode(writer, zone, hashed);
  for (const rrset of rrsets) if (isHashed(rrset)) addRRset(writer, rrset);
  const records = rrsets.reduce((sum, { rdatas }) => sum + rdatas.length, 0);
  return writer.finish({ serial: zone.serial, negativeTtl: zone.negativeTtl, records });
}

function addNode(writer: ImageWriter, zone: ZoneImage, name: Name): void {
  writer.addNode(name, 0, name.length, labelCount(name), hashName(name, 0, zone.seed), NODE_FLAG.NSEC);
}

/** An rrset and, behind it, its signatures. */
function addRRset(writer: ImageWriter, { type, ttl, rdatas, rrsigs }: ApexRRset): void {
  const rrset = writer.addRRset(type, ttl, true);
  for (const rdata of sortRdata(rdatas)) writer.addRecord(rdata, 0, rdata.length);
  const signatures = writer.addRRset(RRTYPE.RRSIG, ttl, false);
  for (const rrsig of sortRdata(rrsigs)) writer.addRecord(rrsig, 0, rrsig.length);
  writer.setTargets(rrset, signatures + 1);
}
