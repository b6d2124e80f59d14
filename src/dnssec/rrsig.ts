/**
 * RRSIG RDATA (RFC 4034 §3) and the octets that it signs (RFC 4034 §3.1.8.1).
 *
 *     0              2           3        4              8            12          16        18
 *     | type covered | algorithm | labels | original TTL | expiration | inception | key tag | signer … | signature …
 *
 *     signed octets = RRSIG RDATA without the signature ‖ RR ‖ RR …
 *     RR            = owner | type | class | original TTL | RDATA length | RDATA
 *
 * RDATA handed in is canonical (RFC 4034 §6.2). `writeSignedOctets` takes an RRset in the form in which zone images
 * keep it, a block: `u16 length, octets` for each RR, sorted, without duplicates (RFC 4034 §6.3). It makes no object
 * per RR. Times are 32-bit and compared as serial numbers (RFC 4034 §3.1.5), so that 2038 and 2106 are days like others.
 */
import { assert } from '../base/assert.ts';
import type { UnixSeconds } from '../base/time.ts';
import { CLASS } from '../wire/iana.ts';
import { equalNames, LOWER, labelCount, type Name, nameOctets, ROOT } from '../wire/name.ts';
import { findAlgorithm, type KeyObject, signOctets, verifyOctets } from './algorithm.ts';
import { keyTag, readDnskey } from './dnskey.ts';

/** Octets of RRSIG RDATA in front of the signer's name. */
export const RRSIG_HEAD_OCTETS = 18;
const RR_HEAD_OCTETS = 8;
const ASTERISK = 42;

/** RRSIG RDATA without the signature. Mutable, so that hot code may reuse one. */
export interface RrsigFields {
  typeCovered: number;
  algorithm: number;
  /** Labels of the owner without the root and a leading `*` (RFC 4034 §3.1.3). */
  labels: number;
  originalTtl: number;
  expiration: UnixSeconds;
  inception: UnixSeconds;
  keyTag: number;
  /** Apex of the zone, lower case. */
  signerName: Name;
}

/** Fields to be filled in, for who reuses one object. */
export function blankRrsigFields(): RrsigFields {
  return {
    typeCovered: 0,
    algorithm: 0,
    labels: 0,
    originalTtl: 0,
    expiration: 0 as UnixSeconds,
    inception: 0 as UnixSeconds,
    keyTag: 0,
    signerName: ROOT,
  };
}

/** The labels field for an owner: labels without the root and without a leading `*`. */
export function rrsigLabels(owner: Uint8Array, offset = 0): number {
  const isWildcard = owner[offset] === 1 && owner[offset + 1] === ASTERISK;
  return labelCount(owner, offset) - (isWildcard ? 1 : 0);
}

// ---- Signed octets ----

/** Writes RRSIG RDATA up to the signature at `offset` of `out`; returns the offset behind it. */
export function writeRrsigHead(out: Uint8Array, offset: number, fields: RrsigFields): number {
  putU16(out, offset, fields.typeCovered);
  out[offset + 2] = fields.algorithm;
  out[offset + 3] = fields.labels;
  putU32(out, offset + 4, fields.originalTtl);
  putU32(out, offset + 8, fields.expiration);
  putU32(out, offset + 12, fields.inception);
  putU16(out, offset + 16, fields.keyTag);
  return putLowerName(out, offset + RRSIG_HEAD_OCTETS, fields.signerName, 0);
}

/** An upper bound of what `writeSignedOctets` writes, for sizing its scratch. */
export function signedOctetsBound(fields: RrsigFields, ownerOctets: number, blockOctets: number): number {
  // A wildcard form is at most one octet longer than the owner; an RR takes at least two octets of the block.
  const head = RRSIG_HEAD_OCTETS + fields.signerName.length;
  return head + blockOctets + (blockOctets >>> 1) * (ownerOctets + 1 + RR_HEAD_OCTETS);
}

/** Exactly the octets that `writeSignedOctets` writes. */
export function signedOctetsLength(
  fields: RrsigFields,
  owner: Uint8Array,
  ownerOffset: number,
  block: Uint8Array,
  blockOffset: number,
  blockOctets: number,
): number {
  let count = 0;
  const end = blockOffset + blockOctets;
  for (let at = blockOffset; at < end; at += 2 + ((block[at]! << 8) | block[at + 1]!)) count++;
  const surplus = labelCount(owner, ownerOffset) - fields.labels;
  let suffixAt = ownerOffset;
  for (let i = 0; i < surplus; i++) suffixAt += owner[suffixAt]! + 1;
  const ownerOctets = nameOctets(owner, suffixAt) + (surplus > 0 ? 2 : 0);
  return RRSIG_HEAD_OCTETS + fields.signerName.length + blockOctets + count * (ownerOctets + RR_HEAD_OCTETS);
}

/**
 * Writes what is to be signed for the RRset at `owner` into `scratch`; returns the octets written. Type and TTL of
 * the RRs are those of `fields`, class is IN. The owner takes its wildcard form when `fields.labels` is below its
 * labels. `scratch` must hold `signedOctetsLength` octets. Leaf routine of the signing path; allocates nothing.
 */
export function writeSignedOctets(
  scratch: Uint8Array,
  fields: RrsigFields,
  owner: Uint8Array,
  ownerOffset: number,
  block: Uint8Array,
  blockOffset: number,
  blockOctets: number,
): number {
  const rrHeadAt = writeRrsigHead(scratch, 0, fields);
  let at = putSignedOwner(scratch, rrHeadAt, owner, ownerOffset, fields.labels);
  putU16(scratch, at, fields.typeCovered);
  putU16(scratch, at + 2, CLASS.IN);
  putU32(scratch, at + 4, fields.originalTtl);
  at += RR_HEAD_OCTETS;
  const rrHeadEnd = at;
  const blockEnd = blockOffset + blockOctets;
  for (let from = blockOffset; from < blockEnd; ) {
    // The head of the first RR is copied for each that follows.
    if (from !== blockOffset) {
      for (let i = rrHeadAt; i < rrHeadEnd; i++) scratch[at++] = scratch[i]!;
    }
    const end = from + 2 + ((block[from]! << 8) | block[from + 1]!);
    while (from < end) scratch[at++] = block[from++]!;
  }
  assert(at <= scratch.length, 'the scratch holds all signed octets');
  return at;
}

/** RFC 4034 §3.1.8.1: the owner, or `*` and its rightmost `labels` labels where it was expanded from a wildcard. */
function putSignedOwner(
  out: Uint8Array,
  offset: number,
  owner: Uint8Array,
  ownerOffset: number,
  labels: number,
): number {
  const surplus = labelCount(owner, ownerOffset) - labels;
  if (surplus <= 0) return putLowerName(out, offset, owner, ownerOffset);
  let suffixAt = ownerOffset;
  for (let i = 0; i < surplus; i++) suffixAt += owner[suffixAt]! + 1;
  out[offset] = 1;
  out[offset + 1] = ASTERISK;
  return putLowerName(out, offset + 2, owner, suffixAt);
}

/** Copies a well-formed name in lower case (length octets are below 65, so lowering spares them). */
function putLowerName(out: Uint8Array, offset: number, name: Uint8Array, nameOffset: number): number {
  const octets = nameOctets(name, nameOffset);
  for (let i = 0; i < octets; i++) out[offset + i] = LOWER[name[nameOffset + i]!]!;
  return offset + octets;
}

function putU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value & 0xff;
}

/** Puts the low 32 bits of a whole number (`>>>` takes instants after 2106 modulo 2³², as they should be). */
function putU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = (value >>> 16) & 0xff;
  out[at + 2] = (value >>> 8) & 0xff;
  out[at + 3] = value & 0xff;
}

// ---- RRsets as lists and blocks ----

/** Order of RDATA within an RRset: as left-justified unsigned octet strings (RFC 4034 §6.3). */
export function compareRdata(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** Sorts canonical RDATA and drops duplicates (RFC 4034 §6.3), as a new list. */
export function sortRdata(rdatas: readonly Uint8Array[]): Uint8Array[] {
  const sorted = [...rdatas].sort(compareRdata);
  return sorted.filter((rdata, i) => i === 0 || compareRdata(sorted[i - 1]!, rdata) !== 0);
}

/** Builds the block form of an RRset: sorted, without duplicates, each RDATA behind its length. */
export function buildBlock(rdatas: readonly Uint8Array[]): Uint8Array {
  const sorted = sortRdata(rdatas);
  const block = new Uint8Array(sorted.reduce((sum, rdata) => sum + 2 + rdata.length, 0));
  let at = 0;
  for (const rdata of sorted) {
    putU16(block, at, rdata.length);
    block.set(rdata, at + 2);
    at += 2 + rdata.length;
  }
  return block;
}

/** The signed octets of an RRset given as a list of canonical RDATA in any order. */
export function signedOctets(fields: RrsigFields, owner: Name, rdatas: readonly Uint8Array[]): Uint8Array {
  const block = buildBlock(rdatas);
  const scratch = new Uint8Array(signedOctetsLength(fields, owner, 0, block, 0, block.length));
  const octets = writeSignedOctets(scratch, fields, owner, 0, block, 0, block.length);
  return scratch.subarray(0, octets);
}

// ---- Whole RRSIGs ----

/** Builds RRSIG RDATA from its fields and a signature. */
export function rrsigRdata(fields: RrsigFields, signature: Uint8Array): Uint8Array {
  const rdata = new Uint8Array(RRSIG_HEAD_OCTETS + fields.signerName.length + signature.length);
  rdata.set(signature, writeRrsigHead(rdata, 0, fields));
  return rdata;
}

/** Signs an RRset and returns RRSIG RDATA. Not for the query path. */
export function signRRset(
  fields: RrsigFields,
  owner: Name,
  rdatas: readonly Uint8Array[],
  key: KeyObject,
): Uint8Array {
  return rrsigRdata(fields, signOctets(fields.algorithm, key, signedOctets(fields, owner, rdatas)));
}

/** RRSIG RDATA taken apart; the signature is a view. Times are the 32 bits as they stand. */
export interface Rrsig extends RrsigFields {
  signature: Uint8Array;
}

/** Reads RRSIG RDATA; undefined if it is too short or the signer's name does not end within it. */
export function readRrsig(rdata: Uint8Array): Rrsig | undefined {
  let end = RRSIG_HEAD_OCTETS;
  while (end < rdata.length && rdata[end] !== 0) {
    if (rdata[end]! > 63) return undefined;
    end += rdata[end]! + 1;
  }
  if (end >= rdata.length) return undefined;
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength);
  return {
    typeCovered: view.getUint16(0),
    algorithm: rdata[2]!,
    labels: rdata[3]!,
    originalTtl: view.getUint32(4),
    expiration: view.getUint32(8) as UnixSeconds,
    inception: view.getUint32(12) as UnixSeconds,
    keyTag: view.getUint16(16),
    signerName: rdata.slice(RRSIG_HEAD_OCTETS, end + 1),
    signature: rdata.subarray(end + 1),
  };
}

/** True if instant `at` lies within [inception, expiration], compared as serial numbers (RFC 4034 §3.1.5). */
export function isWithinValidity(fields: RrsigFields, at: UnixSeconds): boolean {
  // RFC 1982: a − b as a signed 32-bit number.
  return ((at - fields.inception) | 0) >= 0 && ((fields.expiration - at) | 0) >= 0;
}

/** Why a signature does not hold. */
export type RrsigFault =
  | 'malformed RRSIG'
  | 'malformed DNSKEY'
  | 'unknown algorithm'
  | 'made by another key'
  | 'signer is not the zone'
  | 'too many labels'
  | 'outside its validity'
  | 'bad signature';

/** An RRset, its RRSIG and the key that shall have made it. */
export interface SignedRRset {
  readonly owner: Name;
  readonly type: number;
  readonly rdatas: readonly Uint8Array[];
  /** RDATA of the RRSIG. */
  readonly rrsig: Uint8Array;
  /** RDATA of the DNSKEY, and the apex that it stands at. */
  readonly dnskey: Uint8Array;
  readonly apex: Name;
}

/** Verifies one RRSIG as a validator would (RFC 4035 §5.3); undefined when it holds. */
export function verifyRRset(signed: SignedRRset, now: UnixSeconds): RrsigFault | undefined {
  const fields = readRrsig(signed.rrsig);
  if (fields === undefined || fields.typeCovered !== signed.type) return 'malformed RRSIG';
  const key = readDnskey(signed.dnskey);
  if (key === undefined || key.protocol !== 3) return 'malformed DNSKEY';
  if (findAlgorithm(fields.algorithm) === undefined) return 'unknown algorithm';
  if (fields.algorithm !== key.algorithm || fields.keyTag !== keyTag(signed.dnskey)) {
    return 'made by another key';
  }
  if (!equalNames(fields.signerName, 0, signed.apex, 0)) return 'signer is not the zone';
  if (fields.labels > labelCount(signed.owner)) return 'too many labels';
  if (!isWithinValidity(fields, now)) return 'outside its validity';
  const octets = signedOctets(fields, signed.owner, signed.rdatas);
  return verifyOctets(key.algorithm, key.publicKey, octets, fields.signature) ? undefined : 'bad signature';
}
