import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pack } from '../../../src/base/packing.ts';
import { unixSeconds } from '../../../src/base/time.ts';
import { type LentKey, privateOctetsOf } from '../../../src/dnssec/privatekey.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import type { Rollover } from '../../../src/kasp/zonestate.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { KEPT_FILE } from '../../../src/store/keptsignatures.ts';
import { formatPrivateFile } from '../../../src/store/keyfile.ts';
import { type KeysAhead, readAhead } from '../../../src/store/keysahead.ts';
import { type HeldKey, type ZoneKeys, zoneKeysPath } from '../../../src/store/keystore.ts';
import { openZoneKeys } from '../../../src/store/openkeys.ts';
import { STORED_STATE } from '../../../src/store/packedstate.ts';
import { formatState, saveState } from '../../../src/store/state.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { Workplace } from '../../support/processes.ts';
import { seededRandom } from '../../support/random.ts';

const NOW = unixSeconds(1_795_521_600);
const ORIGIN = nameOf('example.com.');
const files = new DiskFileStore();
/** Long after all that the test does to the disk. */
const LATER_MS = Date.now() + 3_600_000;

const place = new Workplace();
afterEach(() => place.remove());

let root: string;
let zone: string;
/** As an earlier process has left them. */
let before: ZoneKeys;

const open = (ahead?: KeysAhead, store = files, keysDirectory = root) =>
  openZoneKeys({
    ...{ files: store, random: seededRandom('ahead'), keysDirectory, origin: ORIGIN },
    ...{ policy: DEFAULT_POLICY, now: NOW, mayLack: true, ahead },
  });

/** What arrives of it in another thread: the same shared memory. */
const read = (nowMs = LATER_MS) => structuredClone(readAhead(files, root, ORIGIN, nowMs));

const [publicFile, privateFile] = ['.key', '.private'].map(
  (end) => () => `${zone}/${fs.readdirSync(zone).find((name) => name.endsWith(end))}`,
) as [() => string, () => string];

const octetsOf = ({ privateKey }: HeldKey) => [...privateOctetsOf(13, privateKey)];
const none = Array.from({ length: 32 }, () => 0);

async function keepSignatures(keys: ZoneKeys, octet: number): Promise<void> {
  const held = keys.zoneState.keys.map(({ id }) => keys.privateKey(id));
  const signatures = new Map([['ab'.repeat(32), new Uint8Array(64).fill(octet)]]);
  await keys.keep({ apexInception: NOW, signatures }, held);
}

beforeEach(async () => {
  root = place.path;
  zone = zoneKeysPath(root, ORIGIN);
  before = await open();
  await before.commit({ zoneState: before.zoneState, now: NOW });
  await keepSignatures(before, 7);
});

/** The disk, but no file in it can be read or listed. */
const closed = new Proxy(files, {
  get(target, name) {
    if (name === 'read' || name === 'list' || name === 'pieces')
      throw new Error(`${String(name)} was called`);
    return Reflect.get(target, name).bind(target);
  },
});

describe('keys that were read ahead', () => {
  it('are the same keys, and are opened without reading a file', async () => {
    const plain = await open();
    const keys = await open(read(), closed);
    expect(keys.how).toBe('loaded');
    expect(keys.notes).toEqual([]);
    expect(keys.zoneState).toEqual(plain.zoneState);
    expect([keys.generation, keys.tombstones]).toEqual([plain.generation, plain.tombstones]);
    expect(keys.kept).toEqual(plain.kept);
    expect(keys.kept?.apexInception).toBe(NOW);
    const { id } = keys.zoneState.keys[0]!;
    const lent: LentKey = keys.privateKey(id);
    expect(privateOctetsOf(13, lent)).toEqual(privateOctetsOf(13, plain.privateKey(id)));
  });

  it('come with the state that was kept, if the file is what it was kept of', async () => {
    expect(read()!.state, 'it need not be told twice').toBeUndefined();
    await before.commit({ zoneState: { ...before.zoneState, pausedSince: NOW }, now: NOW });
    const ahead = read()!;
    expect(ahead.state, 'kept is one of before').toBeDefined();
    const keys = await open(ahead);
    expect([keys.zoneState.pausedSince, keys.generation]).toEqual([NOW, before.generation]);
    expect(keys.hasUnkeptState).toBe(true);
    await keys.keep(undefined, []);
    expect(keys.hasUnkeptState).toBe(false);
    const again = await open(read());
    expect([again.zoneState.pausedSince, again.hasUnkeptState]).toEqual([NOW, false]);
    expect([...again.kept!.signatures.keys()], 'signatures hold on').toEqual(['ab'.repeat(32)]);
  });

  it('have a state that stays kept when other signatures are', async () => {
    const keys = await open(read());
    await keepSignatures(keys, 9);
    expect(read()!.state).toBeUndefined();
    expect([...(await open(read())).kept!.signatures.values()][0]![0]).toBe(9);
  });

  it('are kept with what was written here, whatever the file has become meanwhile', async () => {
    const theirs = fs.readFileSync(`${zone}/state.json`);
    await before.commit({ zoneState: { ...before.zoneState, pausedSince: NOW }, now: NOW });
    fs.writeFileSync(`${zone}/state.json`, theirs);
    await before.keep(undefined, []);
    expect((await open(read())).zoneState.pausedSince).toBeNull();
  });

  it('are those of a state that was written into its file, and not of the one that was kept', async () => {
    const zoneState = { ...before.zoneState, pausedSince: NOW };
    fs.writeFileSync(`${zone}/state.json`, formatState({ generation: 7, zoneState, tombstones: [] }, ORIGIN));
    const keys = await open(read());
    expect([keys.zoneState.pausedSince, keys.generation]).toEqual([NOW, 7]);
  });

  it('go on as others do: the next generation follows', async () => {
    const keys = await open(read());
    await keys.commit({ zoneState: { ...keys.zoneState, pausedSince: NOW }, now: NOW });
    expect((await open()).zoneState.pausedSince).toBe(NOW);
    expect((await open()).generation).toBe(before.generation + 1);
  });

  it('are not missing at first, as they have just been seen, but are once they have gone', async () => {
    const keys = await open(read());
    expect(keys.missing()).toEqual([]);
    fs.rmSync(privateFile());
    expect(keys.missing().map(({ id }) => id)).toEqual(before.zoneState.keys.map(({ id }) => id));
  });

  it('rest as what was read, or as what has become of it', async () => {
    const ahead = read()!;
    const keys = await open(ahead);
    keys.rest();
    expect(keys.zoneState).toEqual(before.zoneState);
    keys.wake();
    await keys.commit({ zoneState: { ...keys.zoneState, pausedSince: NOW }, now: NOW });
    keys.rest();
    expect([keys.zoneState.pausedSince, keys.generation]).toEqual([NOW, before.generation + 1]);
  });

  it('are wiped out if nobody takes them', async () => {
    const ahead = read()!;
    expect(ahead.held.map(octetsOf)).not.toEqual([none]);
    (await open(ahead)).forgetRead();
    expect(ahead.held.map(octetsOf)).toEqual([none]);
  });

  it('stay when they are taken', async () => {
    const keys = await open(read());
    const lent = keys.privateKey(keys.zoneState.keys[0]!.id);
    keys.forgetRead();
    expect([...privateOctetsOf(13, lent)]).not.toEqual(none);
  });

  it.each([
    ['gone', () => fs.rmSync(`${zone}/${KEPT_FILE}`)],
    ['damaged', () => fs.truncateSync(`${zone}/${KEPT_FILE}`, 100)],
  ])('are found to be pairs if what was kept is %s', async (_how, happen) => {
    happen();
    const keys = await open(read(), closed);
    expect(keys.kept).toBeUndefined();
    expect([...privateOctetsOf(13, keys.privateKey(keys.zoneState.keys[0]!.id))]).not.toEqual(none);
  });
});

/** What may have become of a directory, and what the start says of it. */
const UNUSUAL: readonly (readonly [string, () => void | Promise<void>, string])[] = [
  ['is not there', () => fs.rmSync(zone, { recursive: true }), 'created'],
  ['has no state', () => fs.rmSync(`${zone}/state.json`), 'adopted'],
  ['has a damaged state', () => fs.truncateSync(`${zone}/state.json`, 900), 'STATE_CORRUPT'],
  [
    'has a state with another digit in it',
    () => {
      const text = fs.readFileSync(`${zone}/state.json`, 'latin1');
      fs.writeFileSync(`${zone}/state.json`, text.replace(/("generation": )1/, '$12'));
    },
    'STATE_CORRUPT',
  ],
  [
    'has all that is kept of another zone',
    async () => {
      const origin = nameOf('example.net.');
      const other = await openZoneKeys({
        ...{ files, random: seededRandom('other'), keysDirectory: root, origin, now: NOW },
        policy: DEFAULT_POLICY,
      });
      await other.commit({ zoneState: other.zoneState, now: NOW });
      await keepSignatures(other, 3);
      fs.rmSync(zone, { recursive: true });
      fs.renameSync(zoneKeysPath(root, origin), zone);
    },
    'STATE_FOREIGN',
  ],
  [
    'has the state of another zone',
    async () => {
      const stored = { generation: 3, zoneState: before.zoneState, tombstones: [] };
      await saveState({ files, path: zone, origin: nameOf('example.net.') }, stored);
    },
    'STATE_FOREIGN',
  ],
  [
    'has a state that cannot be read',
    () => {
      fs.rmSync(`${zone}/state.json`);
      fs.mkdirSync(`${zone}/state.json`);
    },
    'STATE_UNREADABLE',
  ],
  ['lacks a private half', () => fs.rmSync(privateFile()), 'loaded'],
  ['has a private half for all to read', () => fs.chmodSync(privateFile(), 0o644), 'KEY_MODE'],
  ['has a private half without end', () => fs.truncateSync(privateFile(), 50), 'KEY_MALFORMED'],
  [
    'has a private half behind a link',
    () => {
      fs.renameSync(privateFile(), `${root}/elsewhere`);
      fs.symlinkSync(`${root}/elsewhere`, publicFile().replace(/\.key$/, '.private'));
    },
    'KEY_UNREADABLE',
  ],
  [
    'has the private half of a removed key',
    () => {
      const [{ id, tag, algorithm, publicKeyHash }] = before.zoneState.keys as [
        ZoneKeys['zoneState']['keys'][0],
      ];
      const dead = { id, tag, revokedTag: 1, algorithm, publicKeyHash, removedAt: NOW };
      const stored = { generation: 3, zoneState: before.zoneState, tombstones: [dead] };
      fs.writeFileSync(`${zone}/state.json`, formatState(stored, ORIGIN));
    },
    'KEY_REMOVED',
  ],
  [
    'has key files that the state does not name',
    () => fs.copyFileSync(privateFile(), `${zone}/Kexample.com.+013+00001.private`),
    'loaded',
  ],
  ['has what a crash left of a write', () => fs.writeFileSync(`${zone}/state.json.7-1.tmp`, '{'), 'loaded'],
  [
    'has what a crash left of a new key',
    () => fs.copyFileSync(privateFile(), `${zone}/Kexample.com.+013+00001.private.new`),
    'loaded',
  ],
];

it('a state that was packed in one thread is the same in another', async () => {
  const rollover: Rollover = {
    ...{
      id: 'r',
      type: 'zsk',
      method: 'double-ds',
      emergency: null,
      startedAt: NOW,
      cancelledAt: null,
    },
    ...{ incoming: ['b'], outgoing: ['a'], step: 'waits', stepSince: NOW, isStalled: true, followedBy: null },
  };
  const concerns = [{ code: 'DS_STRAY', since: NOW, toldAt: NOW }];
  const stored = { generation: 5, zoneState: { ...before.zoneState, rollover, concerns }, tombstones: [] };
  const packed = pack(STORED_STATE, stored);
  // As the other one has it: with nothing that this one has packed before.
  vi.resetModules();
  const { unpackState } = await import('../../../src/store/packedstate.ts');
  expect(unpackState(packed)).toEqual(stored);
});

describe('nothing is handed over of a directory that', () => {
  it.each(UNUSUAL)('%s', async (_what, happen, outcome) => {
    await happen();
    expect(read()).toBeUndefined();
    const told = await open().then(
      ({ how }) => how,
      ({ code }: { code: string }) => code,
    );
    expect(told).toBe(outcome);
  });

  it('has the private half of another key', async () => {
    const other = new Uint8Array(32).fill(9);
    fs.writeFileSync(privateFile(), formatPrivateFile(13, other, NOW));
    expect(read()).toBeUndefined();
    const keys = await open();
    expect(() => keys.privateKey(keys.zoneState.keys[0]!.id)).toThrow(/private key does not belong/);
  });

  it('was changed just now, as the next change could not be told from that', () => {
    expect(read(Date.now())).toBeUndefined();
    expect(read(fs.statSync(zone).mtimeMs + 3_000)).toBeDefined();
  });
});

/** What may happen between the reading and the opening. */
const MEANWHILE: readonly (readonly [string, () => void | Promise<void>, string])[] = [
  [
    'the state is another one',
    () => before.commit({ zoneState: before.zoneState, now: NOW }).then(() => {}),
    'loaded',
  ],
  ['a private half went', () => fs.rmSync(privateFile()), 'loaded'],
  ['the state went', () => fs.rmSync(`${zone}/state.json`), 'adopted'],
  ['all went', () => fs.rmSync(zone, { recursive: true }), 'created'],
  ['other signatures were kept', () => keepSignatures(before, 8), 'loaded'],
  [
    'a damaged state took its place',
    () => {
      fs.writeFileSync(`${root}/damaged`, '{}');
      fs.renameSync(`${root}/damaged`, `${zone}/state.json`);
    },
    'STATE_CORRUPT',
  ],
  [
    'a private half for all to read took its place',
    () => {
      fs.copyFileSync(privateFile(), `${root}/restored`);
      fs.chmodSync(`${root}/restored`, 0o644);
      fs.renameSync(`${root}/restored`, privateFile());
    },
    'KEY_MODE',
  ],
];

describe('what was read ahead does not count if meanwhile', () => {
  it.each(MEANWHILE)('%s', async (_what, happen, outcome) => {
    // As long ago as in a zone that starts: two changes within the tick of a clock look like one.
    fs.utimesSync(zone, 1_000, 1_000);
    const ahead = read()!;
    await happen();
    const told = await open(ahead).catch(({ code }: { code: string }) => code);
    expect(typeof told === 'string' ? told : told.how).toBe(outcome);
    if (outcome === 'loaded') {
      const [a, b] = [await open(), told as ZoneKeys];
      expect([b.generation, b.zoneState, b.kept]).toEqual([a.generation, a.zoneState, a.kept]);
      expect(b.missing()).toEqual(a.missing());
    }
    expect(ahead.held.map(octetsOf)).toEqual([none]);
  });
});
