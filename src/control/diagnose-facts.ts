/** What a diagnosis is made from: the zone as it is served here, and what was gathered outside. */
import type { Zone } from '../daemon/zone.ts';
import type { Delegation } from '../parent/delegation.ts';
import type { Discovery } from '../parent/dsync.ts';
import type { Interview } from '../parent/interview.ts';
import type { Unknown } from '../parent/judge.ts';
import type { Look } from '../parent/look.ts';
import { RRTYPE } from '../wire/iana.ts';
import { lowerName, type Name } from '../wire/name.ts';
import { formatAddress } from '../wire/peer.ts';
import { nodeOf, rdatasAt } from '../zone/contents.ts';
import { APEX, NO_NODE, ZoneImage } from '../zone/image.ts';

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
  const node = nodeOf(image, host);
  if (node === NO_NODE) return [];
  const v4 = rdatasAt(image, node, RRTYPE.A).map((octets) => formatAddress(4, octets));
  const v6 = rdatasAt(image, node, RRTYPE.AAAA).map((octets) => formatAddress(6, octets));
  return [...v4, ...v6];
}
