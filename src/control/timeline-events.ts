/**
 * What happened to keys (the audit trail) and what will (kasp/plan), as one list of events. The trail is for people and
 * may have gaps: what the key states say counts, and what the trail does not know is put in its place.
 */
import type { UnixSeconds } from '../base/time.ts';
import { type Key, NEVER_OBSERVED, RECORD_KINDS, RECORD_STATES } from '../kasp/key.ts';
import type { PlannedEvent } from '../kasp/plan.ts';
import type { EdgeTaken } from '../kasp/step.ts';
import type { AuditEntry } from '../store/audit.ts';

/** A record of a key changes its state. */
export interface RecordEvent extends Omit<EdgeTaken, 'kind'> {
  readonly kind: 'record';
  readonly at: UnixSeconds;
}

/** Every server of the parent was seen with the DS of a key, or without it. */
export interface SightingEvent {
  readonly kind: 'sighting';
  readonly at: UnixSeconds;
  readonly keyId: string;
  readonly seen: boolean;
}

/** A rollover reaches a step; `done` is the last. */
export interface StepEvent {
  readonly kind: 'step';
  readonly at: UnixSeconds;
  readonly id: string;
  readonly type: string;
  readonly step: string;
  readonly because: string;
}

export type TimelineEvent = RecordEvent | SightingEvent | StepEvent;

/** Orders by which it was told that a DS is on all servers, or on none. */
const SIGHTINGS: readonly string[] = ['confirm-ds seen', 'confirm-ds gone', 'monitor seen', 'monitor gone'];
const GAP = 'the audit trail has a gap: only the key states tell';

/** The past, from the trail; what is no event of keys, or is not whole, is left out. */
export function pastEvents(entries: readonly AuditEntry[], keys: readonly Key[]): TimelineEvent[] {
  const told = entries.flatMap(eventOf);
  return inOrder([...told, ...keys.flatMap((key) => untold(key, told))]);
}

/** The future, from a plan. */
export function plannedEvents(events: readonly PlannedEvent[]): TimelineEvent[] {
  return events.flatMap(({ at, event }): TimelineEvent[] => {
    if (event.kind === 'edge') return [{ ...event, kind: 'record', at }];
    if (event.kind === 'parent') return [{ kind: 'sighting', at, keyId: event.keyId, seen: event.seen }];
    if (event.kind !== 'rollover' || event.event === 'stalled') return [];
    const { id, type, step, because } = event;
    return [{ kind: 'step', at, id, type, step, because }];
  });
}

function eventOf({ at, kind, details }: AuditEntry): TimelineEvent[] {
  const { keyId, tag, record, from, to, because, id, type, step, event, order } = details;
  if (kind === 'edge') {
    const isWhole = isText(keyId) && isText(because) && typeof tag === 'number';
    if (!isWhole || !isOneOf(RECORD_KINDS, record) || !isOneOf(RECORD_STATES, from)) return [];
    return isOneOf(RECORD_STATES, to) ? [{ kind: 'record', at, keyId, tag, record, from, to, because }] : [];
  }
  if (kind === 'rollover') {
    if (event === 'stalled' || !isText(id) || !isText(type) || !isText(step)) return [];
    return [{ kind: 'step', at, id, type, step, because: isText(because) ? because : '' }];
  }
  const isSighting = kind === 'order' && isText(order) && SIGHTINGS.includes(order);
  return isSighting && isText(keyId) ? [{ kind: 'sighting', at, keyId, seen: order.endsWith(' seen') }] : [];
}

/** What a key is now and the trail does not say. */
function untold(key: Key, told: readonly TimelineEvent[]): TimelineEvent[] {
  const own = told.filter((event) => event.kind !== 'step' && event.keyId === key.id);
  const records = RECORD_KINDS.flatMap((record): TimelineEvent[] => {
    const times = key.states[record];
    const last = own.findLast((event) => event.kind === 'record' && event.record === record) as
      | RecordEvent
      | undefined;
    const known = last?.to ?? 'hidden';
    if (times === null || times.state === known) return [];
    const { state: to, since: at } = times;
    return [{ kind: 'record', at, keyId: key.id, tag: key.tag, record, from: known, to, because: GAP }];
  });
  const { seenAllAt, goneAllAt } = key.dsObservation ?? NEVER_OBSERVED;
  const sightings = [
    { at: seenAllAt, seen: true },
    { at: goneAllAt, seen: false },
  ].flatMap(({ at, seen }): TimelineEvent[] => {
    const isKnown = own.some((event) => event.kind === 'sighting' && event.seen === seen && event.at === at);
    return at === null || isKnown ? [] : [{ kind: 'sighting', at, keyId: key.id, seen }];
  });
  return [...records, ...sightings];
}

/** Events of one instant stay in the order in which they were told. */
function inOrder(events: readonly TimelineEvent[]): TimelineEvent[] {
  return events.toSorted((one, other) => one.at - other.at);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return words.includes(value as T);
}
