/** Timelines of real zones: the past from their audit trail, the future from the plan, and trails that have gaps. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../../src/base/time.ts';
import { OPERATIONS, type ParamsIn } from '../../../src/control/operations.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import { type TimelineSubject, timelineOf } from '../../../src/control/timeline.ts';
import { pastEvents } from '../../../src/control/timeline-events.ts';
import { createTimelineHandlers } from '../../../src/control/timeline-handlers.ts';
import type { Timeline, TimelineLane } from '../../../src/control/timeline-shapes.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'split.example.';
const POLICY: Policy = {
  ...{ ...DEFAULT_POLICY, scheme: 'ksk-zsk', bootstrapHold: 0, minInterval: 0 },
  ...{ dnskeyTtl: 60, cdsTtl: 5, publishSafety: 30, retireSafety: 10, propagation: 5, maxZoneTtl: 300 },
  parent: { propagation: 20, dsTtl: 100 },
};

let bench: ZonesBench;
let handlers: ReturnType<typeof createTimelineHandlers> & ReturnType<typeof createRolloverHandlers>;

beforeEach(async () => {
  bench = new ZonesBench({ policies: { [ZONE]: POLICY } });
  handlers = { ...createTimelineHandlers(bench), ...createRolloverHandlers(bench) };
  bench.write('split.example.zone', zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

const zone = () => bench.zones.find(nameOf(ZONE))!;
const pass = (seconds: number) => bench.lapse(seconds);
const keys = () => zone().signing!.zoneState.keys;

function draw(params: Omit<ParamsIn<'timeline'>, 'zone'> = {}): Timeline {
  const parsed = OPERATIONS.timeline.params.parse({ zone: ZONE, ...params });
  return OPERATIONS.timeline.result.parse(handlers.timeline(parsed));
}

const order = (
  params: ParamsIn<'rollover.start'> & ParamsIn<'rollover.confirm-ds'>,
  name: 'start' | 'confirm-ds',
) => handlers[`rollover.${name}`](OPERATIONS[`rollover.${name}`].params.parse(params) as never);

const laneOf = ({ lanes }: Timeline, label: string): TimelineLane => {
  const found = lanes.find((lane) => lane.label === label);
  expect(found, `${label} of ${lanes.map((lane) => lane.label).join(', ')}`).toBeDefined();
  return found!;
};
const kinds = ({ spans }: TimelineLane) =>
  spans.map(({ kind, planned }) => `${kind}${planned ? ' planned' : ''}`);
const seconds = (instant: string | null) => Date.parse(instant!) / 1_000;

/** A lane has no gap that nothing explains, and no span ends before it begins. */
function expectSound({ lanes, now, from, until }: Timeline): void {
  expect(from < now && now < until).toBe(true);
  for (const { label, spans, waits } of lanes) {
    expect(spans.length, label).toBeGreaterThan(0);
    spans.forEach((span, index) => {
      const following = spans[index + 1];
      expect(span.until === null || span.from < span.until, `${label} ${span.kind}`).toBe(true);
      if (following !== undefined) expect(span.until! <= following.from, label).toBe(true);
      expect(span.planned).toBe(span.from > now);
      expect(span.because).not.toBe('');
    });
    for (const wait of waits) {
      expect(
        spans.some((span) => span.from <= wait.from && (span.until === null || wait.from <= span.until)),
      ).toBe(true);
      expect(wait.because).not.toBe('');
    }
  }
}

describe('timeline of a zone', () => {
  it('shows a new zone going signed: what is waited for, and the DS that will be', () => {
    const drawn = draw();
    expectSound(drawn);
    const [ksk, zsk] = keys().map(({ tag }) => tag);
    expect(kinds(laneOf(drawn, `KSK ${ksk}`))).toEqual(['signing']);
    expect(laneOf(drawn, `KSK ${ksk}`).waits[0]).toMatchObject({ records: ['dnskey', 'krrsig'] });
    expect(kinds(laneOf(drawn, `ZSK ${zsk}`))).toEqual(['signing']);
    const ds = laneOf(drawn, `DS ${ksk}`);
    expect(ds.kind).toBe('ds');
    expect(ds.spans.map(({ kind }) => kind)).toEqual(['asked', 'present']);
    expect(ds.waits).toMatchObject([
      { records: ['ds'], planned: true, because: expect.stringMatching(/^DS TTL 1m40s/) },
    ]);
  });

  it('follows a KSK rollover from plan to past', async () => {
    const old = keys()[0]!.tag;
    await pass(60);
    await order({ zone: ZONE, key: old, seen: true }, 'confirm-ds');
    await pass(2 * 86_400);
    await order({ zone: ZONE, type: 'ksk' }, 'start');
    const planned = draw();
    expectSound(planned);
    const made = keys().at(-1)!.tag;
    const steps = planned.lanes[0]!;
    expect(steps).toMatchObject({ kind: 'rollover', label: 'rollover' });
    expect(steps.spans.map(({ label }) => label)).toEqual(
      ['publish', 'request', 'soak', 'withdraw', 'drain', 'remove'].map((step) => `ksk ${step}`),
    );
    expect(kinds(laneOf(planned, `KSK ${old}`))).toEqual(['signing', 'retiring planned']);
    expect(kinds(laneOf(planned, `DS ${made}`))).toEqual(['asked planned', 'present planned']);
    const wait = laneOf(planned, `KSK ${made}`).waits[0]!;
    expect(wait.because).toBe('DNSKEY TTL 1m + propagation 5s + publishSafety 30s');
    expect(seconds(wait.until) - seconds(wait.from), 'and one until it is served').toBe(96);
    expect(seconds(planned.until)).toBeGreaterThan(seconds(steps.spans.at(-1)!.until));

    await pass(200);
    await order({ zone: ZONE, seen: made, gone: old }, 'confirm-ds');
    await pass(900);
    await order({ zone: ZONE, key: old, gone: true }, 'confirm-ds');
    await pass(900);
    expect(zone().signing!.zoneState.rollover).toBeNull();
    const past = draw();
    expectSound(past);
    expect(past.lanes[0]!.spans.map(({ label }) => label)).toEqual(steps.spans.map(({ label }) => label));
    expect(kinds(laneOf(past, `KSK ${old}`))).toEqual(['signing', 'retiring']);
    const gone = laneOf(past, `DS ${old}`);
    expect(kinds(gone).slice(-2)).toEqual(['present', 'leaving']);
    expect(gone.waits.at(-1)!.until).toBe(gone.spans.at(-1)!.until);
    const shownWait = laneOf(past, `KSK ${made}`).waits[0]!;
    expect(shownWait, 'what was planned came true').toEqual(wait);
    expect(past.lanes.every(({ spans }) => spans.every((span) => !span.planned))).toBe(true);
  });

  it('shows as many days as it is told, with the rollovers to come', async () => {
    await order({ zone: ZONE, key: keys()[0]!.tag, seen: true }, 'confirm-ds');
    await pass(400);
    const drawn = draw({ days: 200, past: 1 });
    expectSound(drawn);
    expect(seconds(drawn.until) - seconds(drawn.now)).toBe(200 * 86_400);
    expect(seconds(drawn.now) - seconds(drawn.from)).toBe(86_400);
    const labels = drawn.lanes.map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(['rollover', 'new ZSK', 'new ZSK 2']));
    expect(kinds(laneOf(drawn, 'new ZSK'))).toEqual([
      'published planned',
      'signing planned',
      'retiring planned',
    ]);
    expect(laneOf(drawn, 'rollover').spans[0]!.because).toContain('new DNSKEY in all caches');
    expect(draw({ days: 1, past: 0 }).lanes.map(({ label }) => label)).not.toContain('new ZSK');
  });

  it('looks as far as the next rollover if nothing happened lately', async () => {
    await order({ zone: ZONE, key: keys()[0]!.tag, seen: true }, 'confirm-ds');
    await pass(400);
    expect(seconds(draw().until) - seconds(draw().now), 'it was signed a moment ago').toBe(30 * 86_400);
    await pass(50 * 86_400);
    const drawn = draw();
    expectSound(drawn);
    expect(laneOf(drawn, 'rollover').spans.map(({ label }) => label)).toContain('zsk remove');
    expect(drawn.lanes.map(({ label }) => label)).not.toContain('new ZSK 2');
  });

  it('changes nothing', () => {
    const before = JSON.stringify(zone().signing!.zoneState);
    draw({ days: 400 });
    expect(JSON.stringify(zone().signing!.zoneState)).toBe(before);
  });
});

describe('a trail with gaps', () => {
  const subject = (): TimelineSubject => ({
    ...{ zone: ZONE, policyName: 'p', policy: POLICY, facts: zone().keeper.facts! },
    ...{
      state: zone().signing!.zoneState,
      waiting: zone().signing!.waiting,
      trail: zone().signing!.keys.history().entries,
    },
  });
  const now = () => bench.clock.now();

  it('is mended by the key states', async () => {
    await pass(2_000);
    const whole = timelineOf(subject(), { now: now() });
    const none = timelineOf({ ...subject(), trail: [] }, { now: now() });
    expectSound(none);
    const [ksk] = keys();
    const { because, ...span } = laneOf(none, `KSK ${ksk!.tag}`).spans[0]!;
    expect(because).toContain('the audit trail has a gap');
    expect(span).toMatchObject({ kind: 'signing', until: null, planned: false });
    expect(laneOf(whole, `KSK ${ksk!.tag}`).spans[0]!.because).toBe(
      'the key shall be in use: it signs the DNSKEY RRset',
    );
    const late = timelineOf({ ...subject(), trail: subject().trail.slice(-1) }, { now: now() });
    expectSound(late);
    expect(late.lanes.map(({ id }) => id).toSorted()).toEqual(whole.lanes.map(({ id }) => id).toSorted());
  });

  it('does not believe what is not whole', () => {
    const at = unixSeconds(1_000) as UnixSeconds;
    const entry = (kind: string, details: object) => ({ at, generation: 1, kind, details: { ...details } });
    const edge = { keyId: 'k', tag: 1, record: 'ds', from: 'hidden', to: 'rumoured', because: 'asked' };
    const trail = [
      ...[{ record: 'rrsig' }, { tag: '1' }, { to: 'seen' }, { from: 7 }, { because: null }].map((wrong) =>
        entry('edge', { ...edge, ...wrong }),
      ),
      entry('rollover', { event: 'step', id: 1 }),
      entry('order', { order: 'confirm-ds seen', keyId: 3 }),
      entry('purge', { tag: 1 }),
      entry('unheard of', {}),
    ];
    expect(pastEvents(trail, [])).toEqual([]);
    expect(pastEvents([entry('edge', edge)], [])).toHaveLength(1);
  });

  it('names keys that were destroyed by what they did', () => {
    const at = (offset: number) => plus(now(), offset);
    const edge = (keyId: string, record: string, offset: number, to: string) => ({
      ...{ at: at(offset), generation: 1, kind: 'edge' },
      details: {
        keyId,
        tag: 77,
        record,
        from: to === 'hidden' ? 'unretentive' : 'hidden',
        to,
        because: 'it is so',
      },
    });
    const trail = [
      ...[edge('z', 'dnskey', -900, 'rumoured'), edge('z', 'zrrsig', -800, 'rumoured')],
      ...[edge('z', 'zrrsig', -700, 'hidden'), edge('z', 'dnskey', -600, 'hidden')],
      ...[edge('y', 'dnskey', -900, 'rumoured'), edge('y', 'krrsig', -900, 'rumoured')],
      ...[edge('y', 'krrsig', -300, 'hidden'), edge('y', 'dnskey', -300, 'hidden')],
    ].toSorted((one, other) => one.at - other.at);
    const drawn = timelineOf({ ...subject(), trail }, { now: now() });
    expect(kinds(laneOf(drawn, 'ZSK 77'))).toEqual(['published', 'signing', 'retiring']);
    expect(kinds(laneOf(drawn, 'KSK 77'))).toEqual(['signing']);
  });

  it('that cannot be read is told', () => {
    const file = `${zone().signing!.keys.path}/audit.log`;
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(() => draw()).toThrow(/audit\.log/);
  });
});
