/** Going signed (ROLLOVER 2.7, steps S2 and S3): when the parent is asked for the first DS. */
import { stateOf } from './key.ts';
import type { ZoneState } from './zonestate.ts';

/**
 * True while CDS ask for a DS and the parent is not known to have any: from the announcement until it is seen on all its
 * servers. In this time the zone's name servers vouch for it (RFC 9615).
 */
export function asksForFirstDs({ goal, delegation, keys }: ZoneState): boolean {
  if (goal !== 'secure' || delegation === 'secure') return false;
  return keys.some((key) => stateOf(key, 'ds') === 'rumoured' && key.dsObservation.seenAllAt === null);
}
