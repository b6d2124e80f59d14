/**
 * Where we can vouch for a zone of ours that has no DS yet (RFC 9615 §4.1, ROLLOVER 3.3): its CDS and CDNSKEY once more,
 * below the names of its name servers, as data of the zones that hold those names, if these are ours and signed. Pure.
 */
import type { CdsSet } from '../kasp/records.ts';
import { signalingHosts, signalingName } from '../parent/signal.ts';
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, labelCount, type Name, suffixOffset } from '../wire/name.ts';
import type { DerivedRRset } from './derived.ts';

/** A zone that asks for its first DS. */
export interface AskingZone {
  readonly origin: Name;
  /** The hosts of its NS records. */
  readonly hosts: readonly Name[];
  readonly cds: CdsSet;
  /** Of its CDS, in seconds. */
  readonly ttl: number;
}

/** A zone that is served here and may hold names of name servers. */
export interface HoldingZone {
  readonly name: string;
  readonly origin: Name;
  readonly isSigned: boolean;
  /** Data at this name would be the zone's. */
  readonly holds: (name: Name) => boolean;
}

/** What is to be signaled below one name server, and in which zone of ours; or why it cannot be. */
export type Signal =
  | { readonly host: Name; readonly holder: HoldingZone; readonly rrsets: readonly DerivedRRset[] }
  | { readonly host: Name; readonly holder: null; readonly because: Hindrance };

/** `not ours`: the zone that holds the name is served elsewhere. */
export type Hindrance = 'too long' | 'not ours' | 'not signed' | 'zone cut';

/** Where a zone can be signaled below one name server, or why it cannot. */
export type Place =
  | { readonly host: Name; readonly holder: HoldingZone; readonly owner: Name }
  | { readonly host: Name; readonly holder: null; readonly because: Hindrance };

/** Finds our zone with exactly this apex. */
export type ZoneAt = (apex: Name) => HoldingZone | undefined;

/** Our zones that are nearest above hosts, as they were found: for who places many zones that have the same ones. */
export type FoundAbove = Map<Name, HoldingZone | undefined>;

/** Where a zone can be signaled, for each of its name servers outside. */
export function placesOf(
  { origin, hosts }: Pick<AskingZone, 'origin' | 'hosts'>,
  zoneAt: ZoneAt,
  found: FoundAbove = new Map(),
): Place[] {
  return signalingHosts(origin, hosts).map((host): Place => {
    const hindered = (because: Hindrance): Place => ({ host, holder: null, because });
    const owner = signalingName(origin, host);
    if (owner === undefined) return hindered('too long');
    const holder = deepest(owner, host, zoneAt, found);
    if (holder === undefined) return hindered('not ours');
    // RFC 9615 §4.1: there must be no zone cut at a signaling name.
    if (equalNames(holder.origin, 0, owner, 0)) return hindered('zone cut');
    if (!holder.holds(owner)) return hindered('not ours');
    if (!holder.isSigned) return hindered('not signed');
    return { host, holder, owner };
  });
}

/** The signals of a zone, one for each of its name servers outside. */
export function signalsOf(zone: AskingZone, zoneAt: ZoneAt): Signal[] {
  return placesOf(zone, zoneAt).map((place) => {
    if (place.holder === null) return place;
    const { host, holder, owner } = place;
    return { host, holder, rrsets: rrsetsAt(owner, zone) };
  });
}

/** What is to be at a signaling name. */
export function rrsetsAt(owner: Name, { cds, ttl }: Pick<AskingZone, 'cds' | 'ttl'>): DerivedRRset[] {
  const both: DerivedRRset[] = [
    { owner, type: RRTYPE.CDS, ttl, rdatas: cds.cds },
    { owner, type: RRTYPE.CDNSKEY, ttl, rdatas: cds.cdnskey },
  ];
  return both.filter(({ rdatas }) => rdatas.length > 0);
}

/** Our zone that is nearest above a signaling name, or at it. */
function deepest(owner: Name, host: Name, zoneAt: ZoneAt, found: FoundAbove): HoldingZone | undefined {
  const below = labelCount(owner) - labelCount(host);
  for (let labels = 0; labels < below; labels++) {
    const zone = zoneAt(owner.subarray(suffixOffset(owner, labels)));
    if (zone !== undefined) return zone;
  }
  if (!found.has(host)) found.set(host, nearestAbove(owner.subarray(suffixOffset(owner, below)), zoneAt));
  return found.get(host);
}

/** Our zone that is nearest above a name, or at it. */
function nearestAbove(name: Name, zoneAt: ZoneAt): HoldingZone | undefined {
  for (let labels = 0; labels <= labelCount(name); labels++) {
    const zone = zoneAt(name.subarray(suffixOffset(name, labels)));
    if (zone !== undefined) return zone;
  }
  return undefined;
}
