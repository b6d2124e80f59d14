/** Which keys of a zone its parent names: for them the zone, and their private halves, must stay (docs/decisions/0014). */
import type { UnixSeconds } from '../base/time.ts';
import { keysInLook, keysNamed } from '../parent/named.ts';
import { UNWATCHED } from '../parent/watch.ts';
import type { ParentMonitor } from './monitor.ts';
import type { Zone } from './zone.ts';

/** Tags of the keys of which the parent, or a cache, may have a DS. */
export function tagsAtParent(zone: Zone, monitor: ParentMonitor | undefined, now: UnixSeconds): number[] {
  const { origin, signing } = zone;
  if (signing === undefined) return [];
  const { zoneState: state, policy } = signing;
  const { watch } = monitor?.knownOf(zone) ?? { watch: UNWATCHED };
  return keysNamed({ origin, state, policy, watch, now }).map(({ tag }) => tag);
}

/** Ids of the keys whose DS some server of the parent had at the last look. */
export function namedInLook(zone: Zone, monitor: ParentMonitor | undefined): string[] {
  if (monitor === undefined || zone.signing === undefined) return [];
  const { watch } = monitor.knownOf(zone);
  return keysInLook(watch, zone.origin, zone.signing.zoneState.keys).map(({ id }) => id);
}
