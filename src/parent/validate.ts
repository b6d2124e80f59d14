/**
 * Validation as RFC 4035 §5 has it, as far as a look at DS records needs it: an RRset by the keys of its zone, the keys of
 * a zone by the DS RRset of its parent. Work is bounded whatever was sent: colliding key tags and piles of signatures
 * end in a fault, not in a busy server.
 */
import type { UnixSeconds } from '../base/time.ts';
import { sha1, sha256, sha384 } from '../dnssec/algorithm.ts';
import { DNSKEY_FLAG, keyTag, readDnskey } from '../dnssec/dnskey.ts';
import { DIGEST_TYPE, SHA1_DIGEST_TYPE, tagOfDs } from '../dnssec/ds.ts';
import { isVerifiable, verifyForeign } from '../dnssec/foreign.ts';
import { isWithinValidity, type Rrsig, readRrsig, signedOctets } from '../dnssec/rrsig.ts';
import { equalNames, labelCount, lowerName, type Name } from '../wire/name.ts';
import type { ReceivedRRset } from './rrset.ts';
import { SPENT_TEXT, type Verifications } from './verifications.ts';

/** A zone and how far it can be trusted. */
export interface TrustedZone {
  /** In lower case. */
  readonly apex: Name;
  /** RDATA of its DNSKEYs, validated; null if it is proven to be insecure. */
  readonly keys: readonly Uint8Array[] | null;
}

/** The keys by which an RRset of a zone counts. */
export interface Signers {
  /** In lower case. */
  readonly apex: Name;
  /** RDATA of DNSKEYs that are trusted. */
  readonly keys: readonly Uint8Array[];
  /** What may be verified, for this and for all else that has it; each RRset has a bound of its own. */
  readonly verifications: Verifications;
}

/** When it is, and what may still be verified. */
export interface Verifying extends Pick<Signers, 'verifications'> {
  readonly now: UnixSeconds;
}

/** Signatures that are tried for one RRset, as a cure for key tags that collide on purpose. */
const MAX_TRIES = 16;

/**
 * Undefined if a key of the zone has signed the RRset, else why it does not count. An RRset that was made from a
 * wildcard does not, unless `wildcard` is `allowed`: for what is a hint, not a proof.
 */
export function faultOf(
  rrset: ReceivedRRset,
  zone: Signers,
  now: UnixSeconds,
  wildcard: 'refused' | 'allowed' = 'refused',
): string | undefined {
  let fault = 'it has no signature';
  let tries = 0;
  for (const octets of rrset.rrsigs) {
    const rrsig = readRrsig(octets);
    if (rrsig === undefined) continue;
    const isExpanded = rrsig.labels < labelCount(rrset.owner);
    const isMade = isExpanded && wildcard === 'refused';
    const mismatch = isMade ? 'it was made from a wildcard' : mismatchOf(rrsig, rrset, zone.apex, now);
    if (mismatch !== undefined) {
      fault = mismatch;
      continue;
    }
    fault = `no key ${rrsig.keyTag} of algorithm ${rrsig.algorithm} is published`;
    for (const key of zone.keys.filter((key) => isSigner(key, rrsig))) {
      if (++tries > MAX_TRIES) return `more than ${MAX_TRIES} keys and signatures come into question`;
      if (--zone.verifications.left < 0) return SPENT_TEXT;
      const octetsSigned = signedOctets(rrsig, rrset.owner, rrset.rdatas);
      if (verifyForeign(rrsig.algorithm, key.subarray(4), octetsSigned, rrsig.signature)) return undefined;
      fault = `the signature by key ${rrsig.keyTag} is bad`;
    }
  }
  return fault;
}

/** Why a signature cannot be one of this RRset by this zone now. */
function mismatchOf(rrsig: Rrsig, rrset: ReceivedRRset, apex: Name, now: UnixSeconds): string | undefined {
  if (rrsig.typeCovered !== rrset.type) return 'the signature covers another type';
  if (!equalNames(rrsig.signerName, 0, apex, 0)) return 'the signature is of another zone';
  if (rrsig.labels > labelCount(rrset.owner)) return 'the signature has too many labels';
  if (!isWithinValidity(rrsig, now)) return 'the signature is expired or not valid yet';
  return undefined;
}

function isSigner(dnskey: Uint8Array, { algorithm, keyTag: tag }: Rrsig): boolean {
  const key = readDnskey(dnskey);
  if (key === undefined || key.protocol !== 3 || key.algorithm !== algorithm) return false;
  if ((key.flags & DNSKEY_FLAG.ZONE) === 0 || (key.flags & DNSKEY_FLAG.REVOKE) !== 0) return false;
  return keyTag(dnskey) === tag;
}

// ---- From DS to keys ----

/** The keys of a zone, `null` if it is insecure because nothing in its DS RRset can be checked, or what is wrong. */
export type KeysOutcome = { readonly keys: readonly Uint8Array[] | null } | { readonly fault: string };

/**
 * Takes the DNSKEY RRset of `apex` if a key that a DS names has signed it (RFC 4035 §5.2). DS records of algorithms or
 * digests that cannot be checked are left out; if none remains, the zone is insecure.
 */
export function keysByDs(
  apex: Name,
  dnskeys: ReceivedRRset,
  ds: readonly Uint8Array[],
  { now, verifications }: Verifying,
): KeysOutcome {
  const usable = ds.filter((rdata) => isVerifiable(rdata[2] ?? 0) && isTrusted(rdata[3] ?? 0));
  if (usable.length === 0) return { keys: null };
  const entries = dnskeys.rdatas.filter((dnskey) => usable.some((rdata) => isDsOf(rdata, apex, dnskey)));
  if (entries.length === 0) return { fault: 'no published key is named by a DS record' };
  const fault = faultOf(dnskeys, { apex, keys: entries, verifications }, now);
  return fault === undefined ? { keys: dnskeys.rdatas } : { fault: `of the DNSKEY records: ${fault}` };
}

/**
 * True if the DS RDATA is that of the key, by any digest that can be computed here, SHA-1 too: whether it is there does
 * not depend on who would believe it.
 */
export function isDsOf(ds: Uint8Array, owner: Name, dnskey: Uint8Array): boolean {
  const digest = DIGESTS[ds[3] ?? 0];
  if (digest === undefined || ds[2] !== dnskey[3]) return false;
  if (tagOfDs(ds) !== keyTag(dnskey)) return false;
  return Buffer.compare(ds.subarray(4), digest(lowerName(owner), dnskey)) === 0;
}

const DIGESTS: Readonly<Record<number, typeof sha256>> = {
  [SHA1_DIGEST_TYPE]: sha1,
  [DIGEST_TYPE.SHA256]: sha256,
  [DIGEST_TYPE.SHA384]: sha384,
};

/** SHA-1 proves nothing any more (RFC 9905): a chain of trust does not go over it. */
function isTrusted(digestType: number): boolean {
  return digestType === DIGEST_TYPE.SHA256 || digestType === DIGEST_TYPE.SHA384;
}
