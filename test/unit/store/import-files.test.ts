/** Key files of other signers, and what is read of them. */
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { dnskeyRdata } from '../../../src/dnssec/dnskey.ts';
import { formatPem, generateKey, loadPrivateKey, parsePem } from '../../../src/dnssec/keypair.ts';
import { CSK_ROLES, formatStates, type Key, KSK_ROLES, ZSK_ROLES } from '../../../src/kasp/key.ts';
import { createKeys } from '../../../src/store/create.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import { readForeignKeys } from '../../../src/store/import-read.ts';
import { settleKeys } from '../../../src/store/import-roles.ts';
import { adoptedState } from '../../../src/store/import-state.ts';
import { probeKeys } from '../../../src/store/import-write.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { adopting, BARE, codeOf } from '../../support/foreign-keys.ts';
import { NOON } from '../../support/kasp-states.ts';
import { Workplace } from '../../support/processes.ts';
import { strongRandom } from '../../support/random.ts';

const place = new Workplace();
afterAll(() => place.remove());

const DAY = 86_400;
const ORIGIN = nameOf('example.com.');
const files = new DiskFileStore();
let folder = '';
let count = 0;
beforeEach(() => {
  folder = place.at(`${++count}`);
  fs.mkdirSync(folder, { mode: 0o700 });
});

const MAKING = { random: strongRandom, now: NOON, keys: [], tombstones: [] };
/** A key pair in the folder. */
async function made(roles = CSK_ROLES, algorithm = 13, origin = ORIGIN): Promise<Key> {
  const [key] = await createKeys({ files, path: folder, origin }, [{ roles, algorithm }], MAKING);
  return key!;
}
const baseOf = ({ tag }: Key) => `${folder}/Kexample.com.+013+${String(tag).padStart(5, '0')}`;
const read = (...paths: string[]) =>
  readForeignKeys(paths, { files, origin: ORIGIN, now: NOON, format: undefined });
const instant = (at: number) => new Date(at * 1000).toISOString().replace(/\D/g, '').slice(0, 14);

describe('files of BIND', () => {
  it('are found by key, private half, base and directory', async () => {
    const base = baseOf(await made());
    for (const path of [`${base}.key`, `${base}.private`, base, folder]) {
      expect(read(path).keys, path).toMatchObject([{ algorithm: 13, flags: 257, timing: null }]);
    }
  });

  it('of other zones in a directory are passed by, and named ones are refused', async () => {
    await made();
    const other = await made(CSK_ROLES, 13, nameOf('example.org.'));
    expect(read(folder).keys).toHaveLength(1);
    const path = `${folder}/Kexample.org.+013+${String(other.tag).padStart(5, '0')}.key`;
    expect(codeOf(() => read(path))).toBe('KEY_MALFORMED');
  });

  it('bring the states of a dnssec-policy along, and since when', async () => {
    const base = baseOf(await made(KSK_ROLES));
    const since = NOON - 2 * 3_600;
    fs.writeFileSync(
      `${base}.state`,
      [
        '; This is the state of key 1, for example.com.',
        'Algorithm: 13',
        'KSK: yes',
        'ZSK: no',
        `Generated: ${instant(NOON - 9 * DAY)} (a comment)`,
        `DSPublish: ${instant(NOON - 3_600)} (a comment)`,
        `DNSKEYChange: ${instant(since)}`,
        'DNSKEYState: omnipresent',
        'KRRSIGState: rumoured',
        `KRRSIGChange: ${instant(since)}`,
        'DSState: rumoured',
        `DSChange: ${instant(NOON + DAY)}`,
        'ZRRSIGState: unretentive',
        `ZRRSIGChange: ${instant(since)}`,
        'GoalState: omnipresent',
      ].join('\n'),
    );
    const [key] = read(folder).keys;
    expect(key).toMatchObject({ roles: ['key-signing'], createdAt: NOON - 9 * DAY });
    expect(key!.timing).toMatchObject({
      goal: 'IN',
      dnskey: { state: 'omnipresent', since },
      krrsig: { state: 'rumoured', since },
      // Signatures that BIND replaces bit by bit are all replaced when we serve the zone.
      zrrsig: { state: 'unretentive', since: NOON },
      // A clock that was ahead there does not put the past into our future.
      ds: { state: 'rumoured', since: NOON },
      dsSeenAt: NOON - 3_600,
    });
  });

  it.each([
    ['KEY_MISSING', (base: string) => fs.rmSync(`${base}.private`)],
    ['KEY_MALFORMED', (base: string) => fs.writeFileSync(`${base}.private`, 'Private-key-format: v1.3\n')],
    ['KEY_MISMATCH', (base: string) => fs.renameSync(`${base}.key`, `${base.slice(0, -5)}00001.key`)],
    [
      'KEY_UNREADABLE',
      (base: string) => {
        fs.renameSync(`${base}.private`, `${folder}/elsewhere`);
        fs.symlinkSync(`${folder}/elsewhere`, `${base}.private`);
      },
    ],
  ])('that are damaged are told: %s', async (code, damage) => {
    const base = baseOf(await made());
    damage(base);
    if (code === 'KEY_MISMATCH') fs.renameSync(`${base}.private`, `${base.slice(0, -5)}00001.private`);
    expect(codeOf(() => read(folder))).toBe(code);
  });

  it('whose halves are of two keys are found out', async () => {
    const [one, two] = [baseOf(await made()), baseOf(await made())];
    fs.copyFileSync(`${one}.private`, `${two}.private`);
    const { keys } = settleKeys(read(`${two}.key`).keys, BARE);
    expect(codeOf(() => probeKeys(keys, strongRandom))).toBe('KEY_MISMATCH');
  });

  it('that everybody can read are noted', async () => {
    const base = baseOf(await made());
    fs.chmodSync(`${base}.private`, 0o644);
    expect(read(folder).notes).toEqual([expect.stringContaining('can be read by everybody')]);
  });

  it('are not there', () => {
    expect(codeOf(() => read(`${folder}/nothing`))).toBe('KEYS_NOT_FOUND');
    expect(codeOf(() => read(folder))).toBe('KEYS_NOT_FOUND');
    fs.writeFileSync(`${folder}/notes.txt`, '');
    expect(codeOf(() => read(`${folder}/notes.txt`))).toBe('KEYS_NOT_FOUND');
  });
});

describe('PEM', () => {
  it.each([13, 14, 15])('goes out and comes back, algorithm %i', (algorithm) => {
    const { publicKey, privateOctets } = generateKey(algorithm, (octets) => strongRandom.octets(octets));
    const text = formatPem(loadPrivateKey(algorithm, privateOctets, publicKey));
    expect(parsePem(text)).toEqual({ algorithm, publicKey, privateOctets });
  });

  it.each(['prime256v1', 'secp384r1'])('is read as PKCS #8 and as SEC 1, %s', (namedCurve) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    const [pkcs8, sec1] = (['pkcs8', 'sec1'] as const).map((type) =>
      privateKey.export({ format: 'pem', type }),
    );
    expect(sec1).toContain('EC PRIVATE KEY');
    expect(parsePem(String(pkcs8))).toEqual(parsePem(String(sec1)));
    expect(parsePem(String(pkcs8))).toMatchObject({ algorithm: namedCurve === 'prime256v1' ? 13 : 14 });
  });

  it('of Knot may have a zero before its scalar', () => {
    // As GnuTLS writes a scalar whose first bit is set.
    const text = [
      '-----BEGIN PRIVATE KEY-----',
      'MIGUAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHoweAIBAQQhAPzmQEy3HsdnyaOg',
      'OqEXTNG867MVw87uouK4XSvZZFX+oAoGCCqGSM49AwEHoUQDQgAE8XRjJJzHS2kM',
      'GFr3hyaNdBXlKaEkOMZWQ5LOrz1Ue0hUsRnb6teQ3oYnNwdwISBefatuVJ1lr3ZL',
      'aBeQkvoVsQ==',
      '-----END PRIVATE KEY-----',
    ].join('\n');
    const pair = parsePem(text);
    expect(pair).toMatchObject({ algorithm: 13 });
    if (typeof pair !== 'string') expect(pair.privateOctets[0]).toBe(0xfc);
  });

  it.each([
    ['no key at all', 'hello', 'no private key'],
    [
      'RSA',
      String(
        generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          format: 'pem',
          type: 'pkcs8',
        }),
      ),
      'rsa',
    ],
    [
      'another curve',
      String(
        generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({
          format: 'pem',
          type: 'pkcs8',
        }),
      ),
      'secp256k1',
    ],
    [
      'an encrypted one',
      String(
        generateKeyPairSync('ed25519').privateKey.export({
          ...{ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' },
        } as const),
      ),
      'encrypted',
    ],
  ])('is refused if it is %s', (_, text, word) => {
    expect(parsePem(text)).toContain(word);
  });

  it('needs somebody to say what it is for, or a server that serves it', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    fs.writeFileSync(`${folder}/a.pem`, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const { keys } = read(folder);
    expect(keys).toMatchObject([{ flags: null, roles: null, algorithm: 15 }]);
    expect(codeOf(() => settleKeys(keys, BARE))).toBe('KEY_ROLES');
    expect(codeOf(() => settleKeys(keys, { ...BARE, words: ['ksk', 'zsk'] }))).toBe('KEY_ROLES');
    expect(settleKeys(keys, { ...BARE, words: ['zsk'] }).keys).toMatchObject([
      { flags: 256, roles: ZSK_ROLES },
    ]);
    const served = [dnskeyRdata(257, 15, keys[0]!.publicKey)];
    expect(settleKeys(keys, { ...BARE, served }).keys).toMatchObject([{ flags: 257, roles: CSK_ROLES }]);
    fs.writeFileSync(`${folder}/Kexample.com.+015+00001.key`, '');
    expect(codeOf(() => read(folder))).toBe('KEYS_AMBIGUOUS');
  });
});

describe('JSON of Knot', () => {
  const id = 'a'.repeat(40);
  const entry = (changes: object = {}) => ({
    ...{
      zone: 'example.com.',
      id,
      ksk: true,
      zsk: true,
      tag: 1,
      algorithm: 15,
      size: 256,
      'public-only': false,
    },
    ...{ 'pre-active': 0, publish: NOON - 9 * DAY, ready: NOON - 8 * DAY, active: NOON - 7 * DAY },
    ...{ 'retire-active': 0, retire: 0, 'post-active': 0, revoke: 0, remove: 0 },
    ...changes,
  });
  const readKnot = (...entries: object[]) => {
    const { privateKey } = generateKeyPairSync('ed25519');
    fs.writeFileSync(`${folder}/${id}.pem`, privateKey.export({ format: 'pem', type: 'pkcs8' }), {
      mode: 0o600,
    });
    fs.writeFileSync(`${folder}/keys.json`, JSON.stringify(entries));
    return read(folder);
  };
  const statesOf = (...entries: object[]) => {
    const { keys } = settleKeys(readKnot(...entries).keys, BARE);
    const state = adoptedState(keys, adopting());
    return { state, states: state.keys.map(formatStates) };
  };

  it.each([
    ['published', { ready: 0, active: 0 }, 'R/H/H/H', 'unconfirmed'],
    ['ready', { active: 0 }, 'R/R/H/R', 'unconfirmed'],
    ['active', {}, 'R/R/R/R', 'secure'],
    ['yet to be published', { publish: NOON + DAY, ready: 0, active: 0 }, 'H/H/H/H', 'unconfirmed'],
  ])('says what a key did that is %s', (_, changes, states, delegation) => {
    const found = statesOf(entry(changes));
    expect(found).toMatchObject({ states: [states], state: { delegation } });
  });

  it.each([
    ['removed', { remove: NOON - 1 }],
    ['revoked', { revoke: NOON - 1 }],
    ['rollover of the algorithm', { publish: 0, ready: 0, active: 0, 'pre-active': NOON - 1 }],
    ['elsewhere', { 'public-only': true }],
  ])('leaves out a key: %s', (why, changes) => {
    const { keys, notes } = readKnot(entry(changes));
    expect(keys).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['KEY_MALFORMED', { id: '../../x' }],
    ['KEY_MALFORMED', { publish: 'yesterday' }],
    ['KEY_MALFORMED', { ksk: false, zsk: false }],
    ['KEY_MISMATCH', { zone: 'example.org.' }],
    ['KEY_MISMATCH', { algorithm: 13 }],
    ['KEY_MISSING', { id: 'b'.repeat(40) }],
  ])('is refused: %s %j', (code, changes) => {
    expect(codeOf(() => readKnot(entry(changes)))).toBe(code);
  });
});
