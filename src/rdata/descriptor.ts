/**
 * The one table of record types: of which fields their RDATA is made, in order, and what the names in it may have
 * done to them. Types that are not in it are opaque and written as RFC 3597 §5 says. To add a type, add its number
 * to wire/iana and its row here.
 *
 * A row is `name:kind` for each field; the kinds are the keys of `FIELDS` in rdata/codec.
 */
import { RRTYPE } from '../wire/iana.ts';

export interface TypeDescriptor {
  /** `name:kind` of each field, with blanks between. */
  readonly fields: string;
  /** Names in the RDATA are in lower case in canonical form (RFC 4034 §6.2, RFC 6840 §5.1). */
  readonly lowersNames: boolean;
  /** Names in the RDATA may be compressed in messages: those of RFC 1035 only (RFC 3597 §4). */
  readonly compressesNames: boolean;
}

/** Names are kept as they are. */
function keeps(fields: string): TypeDescriptor {
  return { fields, lowersNames: false, compressesNames: false };
}

/** Names are lowered, and never compressed. */
function lowers(fields: string): TypeDescriptor {
  return { fields, lowersNames: true, compressesNames: false };
}

/** A type of RFC 1035: names are lowered, and may be compressed. */
function compresses(fields: string): TypeDescriptor {
  return { fields, lowersNames: true, compressesNames: true };
}

const TEXT = 'text:strings';
const DNSKEY = 'flags:keyFlags protocol:keyProtocol algorithm:algorithm key:base64';
const DS = 'key-tag:u16 algorithm:algorithm digest-type:digestType digest:dsDigest';
const TLSA = 'usage:u8 selector:u8 matching-type:u8 certificate-data:hex';
const SVCB = 'priority:u16 target:name parameters:serviceParams';
const RRSIG =
  'type-covered:rrtype algorithm:algorithm labels:u8 original-ttl:u32 ' +
  'expiration:timestamp inception:timestamp key-tag:u16 signer:name signature:base64';
const SOA =
  'mname:name rname:name serial:u32 refresh:duration retry:duration expire:duration minimum:duration';

const DESCRIPTORS: Readonly<Record<number, TypeDescriptor>> = {
  // RFC 1035 §3.3, §3.4
  [RRTYPE.A]: keeps('address:ipv4'),
  [RRTYPE.NS]: compresses('name-server:name'),
  [RRTYPE.MD]: compresses('mail-destination:name'),
  [RRTYPE.MF]: compresses('mail-forwarder:name'),
  [RRTYPE.CNAME]: compresses('target:name'),
  [RRTYPE.SOA]: compresses(SOA),
  [RRTYPE.MB]: compresses('mailbox-host:name'),
  [RRTYPE.MG]: compresses('mailbox:name'),
  [RRTYPE.MR]: compresses('new-mailbox:name'),
  [RRTYPE.WKS]: keeps('services:wellKnownServices'),
  [RRTYPE.PTR]: compresses('target:name'),
  [RRTYPE.HINFO]: keeps('cpu:string os:string'),
  [RRTYPE.MINFO]: compresses('responsible-mailbox:name error-mailbox:name'),
  [RRTYPE.MX]: compresses('preference:u16 exchange:name'),
  [RRTYPE.TXT]: keeps(TEXT),
  // RFC 1183
  [RRTYPE.RP]: lowers('mailbox:name text-name:name'),
  [RRTYPE.AFSDB]: lowers('subtype:u16 host:name'),
  [RRTYPE.X25]: keeps('address:digits'),
  [RRTYPE.ISDN]: keeps('address:string subaddress:optionalString'),
  [RRTYPE.RT]: lowers('preference:u16 host:name'),
  // RFC 1706, RFC 1348, RFC 2163, RFC 1712, RFC 3596, RFC 1876
  [RRTYPE.NSAP]: keeps('address:nsap'),
  [RRTYPE['NSAP-PTR']]: keeps('target:name'),
  [RRTYPE.PX]: lowers('preference:u16 rfc822-domain:name x400-domain:name'),
  [RRTYPE.GPOS]: keeps('longitude:string latitude:string altitude:string'),
  [RRTYPE.AAAA]: keeps('address:ipv6'),
  [RRTYPE.LOC]: keeps('location:location'),
  // RFC 2535, the DNSSEC before the present one
  [RRTYPE.SIG]: lowers(RRSIG),
  [RRTYPE.KEY]: keeps('flags:keyFlags protocol:keyProtocol algorithm:algorithm key:keyOrNone'),
  [RRTYPE.NXT]: lowers('next:name types:nxtBitmap'),
  // Nimrod (draft-ietf-nimrod-dns), ATM Forum AF-DANS-0152
  [RRTYPE.EID]: keeps('endpoint:hex'),
  [RRTYPE.NIMLOC]: keeps('locator:hex'),
  [RRTYPE.ATMA]: keeps('address:atmAddress'),
  // RFC 2782, RFC 3403, RFC 2230, RFC 4398, RFC 2874, RFC 6672, draft-eastlake-kitchen-sink
  [RRTYPE.SRV]: lowers('priority:u16 weight:u16 port:u16 target:name'),
  [RRTYPE.NAPTR]: lowers(
    'order:u16 preference:u16 flags:string services:string regexp:string replacement:name',
  ),
  [RRTYPE.KX]: lowers('preference:u16 exchanger:name'),
  [RRTYPE.CERT]: keeps('type:certificateType key-tag:u16 algorithm:algorithm certificate:base64'),
  [RRTYPE.A6]: lowers('address:a6'),
  [RRTYPE.DNAME]: lowers('target:name'),
  [RRTYPE.SINK]: keeps('meaning:u8 coding:u8 subcoding:u8 data:base64Optional'),
  [RRTYPE.APL]: keeps('prefixes:addressPrefixes'),
  // RFC 4034, RFC 5155, RFC 7344, RFC 4431 and their surroundings
  [RRTYPE.DS]: keeps(DS),
  [RRTYPE.SSHFP]: keeps('algorithm:u8 fingerprint-type:u8 fingerprint:fingerprint'),
  [RRTYPE.IPSECKEY]: keeps('key:ipsecKey'),
  [RRTYPE.RRSIG]: lowers(RRSIG),
  // RFC 6840 §5.1 takes NSEC out of the list; ours is in lower case anyway, see dnssec/nsec.
  [RRTYPE.NSEC]: lowers('next:name types:typeBitmapFilled'),
  [RRTYPE.DNSKEY]: keeps(DNSKEY),
  [RRTYPE.DHCID]: keeps('digest:base64'),
  [RRTYPE.NSEC3]: keeps(
    'hash-algorithm:u8 flags:u8 iterations:u16 salt:salt next-hash:nextHash types:typeBitmap',
  ),
  [RRTYPE.NSEC3PARAM]: keeps('hash-algorithm:u8 flags:u8 iterations:u16 salt:salt'),
  [RRTYPE.TLSA]: keeps(TLSA),
  [RRTYPE.SMIMEA]: keeps(TLSA),
  [RRTYPE.HIP]: keeps('identity:hostIdentity rendezvous-server:names'),
  [RRTYPE.NINFO]: keeps(TEXT),
  [RRTYPE.RKEY]: keeps(DNSKEY),
  [RRTYPE.TALINK]: keeps('previous:name next:name'),
  [RRTYPE.CDS]: keeps(DS),
  [RRTYPE.CDNSKEY]: keeps(DNSKEY),
  [RRTYPE.OPENPGPKEY]: keeps('key:base64'),
  [RRTYPE.CSYNC]: keeps('serial:u32 flags:u16 types:typeBitmap'),
  [RRTYPE.ZONEMD]: keeps('serial:u32 scheme:u8 hash-algorithm:u8 digest:zoneDigest'),
  [RRTYPE.SVCB]: keeps(SVCB),
  [RRTYPE.HTTPS]: keeps(SVCB),
  [RRTYPE.DSYNC]: keeps('type:rrtype scheme:dsyncScheme port:u16 target:name'),
  // RFC 9886
  [RRTYPE.HHIT]: keeps('entity:base64'),
  [RRTYPE.BRID]: keeps('endorsement:base64'),
  // RFC 7208, RFC 6742, RFC 7043. Types 100 to 103 of Project Athena are opaque.
  [RRTYPE.SPF]: keeps(TEXT),
  [RRTYPE.NID]: keeps('preference:u16 node-id:locator64'),
  [RRTYPE.L32]: keeps('preference:u16 locator:ipv4'),
  [RRTYPE.L64]: keeps('preference:u16 locator:locator64'),
  [RRTYPE.LP]: keeps('preference:u16 target:name'),
  [RRTYPE.EUI48]: keeps('address:eui48'),
  [RRTYPE.EUI64]: keeps('address:eui64'),
  // RFC 7553, RFC 8659, AVC and DOA templates, RFC 8777, RFC 9606, WALLET template, RFC 4431
  [RRTYPE.URI]: keeps('priority:u16 weight:u16 target:restStringFilled'),
  [RRTYPE.CAA]: keeps('flags:u8 tag:propertyTag value:restString'),
  [RRTYPE.AVC]: keeps(TEXT),
  [RRTYPE.DOA]: keeps('enterprise:u32 type:u32 location:u8 media-type:string data:base64OrDash'),
  [RRTYPE.AMTRELAY]: keeps('relay:amtRelay'),
  [RRTYPE.RESINFO]: keeps(TEXT),
  [RRTYPE.WALLET]: keeps(TEXT),
  // CLA and IPN templates: convergence layers and node number of the Bundle Protocol
  [RRTYPE.CLA]: keeps(TEXT),
  [RRTYPE.IPN]: keeps('node-number:u64'),
  [RRTYPE.TA]: keeps(DS),
  [RRTYPE.DLV]: keeps(DS),
};

/** The row of a type; undefined if its RDATA is opaque. */
export function findDescriptor(type: number): TypeDescriptor | undefined {
  return DESCRIPTORS[type];
}

/** All types that have a row, ascending. */
export function describedTypes(): number[] {
  return Object.keys(DESCRIPTORS).map(Number);
}
