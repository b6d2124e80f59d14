/**
 * What an operator may tell the keys of a zone, and when that is refused. An order changes goals or facts; what follows
 * from it is for the machine to find, and for the keeper to make durable and to serve.
 */
import type { UnixSeconds } from '../base/time.ts';
import { cancelRefusal, cancelRollover } from '../kasp/cancel.ts';
import { isEntirelyHidden } from '../kasp/key.ts';
import { paused, pauseRefusal, resumed, resumeRefusal } from '../kasp/pause.ts';
import type { Refusal } from '../kasp/refusal.ts';
import { REPLACED } from '../kasp/request.ts';
import { goInsecure, goSecure, keysForSecure, refusalOf, secureRefusal } from '../kasp/start.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { hearDs, hearNoDs } from '../kasp/word.ts';
import { findKey, rolloversOf } from '../kasp/zonestate.ts';
import type { ZoneSigning } from './signing.ts';
import type { Change, OrderEvent } from './signingports.ts';
import type { KeyInstant } from './steadyclock.ts';

export type Order =
  | { readonly kind: 'start'; readonly request: RolloverRequest; readonly forceUnsafe?: string | undefined }
  /** The rollover with this id; by default the one that an overlap would hide. */
  | { readonly kind: 'cancel'; readonly id?: string }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** The DS of a key is on all servers of the parent, or on none; `ttl` in seconds if it is known. */
  | { readonly kind: 'ds'; readonly keyId: string; readonly seen: boolean; readonly ttl: number | null }
  /** No server of the parent has any DS of the zone. */
  | { readonly kind: 'no-ds' }
  /** With the reason for which it is done at once, whatever the parent has. */
  | { readonly kind: 'insecure'; readonly forceUnsafe?: string | undefined }
  /** `isAnew`: with new keys, whatever the zone had before. */
  | { readonly kind: 'secure'; readonly isAnew?: boolean };

/** Why an order is not obeyed; undefined if it is. */
export function orderRefusal(signing: ZoneSigning, order: Order, now: UnixSeconds): Refusal | undefined {
  const { zoneState, policy } = signing;
  switch (order.kind) {
    case 'start':
      return refusalOf(zoneState, asKnown(signing, order.request), policy, now);
    case 'cancel':
      return cancelRefusal(zoneState, order.id) ?? lossRefusal(signing, order.id);
    case 'pause':
      return pauseRefusal(zoneState);
    case 'resume':
      return resumeRefusal(zoneState);
    case 'insecure':
      return refusalOf(zoneState, unsigning(order), policy, now);
    case 'secure':
      return secureRefusal(zoneState, order.isAnew);
    default:
      return undefined;
  }
}

/** Going unsigned, as a rollover: for a reason it is done at once. */
export function unsigning({ forceUnsafe }: { readonly forceUnsafe?: string | undefined }): RolloverRequest {
  return { type: 'insecure', ...(forceUnsafe === undefined ? {} : { emergency: 'containment' }) };
}

/** A request with what the server knows of the keys that go: in an emergency, whether anything can be signed with them. */
export function asKnown(signing: ZoneSigning, request: RolloverRequest): RolloverRequest {
  if (request.emergency === undefined) return request;
  const roles = REPLACED[request.type];
  const going = signing.zoneState.keys.filter((key) => key.roles.some((role) => roles.includes(role)));
  const isLost = going.some((key) => !isEntirelyHidden(key) && signing.isLost(key));
  return isLost ? { ...request, isLost } : request;
}

/** A rollover of a key that is missing cannot be undone: nobody could sign with it. */
function lossRefusal(signing: ZoneSigning, id?: string): Refusal | undefined {
  const { zoneState } = signing;
  const rollover = rolloversOf(zoneState).find((one) => one.id === id) ?? zoneState.rollover;
  const lost = signing.missing.find((key) => rollover?.outgoing.includes(key.id));
  if (lost === undefined) return undefined;
  const message = `the private half of key ${lost.tag}, which would have to stay, is missing`;
  return { code: 'KEY_LOST', message, fix: 'restore its file first, or let the rollover end' };
}

/** What an order that is not refused makes of the state; new keys are durable. Throws what making keys throws. */
export async function obey(signing: ZoneSigning, order: Order, { now, ended }: KeyInstant): Promise<Change> {
  const { zoneState: state, policy } = signing;
  switch (order.kind) {
    case 'start': {
      const begun = { state, request: asKnown(signing, order.request), by: 'operator' } as const;
      const { state: after, events } = await signing.begin(begun, now);
      return { state: after, events: events.map((event) => ({ ...event, ...reasonOf(order) })) };
    }
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
      const tag = findKey(state, keyId)?.tag;
      const event = { ...told(`confirm-ds ${seen ? 'seen' : 'gone'}`), keyId, tag, ttl };
      return { state: hearDs(state, { keyId, seen, ttl }, policy, ended), events: [event] };
    }
    case 'no-ds':
      return { state: hearNoDs(state, policy, ended), events: [told('confirm-ds none')] };
    case 'insecure': {
      const { emergency } = unsigning(order);
      const event = { ...told('zone unsign'), ...reasonOf(order) };
      return { state: goInsecure(state, { now, id: signing.newId(), emergency }), events: [event] };
    }
    case 'secure': {
      const made = await signing.makeKeys(keysForSecure(state, policy, order.isAnew), state, now);
      return { state: goSecure(state, made, now), events: [told('zone sign')] };
    }
  }
}

/** Why an operator broke what need not break. */
function reasonOf({ forceUnsafe }: { readonly forceUnsafe?: string | undefined }) {
  return forceUnsafe === undefined ? {} : { forceUnsafe };
}

/** What an operator did, for the audit trail. */
function told(order: string): OrderEvent {
  return { kind: 'order', order };
}
