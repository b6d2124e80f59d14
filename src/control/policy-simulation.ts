/** What-if: the rollovers of a year or more under a policy, by the machine itself on a virtual clock (kasp/plan). */
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import { type Plan, type PlanRow, plan } from '../kasp/plan.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Facts } from '../kasp/step.ts';
import { rolloversOf, type ZoneState } from '../kasp/zonestate.ts';
import { reservations } from '../store/policy-check.ts';
import { iso } from './describe.ts';
import { labelsOf, plannedOf } from './plans.ts';
import { deviations } from './policy-check.ts';
import type { PolicySimulation } from './policy-shapes.ts';
import { factsUnder, newZone } from './policy-waits.ts';

/** What is simulated. */
export interface Subject {
  readonly policyName: string;
  /** With what was set. */
  readonly policy: Policy;
  readonly set: readonly string[];
  /** A zone as it is; without one, a new zone is imagined. */
  readonly zone?: { readonly name: string; readonly state: ZoneState; readonly facts: Facts };
}

/** Simulates from `now` to `until`; nothing is changed. */
export function simulate(
  subject: Subject,
  { now, until, parentDelay }: { now: UnixSeconds; until: UnixSeconds; parentDelay?: number | undefined },
): PolicySimulation {
  const { policy, zone } = subject;
  const facts = zone?.facts ?? factsUnder(policy);
  const state = zone?.state ?? newZone(policy, now);
  const delay = parentDelay ?? policy.parent.propagation;
  const planned = plan(state, facts, policy, { now, until, parentDelay: delay });
  const nameOf = labelsOf(planned.keys);
  // Keys of a zone that is imagined have no tags that mean anything.
  const labelOf = zone === undefined ? (id: string) => firstOf(nameOf(id), id) : nameOf;
  return {
    policy: subject.policyName,
    zone: zone?.name ?? null,
    set: [...subject.set],
    from: formatInstant(now),
    until: formatInstant(planned.cutAt ?? until),
    parentDelay: delay,
    zoneTtl: facts.maxTtl,
    rows: planned.rows.map((row, index) =>
      simulatedRow(row, planned.rows[index + 1]?.at ?? planned.cutAt, labelOf),
    ),
    rollovers: rolloversIn(planned, state),
    notes: [...cutNotes(planned), ...notesOn(subject, state)],
  };
}

function firstOf(label: string, id: string): string {
  return id.startsWith('first-') ? `first ${label.split(' ')[0]}` : label;
}

function simulatedRow(row: PlanRow, until: UnixSeconds | null, labelOf: (id: string) => string) {
  // What only follows from other waits explains nothing.
  const telling = row.waitingFor.filter(({ reason }) => reason !== 'plan' && reason !== 'gate');
  return {
    at: formatInstant(row.at),
    until: iso(until),
    ...plannedOf(row, labelOf),
    because: [...new Set(telling.map(({ because }) => because))],
  };
}

function cutNotes({ cutAt, rows }: Plan): string[] {
  if (cutAt === null) return [];
  return [`the table ends at ${formatInstant(cutAt)}, after ${rows.length} rows: ask for fewer days`];
}

function rolloversIn({ events }: Plan, before: ZoneState): PolicySimulation['rollovers'] {
  const found = new Map<string, PolicySimulation['rollovers'][number]>();
  for (const { id, type, startedAt } of rolloversOf(before)) {
    found.set(id, { type, startedAt: formatInstant(startedAt), doneAt: null, parentActs: 0 });
  }
  for (const { at, event } of events) {
    if (event.kind === 'rollover') {
      const known = found.get(event.id);
      const began = { type: event.type, startedAt: formatInstant(at), doneAt: null, parentActs: 0 };
      if (known === undefined) found.set(event.id, began);
      else if (event.event === 'done') known.doneAt = formatInstant(at);
    } else if (event.kind === 'parent') {
      const running = [...found.values()]
        .filter(({ doneAt, type }) => doneAt === null && type !== 'zsk')
        .at(-1);
      if (running !== undefined) running.parentActs++;
    }
  }
  return [...found.values()];
}

function notesOn({ policy, set, zone }: Subject, state: ZoneState): string[] {
  const notes = reservations(policy).map(({ key, why }) => `${key.join('.')}: ${why}`);
  if (zone === undefined) return notes;
  for (const { key, is, command } of deviations(zone.name, state.keys, policy)) {
    notes.push(`the keys ${key === 'algorithm' ? `are ${is} and stay so` : `stay ${is}`}: ${command}`);
  }
  if (set.some((assignment) => assignment.startsWith('maxZoneTtl'))) {
    notes.push('maxZoneTtl changes no wait of a zone: its largest TTL does');
  }
  return notes;
}
