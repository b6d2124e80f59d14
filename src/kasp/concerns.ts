/**
 * How often somebody is told of something that is wrong: at once, and then as of a wait that lasts (`ladder.ts`), over
 * restarts too. What is wrong is found by others; here it is a code.
 */
import type { UnixSeconds } from '../base/time.ts';
import { rungAfter, rungBetween } from './ladder.ts';
import type { Concerned } from './zonestate.ts';

/** What is to be told. */
export interface Telling {
  readonly code: string;
  /** For how many seconds it has lasted: 0 when it is new. */
  readonly after: number;
}

export interface Reviewed {
  /** The list as it was if nothing is to be told. */
  readonly concerns: readonly Concerned[];
  readonly told: readonly Telling[];
  /** Codes of what is over. */
  readonly over: readonly string[];
}

/** What has come of what was known, when these codes are found. */
export function reviewed(
  known: readonly Concerned[],
  codes: readonly string[],
  now: UnixSeconds,
  staleAfter: number,
): Reviewed {
  const told: Telling[] = [];
  const lasting = known.filter(({ code }) => codes.includes(code));
  const concerns = lasting.map((one): Concerned => {
    const after = rungBetween(one.since, [one.toldAt, now], staleAfter);
    if (after === null) return one;
    told.push({ code: one.code, after });
    return { ...one, toldAt: now };
  });
  for (const code of new Set(codes)) {
    if (known.some((one) => one.code === code)) continue;
    told.push({ code, after: 0 });
    concerns.push({ code, since: now, toldAt: now });
  }
  const over = known.filter((one) => !lasting.includes(one)).map(({ code }) => code);
  return told.length + over.length === 0 ? { concerns: known, told, over } : { concerns, told, over };
}

/** When the next of them is to be told again; null if there are none. */
export function nextTelling(
  known: readonly Concerned[],
  now: UnixSeconds,
  staleAfter: number,
): UnixSeconds | null {
  if (known.length === 0) return null;
  return Math.min(...known.map(({ since }) => rungAfter(since, now, staleAfter))) as UnixSeconds;
}
