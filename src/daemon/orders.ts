/**
 * What an operator may tell the keys of a zone, and when that is refused. An order changes goals or facts; what follows
 * from it is for the machine to find, and for the keeper to make durable and to serve.
 */
import type { UnixSeconds } from '../base/time.ts';
import { cancelRefusal, cancelRollover } from '../kasp/cancel.ts';
import { paused, pauseRefusal, resumed, resumeRefusal } from '../kasp/pause.ts';
import type { Refusal } from '../kasp/refusal.ts';
import { goInsecure, goSecure, keysForSecure, refusalOf, secureRefusal } from '../kasp/start.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { hearDs, hearNoDs } from '../kasp/word.ts';
import type { Change, OrderEvent, ZoneSigning } from './signing.ts';
import type { KeyInstant } from './steadyclock.ts';

export type Order =
  | { readonly kind: 'start'; readonly request: RolloverRequest }
  /** The rollover with this id; by default the one that an overlap would hide. */
  | { readonly kind: 'cancel'; readonly id?: string }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** The DS of a key is on all servers of the parent, or on none; `ttl` in seconds if it is known. */
  | { readonly kind: 'ds'; readonly keyId: string; readonly seen: boolean; readonly ttl: number | null }
  /** No server of the parent has any DS of the zone. */
  | { readonly kind: 'no-ds' }
  | { readonly kind: 'insecure' }
  | { readonly kind: 'secure' };

/** Why an order is not obeyed; undefined if it is. */
export function orderRefusal(
  { zoneState, policy }: ZoneSigning,
  order: Order,
  now: UnixSeconds,
): Refusal | undefined {
  switch (order.kind) {
    case 'start':
      return refusalOf(zoneState, order.request, policy, now);
    case 'cancel':
      return cancelRefusal(zoneState, order.id);
    case 'pause':
      return pauseRefusal(zoneState);
    case 'resume':
      return resumeRefusal(zoneState);
    case 'insecure':
      return refusalOf(zoneState, { type: 'insecure' }, policy, now);
    case 'secure':
      return secureRefusal(zoneState);
    default:
      return undefined;
  }
}

/** What an order that is not refused makes of the state; new keys are durable. Throws what making keys throws. */
export async function obey(signing: ZoneSigning, order: Order, { now, ended }: KeyInstant): Promise<Change> {
  const { zoneState: state, policy } = signing;
  switch (order.kind) {
    case 'start':
      return signing.begin({ state, request: order.request, by: 'operator' }, now);
    case 'cancel': {
      const event = { ...told('rollover cancel'), id: order.id ?? state.rollover?.id };
      return { state: cancelRollover(state, now, order.id), events: [event] };
    }
    case 'pause':
      return { state: paused(state, now), events: [told('rollover pause')] };
    case 'resume':
      return { state: resumed(state), events: [told('rollover resume')] };
    case 'ds': {
      const { keyId, seen, ttl } = order;
      const tag = state.keys.find(({ id }) => id === keyId)?.tag;
      const event = { ...told(`confirm-ds ${seen ? 'seen' : 'gone'}`), keyId, tag, ttl };
      return { state: hearDs(state, { keyId, seen, ttl }, policy, ended), events: [event] };
    }
    case 'no-ds':
      return { state: hearNoDs(state, policy, ended), events: [told('confirm-ds none')] };
    case 'insecure':
      return { state: goInsecure(state, { now, id: signing.newId() }), events: [told('zone unsign')] };
    case 'secure': {
      const made = await signing.makeKeys(keysForSecure(state, policy), state, now);
      return { state: goSecure(state, made, now), events: [told('zone sign')] };
    }
  }
}

/** What an operator did, for the audit trail. */
function told(order: string): OrderEvent {
  return { kind: 'order', order };
}
