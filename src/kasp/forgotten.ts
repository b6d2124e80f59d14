/**
 * Rollovers that nobody looks after (ROLLOVER 2.10): started, and waiting for a parent or a person ever since. They hold
 * up the next rollover of the zone and its lifetimes, so that a policy may have them undone. Only the harmless case is:
 * nothing is known to have come of the request, and the zone is as safe without it as it was before.
 */
import { plus, type UnixSeconds } from '../base/time.ts';
import { cancelRefusal } from './cancel.ts';
import type { Policy } from './policy.ts';
import { isParentStep } from './steps.ts';
import { keysOf, type Rollover, rolloversOf, type ZoneState } from './zonestate.ts';

/** A rollover that shall be cancelled by itself. */
export interface Forgotten {
  readonly rollover: Rollover;
  readonly at: UnixSeconds;
}

/** The rollovers that are cancelled at an instant by the policy unless something happens before, the first one first. */
export function forgottenRollovers(state: ZoneState, { autoCancel }: Policy): Forgotten[] {
  // Paused by somebody is not forgotten.
  if (autoCancel === 'never' || state.pausedSince !== null) return [];
  return rolloversOf(state)
    .filter((rollover) => isIdle(rollover, state))
    .map((rollover) => ({ rollover, at: plus(rollover.stepSince, autoCancel) }))
    .sort((one, other) => one.at - other.at);
}

/** It waits for the parent, which is not known to have done anything; the keys that it replaces are good. */
function isIdle(rollover: Rollover, state: ZoneState): boolean {
  if (!isParentStep(rollover) || rollover.emergency !== null) return false;
  // Going insecure begins with the DS of keys that were seen: that is for its operator to take back.
  if (rollover.type === 'insecure' || cancelRefusal(state, rollover.id) !== undefined) return false;
  const isUnseen = keysOf(state, rollover.incoming).every(
    ({ dsObservation }) => dsObservation.seenAllAt === null && dsObservation.lastSeenAnywhereAt === null,
  );
  return (
    isUnseen &&
    keysOf(state, rollover.outgoing).every(({ dsObservation }) => dsObservation.goneAllAt === null)
  );
}
