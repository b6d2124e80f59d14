/** The timeline of a zone: the past from its audit trail, the future from a plan, and the part of time worth showing. */
import { formatInstant, plus, type UnixSeconds } from '../base/time.ts';
import type { Key } from '../kasp/key.ts';
import { type Plan, plan } from '../kasp/plan.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Facts, Waiting } from '../kasp/step.ts';
import type { ZoneState } from '../kasp/zonestate.ts';
import type { AuditEntry } from '../store/audit.ts';
import { iso } from './describe.ts';
import { labelsOf } from './plans.ts';
import { pastEvents, plannedEvents, type TimelineEvent } from './timeline-events.ts';
import { type Lane, lanesOf, type Span, type Wait } from './timeline-lanes.ts';
import type { Timeline, TimelineLane } from './timeline-shapes.ts';

const DAY = 86_400;
/** What is not further apart belongs together. */
const GAP = 10 * DAY;
/** How far away what happened last may be, and what happens next. */
const NEAR = 30 * DAY;
/** The same for what happens next, if nothing happened lately. */
const FAR = 100 * DAY;

/** A zone as it is now, and what is known of its past. */
export interface TimelineSubject {
  readonly zone: string;
  readonly policyName: string;
  readonly policy: Policy;
  readonly state: ZoneState;
  readonly facts: Facts;
  readonly waiting: readonly Waiting[];
  readonly trail: readonly AuditEntry[];
}

export interface TimelineOptions {
  readonly now: UnixSeconds;
  /** Days to show ahead and back; what is not said is chosen by what there is to see. */
  readonly days?: number | undefined;
  readonly past?: number | undefined;
  readonly parentDelay?: number | undefined;
}

/** Draws up the timeline; nothing is changed. */
export function timelineOf(subject: TimelineSubject, options: TimelineOptions): Timeline {
  const { zone, policyName, policy, state, facts } = subject;
  const { now } = options;
  const parentDelay = options.parentDelay ?? policy.parent.propagation;
  const horizon = plus(now, options.days === undefined ? FAR + GAP : options.days * DAY);
  const planned = plan(state, facts, policy, { now, until: horizon, parentDelay });
  const past = pastEvents(subject.trail, state.keys);
  const future = plannedEvents(planned.events);
  const from = options.past === undefined ? begin(past, now) : plus(now, -options.past * DAY);
  const isLively = past.some(({ at }) => now - at <= NEAR);
  const until =
    options.days === undefined ? end(future, now, isLively ? NEAR : FAR) : (planned.cutAt ?? horizon);
  const lanes = lanesOf([...past, ...future], wordsOf(subject, planned));
  return {
    ...{ zone, policy: policyName, now: formatInstant(now) },
    ...{ from: formatInstant(from), until: formatInstant(until), parentDelay },
    lanes: lanes.flatMap((lane) => shown(lane, from, until)).map((lane) => laneOf(lane, now)),
  };
}

function wordsOf({ state, waiting }: TimelineSubject, planned: Plan) {
  const keys = new Map<string, Key>([...planned.keys, ...state.keys].map((key) => [key.id, key]));
  const nameOf = labelsOf([...keys.values()]);
  return {
    labelOf: (id: string) => (keys.has(id) ? nameOf(id) : undefined),
    madeAt: (id: string) => keys.get(id)?.createdAt,
    waitOf: (id: string, record: string) =>
      waiting.find((wait) => wait.keyId === id && wait.record === record)?.because,
  };
}

// ---- The part of time that is shown ----

/** The end of what comes next, if it begins within `reach` seconds, with some room behind it. */
function end(future: readonly TimelineEvent[], now: UnixSeconds, reach: number): UnixSeconds {
  let last: UnixSeconds | null = null;
  for (const { at } of future) {
    if (at - (last ?? now) > (last === null ? reach : GAP)) break;
    last = at;
  }
  if (last === null) return plus(now, NEAR);
  return plus(last, Math.max(DAY / 4, Math.ceil((last - now) / 10)));
}

/** The beginning of what happened last, with some room before it. */
function begin(past: readonly TimelineEvent[], now: UnixSeconds): UnixSeconds {
  let first: UnixSeconds | null = null;
  for (const { at } of past.toReversed()) {
    if (now - at > NEAR || (first !== null && first - at > GAP)) break;
    first = at;
  }
  if (first === null) return plus(now, -NEAR / 4);
  return plus(first, -Math.max(DAY / 12, Math.ceil((now - first) / 20)));
}

/** The lane with what meets the part that is shown; none if that is nothing. */
function shown(lane: Lane, from: UnixSeconds, until: UnixSeconds): Lane[] {
  const isSeen = (one: Span | Wait) => one.from <= until && (one.until === null || one.until >= from);
  const spans = lane.spans.filter(isSeen);
  return spans.length === 0 ? [] : [{ ...lane, spans, waits: lane.waits.filter(isSeen) }];
}

function laneOf({ spans, waits, ...lane }: Lane, now: UnixSeconds): TimelineLane {
  const times = ({ from, until }: Span | Wait) => ({
    ...{ from: formatInstant(from), until: iso(until), planned: from > now },
  });
  return {
    ...lane,
    spans: spans.map((span) => ({ ...span, ...times(span) })),
    waits: waits.map((wait) => ({ ...wait, ...times(wait), records: [...wait.records] })),
  };
}
