/**
 * DNSKEY RDATA (RFC 4034 §2) and key tags (RFC 4034 App. B). CDNSKEY has the same form (RFC 7344 §3.2).
 *
 *     0       2          3           4
 *     | flags | protocol | algorithm | public key …
 *
 * A key tag is a hint, never an identity: different keys may share one.
 */
import { sha256Hex } from './algorithm.ts';

/** Bits of the flags field: Zone Key (RFC 4034 §2.1.1), Secure Entry Point, and REVOKE (RFC 5011 §3). */
export const DNSKEY_FLAG = { ZONE: 0x0100, SEP: 0x0001, REVOKE: 0x0080 } as const;

/** Flags of a key that signs keys (KSK or CSK), and of one that only signs zone data (ZSK). */
export const FLAGS_SEP = DNSKEY_FLAG.ZONE | DNSKEY_FLAG.SEP;
export const FLAGS_ZONE = DNSKEY_FLAG.ZONE;

const PROTOCOL_DNSSEC = 3;
const HEAD_OCTETS = 4;
const ALGORITHM_RSAMD5 = 1;

/** The fields of DNSKEY RDATA. */
export interface Dnskey {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

/** Builds DNSKEY RDATA; protocol is always 3. */
export function dnskeyRdata(flags: number, algorithm: number, publicKey: Uint8Array): Uint8Array {
  const rdata = new Uint8Array(HEAD_OCTETS + publicKey.length);
  rdata[0] = flags >>> 8;
  rdata[1] = flags & 0xff;
  rdata[2] = PROTOCOL_DNSSEC;
  rdata[3] = algorithm;
  rdata.set(publicKey, HEAD_OCTETS);
  return rdata;
}

/** Reads DNSKEY RDATA; the public key is a view. Undefined if it is too short. */
export function readDnskey(rdata: Uint8Array): Dnskey | undefined {
  if (rdata.length <= HEAD_OCTETS) return undefined;
  return {
    flags: (rdata[0]! << 8) | rdata[1]!,
    protocol: rdata[2]!,
    algorithm: rdata[3]!,
    publicKey: rdata.subarray(HEAD_OCTETS),
  };
}

/** Key tag of DNSKEY RDATA (RFC 4034 App. B; B.1 for RSA/MD5). */
export function keyTag(rdata: Uint8Array): number {
  if (rdata[3] === ALGORITHM_RSAMD5) return (rdata.at(-3)! << 8) | rdata.at(-2)!;
  let sum = 0;
  for (let i = 0; i < rdata.length; i++) sum += i & 1 ? rdata[i]! : rdata[i]! << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}

/** The tag that the key has once its REVOKE bit is set (RFC 5011 §2.1). */
export function revokedKeyTag(rdata: Uint8Array): number {
  const revoked = Uint8Array.from(rdata);
  revoked[1] = revoked[1]! | DNSKEY_FLAG.REVOKE;
  return keyTag(revoked);
}

/** Identity of a public key: SHA-256 in hex of its algorithm and octets. Flags may change, this does not. */
export function publicKeyHash(algorithm: number, publicKey: Uint8Array): string {
  const octets = new Uint8Array(1 + publicKey.length);
  octets[0] = algorithm;
  octets.set(publicKey, 1);
  return sha256Hex(octets);
}
