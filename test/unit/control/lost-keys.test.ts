/** What an operator can do when the private half of a key is gone (ROLLOVER 2.8), over real files. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const CSK = 'csk.example.';
const SPLIT = 'split.example.';
const POLICY: Policy = { ...QUICK_POLICY, parent: { propagation: 0, dsTtl: 1_000 } };
const OPTIONS = { policies: { [CSK]: POLICY, [SPLIT]: { ...POLICY, scheme: 'ksk-zsk' as const } } };

let bench: ZonesBench;
let handlers: ReturnType<typeof createRolloverHandlers>;
const { call, failureOf } = callsOf(() => handlers);
const pass = (seconds: number) => bench.lapse(seconds);

const zoneOf = (name: string): Zone => bench.zones.find(nameOf(name))!;
const keysOf = (name: string) => zoneOf(name).signing!.zoneState.keys;
const signersOf = (name: string) => zoneOf(name).served?.epoch.signers.map(({ tag }) => tag);
const filesOf = (name: string) =>
  fs
    .readdirSync(bench.place.at('keys', name.slice(0, -1)))
    .filter((file) => !file.endsWith('.tmp'))
    .sort();
const fileOf = (name: string, tag: number) =>
  bench.place.at('keys', name.slice(0, -1), `K${name}+013+${String(tag).padStart(5, '0')}.private`);

/** Another process over the same files. */
async function restart(): Promise<void> {
  bench = await bench.restarted();
  handlers = createRolloverHandlers(bench);
  await bench.settle();
}

beforeEach(async () => {
  bench = new ZonesBench(OPTIONS);
  handlers = createRolloverHandlers(bench);
  for (const name of ['csk', 'split']) bench.write(`${name}.example.zone`, zoneText(1));
  await bench.settle();
  for (const name of [CSK, SPLIT]) {
    await call('rollover.confirm-ds', { zone: name, key: keysOf(name)[0]!.tag, seen: true });
  }
  await pass(2_000);
});
afterEach(() => bench.close());

describe('a key file that is missing while the server runs', () => {
  it('stops every step, and no answer; when it is back all goes on', async () => {
    const { tag } = keysOf(CSK)[0]!;
    const [file, before] = [fileOf(CSK, tag), filesOf(CSK)];
    fs.renameSync(file, `${file}-away`);
    const refused = await failureOf('rollover.start', { zone: CSK, type: 'csk' });
    expect(refused).toMatchObject({ kind: 'DATA_WRONG', code: 'KEY_MISSING' });
    expect(refused.message).toContain('only in memory: do not stop the server');
    expect(signersOf(CSK)).toEqual([tag]);
    const { needs, rollover } = await call('rollover.status', { zone: CSK });
    expect(rollover).toBeNull();
    expect(needs[0]?.what).toMatch(new RegExp(`^private half of CSK ${tag} to be restored from a backup;`));
    fs.renameSync(`${file}-away`, file);
    expect(filesOf(CSK)).toEqual(before);
    expect((await call('rollover.start', { zone: CSK, type: 'csk' })).rollover).not.toBeNull();
    expect((await call('rollover.status', { zone: CSK })).needs).toEqual([]);
  });

  it('is replaced with the copy in memory by an emergency, and breaks nothing', async () => {
    const { tag } = keysOf(CSK)[0]!;
    fs.rmSync(fileOf(CSK, tag));
    const { rollover } = await call('rollover.start', { zone: CSK, type: 'csk', emergency: 'continuity' });
    expect(rollover).toMatchObject({ method: 'swap', step: 'publish' });
    expect(signersOf(CSK)).toEqual([tag]);
    expect(await failureOf('rollover.cancel', { zone: CSK })).toMatchObject({ code: 'KEY_LOST' });
  });
});

describe('a CSK that is missing when the server starts', () => {
  let tag: number;
  beforeEach(async () => {
    tag = keysOf(CSK)[0]!.tag;
    const file = fileOf(CSK, tag);
    fs.renameSync(file, `${file}-away`);
    await restart();
  });

  it('is not replaced by itself: the zone is not served, and status says what to do', async () => {
    const before = filesOf(CSK);
    await pass(600);
    expect(zoneOf(CSK)).toMatchObject({ served: undefined, problem: { code: 'KEY_MISSING' } });
    expect(filesOf(CSK)).toEqual(before);
    expect(signersOf(SPLIT)).toHaveLength(1);
    const { needs } = await call('rollover.status', { zone: CSK });
    expect(needs.map(({ command }) => command)).toEqual([
      `keyturn rollover start ${CSK} --type csk --emergency containment --dry-run`,
    ]);
  });

  it('is taken up again when its file is back', async () => {
    fs.renameSync(`${fileOf(CSK, tag)}-away`, fileOf(CSK, tag));
    await pass(90);
    await bench.settle();
    expect(signersOf(CSK)).toEqual([tag]);
    expect(zoneOf(CSK).problem).toBeUndefined();
    expect(keysOf(CSK)).toHaveLength(1);
  });

  it('is replaced by nothing but containment', async () => {
    const ordinary = await failureOf('rollover.start', { zone: CSK, type: 'csk' });
    expect(ordinary).toMatchObject({ kind: 'REFUSED', code: 'KEYS_FROZEN' });
    expect(ordinary.fix).toContain('--emergency containment --dry-run');
    const gentle = await failureOf('rollover.start', { zone: CSK, type: 'csk', emergency: 'continuity' });
    expect(gentle).toMatchObject({ kind: 'REFUSED', code: 'KEY_LOST' });
    expect(keysOf(CSK)).toHaveLength(1);
  });

  it('is replaced by containment, with the outage told before, and served at once', async () => {
    const asked = { zone: CSK, type: 'csk', emergency: 'containment' };
    const dry = await call('rollover.start', { ...asked, dryRun: true });
    expect(dry.command).toBe(`keyturn rollover start ${CSK} --type csk --emergency containment`);
    const [window] = dry.plan!.forecast.filter(({ property }) => property === 'P1');
    expect(
      Date.parse(window!.until!) - Date.parse(window!.from),
      'until the parent acts, and no cache has the old DS',
    ).toBe(1_001_000);
    expect(zoneOf(CSK).served).toBeUndefined();
    const done = await call('rollover.start', asked);
    const made = keysOf(CSK)[1]!.tag;
    expect(done.rollover).toMatchObject({ method: 'replace', step: 'swap', emergency: 'containment' });
    expect(signersOf(CSK)).toEqual([made]);
    expect(done.needs.map(({ command }) => command)).toEqual([
      `keyturn rollover confirm-ds ${CSK} --key ${tag} --gone`,
      `keyturn rollover confirm-ds ${CSK} --key ${made} --seen`,
    ]);
    expect(await failureOf('rollover.cancel', { zone: CSK })).toMatchObject({ code: 'POINT_OF_NO_RETURN' });
    await pass(60);
    await call('rollover.confirm-ds', { zone: CSK, seen: made, gone: tag });
    await pass(2_000);
    expect((await call('rollover.status', { zone: CSK })).rollover).toBeNull();
    const { entries } = await call('rollover.history', { zone: CSK });
    expect(entries.find(({ order }) => order === 'rollover start')).toMatchObject({ isLost: true });
  });
});

describe('a ZSK that is missing when the server starts', () => {
  it('is relieved by the KSK at once, without an outage', async () => {
    const [ksk, zsk] = keysOf(SPLIT).map(({ tag }) => tag);
    fs.rmSync(fileOf(SPLIT, zsk!));
    await restart();
    expect(signersOf(SPLIT)).toBeUndefined();
    const asked = { zone: SPLIT, type: 'zsk', emergency: 'continuity' };
    expect((await call('rollover.start', { ...asked, dryRun: true })).plan!.forecast).toEqual([]);
    const { rollover } = await call('rollover.start', asked);
    expect(rollover).toMatchObject({ method: 'merge', step: 'switch' });
    expect(signersOf(SPLIT)).toEqual([ksk]);
    expect(await failureOf('rollover.cancel', { zone: SPLIT })).toMatchObject({ code: 'KEY_LOST' });
    await pass(2_000);
    const after = await call('rollover.status', { zone: SPLIT });
    expect(after.rollover, 'roles are split again').toBeNull();
    expect(signersOf(SPLIT)).toEqual([
      keysOf(SPLIT).find(({ roles, goal }) => goal === 'IN' && roles[0] === 'zone-signing')!.tag,
    ]);
  });
});

describe('a key that cannot be read for the moment', () => {
  it('is not lost: an emergency makes no other one in its place', async () => {
    const { tag } = keysOf(CSK)[0]!;
    const file = fileOf(CSK, tag);
    fs.renameSync(file, `${file}-away`);
    fs.symlinkSync(`${file}-away`, file);
    await restart();
    const before = filesOf(CSK);
    expect(zoneOf(CSK)).toMatchObject({ served: undefined, problem: { code: 'KEY_UNREADABLE' } });
    const refused = await failureOf('rollover.start', { zone: CSK, type: 'csk', emergency: 'containment' });
    expect(refused).toMatchObject({ code: 'ZONE_NOT_SERVED' });
    expect(filesOf(CSK)).toEqual(before);
    fs.rmSync(file);
    fs.renameSync(`${file}-away`, file);
    await pass(90);
    await bench.settle();
    expect(signersOf(CSK)).toEqual([tag]);
  });
});
