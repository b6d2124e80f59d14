/**
 * Numbers that IANA keeps for DNS, and their mnemonics. Unknown types and classes are written TYPE123 and CLASS123
 * (RFC 3597 §5). The table is `RRTYPE`; everything else is derived from it.
 */

/** Resource record types (RFC 9499: "RR type"), by mnemonic. */
export const RRTYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  HHIT: 67,
  BRID: 68,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  CLA: 263,
  IPN: 264,
  TA: 32768,
  DLV: 32769,
} as const;

export const CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

export const OPCODE = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;

/** EDNS options (RFC 6891 §9) that are read or written. */
export const EDNS_OPTION = {
  /** RFC 5001. */
  NSID: 3,
  /** RFC 7873. */
  COOKIE: 10,
  /** edns-tcp-keepalive, RFC 7828. */
  KEEPALIVE: 11,
  /** RFC 7830. */
  PADDING: 12,
  /** Extended DNS Error, RFC 8914. */
  EDE: 15,
  /** RFC 9567. */
  REPORT_CHANNEL: 18,
} as const;

/** DNSSEC algorithm numbers that Keyturn signs with. */
export const ALGORITHM = { ECDSAP256SHA256: 13, ECDSAP384SHA384: 14, ED25519: 15 } as const;

const NAME_OF_TYPE = new Map<number, string>(Object.entries(RRTYPE).map(([name, type]) => [type, name]));

/** Mnemonic or TYPE123. */
export function formatType(type: number): string {
  return NAME_OF_TYPE.get(type) ?? `TYPE${type}`;
}

/** Type of a mnemonic (any case) or TYPE123; undefined if it is neither. */
export function parseType(text: string): number | undefined {
  return parseMnemonic(text, RRTYPE, 'TYPE');
}

/** Class of a mnemonic (any case) or CLASS123; undefined if it is neither. */
export function parseClass(text: string): number | undefined {
  return parseMnemonic(text, CLASS, 'CLASS');
}

function parseMnemonic(text: string, table: Record<string, number>, prefix: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(table, upper)) return table[upper];
  const digits = upper.startsWith(prefix) ? upper.slice(prefix.length) : '';
  return /^\d{1,5}$/.test(digits) && Number(digits) <= 65_535 ? Number(digits) : undefined;
}

/** True for types that only queries or messages carry and no zone may hold: OPT, meta types, 128–255. */
export function isMetaType(type: number): boolean {
  return type === 0 || type === RRTYPE.OPT || (type >= 128 && type <= 255);
}
