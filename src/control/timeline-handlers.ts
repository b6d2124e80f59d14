/** The timeline of a zone of the daemon. */
import { problemOfError } from '../daemon/problem.ts';
import type { ZoneSigning } from '../daemon/signing.ts';
import type { AuditEntry } from '../store/audit.ts';
import type { RolloverContext } from './carry-out.ts';
import { findSigned } from './find.ts';
import { OperationError } from './operation.ts';
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
        trail: trailOf(signing),
      };
      return timelineOf(subject, { ...options, now: clock.now() });
    },
  };
}

function trailOf(signing: ZoneSigning): readonly AuditEntry[] {
  try {
    return signing.history().entries;
  } catch (error) {
    const { code, message } = problemOfError(error, signing.keys.path);
    throw new OperationError('DATA_WRONG', code, message, 'see to that and try again');
  }
}
