/** The timeline of a zone of the daemon. */
import type { RolloverContext } from './carry-out.ts';
import { trailOf } from './failures.ts';
import { findSigned } from './find.ts';
import type { Handlers } from './server.ts';
import { timelineOf } from './timeline.ts';

/** The handler of `timeline`. */
export function createTimelineHandlers({
  clock,
  zones,
}: Pick<RolloverContext, 'clock' | 'zones'>): Pick<Handlers, 'timeline'> {
  return {
    timeline: ({ zone: name, ...options }) => {
      const { zone, signing } = findSigned(zones, name);
      const subject = {
        ...{ zone: zone.name, policyName: zone.policyName, policy: signing.policy },
        ...{ state: signing.zoneState, facts: zone.keeper.facts!, waiting: signing.waiting },
        trail: trailOf(signing).entries,
      };
      return timelineOf(subject, { ...options, now: clock.now() });
    },
  };
}
