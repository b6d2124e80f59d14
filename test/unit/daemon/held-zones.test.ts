/** Zones whose files go while their parents have a DS of them: real files and keys, a clock that is moved. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetZones } from '../../../src/control/forget.ts';
import { stateOfZone } from '../../../src/control/zone-state.ts';
import { obey } from '../../../src/daemon/orders.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { failed } from '../../support/calls.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const A = 'a.example.';
const FILE = 'a.example.zone';
const POLICIES = { policies: { [A]: QUICK_POLICY } };

let bench: ZonesBench;
beforeEach(async () => {
  bench = new ZonesBench(POLICIES);
  bench.write(FILE, zoneText(1, 'www 300 IN TXT "one; two" "\\255"\n'));
  await bench.settle();
});
afterEach(() => bench.close());

const zone = (): Zone => bench.zones.find(nameOf(A))!;
const copies = () => (fs.existsSync(copyAt()) ? fs.readdirSync(copyAt()) : []);
const copyAt = () => bench.place.at('keys', '.kept');
/** Copies are written meanwhile. */
const haveCopies = (names: readonly string[]) => expect.poll(copies, { timeout: 5_000 }).toEqual(names);

/** Lets the signed zone become known, and says that its DS is at the parent. */
async function haveDs(seen = true): Promise<void> {
  await bench.lapse(100);
  const { keeper, signing } = zone();
  const [key] = signing!.zoneState.keys;
  await keeper.change((at) => obey(signing!, { kind: 'ds', keyId: key!.id, seen, ttl: null }, at));
  await bench.rest();
}

async function removeFile(): Promise<void> {
  bench.remove(FILE);
  await bench.settle();
}

describe('a zone whose file goes while its parent has a DS of it', () => {
  it('stays served, and goes on renewing its signatures', async () => {
    await haveDs();
    await removeFile();
    expect(stateOfZone(zone())).toBe('held');
    expect(bench.serial(A)).toBe(1);
    const before = zone().served!.epoch.refreshAt;
    await bench.lapse(6 * 86_400);
    bench.zones.look();
    await bench.rest();
    expect(zone().served!.epoch.refreshAt).toBeGreaterThan(before);
  });

  it('is served by the next process as well, with the same keys and records', async () => {
    await haveDs();
    const { tag } = zone().signing!.zoneState.keys[0]!;
    await removeFile();
    await haveCopies([FILE]);
    bench = await bench.restarted();
    await bench.settle();
    expect(stateOfZone(zone())).toBe('held');
    expect(zone().served!.epoch.signers.map((signer) => signer.tag)).toEqual([tag]);
    expect(zone().served!.image.recordCount).toBe(3);
    expect(zone().path).toBe(`${fs.realpathSync(bench.place.path)}/keys/.kept/${FILE}`);
    bench = await bench.restarted();
    await bench.settle();
    expect(bench.serial(A), 'and by the one after that').toBe(1);
  });

  it('is an ordinary zone again when its file is back, and its copy is gone', async () => {
    await haveDs();
    await removeFile();
    bench = await bench.restarted();
    await bench.settle();
    bench.write(FILE, zoneText(2));
    await bench.settle();
    expect(stateOfZone(zone())).toBe('served');
    expect(bench.serial(A)).toBe(2);
    await haveCopies([]);
  });

  it('goes by itself when the DS is gone from the parent and from caches', async () => {
    await haveDs();
    await removeFile();
    await haveDs(false);
    bench.zones.look();
    await bench.rest();
    expect(bench.serial(A), 'caches have the DS').toBe(1);
    await bench.lapse(QUICK_POLICY.parent.dsTtl + 60);
    await bench.settle();
    expect(bench.zones.find(nameOf(A))).toBeUndefined();
    await haveCopies([]);
    bench = await bench.restarted();
    await bench.settle();
    expect(bench.zones.all()).toEqual([]);
  });

  it('is forgotten for a reason only, which stays in the trail of its keys', async () => {
    await haveDs();
    await removeFile();
    const { tag } = zone().signing!.zoneState.keys[0]!;
    const refusal = await failed(forgetZones(bench, { zone: A }));
    expect(refusal).toMatchObject({ kind: 'REFUSED', code: 'ZONE_HELD_FOR_DS' });
    expect(refusal.message).toContain(`the DS of key ${tag}`);
    expect(await forgetZones(bench, {})).toEqual({ zones: [], kept: [A] });
    const { signing } = zone();
    const forceOrphan = 'the domain was sold';
    expect(await failed(forgetZones(bench, { forceOrphan }))).toMatchObject({ kind: 'USAGE_WRONG' });
    expect(await forgetZones(bench, { zone: A, forceOrphan })).toEqual({ zones: [A], kept: [] });
    expect(bench.zones.find(nameOf(A))).toBeUndefined();
    await haveCopies([]);
    const entry = signing!.keys.history().entries.findLast(({ details }) => details.order === 'zone forget');
    expect(entry?.details).toMatchObject({ forceOrphan, tags: `${tag}` });
  });

  it('is not forgotten while its file is there, whatever the reason', async () => {
    await haveDs();
    const forced = forgetZones(bench, { zone: A, forceOrphan: 'because I say so' });
    expect(await failed(forced)).toMatchObject({ code: 'ZONE_FILE_PRESENT' });
    expect(bench.serial(A)).toBe(1);
  });

  it('stays served when no copy can be written, and one is written when the disk is back', async () => {
    await haveDs();
    fs.writeFileSync(copyAt(), 'in the way');
    await removeFile();
    expect(bench.serial(A)).toBe(1);
    fs.rmSync(copyAt());
    await bench.settle();
    await haveCopies([FILE]);
  });
});

describe('a zone whose file goes', () => {
  it('goes at once if nobody ever saw a DS of it, though one is asked for', async () => {
    await bench.lapse(100);
    expect(zone().signing!.zoneState.keys[0]!.states.ds!.state).toBe('rumoured');
    await removeFile();
    expect(bench.zones.find(nameOf(A))).toBeUndefined();
    await haveCopies([]);
  });
});

describe('zones that vanish together', () => {
  it('are forgotten but for those with a DS', async () => {
    const others = ['b', 'c', 'd', 'e'].map((letter) => `${letter}.example`);
    for (const name of others) bench.write(`${name}.zone`, zoneText(1));
    await bench.settle();
    await haveDs();
    for (const name of ['a.example', ...others]) bench.remove(`${name}.zone`);
    await bench.settle();
    expect(bench.zones.all().map(({ hold }) => hold)).toEqual(Array(5).fill('accident'));
    const { gone, kept } = await bench.zones.forget();
    expect(gone.toSorted()).toEqual(others.map((name) => `${name}.`));
    expect(kept).toEqual([A]);
    expect(bench.zones.alarms).toEqual([]);
    await bench.settle();
    expect(stateOfZone(zone())).toBe('held');
    await haveCopies([FILE]);
  });
});
