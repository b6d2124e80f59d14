/** Operations on keys over real files: what they list and show, what an import does, and when it is refused. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyHandlers } from '../../../src/control/key-handlers.ts';
import { OPERATIONS } from '../../../src/control/operations.ts';
import { CSK_ROLES, type Key, type KeyRole, KSK_ROLES, ZSK_ROLES } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { dnskeyOf } from '../../../src/kasp/records.ts';
import { formatRdata } from '../../../src/rdata/text.ts';
import { createKeys } from '../../../src/store/create.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { RRTYPE } from '../../../src/wire/iana.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { callsOf } from '../../support/calls.ts';
import { strongRandom } from '../../support/random.ts';
import { ZonesBench, zoneText } from '../../support/zones-bench.ts';

const OWN = 'own.example.';
const OLD = 'old.example.';
const files = new DiskFileStore();

let bench: ZonesBench;
let handlers: ReturnType<typeof createKeyHandlers>;
const { call, failureOf } = callsOf(() => handlers, meanwhile);
/** Where the other signer has its keys. */
let folder: string;

beforeEach(async () => {
  bench = new ZonesBench({ policies: { [OWN]: { ...DEFAULT_POLICY, scheme: 'ksk-zsk' } } });
  handlers = createKeyHandlers({ ...bench, files, random: strongRandom } as never);
  folder = bench.place.at('foreign');
  fs.mkdirSync(folder, { mode: 0o700 });
  bench.write('own.example.zone', zoneText(1));
  await bench.settle();
});
afterEach(() => bench.close());

/** An import that reloads a zone waits for looks at the directory, and for the clock. */
async function meanwhile(pending: Promise<unknown>): Promise<void> {
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  pending.then(end, end);
  for (let round = 0; round < 40 && !isDone; round++) {
    await bench.rest();
    if (!isDone) bench.clock.advance(1);
    if (!isDone) bench.zones.look();
  }
}

async function foreign(roles: readonly KeyRole[], zone = OLD): Promise<Key> {
  const making = { random: strongRandom, now: bench.clock.now(), keys: [], tombstones: [] };
  const [key] = await createKeys(
    { files, path: folder, origin: nameOf(zone) },
    [{ roles, algorithm: 13 }],
    making,
  );
  return key!;
}

function rdataOf(key: Key): string {
  const rdata = dnskeyOf(key);
  return formatRdata(RRTYPE.DNSKEY, rdata, 0, rdata.length);
}

/** A zone file that its old signer has put its keys into. */
async function signedElsewhere(...keys: Key[]): Promise<void> {
  bench.write(
    'old.example.zone',
    zoneText(7, keys.map((key) => `@ 300 IN DNSKEY ${rdataOf(key)}\n`).join('')),
  );
  await bench.settle();
  expect(bench.problem(OLD)).toBe('ZONE_FOREIGN_KEYS');
}

const trail = (zone: string) =>
  fs.readFileSync(`${bench.config.keysDirectory}/${zone}/audit.log`, 'utf8').split('\n').filter(Boolean);

describe('key list and show', () => {
  it('tell the records of every key, and what they wait for', async () => {
    const { zone, keys } = await call('key.list', { zone: OWN });
    expect(zone).toBe(OWN);
    expect(keys.map(({ roles }) => roles.join())).toEqual(['key-signing', 'zone-signing']);
    const [ksk] = keys;
    expect(ksk!.records.zrrsig).toBeNull();
    expect(ksk!.records.dnskey).toMatchObject({ state: 'rumoured', next: { to: 'omnipresent' } });
    expect(fs.existsSync(ksk!.file)).toBe(true);
  });

  it('show one key with its DS and its past', async () => {
    const [{ tag } = { tag: 0 }, zsk] = (await call('key.list', { zone: OWN })).keys;
    const { key } = await call('key.show', { zone: OWN, key: tag });
    expect(key.dnskeyRdata).toMatch(/^257 3 13 /);
    expect(key.dsRdata).toEqual([expect.stringMatching(new RegExp(`^${tag} 13 2 [0-9A-F]{64}$`))]);
    expect(key.history).toMatchObject([
      { record: 'dnskey', from: 'hidden', to: 'rumoured' },
      { record: 'krrsig' },
    ]);
    expect((await call('key.show', { zone: OWN, key: zsk!.tag })).key.dsRdata).toEqual([]);
  });

  it('know no key and no zone that is not there', async () => {
    const tags = (await call('key.list', { zone: OWN })).keys.map(({ tag }) => tag);
    const other = [1, 2, 3].find((tag) => !tags.includes(tag))!;
    expect(await failureOf('key.show', { zone: OWN, key: other })).toMatchObject({ code: 'NO_SUCH_KEY' });
    expect(await failureOf('key.list', { zone: 'nowhere.example' })).toMatchObject({ code: 'NO_SUCH_ZONE' });
  });
});

describe('key import', () => {
  it('serves a zone that its old signer had signed, after a look at what would happen', async () => {
    const [ksk, zsk] = [await foreign(KSK_ROLES), await foreign(ZSK_ROLES)];
    await signedElsewhere(ksk, zsk);
    const params = { zone: OLD, path: [folder] };
    const shown = await call('key.import', { ...params, dryRun: true });
    expect(shown).toMatchObject({ covered: true, dryRun: true, loaded: null, rollover: null });
    expect(bench.problem(OLD)).toBe('ZONE_FOREIGN_KEYS');
    expect(fs.existsSync(shown.path)).toBe(false);

    const done = await call('key.import', params);
    expect(done).toMatchObject({ covered: true, loaded: { outcome: 'served', message: null } });
    expect(done.keys.map(({ tag }) => tag).sort()).toEqual([ksk.tag, zsk.tag].sort());
    expect(bench.serial(OLD)).toBe(7);
    const { signing } = bench.zones.find(nameOf(OLD))!;
    expect(signing!.zoneState.keys.map(({ publicKeyHash }) => publicKeyHash).sort()).toEqual(
      [ksk, zsk].map(({ publicKeyHash }) => publicKeyHash).sort(),
    );
    expect(trail('old.example')[0]).toContain('"order":"key import"');
    expect(await failureOf('key.import', params)).toMatchObject({ kind: 'REFUSED', code: 'KEYS_PRESENT' });
  });

  it('refuses to lose a key that is served, unless it is told to, and keeps the reason', async () => {
    const [lost, brought] = [await foreign(CSK_ROLES, 'elsewhere.example.'), await foreign(CSK_ROLES)];
    await signedElsewhere(lost, brought);
    const params = { zone: OLD, path: [folder] };
    const shown = await call('key.import', { ...params, dryRun: true });
    expect(shown.covered).toBe(false);
    expect(shown.served!.map(({ tag, stays }) => [tag, stays])).toEqual(
      expect.arrayContaining([
        [lost.tag, false],
        [brought.tag, true],
      ]),
    );
    const refusal = await failureOf('key.import', params);
    expect(refusal).toMatchObject({ kind: 'REFUSED', code: 'KEYS_UNCOVERED' });
    expect(refusal.message).toContain(String(lost.tag));
    expect(fs.existsSync(shown.path)).toBe(false);
    const forced = await call('key.import', { ...params, forceUnsafe: 'the old disk is lost' });
    // The file still names the lost key: it is not served before that is taken out.
    expect(forced.loaded).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('ZONE_FOREIGN_KEYS'),
    });
    expect(trail('old.example')[0]).toContain('the old disk is lost');
    bench.write('old.example.zone', zoneText(8));
    await bench.settle();
    expect(bench.serial(OLD)).toBe(8);
  });

  it('believes what somebody saw at the old server', async () => {
    const [used, spare] = [await foreign(CSK_ROLES), await foreign(CSK_ROLES)];
    const params = { zone: OLD, path: folder, served: rdataOf(used), servedTtl: '2h', dryRun: true };
    const shown = await call('key.import', params);
    expect(shown.keys.map(({ tag, served }) => [tag, served])).toEqual([[used.tag, true]]);
    expect(shown.notes).toEqual([expect.stringContaining('not among the keys that are served')]);
    expect(shown.covered).toBe(true);
    const none = await failureOf('key.import', { ...params, served: [] });
    expect(none).toMatchObject({ code: 'KEYS_AMBIGUOUS' });
    expect(spare.tag).not.toBe(used.tag);
  });

  it('prepares a zone whose file is not there yet', async () => {
    const key = await foreign(CSK_ROLES);
    const done = await call('key.import', { zone: 'old.example', path: [folder] });
    expect(done).toMatchObject({ covered: null, loaded: null });
    bench.write('old.example.zone', zoneText(3));
    await bench.settle();
    expect(bench.serial(OLD)).toBe(3);
    const { keys } = await call('key.list', { zone: OLD });
    expect(keys.map(({ tag }) => tag)).toEqual([key.tag]);
  });

  it.each([
    ['PATH_RELATIVE', 'USAGE_WRONG', { path: 'keys' }],
    ['KEYS_NOT_FOUND', 'NO_SUCH_OBJECT', { path: '/no/such/place' }],
    ['KEYS_PRESENT', 'REFUSED', { zone: OWN }],
    ['BAD_PARAMETERS', 'USAGE_WRONG', { roles: 'csk,boss' }],
    ['BAD_PARAMETERS', 'USAGE_WRONG', { served: '257 3 13 not/base64!' }],
  ])('is refused: %s', async (code, kind, changes) => {
    await foreign(CSK_ROLES);
    const params = { zone: OLD, path: [folder], ...changes };
    if (code === 'BAD_PARAMETERS') {
      expect(OPERATIONS['key.import'].params.safeParse(params).success).toBe(false);
      return;
    }
    const failure = await failureOf('key.import', params);
    expect(failure).toMatchObject({ code, kind });
    expect(failure.fix).toBeTruthy();
  });
});
