/** What must be true of a zone of a fleet at any time, whatever caches see: keys are kept, timers stay, claims hold. */
import { formatInstant, unixSeconds } from '../../src/base/time.ts';
import { formatStates, isEntirelyHidden, RECORD_KINDS } from '../../src/kasp/key.ts';
import type { ZoneState } from '../../src/kasp/zonestate.ts';
import type { ParentKind } from './fleet-scenario.ts';
import { type Finding, type Histories, judgeClaims } from './rollover-judge.ts';

/** Keys that any cache may hold at once: two sets of KSK and ZSK, and a ZSK that overlaps. */
const MOST_LIVING_KEYS = 5;
/** Steps of an algorithm rollover with the longest TTLs, margins and delays that a scenario has, and a cancel. */
const LONGEST_ROLLOVER_S = 90 * 86_400;

export class FleetChecks {
  readonly problems: string[] = [];
  readonly #claims: Finding[] = [];
  readonly #histories: Histories;
  /** `notBefore` of every record that has one, by key, record, state and since. */
  #timers = new Map<string, number>();

  constructor(histories: Histories) {
    this.#histories = histories;
  }

  fail(at: number, problem: string): void {
    this.problems.push(`${instant(at)} ${problem}`);
  }

  /** An operator has turned goals round: instants of the old direction are void. */
  forgetTimers(): void {
    this.#timers = new Map();
  }

  check(state: ZoneState, now: number): void {
    const claims = new Map(state.keys.map((key) => [key.id, formatStates(key)]));
    this.#claims.push(...judgeClaims(claims, this.#histories, now));
    this.#checkTimers(state, now);
    const living = state.keys.filter((key) => !isEntirelyHidden(key));
    if (living.length > MOST_LIVING_KEYS) this.fail(now, `${living.length} keys at once`);
    const coming = state.keys.filter((key) => key.goal === 'IN');
    if (coming.length > 2) this.fail(now, `${coming.length} keys are to stay`);
    for (const { keys } of this.#histories.ds.filter(({ deadAt }) => deadAt > now)) {
      const lost = keys.filter((id) => state.keys.every((key) => key.id !== id));
      if (lost.length > 0) this.fail(now, `key ${lost} has a DS out there and is lost`);
    }
  }

  /**
   * What the machine claimed and was not so (P10). A parent that drops a DS which CDS still name makes a claim untrue
   * that was true: the chain must hold anyway.
   */
  claimsOf(parent: ParentKind): Finding[] {
    return this.#claims.filter(({ versions }) => parent !== 'one-ds' || !/^ds\(.*\) is O/.test(versions));
  }

  /** With a parent that acts at once, a rollover ends, cancelled or not. */
  checkPace({ rollover }: ZoneState, now: number): void {
    if (rollover !== null && now - rollover.startedAt > LONGEST_ROLLOVER_S) {
      this.fail(now, `the ${rollover.type} rollover is stuck at ${rollover.step}`);
    }
  }

  /** An instant that was written down once stays, whatever is restarted. */
  #checkTimers(state: ZoneState, now: number): void {
    const timers = new Map<string, number>();
    for (const key of state.keys) {
      for (const record of RECORD_KINDS) {
        const times = key.states[record];
        if (times === null) continue;
        const name = `${key.id} ${record} ${times.state} ${times.since}`;
        const before = this.#timers.get(name);
        if (before !== undefined && times.notBefore !== before) {
          this.fail(now, `timer of ${name} moved from ${before} to ${times.notBefore}`);
        }
        if (times.notBefore !== null) timers.set(name, times.notBefore);
      }
    }
    this.#timers = timers;
  }
}

export function instant(at: number): string {
  return formatInstant(unixSeconds(Math.floor(at)));
}
