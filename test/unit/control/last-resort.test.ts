/** `--force-unsafe "REASON"`: what it shows, what it does, what it leaves in the audit trail, and where it is refused. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asCaller } from '../../../src/control/caller.ts';
import { OPERATIONS } from '../../../src/control/operations.ts';
import { createRolloverHandlers } from '../../../src/control/rollovers.ts';
import type { Zone } from '../../../src/daemon/zone.ts';
import { isEntirelyHidden } from '../../../src/kasp/key.ts';
import type { Policy } from '../../../src/kasp/policy.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { QUICK_POLICY, ZonesBench, zoneText } from '../../support/zones-bench.ts';

const CSK = 'csk.example.';
const FORCED = { zone: CSK, forceUnsafe: "the keys were on a laptop that is gone: it's stolen" };
const DS_TTL = 1_000;
const POLICY: Policy = { ...QUICK_POLICY, parent: { propagation: 0, dsTtl: DS_TTL } };
const OPTIONS = { policies: { [CSK]: POLICY } };

let bench: ZonesBench;
let handlers: ReturnType<typeof createRolloverHandlers>;
const { call, failureOf } = callsOf(() => handlers);
const pass = (seconds: number) => bench.lapse(seconds);

const zoneOf = (): Zone => bench.zones.find(nameOf(CSK))!;
const stateOf = () => zoneOf().signing!.zoneState;
const signersOf = () => zoneOf().served?.epoch.signers.map(({ tag }) => tag);

/** Another process over the same files. */
async function restart(): Promise<void> {
  bench = await bench.restarted();
  handlers = createRolloverHandlers(bench);
  await bench.settle();
}

beforeEach(async () => {
  bench = new ZonesBench(OPTIONS);
  handlers = createRolloverHandlers(bench);
  bench.write('csk.example.zone', zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

async function confirmDs(): Promise<number> {
  const { tag } = stateOf().keys[0]!;
  await call('rollover.confirm-ds', { zone: CSK, key: tag, seen: true });
  await pass(2_000);
  return tag;
}

describe('zone unsign --force-unsafe', () => {
  it('shows the outage in a dry run, and changes nothing', async () => {
    const tag = await confirmDs();
    const before = stateOf();
    const dry = await call('zone.unsign', { ...FORCED, dryRun: true });
    const [window] = dry.plan!.forecast.filter(({ property }) => property === 'P1');
    const lasts = Date.parse(window!.until!) - Date.parse(window!.from);
    expect(lasts, 'until the parent has acted, and no cache has the DS').toBe((DS_TTL + 1) * 1_000);
    expect(dry.changed).toEqual([]);
    expect(dry.next.join('\n')).toContain(`have the DS of key ${tag} of ${CSK} removed at the registrar NOW`);
    expect(dry.command).toBe(
      `keyturn zone unsign ${CSK} --force-unsafe 'the keys were on a laptop that is gone: it'\\''s stolen'`,
    );
    expect(stateOf()).toEqual(before);
    expect(signersOf()).toEqual([tag]);
  });

  it('serves the zone unsigned at once, tells of the outage, and writes down who and why', async () => {
    const tag = await confirmDs();
    const done = await asCaller('uid 1 (x)', () => call('zone.unsign', FORCED));
    expect(signersOf()).toEqual([]);
    expect(done.changed).toEqual([`${CSK} is served unsigned, at once: ${FORCED.forceUnsafe}`]);
    expect(done.plan!.forecast.map(({ property }) => property)).toContain('P1');
    expect(done.rollover).toMatchObject({ type: 'insecure', emergency: 'containment', step: 'ask' });
    expect(done.command).toBe(`keyturn rollover confirm-ds ${CSK} --none`);
    const { entries } = await call('rollover.history', { zone: CSK });
    const { forceUnsafe } = FORCED;
    expect(entries.find(({ order }) => order === 'zone unsign')).toMatchObject({
      who: 'uid 1 (x)',
      forceUnsafe,
    });
    expect((await failureOf('rollover.cancel', { zone: CSK })).code).toBe('POINT_OF_NO_RETURN');
    await pass(100_000);
    expect(stateOf().rollover, 'keys are kept until somebody says that the DS is gone').not.toBeNull();
    await call('rollover.confirm-ds', { zone: CSK, none: true });
    await pass(2_000);
    expect(stateOf()).toMatchObject({ rollover: null, goal: 'insecure', delegation: 'none' });
    expect(stateOf().keys.map((key) => [key.tag, isEntirelyHidden(key)])).toEqual([[tag, true]]);
  });

  it('is what is left when all keys are lost, and new keys sign the zone afterwards', async () => {
    const tag = await confirmDs();
    const keys = bench.place.at('keys', 'csk.example');
    for (const file of fs.readdirSync(keys).filter((name) => name.endsWith('.private'))) {
      fs.rmSync(`${keys}/${file}`);
    }
    await restart();
    expect(zoneOf().served).toBeUndefined();
    expect((await failureOf('zone.unsign', { zone: CSK })).code).toBe('KEYS_FROZEN');
    await call('zone.unsign', FORCED);
    expect(signersOf()).toEqual([]);
    await call('rollover.confirm-ds', { zone: CSK, none: true });
    await pass(2_000);
    expect((await failureOf('zone.sign', { zone: CSK })).code).toBe('KEY_MISSING');
    const { changed } = await call('zone.sign', { zone: CSK, newKeys: true });
    const made = stateOf().keys.find(({ goal }) => goal === 'IN')!.tag;
    expect(made).not.toBe(tag);
    expect(changed[0]).toContain(`made CSK ${made}`);
    expect(signersOf()).toEqual([made]);
  });

  it('is for a zone that may have a DS', async () => {
    await call('rollover.confirm-ds', { zone: CSK, none: true });
    await pass(2_000);
    expect(await failureOf('zone.unsign', FORCED)).toMatchObject({
      kind: 'USAGE_WRONG',
      code: 'NOTHING_TO_FORCE',
    });
  });

  it('says so where nobody knows whether there is a DS', async () => {
    const { next } = await call('zone.unsign', { ...FORCED, dryRun: true });
    expect(next[0]).toContain('whether the parent has a DS is not known: if it has,');
  });
});

describe('a dry run of zone unsign', () => {
  it('shows the safe way, on which nothing breaks', async () => {
    await confirmDs();
    const before = stateOf();
    const { plan, command, next } = await call('zone.unsign', { zone: CSK, dryRun: true });
    expect(plan!.forecast).toEqual([]);
    expect(command).toBe(`keyturn zone unsign ${CSK}`);
    expect(next.join()).toContain(`it would be done at ${plan!.doneAt}; nothing was changed`);
    expect(stateOf()).toEqual(before);
  });
});

describe('rollover start --force-unsafe', () => {
  it('writes down the reason of a containment', async () => {
    await confirmDs();
    const { forceUnsafe } = FORCED;
    const asked = { zone: CSK, type: 'csk', emergency: 'containment', forceUnsafe };
    const { plan } = await call('rollover.start', asked);
    expect(plan).not.toBeNull();
    const { entries } = await call('rollover.history', { zone: CSK });
    expect(entries.find(({ order }) => order === 'rollover start')).toMatchObject({ forceUnsafe });
  });

  it.each([undefined, 'continuity'])('does not go with emergency %s', async (emergency) => {
    await confirmDs();
    const asked = { zone: CSK, type: 'csk', emergency, forceUnsafe: 'no reason is good enough' };
    expect(await failureOf('rollover.start', asked)).toMatchObject({
      kind: 'USAGE_WRONG',
      code: 'NOTHING_TO_FORCE',
    });
    expect(stateOf().rollover).toBeNull();
  });
});

describe('a reason', () => {
  it.each(['', '   ', 'no', 'two\nlines', 'x'.repeat(1_001)])('is not %j', (forceUnsafe) => {
    for (const name of ['zone.unsign', 'rollover.start'] as const) {
      expect(OPERATIONS[name].params.safeParse({ zone: CSK, forceUnsafe }).success).toBe(false);
    }
  });
});
