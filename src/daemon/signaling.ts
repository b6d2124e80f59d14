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

/** The signals of a zone, one for each of its name servers outside; `zoneAt` finds our zone with exactly this apex. */
export function signalsOf(zone: AskingZone, zoneAt: (apex: Name) => HoldingZone | undefined): Signal[] {
  return signalingHosts(zone.origin, zone.hosts).map((host): Signal => {
    const hindered = (because: Hindrance): Signal => ({ host, holder: null, because });
    const owner = signalingName(zone.origin, host);
    if (owner === undefined) return hindered('too long');
    const holder = deepest(owner, zoneAt);
    if (holder === undefined) return hindered('not ours');
    // RFC 9615 §4.1: there must be no zone cut at a signaling name.
    if (equalNames(holder.origin, 0, owner, 0)) return hindered('zone cut');
    if (!holder.holds(owner)) return hindered('not ours');
    if (!holder.isSigned) return hindered('not signed');
    return { host, holder, rrsets: rrsetsAt(owner, zone) };
  });
}

function rrsetsAt(owner: Name, { cds, ttl }: AskingZone): DerivedRRset[] {
  const both: DerivedRRset[] = [
    { owner, type: RRTYPE.CDS, ttl, rdatas: cds.cds },
    { owner, type: RRTYPE.CDNSKEY, ttl, rdatas: cds.cdnskey },
  ];
  return both.filter(({ rdatas }) => rdatas.length > 0);
}

/** Our zone that is nearest above a name, or at it. */
function deepest(name: Name, zoneAt: (apex: Name) => HoldingZone | undefined): HoldingZone | undefined {
  for (let labels = 0; labels <= labelCount(name); labels++) {
    const found = zoneAt(name.subarray(suffixOffset(name, labels)));
    if (found !== undefined) return found;
  }
  return undefined;
}
