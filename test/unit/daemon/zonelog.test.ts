/** What those who follow the events are told, of zones that are loaded, rejected, rolled and removed. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obey } from '../../../src/daemon/orders.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import type { NumberedEvent } from '../../../src/ops/events.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const ZONE = 'a.example.';
const FILE = 'a.example.zone';

let bench: ZonesBench;
beforeEach(async () => {
  bench = new ZonesBench({ policies: { [ZONE]: { ...DEFAULT_POLICY, bootstrapHold: 0 } } });
  bench.write(FILE, zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

let seen = 0;
beforeEach(() => {
  seen = 0;
});

/** The events since the last call. */
function news(): readonly NumberedEvent[] {
  const { events } = bench.events.after(seen, 1_000);
  seen = bench.events.newest;
  return events;
}

const lines = (events: readonly NumberedEvent[]) =>
  events.map(({ kind, zone, message }) => `${kind} ${zone}: ${message}`);

async function days(count: number): Promise<void> {
  for (let quarter = 0; quarter < 4 * count; quarter++) {
    bench.scheduler.runDue();
    await bench.settle(86_400 / 12);
  }
}

describe('events of a zone', () => {
  it('tell of keys that are made, and of the file that is served', () => {
    const events = news();
    const tag = bench.zones.find(nameOf(ZONE))!.signing!.zoneState.keys[0]!.tag;
    expect(lines(events)[0]).toBe(`keys ${ZONE}: created keys: ${tag}`);
    expect(events[0]).toMatchObject({ how: 'created', tags: [tag] });
    expect(events.filter(({ kind }) => kind === 'edge')).toContainEqual(
      expect.objectContaining({ key: tag, record: 'dnskey', from: 'hidden', to: 'rumoured' }),
    );
    expect(events.find(({ kind }) => kind === 'loaded')).toMatchObject({
      kind: 'loaded',
      serial: 1,
      records: 2,
      message: 'serial 1 is served',
    });
  });

  it('tell of a new file, and of one that is rejected', async () => {
    news();
    bench.write(FILE, zoneText(2));
    await bench.settle();
    expect(lines(news())).toContain(`loaded ${ZONE}: serial 2 is served instead of 1`);
    bench.write(FILE, zoneText(3, 'www IN A x\nw2 IN A y\n'));
    await bench.settle();
    const [rejected] = news();
    expect(rejected).toMatchObject({ kind: 'rejected', zone: ZONE, code: 'ZONE_BAD_RDATA', errors: 2 });
    expect(rejected!.message).toMatch(/still serving serial 2/);
  });

  it('tell of a zone that goes', async () => {
    news();
    bench.remove(FILE);
    await bench.settle();
    expect(lines(news())).toEqual([
      expect.stringMatching(/^removed a\.example\.: it is no longer served; its keys stay in /),
    ]);
  });

  it('tell of the DS: asked for, seen, known, withdrawn, gone; and of the rollover', async () => {
    await days(3);
    const zone = bench.zones.find(nameOf(ZONE))!;
    const signing = zone.signing!;
    const [old] = signing.zoneState.keys;
    const order = (given: Parameters<typeof obey>[1]) =>
      zone.keeper.change((now) => obey(signing, given, now));
    const ds = () =>
      news()
        .filter(({ kind }) => kind === 'ds')
        .map(({ event, key }) => `${event} ${key === old!.tag ? 'old' : 'new'}`);
    expect(ds()).toEqual(['asked old']);
    await order({ kind: 'ds', keyId: old!.id, seen: true, ttl: null });
    await days(3);
    expect(ds()).toEqual(['seen old', 'known old']);
    await order({ kind: 'start', request: { type: 'csk' } });
    const started = news();
    expect(lines(started)[0]).toBe(`rollover ${ZONE}: csk rollover is started by an operator`);
    expect(started).toContainEqual(
      expect.objectContaining({ kind: 'rollover', event: 'started', type: 'csk' }),
    );
    await days(3);
    expect(ds()).toEqual(['asked new']);
    const fresh = signing.zoneState.keys.find(({ id }) => id !== old!.id)!;
    await order({ kind: 'ds', keyId: fresh.id, seen: true, ttl: null });
    await days(3);
    expect(ds()).toEqual(['seen new', 'known new', 'withdrawn old']);
    await order({ kind: 'ds', keyId: old!.id, seen: false, ttl: null });
    await days(3);
    const end = news();
    expect(end.filter(({ kind }) => kind === 'ds').map(({ event }) => event)).toEqual(['gone', 'forgotten']);
    expect(end).toContainEqual(expect.objectContaining({ kind: 'rollover', event: 'done' }));
    await order({ kind: 'start', request: { type: 'csk' } });
    await order({ kind: 'cancel' });
    const rollover = news().filter(({ kind }) => kind === 'rollover');
    expect(rollover.map(({ event }) => event)).toEqual(['started', 'step', 'cancelled', 'step']);
  });

  it('tell once of keys that stay as they are, however often it is tried', async () => {
    bench.write('b.example.zone', zoneText(1));
    await bench.settle();
    news();
    // Neither its next steps can be written down, nor that somebody was reminded of the DS of the other one.
    fs.renameSync(bench.config.keysDirectory, bench.place.at('aside'));
    await days(3);
    const frozen = news().filter(({ kind }) => kind === 'frozen');
    expect(frozen.map(({ zone, code }) => `${zone} ${code}`)).toEqual([
      'b.example. KEY_STORE_ENOENT',
      'a.example. KEY_STORE_ENOENT',
    ]);
    fs.renameSync(bench.place.at('aside'), bench.config.keysDirectory);
    await days(1);
    expect(news()).toContainEqual(expect.objectContaining({ kind: 'edge', zone: 'b.example.' }));
  });
});

describe('events of the server', () => {
  it('tell of alarms and of their end', async () => {
    const names = ['b', 'c', 'd', 'e'].map((name) => `${name}.example.zone`);
    for (const name of names) bench.write(name, zoneText(1));
    await bench.settle();
    news();
    for (const name of names) bench.remove(name);
    await bench.settle();
    expect(news()).toMatchObject([{ kind: 'alarm', zone: null, code: 'ZONES_VANISHED' }]);
    for (const name of names) bench.write(name, zoneText(1));
    await bench.settle();
    expect(news()).toContainEqual(expect.objectContaining({ kind: 'alarm-over', code: 'ZONES_VANISHED' }));
  });
});
