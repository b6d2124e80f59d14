/**
 * Words that master files may use for numbers (RFC 4034 App. A, RFC 4398 §2, RFC 2535 §7.1, IANA DNS registries).
 * They are read in any case; DNSSEC numbers are always printed as numbers, as RFC 4034 examples and BIND do.
 */

export type Mnemonics = Readonly<Record<string, number>>;

/** DNSSEC algorithm numbers. */
export const SECURITY_ALGORITHMS: Mnemonics = {
  DELETE: 0,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  NSEC3DSA: 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** DS digest types. */
export const DIGEST_TYPES: Mnemonics = {
  'SHA-1': 1,
  SHA1: 1,
  'SHA-256': 2,
  SHA256: 2,
  GOST: 3,
  'SHA-384': 4,
  SHA384: 4,
};

/** CERT types (RFC 4398 §2.1). */
export const CERTIFICATE_TYPES: Mnemonics = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};

/** Bits and fields of KEY and DNSKEY flags, joined by `|` (RFC 2535 §7.1, RFC 4034 §2.1.1, RFC 5011 §7). */
export const KEY_FLAGS: Mnemonics = {
  NOCONF: 0x4000,
  NOAUTH: 0x8000,
  NOKEY: 0xc000,
  FLAG2: 0x2000,
  EXTEND: 0x1000,
  FLAG4: 0x0800,
  FLAG5: 0x0400,
  USER: 0x0000,
  ZONE: 0x0100,
  HOST: 0x0200,
  NTYP3: 0x0300,
  FLAG8: 0x0080,
  REVOKE: 0x0080,
  FLAG9: 0x0040,
  FLAG10: 0x0020,
  FLAG11: 0x0010,
  KSK: 0x0001,
  ...Object.fromEntries(Array.from({ length: 16 }, (_, value) => [`SIG${value}`, value])),
};

/** KEY protocols (RFC 2535 §3.1.3). */
export const KEY_PROTOCOLS: Mnemonics = { NONE: 0, TLS: 1, EMAIL: 2, DNSSEC: 3, IPSEC: 4, ALL: 255 };

/** DSYNC schemes (RFC 9859 §5). */
export const DSYNC_SCHEMES: Mnemonics = { NOTIFY: 1 };

/** The number of a word in any case; undefined if the table has no such word. */
export function mnemonicValue(table: Mnemonics, word: string): number | undefined {
  const upper = word.toUpperCase();
  return Object.hasOwn(table, upper) ? table[upper] : undefined;
}
