/** How a zone stands, in one word. */
import type { Zone } from '../daemon/zone.ts';
import type { ZoneCounts, ZoneSummary } from './shapes.ts';

export function stateOfZone(zone: Zone): ZoneSummary['state'] {
  if (zone.served === undefined) return zone.problem === undefined ? 'loading' : 'failed';
  if (zone.hold !== undefined) return 'held';
  return zone.problem === undefined ? 'served' : 'stale';
}

/** How many zones stand how; those that load are in the total alone. */
export function countZones(zones: readonly Zone[]): ZoneCounts {
  const counts = { total: zones.length, served: 0, stale: 0, failed: 0, held: 0 };
  for (const zone of zones) {
    const state = stateOfZone(zone);
    if (state !== 'loading') counts[state]++;
  }
  return counts;
}
