/**
 * What the apex tells of itself in a proof, by the zone's way to deny. Its types are the file's and the keys', so its
 * record belongs to the epoch and not to the zone image or the NSEC3 chain.
 */
import { assert } from '../base/assert.ts';
import { nsecRdata } from '../dnssec/nsec.ts';
import { putSuccessor } from '../dnssec/successor.ts';
import { decodeTypeBitmap, encodeTypeBitmap } from '../rdata/bitmap.ts';
import { RRTYPE } from '../wire/iana.ts';
import { MAX_NAME_OCTETS, type Name, nameOctets } from '../wire/name.ts';
import type { RRsetIndex, ZoneImage } from '../zone/image.ts';
import { APEX } from '../zone/image.ts';
import { Nsec3Chain } from '../zone/nsec3chain.ts';
import { NSEC3_HEAD_OCTETS, NSEC3PARAM_RDATA } from '../zone/nsec3rdata.ts';
import type { UnsignedRRset } from './apex.ts';
import type { EpochContent } from './epoch.ts';

/** The rrsets of denial at the apex; `keyTypes` are those that keys add to it. */
export function apexDenial(
  zone: ZoneImage,
  { denial, nsec3 }: Pick<EpochContent, 'denial' | 'nsec3'>,
  keyTypes: readonly number[],
): UnsignedRRset[] {
  const types = [...fileTypes(zone), ...keyTypes, RRTYPE.RRSIG];
  if (denial === 'nsec') return [apexNsec(zone, zone.name(zone.nextNsec(APEX)), types)];
  if (denial === 'compact') return [apexNsec(zone, behind(zone.origin), types)];
  assert(nsec3 !== null, 'a zone that denies by NSEC3 has a chain');
  return apexNsec3(zone, new Nsec3Chain(nsec3), types);
}

function fileTypes(zone: ZoneImage): number[] {
  const first = zone.firstRRset(APEX);
  return Array.from({ length: zone.rrsetsOf(APEX) }, (_, i) => zone.type((first + i) as RRsetIndex));
}

/** The first link of the NSEC chain, or the whole truth that compact denial tells of the apex. */
function apexNsec(zone: ZoneImage, next: Name, types: readonly number[]): UnsignedRRset {
  const rdata = nsecRdata(next, [...types, RRTYPE.NSEC]);
  return { owner: zone.origin, type: RRTYPE.NSEC, ttl: zone.negativeTtl, rdatas: [rdata] };
}

/** The first link of the NSEC chain of a zone that is denied compactly: its types are those of the NSEC in `apex`. */
export function chainApexNsec(zone: ZoneImage, apex: ZoneImage): UnsignedRRset {
  const at = apex.blockAt(apex.rrset(APEX, RRTYPE.NSEC)) + 2;
  const end = at + apex.blockOctets(apex.rrset(APEX, RRTYPE.NSEC)) - 2;
  const types = decodeTypeBitmap(apex.u8, at + nameOctets(apex.u8, at), end);
  assert(types !== undefined, 'our own bitmaps are well formed');
  return apexNsec(zone, zone.name(zone.nextNsec(APEX)), types);
}

/** The name right behind the apex (RFC 9824 §3.1). */
function behind(apex: Name): Name {
  const next = new Uint8Array(MAX_NAME_OCTETS);
  return next.subarray(0, putSuccessor(next, 0, apex, 0, apex.length, apex.length));
}

/** The parameters, for secondaries, and the link of the NSEC3 chain that matches the apex, its bitmap completed. */
function apexNsec3(zone: ZoneImage, { image, apex }: Nsec3Chain, types: readonly number[]): UnsignedRRset[] {
  const ttl = zone.negativeTtl;
  const headAt = image.blockAt(image.firstRRset(apex)) + 2;
  const head = image.u8.slice(headAt, headAt + NSEC3_HEAD_OCTETS);
  const rdata = Uint8Array.from([...head, ...encodeTypeBitmap([...types, RRTYPE.NSEC3PARAM])]);
  return [
    { owner: zone.origin, type: RRTYPE.NSEC3PARAM, ttl, rdatas: [NSEC3PARAM_RDATA] },
    { owner: image.name(apex).slice(), type: RRTYPE.NSEC3, ttl, rdatas: [rdata] },
  ];
}
