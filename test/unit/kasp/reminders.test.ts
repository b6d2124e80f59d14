import { describe, expect, it } from 'vitest';
import { plus, unixSeconds } from '../../../src/base/time.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { nextReminder, remindersBetween } from '../../../src/kasp/reminders.ts';
import type { Waiting } from '../../../src/kasp/step.ts';
import type { Rollover, ZoneState } from '../../../src/kasp/zonestate.ts';
import { keyIn, NOON, zoneOf } from '../../support/kasp-states.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const EVER = unixSeconds(0);
/** The DS of keys in these zones is asked for, or asked to leave, since then. */
const ASKED = plus(NOON, -DAY);
const ROLLOVER: Rollover = {
  ...{ id: 'r', type: 'ksk', method: 'additive', emergency: null, startedAt: ASKED },
  ...{ incoming: ['N'], outgoing: ['K'], cancelledAt: null },
  ...{ step: 'request', stepSince: plus(ASKED, 7), isStalled: false, followedBy: null },
};

function zone(changes: Partial<Rollover> = {}, state: Partial<ZoneState> = {}): ZoneState {
  const keys = [keyIn('K', 'O/O/-/U', { goal: 'OUT' }), keyIn('N', 'O/O/-/R'), keyIn('Z', 'O/-/O/-')];
  return zoneOf(keys, { rollover: { ...ROLLOVER, ...changes }, ...state });
}

const wait = (keyId: string, reason: Waiting['reason'], changes: Partial<Waiting> = {}): Waiting => ({
  ...{ keyId, tag: 1, record: 'ds', to: 'omnipresent', reason, until: null, because: 'so' },
  ...changes,
});

function scene(state: ZoneState, waiting: readonly Waiting[], policy: Policy = DEFAULT_POLICY) {
  return { state, waiting, policy };
}

const ASKS = scene(zone(), [wait('N', 'parent_ds')]);

describe('reminders', () => {
  it('are due after one, three and seven days of a wait, when it is stalled, and weekly from then on, each once', () => {
    const told: number[] = [];
    for (let hours = 0; hours < 24 * 40; hours++) {
      const from = plus(ASKED, hours * HOUR);
      const due = remindersBetween(ASKS, from, plus(from, HOUR));
      told.push(...due.map(({ after }) => after / DAY));
    }
    expect(told).toEqual([1, 3, 7, 14, 21, 28, 35]);
  });

  it('are due at the very second, and not again after it', () => {
    const at = plus(ASKED, DAY);
    expect(remindersBetween(ASKS, EVER, plus(at, -1))).toEqual([]);
    expect(remindersBetween(ASKS, EVER, at)).toMatchObject([
      { after: DAY, since: ASKED, rollover: { id: 'r' } },
    ]);
    expect(remindersBetween(ASKS, at, plus(at, 2 * DAY - 1))).toEqual([]);
  });

  it('that were missed come as one', () => {
    expect(remindersBetween(ASKS, EVER, plus(ASKED, 5 * DAY)).map(({ after }) => after)).toEqual([3 * DAY]);
  });

  it('say when the next one is due', () => {
    expect(nextReminder(ASKS, ASKED)).toBe(plus(ASKED, DAY));
    expect(nextReminder(ASKS, plus(ASKED, DAY))).toBe(plus(ASKED, 3 * DAY));
    expect(nextReminder(ASKS, plus(ASKED, 7 * DAY))).toBe(plus(ASKED, 14 * DAY));
    expect(nextReminder(ASKS, plus(ASKED, 14 * DAY))).toBe(plus(ASKED, 21 * DAY));
  });

  it('come weekly from the first week on if a wait is stalled sooner, and not before it is stalled if that is later', () => {
    const dueWith = (staleAfter: number) => {
      const policy = { ...DEFAULT_POLICY, staleAfter };
      const due: number[] = [];
      for (let at = ASKED; due.length < 6; ) {
        at = nextReminder(scene(zone(), [wait('N', 'parent_ds')], policy), at)!;
        due.push((at - ASKED) / DAY);
      }
      return due;
    };
    expect(dueWith(HOUR)).toEqual([1, 3, 7, 14, 21, 28]);
    expect(dueWith(30 * DAY)).toEqual([1, 3, 7, 30, 37, 44]);
  });

  it('count from the step where nobody knows what the parent has', () => {
    const records = (['ds', 'dnskey', 'krrsig'] as const).map((record) =>
      wait('K', 'delegation_unconfirmed', { record }),
    );
    const due = remindersBetween(scene(zone(), records), EVER, plus(ROLLOVER.stepSince, DAY));
    expect(due).toMatchObject([{ since: ROLLOVER.stepSince, after: DAY }]);
  });

  it('count from the end of the hold after a cancel, from when it is of use to look', () => {
    const cancelled = { cancelledAt: ASKED, step: 'withdraw', incoming: ['K'], outgoing: ['N'] };
    const keys = [keyIn('K', 'O/O/-/O'), keyIn('N', 'O/O/-/U', { goal: 'OUT' }), keyIn('Z', 'O/-/O/-')];
    const gone = scene(zone(cancelled, { keys }), [wait('N', 'parent_ds_gone')]);
    expect(nextReminder(gone, ASKED)).toBe(plus(ASKED, 2 * DAY));
  });

  it('are also for the first DS of a zone, unless somebody said that there is none', () => {
    const first = { rollover: null, delegation: 'unconfirmed' } as const;
    const due = remindersBetween(scene(zone({}, first), [wait('N', 'parent_ds')]), EVER, plus(NOON, DAY));
    expect(due).toMatchObject([{ rollover: null, after: DAY }]);
    const none = scene(zone({}, { ...first, delegation: 'none' }), [wait('N', 'parent_ds')]);
    expect(nextReminder(none, EVER)).toBeNull();
  });

  it('are for waits that time does not end', () => {
    for (const reason of ['dnskey_ttl', 'cds_hold', 'acknowledgement', 'clock_step', 'paused'] as const) {
      expect(nextReminder(scene(zone(), [wait('N', reason)]), EVER)).toBeNull();
    }
    expect(nextReminder(scene(zone({ step: 'remove' }), [wait('N', 'parent_ds')]), EVER)).toBeNull();
    expect(nextReminder(scene(zone(), [wait('K', 'parent_ds')]), EVER), 'a key that goes').toBeNull();
  });
});
