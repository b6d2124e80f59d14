/** Lanes against what a plan says is served: two ways from the same machine to what is true at each instant. */
import { describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { factsUnder, newZone } from '../../../src/control/policy-waits.ts';
import { plannedEvents, type TimelineEvent } from '../../../src/control/timeline-events.ts';
import { type Lane, type LaneWords, lanesOf } from '../../../src/control/timeline-lanes.ts';
import { type PlanRow, plan } from '../../../src/kasp/plan.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import type { RolloverRequest } from '../../../src/kasp/step.ts';

const START = unixSeconds(1_795_521_600);
const DAY = 86_400;
const CSK: Policy = {
  ...DEFAULT_POLICY,
  lifetime: { csk: 'unlimited', ksk: 'unlimited', zsk: 'unlimited' },
};
const SPLIT: Policy = { ...CSK, scheme: 'ksk-zsk' };

const WORDS: LaneWords = {
  labelOf: (id) => id,
  madeAt: () => START,
  waitOf: () => undefined,
};

/** A zone from its first signatures, and a rollover 60 days later. */
function rolled(policy: Policy, request: RolloverRequest | undefined, parentDelay?: number) {
  const now = plus(START, 60 * DAY);
  const facts = factsUnder(policy);
  const delay = parentDelay === undefined ? {} : { parentDelay };
  const first = plan(newZone(policy, START), facts, policy, { now: START, until: now });
  const asked = request === undefined ? {} : { request };
  const later = plan(first.end, facts, policy, { now, until: plus(now, 90 * DAY), ...asked, ...delay });
  expect([first.cutAt, later.cutAt]).toEqual([null, null]);
  const events = [...plannedEvents(first.events), ...plannedEvents(later.events)];
  return { rows: [...first.rows, ...later.rows], events, lanes: lanesOf(events, WORDS) };
}

/** Ids of keys with such a span at an instant. */
function at(lanes: readonly Lane[], instant: UnixSeconds, ...kinds: string[]): string[] {
  const isOn = ({ spans }: Lane) =>
    spans.some(
      ({ kind, from, until }) =>
        kinds.includes(kind) && from <= instant && (until === null || instant < until),
    );
  return lanes
    .filter(isOn)
    .map(({ id }) => id.replace('/ds', ''))
    .toSorted();
}

const signsData = (events: readonly TimelineEvent[], id: string) =>
  events.some((event) => event.kind === 'record' && event.keyId === id && event.record === 'zrrsig');

function expectSame(row: PlanRow, lanes: readonly Lane[], events: readonly TimelineEvent[]): void {
  const sorted = (ids: readonly string[] | 'delete') => (ids === 'delete' ? [] : [...ids].toSorted());
  const signing = at(lanes, row.at, 'signing');
  const where = `at +${row.at - START}, ${row.step}`;
  expect(
    signing.filter((id) => signsData(events, id)),
    where,
  ).toEqual(sorted(row.zoneSigners));
  expect(at(lanes, row.at, 'published', 'signing', 'retiring'), where).toEqual(
    expect.arrayContaining(sorted(row.dnskey)),
  );
  expect(at(lanes, row.at, 'asked', 'present'), where).toEqual(sorted(row.cds));
}

const CASES: readonly (readonly [string, Policy, RolloverRequest | undefined])[] = [
  ['a CSK', CSK, { type: 'csk' }],
  ['a CSK by swap', CSK, { type: 'csk', method: 'swap' }],
  ['a ZSK', SPLIT, { type: 'zsk' }],
  ['a KSK', SPLIT, { type: 'ksk' }],
  ['a KSK by double-ds', SPLIT, { type: 'ksk', method: 'double-ds' }],
  ['another algorithm', SPLIT, { type: 'algorithm', algorithm: 15 }],
  ['another algorithm at once', CSK, { type: 'algorithm', algorithm: 15, method: 'liberal' }],
  ['a split', CSK, { type: 'scheme', scheme: 'ksk-zsk' }],
  ['a merge', SPLIT, { type: 'scheme', scheme: 'csk' }],
  ['going unsigned', CSK, { type: 'insecure' }],
  ['rollovers by lifetime', { ...SPLIT, lifetime: { ...SPLIT.lifetime, zsk: 30 * DAY } }, undefined],
];

describe('lanes', () => {
  it.each(CASES)('show what is served during %s', (_, policy, request) => {
    const { rows, lanes, events } = rolled(policy, request);
    expect(rows.length).toBeGreaterThan(4);
    for (const row of rows) expectSame(row, lanes, events);
  });

  it.each(CASES)('have a wait for each record that caches must learn of during %s', (_, policy, request) => {
    const { lanes, events } = rolled(policy, request, 3 * DAY);
    for (const { id, kind, spans, waits } of lanes) {
      if (kind === 'rollover') continue;
      const moves = events.filter(
        (event) =>
          event.kind === 'record' &&
          (event.to === 'rumoured' || event.to === 'unretentive') &&
          `${event.keyId}${event.record === 'ds' ? '/ds' : ''}` === id,
      );
      const told = waits.reduce((sum, { records }) => sum + records.length, 0);
      if (kind === 'key') expect(told, id).toBe(moves.length);
      for (const { from, until, because } of waits) {
        expect(until === null || from < until, `${id}: ${because}`).toBe(true);
        expect(from).toBeGreaterThanOrEqual(spans[0]!.from);
      }
    }
  });

  it('put the time of the parent before the wait for caches', () => {
    const { lanes } = rolled(SPLIT, { type: 'ksk' }, 5 * DAY);
    const ds = lanes.filter(({ kind }) => kind === 'ds').at(-1)!;
    const [asked, present] = ds.spans;
    expect(asked!.kind).toBe('asked');
    expect(ds.waits[0]!.from - asked!.from).toBe(5 * DAY);
    expect(ds.waits[0]!.until).toBe(present!.from);
    expect(ds.waits[0]!.because).toMatch(/^DS TTL 1d/);
  });

  it('stand beside each other for rollovers that overlap', () => {
    const step = (id: string, offset: number, name: string): TimelineEvent => ({
      ...{ kind: 'step', at: plus(START, offset), id, type: id, step: name, because: 'it is time' },
    });
    const events = [step('ksk', 0, 'publish'), step('zsk', 5, 'publish'), step('ksk', 9, 'done')];
    const more = [step('zsk', 10, 'done'), step('csk', 10, 'publish')];
    const lanes = lanesOf([...events, ...more], WORDS);
    expect(lanes.map(({ id, spans }) => [id, spans.map(({ label }) => label).join()])).toEqual([
      ['rollover-1', 'ksk publish,csk publish'],
      ['rollover-2', 'zsk publish'],
    ]);
  });
});
