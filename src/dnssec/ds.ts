/**
 * DS RDATA (RFC 4034 §5) and what a child publishes to ask for it: CDS and CDNSKEY (RFC 7344), with the delete
 * records of RFC 8078 §4. CDS has the form of DS, CDNSKEY that of DNSKEY.
 *
 *     0         2           3             4
 *     | key tag | algorithm | digest type | digest …
 */
import { lowerName, type Name } from '../wire/name.ts';
import { sha256, sha384 } from './algorithm.ts';
import { keyTag } from './dnskey.ts';

/** Digest types that Keyturn makes. SHA-1 (1) and GOST (3) must not be used (RFC 8624 §3.3). */
export const DIGEST_TYPE = { SHA256: 2, SHA384: 4 } as const;
/** SHA-1: parents may have DS records of it from earlier times. */
export const SHA1_DIGEST_TYPE = 1;
export type DigestType = (typeof DIGEST_TYPE)[keyof typeof DIGEST_TYPE];

/** `CDS 0 0 0 00`: asks the parent to remove the DS RRset (RFC 8078 §4, erratum 5049). */
export const CDS_DELETE: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0);
/** `CDNSKEY 0 3 0 AA==`: the same. */
export const CDNSKEY_DELETE: Uint8Array = Uint8Array.of(0, 0, 3, 0, 0);

/** Builds the DS (or CDS) RDATA of a DNSKEY at `owner`: digest over canonical owner ‖ DNSKEY RDATA. */
export function dsRdata(owner: Name, dnskey: Uint8Array, digestType: DigestType): Uint8Array {
  const hash = digestType === DIGEST_TYPE.SHA256 ? sha256 : sha384;
  const digest = hash(lowerName(owner), dnskey);
  const rdata = new Uint8Array(4 + digest.length);
  const tag = keyTag(dnskey);
  rdata[0] = tag >>> 8;
  rdata[1] = tag & 0xff;
  rdata[2] = dnskey[3]!;
  rdata[3] = digestType;
  rdata.set(digest, 4);
  return rdata;
}

/** The key tag in DS (or CDS) RDATA. */
export function tagOfDs(rdata: Uint8Array): number {
  return (rdata[0]! << 8) | rdata[1]!;
}

/** True for CDS or CDNSKEY RDATA that asks for removal: algorithm 0 (RFC 8078 §4), whatever else it holds. */
export function isDeleteRequest(type: 'CDS' | 'CDNSKEY', rdata: Uint8Array): boolean {
  return rdata[type === 'CDS' ? 2 : 3] === 0;
}
