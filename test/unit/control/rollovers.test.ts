/** Operations on keys over real files, with a clock that the test moves. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const CSK = 'csk.example.';
const SPLIT = 'split.example.';

let bench: ZonesBench;
let handlers: ReturnType<typeof createRolloverHandlers>;
const { call, failureOf } = callsOf(() => handlers);
const pass = (seconds: number) => bench.lapse(seconds);

beforeEach(async () => {
  bench = new ZonesBench({
    policies: { [CSK]: QUICK_POLICY, [SPLIT]: { ...QUICK_POLICY, scheme: 'ksk-zsk' } },
  });
  handlers = createRolloverHandlers(bench);
  for (const name of ['csk', 'split']) bench.write(`${name}.example.zone`, zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

const zoneOf = (name: string): Zone => bench.zones.find(nameOf(name))!;
const keysOf = (name: string) => zoneOf(name).signing!.zoneState.keys;
const signersOf = (name: string) => zoneOf(name).served!.epoch.signers.map(({ tag }) => tag);

const confirm = (zone: string, tag: number, observed: string) =>
  call('rollover.confirm-ds', { zone, key: tag, [observed]: true });

describe('a rollover', () => {
  it('is started, told of what it waits for, confirmed and done', async () => {
    const old = keysOf(CSK)[0]!.tag;
    await confirm(CSK, old, 'seen');
    await pass(60);
    const started = await call('rollover.start', { zone: CSK, type: 'csk' });
    const made = keysOf(CSK)[1]!.tag;
    expect(started.changed).toEqual([
      `made CSK ${made} (ECDSAP256SHA256)`,
      `started the csk rollover of ${CSK}`,
    ]);
    expect(started.rollover).toMatchObject({
      ...{ type: 'csk', method: 'additive', step: 'publish', incoming: [made], outgoing: [old] },
      waiting: ['dnskey', 'krrsig'].map((record) => ({ tag: made, record, reason: 'dnskey_ttl' })),
    });
    expect(started.next[0]).toBe('csk rollover, step publish: new DNSKEY in all caches');
    expect(started.command).toBe(`keyturn rollover status ${CSK}`);
    await pass(60);
    const asked = await call('rollover.status', { zone: CSK });
    expect(asked.rollover?.step).toBe('request');
    expect(asked.needs).toMatchObject([
      { command: `keyturn rollover confirm-ds ${CSK} --key ${made} --seen` },
    ]);
    expect(signersOf(CSK)).toEqual([old]);
    await confirm(CSK, made, 'seen');
    await pass(60);
    expect(signersOf(CSK), 'zone data is signed by the new key when its DS is known').toEqual([made]);
    await confirm(CSK, old, 'gone');
    await pass(400);
    const done = await call('rollover.status', { zone: CSK });
    expect(done).toMatchObject({ rollover: null, overlapping: null, delegation: 'secure', needs: [] });
    expect((await call('rollover.list', {})).rollovers).toEqual([]);
    const { entries } = await call('rollover.history', { zone: CSK });
    expect(entries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['order', 'edge', 'rollover']));
    expect(entries.at(-1)).toMatchObject({ kind: 'rollover', event: 'done' });
  });

  it('takes in one call that a registrar replaced the DS', async () => {
    const old = keysOf(CSK)[0]!.tag;
    await confirm(CSK, old, 'seen');
    await pass(60);
    await call('rollover.start', { zone: CSK, type: 'csk' });
    const made = keysOf(CSK)[1]!.tag;
    await pass(60);
    const replaced = await call('rollover.confirm-ds', { zone: CSK, seen: made, gone: old });
    expect(replaced.changed).toEqual([
      `${CSK}: the DS of key ${made} is on all servers of the parent`,
      `${CSK}: the DS of key ${old} is on no server of the parent`,
    ]);
    await pass(400);
    expect(await call('rollover.status', { zone: CSK })).toMatchObject({ rollover: null, needs: [] });
    expect(signersOf(CSK)).toEqual([made]);
    const { keys } = await call('rollover.status', { zone: CSK });
    expect(keys.find(({ tag }) => tag === old)).toMatchObject({
      goal: 'OUT',
      dnskey: 'hidden',
      ds: 'hidden',
    });
  });

  it('is cancelled, and the zone stays with its key', async () => {
    const [ksk, zsk] = keysOf(SPLIT).map(({ tag }) => tag);
    await confirm(SPLIT, ksk!, 'seen');
    await pass(60);
    await call('rollover.start', { zone: SPLIT, type: 'zsk' });
    await pass(30);
    const cancelled = await call('rollover.cancel', { zone: SPLIT });
    expect(cancelled.rollover?.cancelledAt).not.toBeNull();
    expect((await failureOf('rollover.cancel', { zone: SPLIT })).code).toBe('ALREADY_CANCELLED');
    await pass(900);
    expect((await call('rollover.status', { zone: SPLIT })).rollover).toBeNull();
    expect(signersOf(SPLIT)).toEqual([zsk]);
    expect(await failureOf('rollover.cancel', { zone: SPLIT })).toMatchObject({ kind: 'REFUSED' });
  });

  it('is only planned in a dry run, without a key or a line of history', async () => {
    const before = JSON.stringify(zoneOf(CSK).signing!.zoneState);
    const files = fs.readdirSync(bench.place.at('keys', 'csk.example'));
    const { plan, changed, command } = await call('rollover.start', { zone: CSK, type: 'csk', dryRun: true });
    expect(changed).toEqual([]);
    expect(command).toBe(`keyturn rollover start ${CSK} --type csk`);
    const tag = keysOf(CSK)[0]!.tag;
    expect(plan!.rows[0]).toMatchObject({
      ...{ step: 'csk: publish', dnskey: [`CSK ${tag}`, 'new CSK'], zoneSigners: [`CSK ${tag}`] },
    });
    expect(plan!.doneAt).not.toBeNull();
    expect(JSON.stringify(zoneOf(CSK).signing!.zoneState)).toBe(before);
    expect(fs.readdirSync(bench.place.at('keys', 'csk.example'))).toEqual(files);
  });

  it('is planned with what breaks, when the operator will have it', async () => {
    await confirm(SPLIT, keysOf(SPLIT)[0]!.tag, 'seen');
    await pass(60);
    const asked = { zone: SPLIT, type: 'zsk', emergency: 'containment', dryRun: true };
    const { plan } = await call('rollover.start', asked);
    expect(plan!.forecast.map(({ property }) => property)).toContain('P1');
    expect((await call('rollover.plan', { zone: SPLIT })).forecast).toEqual([]);
  });
});

describe('a rollover that is not done as one might think', () => {
  it('says so where double-ds is impossible: when it is planned, when it is started, and in the audit trail', async () => {
    const asked = { zone: SPLIT, type: 'ksk', method: 'double-ds' };
    const note =
      'additive instead of double-ds: that begins at the parent, and no DS of the zone is known to all caches';
    const planned = await call('rollover.start', { ...asked, dryRun: true });
    expect(planned.command).toBe(`keyturn rollover start ${SPLIT} --type ksk --method double-ds`);
    expect(planned.next).toContain(note);
    const started = await call('rollover.start', asked);
    expect(started.rollover?.method).toBe('additive');
    expect(started.changed.at(-1)).toBe(note);
    const { entries } = await call('rollover.history', { zone: SPLIT });
    expect(entries.find(({ order }) => order === 'rollover start')).toMatchObject({ because: note });
    await call('rollover.cancel', { zone: SPLIT });
    await pass(60);
    expect((await call('rollover.start', { ...asked, method: 'additive' })).changed).not.toContain(note);
  });

  it('has no steps of the parent where that has no DS', async () => {
    await call('rollover.confirm-ds', { zone: CSK, none: true });
    await pass(60);
    const { rollover } = await call('rollover.start', { zone: CSK, type: 'csk' });
    expect(rollover).toMatchObject({ step: 'publish', steps: ['publish', 'drain', 'remove'] });
    await pass(600);
    expect(await call('rollover.status', { zone: CSK })).toMatchObject({
      rollover: null,
      delegation: 'none',
    });
  });
});

describe('a rollover that nobody looks after', () => {
  it('is told of again after a day, with what is to be typed', async () => {
    await confirm(CSK, keysOf(CSK)[0]!.tag, 'seen');
    await pass(60);
    await call('rollover.start', { zone: CSK, type: 'csk' });
    await pass(90_000);
    const { rollover, needs } = await call('rollover.status', { zone: CSK });
    const { events } = bench.events.after(0, 1_000);
    const told = events.filter(({ event, zone }) => event === 'reminder' && zone === CSK);
    expect(told).toMatchObject([{ kind: 'rollover', zone: CSK, rollover: rollover!.id, step: 'request' }]);
    expect(told[0]!.message).toBe(
      `csk rollover waits at step request for over 1d: ${needs[0]!.what}; then: ${needs[0]!.command}`,
    );
  });
});

describe('of two rollovers that overlap', () => {
  beforeEach(async () => {
    await confirm(SPLIT, keysOf(SPLIT)[0]!.tag, 'seen');
    await pass(60);
    await call('rollover.start', { zone: SPLIT, type: 'ksk' });
    await pass(60);
    await call('rollover.start', { zone: SPLIT, type: 'zsk' });
  });

  it('the one that is named is cancelled', async () => {
    const before = await call('rollover.status', { zone: SPLIT });
    expect(before).toMatchObject({
      rollover: { type: 'ksk', step: 'request' },
      overlapping: { type: 'zsk' },
    });
    const { id } = before.overlapping!;
    const { rollover, overlapping } = await call('rollover.cancel', { zone: SPLIT, id });
    expect([rollover?.cancelledAt, overlapping?.cancelledAt]).toEqual([null, expect.any(String)]);
    const { entries } = await call('rollover.history', { zone: SPLIT });
    expect(entries.findLast(({ order }) => order === 'rollover cancel')).toMatchObject({ id });
  });

  it('the first one is cancelled if none is named, and none if another one is', async () => {
    expect(await failureOf('rollover.cancel', { zone: SPLIT, id: 'other' })).toMatchObject({
      code: 'NO_ROLLOVER',
    });
    const { rollover, overlapping } = await call('rollover.cancel', { zone: SPLIT });
    expect([rollover?.cancelledAt, overlapping?.cancelledAt]).toEqual([expect.any(String), null]);
  });
});

describe('what is asked for wrongly', () => {
  it('is told which types fit', async () => {
    for (const params of [{}, { type: 'zsk' }, { type: 'ksk' }]) {
      const { kind, fix } = await failureOf('rollover.start', { zone: CSK, ...params });
      expect(kind).toBe('USAGE_WRONG');
      expect(fix).toBe('the zone has one CSK: --type csk, algorithm, scheme');
    }
    const { fix } = await failureOf('rollover.start', { zone: SPLIT, type: 'csk' });
    expect(fix).toBe('the zone has KSK and ZSK: --type zsk, ksk, algorithm, scheme');
  });

  it('has a code, and a kind that is its exit code', async () => {
    const wrong = [
      ['NO_SUCH_OBJECT', 'NO_SUCH_ZONE', 'rollover.status', { zone: 'nosuch.example' }],
      ['USAGE_WRONG', 'TO_UNSUITABLE', 'rollover.start', { zone: CSK, type: 'csk', to: 'ED25519' }],
      ['USAGE_WRONG', 'TO_UNSUITABLE', 'rollover.start', { zone: CSK, type: 'scheme', to: 'zsk' }],
      ['USAGE_WRONG', 'ALGORITHM_UNKNOWN', 'rollover.start', { zone: CSK, type: 'algorithm', to: 'RSA' }],
      ['REFUSED', 'NO_CHANGE', 'rollover.start', { zone: CSK, type: 'algorithm', to: '13' }],
      ['REFUSED', 'NO_CHANGE', 'rollover.start', { zone: CSK, type: 'scheme', to: 'csk' }],
      ['NO_SUCH_OBJECT', 'NO_SUCH_KEY', 'rollover.confirm-ds', { zone: CSK, key: 0, seen: true }],
      ['USAGE_WRONG', 'KEY_OR_NONE', 'rollover.confirm-ds', { zone: CSK, seen: true }],
      ['USAGE_WRONG', 'KEY_OR_NONE', 'rollover.confirm-ds', { zone: CSK, key: 1, none: true }],
      ['REFUSED', 'ALREADY_SIGNED', 'zone.sign', { zone: CSK }],
    ] as const;
    for (const [kind, code, name, params] of wrong) {
      expect(await failureOf(name, params), code).toMatchObject({ kind, code });
    }
  });

  it('is refused while another rollover runs', async () => {
    await call('rollover.start', { zone: CSK, type: 'csk' });
    const failure = await failureOf('rollover.start', { zone: CSK, type: 'csk' });
    expect(failure).toMatchObject({ kind: 'REFUSED', code: 'ROLLOVER_RUNNING' });
    expect(keysOf(CSK)).toHaveLength(2);
  });

  it.each([
    [{ seen: true }],
    [{ none: true, key: 1 }],
    [{ none: true, seen: 1 }],
    [{ key: 1 }],
    [{ key: 1, seen: true, gone: true }],
    [{ seen: 1, gone: 1 }],
    [{ key: 1, seen: 2 }],
    [{}],
  ])('is a word on the DS that nobody can mean: %o', async (said) => {
    const failure = await failureOf('rollover.confirm-ds', { zone: CSK, ...said });
    expect(failure).toMatchObject({ kind: 'USAGE_WRONG', code: 'KEY_OR_NONE' });
  });

  it('is all of a word on two keys, if it is one of them', async () => {
    const { tag } = keysOf(CSK)[0]!;
    const other = (tag + 1) % 65_536;
    const failure = await failureOf('rollover.confirm-ds', { zone: CSK, seen: tag, gone: other });
    expect(failure).toMatchObject({ kind: 'NO_SUCH_OBJECT', code: 'NO_SUCH_KEY' });
    expect(await call('rollover.status', { zone: CSK })).toMatchObject({ delegation: 'unconfirmed' });
  });

  it('is a DS of a key that signs no keys', async () => {
    const zsk = keysOf(SPLIT)[1]!.tag;
    const failure = await failureOf('rollover.confirm-ds', { zone: SPLIT, key: zsk, seen: true });
    expect(failure).toMatchObject({ kind: 'USAGE_WRONG', code: 'KEY_WITHOUT_DS' });
  });
});

describe('going insecure and back', () => {
  it('asks for the end of the DS first, then serves no signature, and signs with the same key again', async () => {
    const { tag } = keysOf(CSK)[0]!;
    await confirm(CSK, tag, 'seen');
    await pass(60);
    const asked = await call('zone.unsign', { zone: CSK });
    expect(asked).toMatchObject({ goal: 'insecure', rollover: { type: 'insecure', step: 'ask' } });
    expect(asked.command).toBe(`keyturn rollover confirm-ds ${CSK} --none`);
    expect((await failureOf('zone.unsign', { zone: CSK })).code).toBe('ALREADY_INSECURE');
    await pass(600);
    expect(signersOf(CSK), 'the parent has not acted').toEqual([tag]);
    await call('rollover.confirm-ds', { zone: CSK, none: true });
    await pass(900);
    expect(zoneOf(CSK).served!.epoch).toMatchObject({ apex: null, signers: [] });
    const signed = await call('zone.sign', { zone: CSK });
    expect(signed.changed).toEqual([`${CSK} is being signed`]);
    expect(signersOf(CSK)).toEqual([tag]);
  });
});

describe('a disk that fails', () => {
  it('freezes keys, but neither answers nor new content, and is over when it is over', async () => {
    const directory = bench.place.at('keys', 'csk.example');
    await confirm(CSK, keysOf(CSK)[0]!.tag, 'seen');
    await pass(60);
    await call('rollover.start', { zone: CSK, type: 'csk' });
    const before = JSON.stringify(zoneOf(CSK).signing!.zoneState);
    fs.renameSync(directory, `${directory}-away`);
    await pass(60);
    expect(zoneOf(CSK).signingProblem?.code).toBe('KEY_STORE_ENOENT');
    expect(JSON.stringify(zoneOf(CSK).signing!.zoneState)).toBe(before);
    expect((await failureOf('rollover.cancel', { zone: CSK })).code).toBe('KEYS_FROZEN');
    bench.write('csk.example.zone', zoneText(2));
    await bench.settle();
    expect(bench.serial(CSK)).toBe(2);
    expect(signersOf(CSK)).toHaveLength(1);
    fs.renameSync(`${directory}-away`, directory);
    await pass(90);
    expect(zoneOf(CSK).signingProblem).toBeUndefined();
    expect((await call('rollover.status', { zone: CSK })).rollover?.step).toBe('request');
  });
});

describe('a clock that jumps ahead', () => {
  it('ends no wait until somebody says that it is right', async () => {
    await confirm(CSK, keysOf(CSK)[0]!.tag, 'seen');
    await pass(60);
    await call('rollover.start', { zone: CSK, type: 'csk' });
    bench.clock.step(bench.clock.now() + 86_400);
    bench.zones.look();
    await pass(60);
    const held = await call('rollover.status', { zone: CSK });
    expect(held.rollover?.step).toBe('publish');
    expect(held.needs).toMatchObject([{ command: 'keyturn clock confirm' }]);
    expect(bench.zones.alarms.map(({ code }) => code)).toEqual(['CLOCK_STEPPED']);
    await call('clock.confirm', {});
    await pass(5);
    expect((await call('rollover.status', { zone: CSK })).rollover?.step).toBe('request');
    expect(bench.zones.alarms).toEqual([]);
  });
});
