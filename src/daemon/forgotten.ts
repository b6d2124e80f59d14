/** The one order that the policy gives: to undo a rollover that nobody looks after (kasp/forgotten). */
import type { UnixSeconds } from '../base/time.ts';
import { cancelRollover } from '../kasp/cancel.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { Change } from './signingports.ts';

/** Undoes a rollover for which nobody has done anything for `autoCancel` of the policy (ROLLOVER 2.10). */
export function cancelForgotten(state: ZoneState, id: string, now: UnixSeconds): Change {
  const event = { kind: 'order', order: 'rollover cancel', by: 'policy', reason: 'auto_cancel', id } as const;
  return { state: cancelRollover(state, now, id), events: [event] };
}
