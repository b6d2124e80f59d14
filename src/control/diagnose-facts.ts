/** What a diagnosis is made from: the zone as it is served here, and what was gathered outside. */
import type { Zone } from '../daemon/zone.ts';
import type { Delegation } from '../parent/delegation.ts';
import type { Discovery } from '../parent/dsync.ts';
import type { Interview } from '../parent/interview.ts';
import type { Unknown } from '../parent/judge.ts';
import type { Look } from '../parent/look.ts';
import { getU16 } from '../wire/header.ts';
import { RRTYPE } from '../wire/iana.ts';
import { isAtOrBelow, lowerName, type Name } from '../wire/name.ts';
import { hashName } from '../wire/namehash.ts';
import { formatAddress } from '../wire/peer.ts';
import { APEX, NO_NODE, NO_RRSET, type NodeIndex, ZoneImage } from '../zone/image.ts';

/** The zone as it is served here. */
export interface OwnZone {
  /** As people write it. */
  readonly name: string;
  readonly origin: Name;
  readonly serial: number;
  readonly isSigned: boolean;
  /** Canonical RDATA at the apex by type: NS, DNSKEY, CDS and CDNSKEY, as far as they are there. */
  readonly apex: ReadonlyMap<number, readonly Uint8Array[]>;
  /** Addresses of hosts inside the zone. */
  readonly addressesOf: (host: Name) => readonly string[];
}

/** What was seen outside. */
export interface Outside {
  readonly look: Look | Unknown;
  readonly delegation: Delegation | Unknown;
  readonly interviews: readonly Interview[];
  /** Addresses that were not asked, because there are too many. */
  readonly left: number;
  readonly dsync: Discovery;
}

/** Undefined if nothing of the zone is served. */
export function ownZoneOf({ name, origin, served }: Zone): OwnZone | undefined {
  if (served === undefined) return undefined;
  const { image, epoch } = served;
  const keys = epoch.apex === null ? undefined : ZoneImage.open(epoch.apex);
  const apex = new Map<number, readonly Uint8Array[]>();
  const put = (from: ZoneImage | undefined, type: number) => {
    const rdatas = from === undefined ? [] : rdatasAt(from, APEX, type);
    if (rdatas.length > 0) apex.set(type, type === RRTYPE.NS ? rdatas.map(lowerName) : rdatas);
  };
  put(image, RRTYPE.NS);
  for (const type of [RRTYPE.DNSKEY, RRTYPE.CDS, RRTYPE.CDNSKEY]) put(keys, type);
  return {
    ...{ name, origin, serial: image.serial, isSigned: keys !== undefined, apex },
    addressesOf: (host) => addressesAt(image, host),
  };
}

function addressesAt(image: ZoneImage, host: Name): string[] {
  if (!isAtOrBelow(host, image.origin)) return [];
  const node = image.find(host, 0, hashName(host, 0, image.seed));
  if (node === NO_NODE) return [];
  const v4 = rdatasAt(image, node, RRTYPE.A).map((octets) => formatAddress(4, octets));
  const v6 = rdatasAt(image, node, RRTYPE.AAAA).map((octets) => formatAddress(6, octets));
  return [...v4, ...v6];
}

/** RDATA of an RRset; none if it is not there. */
function rdatasAt(image: ZoneImage, node: NodeIndex, type: number): Uint8Array[] {
  const rrset = image.rrset(node, type);
  if (rrset === NO_RRSET) return [];
  const found: Uint8Array[] = [];
  let at = image.blockAt(rrset);
  for (let i = 0; i < image.records(rrset); i++) {
    const octets = getU16(image.u8, at);
    found.push(Uint8Array.from(image.u8.subarray(at + 2, at + 2 + octets)));
    at += 2 + octets;
  }
  return found;
}
