/**
 * What an operator may tell the keys of a zone, and when that is refused. An order changes goals or facts and is
 * durable when `obey` returns; what follows from it is for the machine to find, and for the keeper to serve.
 */
import { roundedUp, type UnixSeconds } from '../base/time.ts';
import { cancelRefusal, cancelRollover } from '../kasp/cancel.ts';
import { paused, pauseRefusal, resumed, resumeRefusal } from '../kasp/pause.ts';
import type { Refusal } from '../kasp/refusal.ts';
import { goInsecure, goSecure, keysForSecure, refusalOf, secureRefusal } from '../kasp/start.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { hearDs, hearNoDs } from '../kasp/word.ts';
import type { ZoneSigning } from './signing.ts';

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

/** Obeys an order that is not refused. Throws what making keys and committing throw. */
export function obey(signing: ZoneSigning, order: Order, now: UnixSeconds): void {
  const { zoneState: state, policy } = signing;
  switch (order.kind) {
    case 'start':
      signing.start(order.request, now, 'operator');
      return;
    case 'cancel':
      signing.order(
        cancelRollover(state, now, order.id),
        { kind: 'order', order: 'rollover cancel', id: order.id ?? state.rollover?.id },
        now,
      );
      return;
    case 'pause':
      signing.order(paused(state, now), { kind: 'order', order: 'rollover pause' }, now);
      return;
    case 'resume':
      signing.order(resumed(state), { kind: 'order', order: 'rollover resume' }, now);
      return;
    case 'ds': {
      const { keyId, seen, ttl } = order;
      const observed = hearDs(state, { keyId, seen, ttl }, policy, roundedUp(now));
      const tag = state.keys.find(({ id }) => id === keyId)?.tag;
      const words = `confirm-ds ${seen ? 'seen' : 'gone'}`;
      signing.order(observed, { kind: 'order', order: words, keyId, tag, ttl }, now);
      return;
    }
    case 'no-ds':
      signing.order(
        hearNoDs(state, policy, roundedUp(now)),
        { kind: 'order', order: 'confirm-ds none' },
        now,
      );
      return;
    case 'insecure':
      signing.order(
        goInsecure(state, { now, id: signing.newId() }),
        { kind: 'order', order: 'zone unsign' },
        now,
      );
      return;
    case 'secure': {
      const made = signing.makeKeys(keysForSecure(state, policy), now);
      signing.order(goSecure(state, made, now), { kind: 'order', order: 'zone sign' }, now);
    }
  }
}
