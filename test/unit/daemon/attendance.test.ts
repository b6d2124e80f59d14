/** What the keys of a zone do when nobody looks after a rollover: reminders, and a cancel of their own accord. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnixSeconds } from '../../../src/base/time.ts';
import { type Order, obey } from '../../../src/daemon/orders.ts';
import { ZoneSigning } from '../../../src/daemon/signing.ts';
import type { SigningListener } from '../../../src/daemon/signingports.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Workplace } from '../../support/processes.ts';
import { strongRandom } from '../../support/random.ts';

const DAY = 86_400;
const POLICY: Policy = { ...DEFAULT_POLICY, bootstrapHold: 0, minInterval: 0 };
const FACTS = { maxTtl: 3_600, negativeTtl: 300 };

let place: Workplace;
let clock: ManualClock;
let signing: ZoneSigning;
let told: string[];

const listener: SigningListener = {
  actions: () => undefined,
  ordered: ({ order, ...details }) => void told.push([order, details.reason].filter(Boolean).join(' ')),
  reminded: ({ after, wait, rollover }) =>
    void told.push(`reminder after ${after / DAY}d: ${rollover?.type} ${wait.reason}`),
  unaudited: (error) => {
    throw error;
  },
};

/** Opens the keys as they are on disk, as a new process does. */
async function open(policy: Policy): Promise<void> {
  const ports = {
    ...{ files: new DiskFileStore(), random: strongRandom },
    ...{ keysDirectory: place.at('keys'), replaceKeys: false },
  };
  const zone = { origin: nameOf('example.'), policy, listener };
  signing = await ZoneSigning.open(ports, zone, { foreignKeys: [], foreignCds: [] }, clock.now());
}

/** Lets time pass; whenever something is due, it is done. */
async function pass(seconds: number, facts: object = {}): Promise<void> {
  const until = clock.now() + seconds;
  const known = { ...FACTS, ...facts };
  const turn = async (now: UnixSeconds) => {
    await signing.advance(known, now);
    for (let rounds = 0; signing.isPending && rounds < 20; rounds++) {
      await signing.advance(known, now, signing.acknowledged(known, now));
    }
  };
  for (let rounds = 0; clock.now() < until; rounds++) {
    expect(rounds).toBeLessThan(100);
    await turn(clock.now());
    const due = Math.min(signing.nextWake ?? until, signing.nextReminder ?? until);
    clock.advance(Math.max(1, Math.min(until, due) - clock.now()));
  }
  await turn(clock.now());
}

/** Does what an operator orders, and what follows from it. */
async function order(given: Order): Promise<void> {
  const now = clock.now();
  await signing.advance(FACTS, now, await obey(signing, given, { now, ended: now }));
}

/** A zone with a DS whose CSK is being replaced; the parent is asked for the DS of the new one. */
async function asked(policy: Policy): Promise<void> {
  await open(policy);
  await pass(3 * DAY);
  const [key] = signing.zoneState.keys;
  await order({ kind: 'ds', keyId: key!.id, seen: true, ttl: null });
  await pass(3 * DAY);
  await order({ kind: 'start', request: { type: 'csk' } });
  await pass(DAY / 4);
  expect(signing.zoneState.rollover?.step).toBe('request');
  told = [];
}

beforeEach(() => {
  told = [];
  place = new Workplace();
  clock = new ManualClock();
});
afterEach(() => place.remove());

describe('a zone that was never secured', () => {
  it('is told of in the same way, until somebody says that its parent has no DS', async () => {
    await open(POLICY);
    await pass(10 * DAY);
    expect(told).toEqual([1, 3, 7].map((days) => `reminder after ${days}d: undefined parent_ds`));
    await order({ kind: 'no-ds' });
    told = [];
    await pass(30 * DAY);
    expect(told).toEqual([]);
    expect(signing.nextReminder).toBeNull();
  });
});

describe('a rollover that waits for somebody', () => {
  it('is told of after a day, three, a week, and every week from when it is stalled', async () => {
    await asked(POLICY);
    await pass(36 * DAY);
    expect(told).toEqual([1, 3, 7, 14, 21, 28, 35].map((days) => `reminder after ${days}d: csk parent_ds`));
  });

  it('is not told of again after a restart, and what came due meanwhile is', async () => {
    await asked(POLICY);
    await pass(2 * DAY);
    await open(POLICY);
    await pass(DAY / 2);
    expect(told).toEqual(['reminder after 1d: csk parent_ds']);
    clock.advance(20 * DAY);
    await open(POLICY);
    await pass(DAY);
    await open(POLICY);
    await pass(DAY);
    expect(told.slice(1)).toEqual(['reminder after 21d: csk parent_ds']);
  });

  it('is not told of by a clock that is in doubt', async () => {
    await asked(POLICY);
    await pass(2 * DAY, { isClockTrusted: false });
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toEqual(['reminder after 1d: csk parent_ds']);
  });

  it('is undone by itself if the policy says so, and the audit trail says why', async () => {
    await asked({ ...POLICY, autoCancel: 5 * DAY });
    const { id } = signing.zoneState.rollover!;
    await pass(5 * DAY);
    expect(told.at(-1)).toBe('rollover cancel auto_cancel');
    expect(signing.zoneState.rollover).toMatchObject({ id, step: 'withdraw' });
    expect(signing.zoneState.rollover!.cancelledAt).not.toBeNull();
    const entry = signing.keys.history().entries.find(({ details }) => details.order === 'rollover cancel');
    expect(entry).toMatchObject({ kind: 'order', details: { by: 'policy', reason: 'auto_cancel', id } });
  });

  it('waits for ever if it does not', async () => {
    await asked(POLICY);
    await pass(400 * DAY);
    expect(signing.zoneState.rollover).toMatchObject({ step: 'request', cancelledAt: null, isStalled: true });
  });
});
