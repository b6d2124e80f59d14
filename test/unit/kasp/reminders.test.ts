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
  it('are due after one, three and seven days of a wait, each once', () => {
    const told: number[] = [];
    for (let hours = 0; hours < 24 * 40; hours++) {
      const from = plus(ASKED, hours * HOUR);
      const due = remindersBetween(ASKS, from, plus(from, HOUR));
      told.push(...due.map(({ after }) => after / DAY));
    }
    expect(told).toEqual([1, 3, 7]);
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
    expect(nextReminder(ASKS, plus(ASKED, 7 * DAY))).toBeNull();
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

  it('are for waits of rollovers that time does not end', () => {
    for (const reason of ['dnskey_ttl', 'cds_hold', 'acknowledgement', 'clock_step', 'paused'] as const) {
      expect(nextReminder(scene(zone(), [wait('N', reason)]), EVER)).toBeNull();
    }
    const first = zone({}, { rollover: null });
    expect(nextReminder(scene(first, [wait('N', 'parent_ds')]), EVER), 'the first DS of a zone').toBeNull();
    expect(nextReminder(scene(zone({ step: 'remove' }), [wait('N', 'parent_ds')]), EVER)).toBeNull();
    expect(nextReminder(scene(zone(), [wait('K', 'parent_ds')]), EVER), 'a key that goes').toBeNull();
  });
});
