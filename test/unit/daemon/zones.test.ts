/** The controller of zones over real files, with a loader in this thread and a clock that the test moves. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plus } from '../../../src/base/time.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const A = 'a.example.';

let bench: ZonesBench;
beforeEach(() => {
  bench = new ZonesBench();
});
afterEach(() => bench.close());

describe('zones that come, change and go', () => {
  it('serves a new file signed, with a key that is on disk', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    const zone = bench.zones.find(nameOf(A))!;
    expect(zone.served?.epoch.signers).toHaveLength(1);
    expect(zone.problem).toBeUndefined();
    expect(fs.readdirSync(bench.place.at('keys', 'a.example'))).toContain('state.json');
    expect(bench.posted).toHaveLength(1);
  });

  it('loads a file once, and again only when its content changes', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    await bench.settle();
    expect(bench.loads).toBe(1);
    fs.utimesSync(path.join(bench.directory, 'a.example.zone'), 1, 1);
    await bench.settle();
    expect(bench.loads).toBe(2);
    expect(bench.posted).toHaveLength(1);
    bench.write('a.example.zone', zoneText(2));
    await bench.settle();
    expect(bench.serial(A)).toBe(2);
    expect(bench.posted).toHaveLength(2);
  });

  it('waits until a file has settled', async () => {
    const now = Date.now();
    bench.write('a.example.zone', zoneText(1));
    bench.clock.step(Math.floor(now / 1_000));
    bench.zones.look();
    expect(bench.loads).toBe(0);
    bench.clock.advance(0);
    bench.zones.look();
    expect(bench.loads).toBe(0);
    bench.write('a.example.zone', zoneText(2));
    bench.clock.advance(1);
    bench.clock.step(Math.floor(now / 1_000));
    bench.zones.look();
    expect(bench.loads, 'it changed since').toBe(0);
    bench.clock.advance(1);
    bench.zones.look();
    expect(bench.loads).toBe(1);
  });

  it('carries the key over a reload and over removal', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    const tag = bench.zones.find(nameOf(A))!.served!.epoch.signers[0]!.tag;
    bench.remove('a.example.zone');
    await bench.settle();
    expect(bench.zones.find(nameOf(A))).toBeUndefined();
    expect(bench.posted.at(-1)).toMatchObject({ kind: 'remove' });
    bench.write('a.example.zone', zoneText(2));
    await bench.settle();
    expect(bench.zones.find(nameOf(A))!.served!.epoch.signers[0]!.tag).toBe(tag);
  });

  it('keeps what is served when the file is broken, and says where', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    bench.write('a.example.zone', zoneText(2, 'www IN A 192.0.2.300\n'));
    await bench.settle();
    expect(bench.serial(A)).toBe(1);
    const { problem, effect } = bench.zones.find(nameOf(A))!;
    expect(problem?.diagnostics[0]).toMatchObject({ line: 3, severity: 'error' });
    expect(effect).toMatch(/still serving serial 1/);
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    expect(bench.problem(A), 'the old content is back').toBeUndefined();
    expect(bench.posted).toHaveLength(1);
  });

  it('follows files that a zone includes, also one that was missing', async () => {
    bench.write('a.example.zone', zoneText(1, '$INCLUDE more.inc\n'));
    await bench.settle();
    expect(bench.problem(A)).toBe('ZONE_INCLUDE');
    bench.write('more.inc', 'www IN A 192.0.2.1\n');
    await bench.settle();
    expect(bench.zones.find(nameOf(A))?.served?.image.recordCount).toBe(3);
    bench.write('more.inc', 'www IN A 192.0.2.1\nw2 IN A 192.0.2.1\n');
    await bench.settle();
    expect(bench.zones.find(nameOf(A))?.served?.image.recordCount).toBe(4);
  });

  it('serves unsigned without keys when told so', async () => {
    bench.close();
    bench = new ZonesBench({ isUnsigned: true });
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    expect(bench.serial(A)).toBe(1);
    expect(fs.existsSync(bench.place.at('keys'))).toBe(false);
  });
});

describe('keys of others', () => {
  const foreign = zoneText(1, `@ IN DNSKEY 257 3 13 ${'A'.repeat(86)}==\n`);

  it('keep a zone from being signed, and no key is made', async () => {
    bench.write('a.example.zone', foreign);
    await bench.settle();
    expect(bench.problem(A)).toBe('ZONE_FOREIGN_KEYS');
    expect(bench.serial(A)).toBeUndefined();
    expect(fs.existsSync(bench.place.at('keys', 'a.example'))).toBe(false);
  });

  it('keep it from being served unsigned, too', async () => {
    bench.close();
    bench = new ZonesBench({ isUnsigned: true });
    bench.write('a.example.zone', foreign);
    await bench.settle();
    expect(bench.problem(A)).toBe('ZONE_FOREIGN_KEYS');
  });

  it('do not, if somebody says so', async () => {
    bench.close();
    bench = new ZonesBench({ replaceKeys: true });
    bench.write('a.example.zone', foreign);
    await bench.settle();
    expect(bench.serial(A)).toBe(1);
  });

  it('are told by CDS and CDNSKEY as well, but for requests to delete', async () => {
    bench.write('a.example.zone', zoneText(1, `@ IN CDS 1 13 2 ${'00'.repeat(32)}\n`));
    bench.write('b.example.zone', zoneText(1, '@ IN CDS 0 0 0 00\n@ IN CDNSKEY 0 3 0 AA==\n'));
    await bench.settle();
    expect(bench.problem(A)).toBe('ZONE_FOREIGN_KEYS');
    expect(bench.serial('b.example.')).toBe(1);
  });

  it('that are our own are welcome', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    const [keyFile] = fs
      .readdirSync(bench.place.at('keys', 'a.example'))
      .filter((name) => name.endsWith('.key'));
    const record = fs.readFileSync(bench.place.at('keys', 'a.example', keyFile!), 'utf8').split('\n')[2];
    bench.write('a.example.zone', zoneText(2, `${record}\n`));
    await bench.settle();
    expect(bench.serial(A)).toBe(2);
  });
});

describe('accidents', () => {
  const names = Array.from({ length: 5 }, (_, i) => `z${i}.example`);
  const alarms = () => bench.zones.alarms.map(({ code }) => code);

  beforeEach(async () => {
    for (const name of names) bench.write(`${name}.zone`, zoneText(1));
    await bench.settle();
  });

  it('keep everything served when most files vanish at one look', async () => {
    for (const name of names.slice(0, 3)) bench.remove(`${name}.zone`);
    await bench.settle();
    expect(bench.publisher.size).toBe(5);
    expect(alarms()).toEqual(['ZONES_VANISHED']);
    bench.write('z0.example.zone', zoneText(2));
    await bench.settle();
    expect(bench.serial('z0.example.')).toBe(2);
    expect(await bench.zones.forget(nameOf('z3.example.'))).toEqual({ gone: [], kept: [] });
    expect((await bench.zones.forget()).gone.toSorted()).toEqual(['z1.example.', 'z2.example.']);
    expect(bench.publisher.size).toBe(3);
    expect(alarms()).toEqual([]);
  });

  it('are not taken for one when half of the files go', async () => {
    for (const name of names.slice(0, 2)) bench.remove(`${name}.zone`);
    await bench.settle();
    expect(bench.publisher.size).toBe(3);
    for (const name of names.slice(2)) bench.remove(`${name}.zone`);
    await bench.settle();
    expect(bench.publisher.size, 'three are too few to tell').toBe(0);
    expect(alarms()).toEqual([]);
  });

  it('keep everything served when the directory is gone', async () => {
    fs.renameSync(bench.directory, `${bench.directory}-away`);
    await bench.settle();
    expect(bench.publisher.size).toBe(5);
    expect(alarms()).toEqual(['ZONES_DIRECTORY']);
    fs.renameSync(`${bench.directory}-away`, bench.directory);
    await bench.settle();
    expect(alarms()).toEqual([]);
    expect(bench.posted).toHaveLength(5);
  });
});

describe('time', () => {
  it('brings CDS when the hold is over, and new signatures before the old ones end', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    const zone = bench.zones.find(nameOf(A))!;
    const first = zone.served!.epoch;
    const due = bench.scheduler.due(1)[0]!;
    expect(due.key).toBe('zone a.example.');
    bench.clock.advance(Math.max(0, due.at - bench.clock.now()));
    bench.scheduler.runDue();
    await bench.rest();
    expect(zone.served!.epoch.apexInception).toBeGreaterThan(first.apexInception);
    for (let i = 0; i < 20 && bench.clock.now() < plus(first.refreshAt, 1); i++) {
      bench.clock.advance(Math.max(1, bench.scheduler.due(1)[0]!.at - bench.clock.now()));
      bench.scheduler.runDue();
      await bench.rest();
    }
    expect(zone.served!.epoch.refreshAt).toBeGreaterThan(first.refreshAt);
    expect(zone.signing!.keys.zoneState.keys[0]!.states.ds?.state).toBe('rumoured');
  });

  it('makes signatures anew that were made while the clock was ahead', async () => {
    bench.clock.advance(30 * 86_400);
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    bench.clock.step(bench.clock.now() - 30 * 86_400);
    const zone = bench.zones.find(nameOf(A))!;
    expect(zone.served!.epoch.apexInception).toBeGreaterThan(bench.clock.now());
    await bench.settle();
    expect(zone.served!.epoch.apexInception).toBeLessThanOrEqual(bench.clock.now());
  });
});

describe('reload', () => {
  it('waits for the outcome', async () => {
    bench.write('a.example.zone', zoneText(1));
    await bench.settle();
    bench.write('a.example.zone', zoneText(2));
    bench.clock.advance(10);
    expect(await bench.zones.reload(nameOf(A))).toMatchObject([{ isChanged: true }]);
    expect(bench.serial(A)).toBe(2);
    expect(await bench.zones.reload(nameOf(A))).toMatchObject([{ isChanged: false }]);
    expect(await bench.zones.reload(nameOf('other.'))).toBeUndefined();
  });
});
