import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { dnskeyRdata, keyTag, revokedKeyTag } from '../../../src/dnssec/dnskey.ts';
import { derivePublicKey } from '../../../src/dnssec/keypair.ts';
import { formatStates, hiddenKey, type Key, withRecord } from '../../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { withKeys } from '../../../src/kasp/zonestate.ts';
import { formatPrivateFile, formatPublicFile, keyFileBase } from '../../../src/store/keyfile.ts';
import type { ZoneKeys } from '../../../src/store/keystore.ts';
import { type KeyStoreOptions, openZoneKeys } from '../../../src/store/openkeys.ts';
import { formatState, loadState } from '../../../src/store/state.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { seededRandom } from '../../support/random.ts';
import { SimulatedFiles } from '../../support/simulated-files.ts';

const NOW = unixSeconds(1_795_521_600);
const ORIGIN = nameOf('example.com.');
const ZONE = '/keys/example.com';

function optionsOf(files: KeyStoreOptions['files'], over: Partial<KeyStoreOptions> = {}): KeyStoreOptions {
  return {
    files,
    random: seededRandom('keystore'),
    keysDirectory: '/keys',
    origin: ORIGIN,
    policy: DEFAULT_POLICY,
    now: NOW,
    ...over,
  };
}

/** Puts a pair of key files in place, made of a one-octet seed; returns its base. */
function putPair(files: SimulatedFiles, seed: number, flags: number, extra = '', algorithm = 13): string {
  const privateOctets = new Uint8Array(algorithm === 14 ? 48 : 32).fill(seed);
  const publicKey = derivePublicKey(algorithm, privateOctets)!;
  const base = keyFileBase(ORIGIN, algorithm, keyTag(dnskeyRdata(flags, algorithm, publicKey)));
  files.put(`${ZONE}/${base}.key`, formatPublicFile(ORIGIN, { flags, algorithm, publicKey }, NOW), 0o644);
  files.put(`${ZONE}/${base}.private`, formatPrivateFile(algorithm, privateOctets, NOW) + extra);
  return base;
}

/** Opens the keys of the zone and makes their state durable, as the first turn of a zone does. */
async function openKeys(files: SimulatedFiles, over: Partial<KeyStoreOptions> = {}): Promise<ZoneKeys> {
  const keys = await openZoneKeys(optionsOf(files, over));
  if (!keys.isSaved) await keys.commit({ zoneState: keys.zoneState, now: NOW });
  return keys;
}

/** Makes a state durable that has these keys. */
async function commitKeys(keys: ZoneKeys, all: readonly Key[]): Promise<void> {
  await keys.commit({ zoneState: { ...keys.zoneState, keys: all }, now: NOW });
}

async function purge(keys: ZoneKeys, purged: Key, now = NOW): Promise<void> {
  const { zoneState } = keys;
  const others = zoneState.keys.filter(({ id }) => id !== purged.id);
  await keys.commit({ zoneState: { ...zoneState, keys: others }, purged: [purged], now });
}

const codeOf = async (files: SimulatedFiles, over: Partial<KeyStoreOptions> = {}): Promise<string> => {
  try {
    return (await openKeys(files, over)).how;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};

describe('a new zone', () => {
  it('gets one CSK, all hidden, that is loaded again by the next start', async () => {
    const files = new SimulatedFiles();
    const made = await openKeys(files);
    expect(made.how).toBe('created');
    expect(made.zoneState.keys.map(formatStates)).toEqual(['H/H/H/H']);
    expect(made.zoneState.keys[0]!.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const loaded = await openKeys(files, { random: seededRandom('other') });
    expect(loaded.how).toBe('loaded');
    expect(loaded.zoneState).toEqual(made.zoneState);
    expect(loaded.notes).toEqual([]);
    for (const name of files.allFiles()) expect(files.stat(name)!.mode).toBe(0o600);
  });

  it('gets a KSK and a ZSK if the policy says so, of its algorithm', async () => {
    const files = new SimulatedFiles();
    const policy = { scheme: 'ksk-zsk', algorithm: 15 } as const;
    const { zoneState } = await openKeys(files, { policy });
    expect(zoneState.keys.map(formatStates)).toEqual(['H/H/-/H', 'H/-/H/-']);
    expect(zoneState.keys.map(({ flags, algorithm }) => [flags, algorithm])).toEqual([
      [257, 15],
      [256, 15],
    ]);
  });

  it('keeps its keys whatever the policy says later', async () => {
    const files = new SimulatedFiles();
    const before = (await openKeys(files)).zoneState;
    const policy = { scheme: 'ksk-zsk', algorithm: 15 } as const;
    expect((await openKeys(files, { policy })).zoneState).toEqual(before);
  });

  it('has a directory of its own, with the root and strange names told apart', async () => {
    const files = new SimulatedFiles();
    for (const zone of ['.', 'root.', 'a\\.b.', 'a.b.', '\\000\\047.example.']) {
      await openKeys(files, { origin: nameOf(zone) });
    }
    const directories = new Set(files.allFiles().map((name) => path.dirname(name)));
    expect([...directories].sort()).toEqual([
      '/keys/%00%2F.example',
      '/keys/%72oot',
      '/keys/a%2Eb',
      '/keys/a.b',
      '/keys/root',
    ]);
    expect(files.allFiles().some((name) => /^\/keys\/root\/K\.\+013\+\d{5}\.key$/.test(name))).toBe(true);
  });
});

describe('a further key', () => {
  it('is durable before it is in the state, and unused if it never gets there', async () => {
    const files = new SimulatedFiles();
    const keys = await openKeys(files);
    const added = await keys.createKey(['zone-signing'], 13, NOW);
    const loaded = await openKeys(files);
    expect(loaded.zoneState.keys).toHaveLength(1);
    expect(loaded.notes).toEqual([
      expect.stringContaining(`+${String(added.tag).padStart(5, '0')} is not in`),
    ]);
    await commitKeys(keys, [...keys.zoneState.keys, added]);
    expect(() => keys.privateKey(added.id)).not.toThrow();
    const again = await openKeys(files);
    expect(again.zoneState.keys).toHaveLength(2);
    expect(again.generation).toBe(2);
    expect(again.notes).toEqual([]);
  });

  it('cannot be in the state before its private half is durable', async () => {
    const files = new SimulatedFiles();
    const keys = await openKeys(files);
    const material = {
      id: 'x',
      algorithm: 13,
      roles: ['zone-signing'],
      publicKey: new Uint8Array(64),
    } as const;
    const phantom = hiddenKey(material, NOW);
    await expect(commitKeys(keys, [phantom])).rejects.toThrow('durable');
    expect((await openKeys(files)).generation).toBe(1);
  });

  it('never has a tag that another key has or had, revoked or not', async () => {
    // The same octets again would give the first key again; the store must go on to the next ones.
    const files = new SimulatedFiles();
    const first = (await openKeys(files)).zoneState.keys[0]!;
    const second = await (await openKeys(files)).createKey(first.roles, 13, NOW);
    expect(second.publicKeyHash).not.toBe(first.publicKeyHash);
    expect(second.tag).not.toBe(first.tag);
  });

  it('does not bring a removed key back', async () => {
    const files = new SimulatedFiles();
    const keys = await openKeys(files);
    const { id, tag, algorithm, flags, publicKey, publicKeyHash } = keys.zoneState.keys[0]!;
    const revokedTag = revokedKeyTag(dnskeyRdata(flags, algorithm, publicKey));
    const tombstones = [{ id, tag, revokedTag, algorithm, publicKeyHash, removedAt: NOW }];
    const stored = loadState(files, ZONE, ORIGIN)!;
    const removed = { ...stored, zoneState: { ...stored.zoneState, keys: [] }, tombstones };
    files.put(`${ZONE}/state.json`, formatState(removed, ORIGIN));
    for (const name of files.allFiles().filter((file) => file.includes('/K')))
      await files.removeDurable(name);
    // The same random octets come first again, and must be refused for their tag.
    const again = await openKeys(files);
    expect(again.tombstones).toEqual(tombstones);
    expect((await again.createKey(['key-signing', 'zone-signing'], 13, NOW)).publicKeyHash).not.toBe(
      publicKeyHash,
    );
    files.put(`${ZONE}/state.json`, formatState({ ...stored, tombstones }, ORIGIN));
    expect(await codeOf(files)).toBe('KEY_REMOVED');
  });
});

describe('a purge', () => {
  /** A zone with a key that has gone. */
  async function zoneWithGone(files: SimulatedFiles) {
    const keys = await openKeys(files);
    const gone = { ...(await keys.createKey(['zone-signing'], 13, NOW)), goal: 'OUT' } as const;
    await commitKeys(keys, [...keys.zoneState.keys, gone]);
    return { keys, gone, base: `${ZONE}/${keyFileBase(ORIGIN, 13, gone.tag)}` };
  }

  it('destroys the private half and leaves a tombstone', async () => {
    const files = new SimulatedFiles();
    const { keys, gone, base } = await zoneWithGone(files);
    await purge(keys, gone, unixSeconds(NOW + 5));
    expect(keys.zoneState.keys).toHaveLength(1);
    expect(files.allFiles().filter((name) => name.startsWith(base))).toEqual([]);
    const { tombstones, generation } = await openKeys(files);
    expect(generation).toBe(3);
    expect(tombstones).toEqual([
      {
        id: gone.id,
        tag: gone.tag,
        revokedTag: revokedKeyTag(dnskeyRdata(256, 13, gone.publicKey)),
        algorithm: 13,
        publicKeyHash: gone.publicKeyHash,
        removedAt: NOW + 5,
      },
    ]);
    await expect(commitKeys(keys, [gone])).rejects.toThrow('durable');
  });

  it('is refused while the key stays, or a record of it may be in caches', async () => {
    const files = new SimulatedFiles();
    const { keys, gone } = await zoneWithGone(files);
    await expect(purge(keys, keys.zoneState.keys[0]!)).rejects.toThrow('cache');
    const times = { state: 'unretentive', since: NOW, doneAt: NOW, notBefore: null } as const;
    await commitKeys(keys, withKeys(keys.zoneState, [withRecord(gone, 'dnskey', times)]).keys);
    await expect(purge(keys, keys.zoneState.keys[1]!)).rejects.toThrow('cache');
    expect((await openKeys(files)).zoneState.keys).toHaveLength(2);
  });

  it('that a crash cut short is finished by a start, which spares what is not of that key', async () => {
    const files = new SimulatedFiles();
    const { keys, gone, base } = await zoneWithGone(files);
    const [publicText, privateText] = ['.key', '.private'].map((end) => files.read(`${base}${end}`, 9999));
    await purge(keys, gone);
    files.put(`${base}.private`, privateText!);
    const spared = await openKeys(files);
    expect(spared.notes).toEqual([`${base} is not in state.json and is not used`]);
    files.put(`${base}.key`, publicText!);
    expect((await openKeys(files)).notes).toEqual([]);
    expect(files.allFiles().filter((name) => name.startsWith(base))).toEqual([]);
  });
});

describe('key files without a state', () => {
  it('are adopted: one 257 as CSK, with a 256 as KSK and ZSK; none is made', async () => {
    const csk = new SimulatedFiles();
    putPair(csk, 1, 257);
    const adopted = await openKeys(csk);
    expect([adopted.how, ...adopted.zoneState.keys.map(formatStates)]).toEqual(['adopted', 'H/H/H/H']);
    expect(csk.allFiles()).toHaveLength(3);
    expect(await codeOf(csk)).toBe('loaded');
    putPair(csk, 2, 256);
    await csk.removeDurable(`${ZONE}/state.json`);
    expect((await openKeys(csk)).zoneState.keys.map(formatStates)).toEqual(['H/H/-/H', 'H/-/H/-']);
  });

  it('are refused where it is unclear what they are for', async () => {
    const sets: [string, [number, number, string?, number?][]][] = [
      ['KEYS_INCOMPLETE', [[1, 256]]],
      [
        'KEYS_AMBIGUOUS',
        [
          [1, 257],
          [2, 257],
        ],
      ],
      [
        'KEYS_AMBIGUOUS',
        [
          [1, 257],
          [2, 256],
          [3, 256],
        ],
      ],
      [
        'KEYS_AMBIGUOUS',
        [
          [1, 257],
          [2, 256, '', 14],
        ],
      ],
      ['KEYS_INACTIVE', [[1, 257, 'Inactive: 20260101000000\n']]],
      ['KEYS_INACTIVE', [[1, 385]]],
    ];
    for (const [code, pairs] of sets) {
      const files = new SimulatedFiles();
      for (const [seed, flags, extra, algorithm] of pairs) putPair(files, seed, flags, extra, algorithm);
      const before = files.allFiles();
      expect(await codeOf(files), code).toBe(code);
      expect(files.allFiles()).toEqual(before);
    }
  });

  it('that are out of use are left alone', async () => {
    const files = new SimulatedFiles();
    const gone = putPair(files, 1, 257, 'Delete: 20260101000000\n');
    putPair(files, 2, 257);
    putPair(files, 3, 257, 'Activate: 20990101000000\n');
    const { zoneState, notes } = await openKeys(files);
    expect(zoneState.keys).toHaveLength(1);
    expect(notes).toHaveLength(2);
    expect(notes.join()).toContain(`${gone} is not adopted: its Delete time is over`);
  });

  it('that are damaged are an error, and no key is made instead', async () => {
    const damages: [string, (files: SimulatedFiles, base: string) => unknown][] = [
      ['KEY_MISSING', (files, base) => files.removeDurable(`${base}.private`)],
      ['KEY_MISSING', (files, base) => files.removeDurable(`${base}.key`)],
      ['KEY_MALFORMED', (files, base) => files.put(`${base}.private`, '')],
      ['KEY_MALFORMED', (files, base) => files.put(`${base}.key`, 'example.com. IN DNSKEY 257 3 13 AAAA\n')],
      ['KEY_MALFORMED', (files, base) => files.put(`${base}.key`, 'example.org. IN DNSKEY 257 3 13 AAAA\n')],
      ['KEY_MODE', (files, base) => files.put(`${base}.private`, files.read(`${base}.private`, 9999), 0o640)],
      ['KEY_UNREADABLE', (files, base) => files.putLink(`${base}.private`)],
      ['KEY_UNREADABLE', (files, base) => files.put(`${base}.key`, new Uint8Array(20_000))],
      [
        'KEY_MISMATCH',
        (files, base) => files.put(`${base}.private`, formatPrivateFile(13, new Uint8Array(32).fill(9), NOW)),
      ],
      [
        'KEY_MISMATCH',
        (files, base) => files.put(`${base}.private`, formatPrivateFile(15, new Uint8Array(32).fill(1), NOW)),
      ],
    ];
    for (const [code, damage] of damages) {
      const files = new SimulatedFiles();
      await damage(files, `${ZONE}/${putPair(files, 1, 257)}`);
      const before = files.allFiles();
      expect(await codeOf(files), String(damage)).toBe(code);
      expect(files.allFiles()).toEqual(before);
    }
  });

  it.each(['.key', '.private'])(
    'of which only the %s has its final name are named and adopted',
    async (ending) => {
      const files = new SimulatedFiles();
      const base = `${ZONE}/${putPair(files, 1, 257)}`;
      const other = ending === '.key' ? '.private' : '.key';
      files.put(`${base}${other}.new`, files.read(`${base}${other}`, 9999));
      await files.removeDurable(`${base}${other}`);
      expect(await codeOf(files)).toBe('adopted');
      expect(
        files
          .allFiles()
          .filter((name) => name.startsWith(base))
          .sort(),
      ).toEqual([`${base}.key`, `${base}.private`]);
    },
  );

  it('beside a half-written pair of ours are adopted, and the half is set aside', async () => {
    const files = new SimulatedFiles();
    files.put(`${ZONE}/Kexample.com.+013+00001.private.new`, 'Private-key-');
    files.put(`${ZONE}/state.json.77-1.tmp`, '{');
    putPair(files, 1, 257);
    expect(await codeOf(files)).toBe('adopted');
    expect(files.allFiles().filter((name) => name.endsWith('.new'))).toEqual([
      `${ZONE}/orphans/Kexample.com.+013+00001.private.new`,
    ]);
    expect(files.allFiles().some((name) => name.endsWith('.tmp'))).toBe(false);
  });
});

describe('keys in the state', () => {
  it('whose private half is missing, open to others or another one are an error', async () => {
    const files = new SimulatedFiles();
    const keys = await openKeys(files);
    const { id } = keys.zoneState.keys[0]!;
    const file = files.allFiles().find((name) => name.endsWith('.private'))!;
    const octets = files.read(file, 9999);
    files.put(file, octets, 0o604);
    expect(await codeOf(files)).toBe('KEY_MODE');
    files.put(file, formatPrivateFile(15, new Uint8Array(32).fill(1), NOW));
    expect(await codeOf(files)).toBe('KEY_MISMATCH');
    files.put(file, formatPrivateFile(13, new Uint8Array(32).fill(1), NOW));
    expect(() => keys.privateKey(id)).toThrow('does not belong');
    await files.removeDurable(file);
    expect(await codeOf(files)).toBe('KEY_MISSING');
    files.put(file, octets);
    expect(await codeOf(files)).toBe('loaded');
  });

  it('whose private half is missing are named to a caller who can do without, and only those', async () => {
    const files = new SimulatedFiles();
    const opened = await openZoneKeys(optionsOf(files));
    await opened.commit({ zoneState: opened.zoneState, now: NOW });
    const file = files.allFiles().find((name) => name.endsWith('.private'))!;
    const octets = files.read(file, 9999);
    files.removeDurable(file);
    const keys = await openZoneKeys({ ...optionsOf(files), mayLack: true });
    expect(keys.missing().map((key) => keys.privatePath(key))).toEqual([file]);
    expect(() => keys.privateKey(keys.zoneState.keys[0]!.id)).toThrow('is missing');
    files.put(file, octets);
    expect(keys.missing()).toEqual([]);
    files.put(file, octets, 0o604);
    await expect(openZoneKeys({ ...optionsOf(files), mayLack: true })).rejects.toThrow(
      'can be used by others',
    );
  });

  it('are not made anew when the state is damaged', async () => {
    const files = new SimulatedFiles();
    await openKeys(files);
    files.put(`${ZONE}/state.json`, '');
    const before = files.allFiles();
    expect(await codeOf(files)).toBe('STATE_CORRUPT');
    expect(files.allFiles()).toEqual(before);
  });
});
