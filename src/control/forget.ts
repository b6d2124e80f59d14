/**
 * `zone forget`: zones whose files are gone are no longer served. One that its parent names stays, because it would be
 * unreachable for validators wherever else it is served; for a reason that is written down it goes nevertheless.
 */
import type { Zone } from '../daemon/zone.ts';
import type { Zones } from '../daemon/zones.ts';
import { currentCaller } from './caller.ts';
import { knownErrors } from './failures.ts';
import { getZone, originOf } from './find.ts';
import { OperationError } from './operation.ts';
import type { Params, Result } from './operations.ts';

/** Throws OperationError. */
export async function forgetZones(
  { zones }: { readonly zones: Zones },
  { zone: text, forceOrphan }: Params<'zone.forget'>,
): Promise<Result<'zone.forget'>> {
  const origin = text === undefined ? undefined : originOf(text);
  if (forceOrphan !== undefined) {
    if (text === undefined) throw unnamed();
    await noteForced(zones, getZone(zones, text), forceOrphan);
  }
  const { gone, kept } = await zones.forget(origin, { forced: forceOrphan !== undefined });
  if (text === undefined || gone.length > 0) return { zones: [...gone], kept: [...kept] };
  const zone = getZone(zones, text);
  throw kept.length > 0 ? named(zone, zones.tagsAtParent(zone)) : present(zone);
}

/** Writes down why a zone goes that its parent names, in the trail of its keys, before it does. */
async function noteForced(zones: Zones, zone: Zone, forceOrphan: string): Promise<void> {
  if (zone.missingSinceMs === undefined) throw present(zone);
  const { signing } = zone;
  // One that was recalled and never loaded has no keys at work whose trail could be written.
  if (signing === undefined) return;
  const tags = zones.tagsAtParent(zone).join(', ');
  const event = { kind: 'order', order: 'zone forget', forceOrphan, tags, who: currentCaller() } as const;
  await knownErrors(() => zone.keeper.change(async () => ({ state: signing.zoneState, events: [event] })));
}

function unnamed(): OperationError {
  const message = '--force-orphan is for one zone at a time';
  return new OperationError('USAGE_WRONG', 'BAD_PARAMETERS', message, 'name the zone');
}

function present({ name }: Zone): OperationError {
  const message = `the file of ${name} is there, so the zone is served`;
  return new OperationError('REFUSED', 'ZONE_FILE_PRESENT', message, 'remove the file first');
}

function named({ name }: Zone, tags: readonly number[]): OperationError {
  const which = tags.length === 0 ? 'a DS' : `the DS of key ${tags.join(', ')}`;
  const message = `the parent of ${name}, or a cache, has ${which}: nobody could validate the name without its keys`;
  const fix = `have the DS removed: keyturn zone unsign ${name}; then the zone goes by itself`;
  return new OperationError('REFUSED', 'ZONE_HELD_FOR_DS', message, fix);
}
