/** Typed readers of RDATA that the server itself interprets. The RDATA is canonical, so that no bounds are checked. */
import { type Name, nameOctets } from '../wire/name.ts';

function u16At(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

function u32At(octets: Uint8Array, at: number): number {
  return u16At(octets, at) * 0x1_0000 + u16At(octets, at + 2);
}

/** SOA RDATA (RFC 1035 §3.3.13); times in seconds. */
export interface Soa {
  readonly mname: Name;
  readonly rname: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Octets of the five numbers behind the two names. */
const SOA_NUMBERS_OCTETS = 20;

/** Offset of the serial in the octets. */
export function soaSerialOffset(offset: number, length: number): number {
  return offset + length - SOA_NUMBERS_OCTETS;
}

/** SOA serial, without reading the names. */
export function soaSerial(octets: Uint8Array, offset: number, length: number): number {
  return u32At(octets, soaSerialOffset(offset, length));
}

/** SOA MINIMUM: the TTL of negative answers (RFC 2308 §4), in seconds. */
export function soaMinimum(octets: Uint8Array, offset: number, length: number): number {
  return u32At(octets, offset + length - 4);
}

/** Reads all of a SOA; the names are copies. */
export function readSoa(octets: Uint8Array, offset: number, length: number): Soa {
  const rnameAt = offset + nameOctets(octets, offset);
  const at = soaSerialOffset(offset, length);
  return {
    mname: octets.slice(offset, rnameAt),
    rname: octets.slice(rnameAt, at),
    serial: u32At(octets, at),
    refresh: u32At(octets, at + 4),
    retry: u32At(octets, at + 8),
    expire: u32At(octets, at + 12),
    minimum: u32At(octets, at + 16),
  };
}

/** DNSKEY, CDNSKEY or KEY RDATA (RFC 4034 §2). */
export interface Dnskey {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

/** Reads a DNSKEY; the key is a copy. */
export function readDnskey(octets: Uint8Array, offset: number, length: number): Dnskey {
  return {
    flags: u16At(octets, offset),
    protocol: octets[offset + 2]!,
    algorithm: octets[offset + 3]!,
    publicKey: octets.slice(offset + 4, offset + length),
  };
}

/** DS or CDS RDATA (RFC 4034 §5). */
export interface Ds {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
}

/** Reads a DS; the digest is a copy. */
export function readDs(octets: Uint8Array, offset: number, length: number): Ds {
  return {
    keyTag: u16At(octets, offset),
    algorithm: octets[offset + 2]!,
    digestType: octets[offset + 3]!,
    digest: octets.slice(offset + 4, offset + length),
  };
}

/** RRSIG RDATA (RFC 4034 §3); times in seconds since 1970 modulo 2^32. */
export interface Rrsig {
  readonly typeCovered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtl: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly signature: Uint8Array;
}

/** Octets in front of the signer's name. */
const RRSIG_FIXED_OCTETS = 18;

/** Reads an RRSIG; name and signature are copies. */
export function readRrsig(octets: Uint8Array, offset: number, length: number): Rrsig {
  const signerAt = offset + RRSIG_FIXED_OCTETS;
  const signatureAt = signerAt + nameOctets(octets, signerAt);
  return {
    typeCovered: u16At(octets, offset),
    algorithm: octets[offset + 2]!,
    labels: octets[offset + 3]!,
    originalTtl: u32At(octets, offset + 4),
    expiration: u32At(octets, offset + 8),
    inception: u32At(octets, offset + 12),
    keyTag: u16At(octets, offset + 16),
    signer: octets.slice(signerAt, signatureAt),
    signature: octets.slice(signatureAt, offset + length),
  };
}
