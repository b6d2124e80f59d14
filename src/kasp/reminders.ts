/**
 * When somebody is reminded that a rollover, or a zone that was never secured, waits for a person or for the parent
 * (ROLLOVER 2.10). Which reminders fall due follows from instants in the state alone, so that a restart neither repeats
 * nor loses one.
 */
import { type UnixSeconds, unixSeconds } from '../base/time.ts';
import { rungAfter, rungBetween } from './ladder.ts';
import type { Policy } from './policy.ts';
import type { Facts, Waiting } from './step.ts';
import { isParentStep } from './steps.ts';
import { countsFrom } from './word.ts';
import { findKey, type Rollover, rolloversOf, type ZoneState } from './zonestate.ts';

/** A wait that somebody is reminded of. */
export interface Reminder {
  /** Null: the zone waits for its first DS. */
  readonly rollover: Rollover | null;
  readonly wait: Waiting;
  /** Since when only a person or the parent can end the wait. */
  readonly since: UnixSeconds;
  /** After how many seconds of it: the latest of those that are due. */
  readonly after: number;
}

/** What a zone waits for, as `next` tells it. */
export interface Scene {
  readonly state: ZoneState;
  readonly waiting: readonly Waiting[];
  readonly policy: Policy;
}

/** The reminders that are due after `from`, and at `to` at the latest: one for each wait, however many it missed. */
export function remindersBetween(scene: Scene, from: UnixSeconds, to: UnixSeconds): Reminder[] {
  return attended(scene).flatMap((one) => {
    const after = rungBetween(one.since, [from, to], scene.policy.staleAfter);
    return after === null ? [] : [{ ...one, after }];
  });
}

/** The reminders that are due at `now` and were never given. By a clock that was stepped, nobody can tell. */
export function dueReminders(scene: Scene, { isClockTrusted }: Facts, now: UnixSeconds): Reminder[] {
  if (isClockTrusted === false) return [];
  return remindersBetween(scene, scene.state.remindedUntil ?? unixSeconds(0), now);
}

/** When the next reminder is due after an instant, if nothing happens; null if none is. */
export function nextReminder(scene: Scene, from: UnixSeconds): UnixSeconds | null {
  const due = attended(scene).map(({ since }) => rungAfter(since, from, scene.policy.staleAfter));
  return due.length === 0 ? null : (Math.min(...due) as UnixSeconds);
}

/** The waits that time does not end: those of rollovers, and that for the first DS of a zone. */
function attended(scene: Scene): Omit<Reminder, 'after'>[] {
  return scene.waiting.flatMap((wait) => {
    const rollover = rolloversOf(scene.state).find(({ incoming, outgoing }) =>
      [...incoming, ...outgoing].includes(wait.keyId),
    );
    const since = rollover === undefined ? firstDsSince(wait, scene) : waitingSince(wait, rollover, scene);
    return since === null ? [] : [{ rollover: rollover ?? null, wait, since }];
  });
}

/** Since when a zone that is signed waits for its first DS; null if it does not, or if somebody said that it has none. */
function firstDsSince({ keyId, reason }: Waiting, { state }: Scene): UnixSeconds | null {
  const key = findKey(state, keyId);
  const isFirst = reason === 'parent_ds' && key?.goal === 'IN' && state.delegation !== 'none';
  return isFirst ? (key.states.ds?.since ?? null) : null;
}

/** Since when a wait is for somebody to act; null if it is for something else. */
function waitingSince(
  { keyId, record, reason }: Waiting,
  rollover: Rollover,
  { state, policy }: Scene,
): UnixSeconds | null {
  // One wait of several for the same: nobody wants to read it twice.
  if (reason === 'delegation_unconfirmed') return record === 'ds' ? rollover.stepSince : null;
  const key = findKey(state, keyId);
  const since = key?.states.ds?.since;
  if (key === undefined || since === undefined || !isParentStep(rollover)) return null;
  const seen = reason === 'parent_ds' && key.goal === 'IN';
  if (!seen && reason !== 'parent_ds_gone') return null;
  // What is seen before a parent can no longer change its mind does not count: nobody was asked to look.
  const from = countsFrom(state, { keyId, seen }, policy);
  return from === null ? null : (Math.max(since, from) as UnixSeconds);
}
