/**
 * When somebody is reminded of something that waits (ROLLOVER 2.10): after one, three and seven days, when it counts as
 * stalled, and every week from then on. Which reminders fall due follows from instants alone.
 */
import { plus, type UnixSeconds } from '../base/time.ts';

const DAY = 86_400;
const WEEK = 7 * DAY;
const FIRST: readonly number[] = [DAY, 3 * DAY, WEEK];

/** From so long a wait on reminders are no longer gentle. */
export const LOUD_AFTER = WEEK;

/** The latest reminder of a wait that is due after `from`, and at `to` at the latest, as seconds of the wait. */
export function rungBetween(
  since: UnixSeconds,
  [from, to]: readonly [UnixSeconds, UnixSeconds],
  staleAfter: number,
): number | null {
  const waited = to - since;
  const base = Math.max(WEEK, staleAfter);
  const weekly = waited < base ? [] : [base + Math.floor((waited - base) / WEEK) * WEEK];
  const due = [...FIRST, ...weekly].filter((after) => after <= waited && plus(since, after) > from);
  return due.length === 0 ? null : Math.max(...due);
}

/** The first reminder of a wait that is due after an instant. */
export function rungAfter(since: UnixSeconds, from: UnixSeconds, staleAfter: number): UnixSeconds {
  const waited = from - since;
  const base = Math.max(WEEK, staleAfter);
  const weekly = waited < base ? base : base + (Math.floor((waited - base) / WEEK) + 1) * WEEK;
  return plus(since, Math.min(...[...FIRST, weekly].filter((after) => after > waited)));
}
