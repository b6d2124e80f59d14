/** What people and programs read of keys, and the commands on keys that need no server. */
import fs from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { unixSeconds } from '../../../src/base/time.ts';
import { importExit, printImport, printKey, printKeys } from '../../../src/cli/key-output.ts';
import type { Output } from '../../../src/cli/output.ts';
import type { KeyDetail, KeyImport, KeyShown } from '../../../src/control/key-shapes.ts';
import { parsePem } from '../../../src/dnssec/keypair.ts';
import { DEFAULT_POLICY } from '../../../src/kasp/policy.ts';
import { DiskFileStore } from '../../../src/store/files.ts';
import type { ZoneKeys } from '../../../src/store/keystore.ts';
import { openZoneKeys } from '../../../src/store/openkeys.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { runCaptured } from '../../support/captured.ts';
import { Workplace } from '../../support/processes.ts';
import { strongRandom } from '../../support/random.ts';

const place = new Workplace();
afterAll(() => place.remove());

function capture(isTerminal = false): Output & { out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(...line.split('\n'));
  return { isTerminal, hasColor: false, print, note: (line) => void err.push(line), out, err };
}

const AT = '2026-11-24T12:00:00Z';
const LATER = '2026-11-25T12:00:00Z';
const RECORD = { state: 'omnipresent', since: AT, doneAt: AT, next: null };
const KEY: KeyDetail = {
  ...{ id: 'a', tag: 11, algorithm: 13, flags: 257, roles: ['key-signing'], goal: 'IN' as const },
  ...{ dnskey: 'omnipresent', krrsig: 'omnipresent', zrrsig: null, ds: 'rumoured' },
  ...{ algorithmName: 'ECDSAP256SHA256', createdAt: AT, publishedAt: AT, file: '/keys/K11.private' },
  records: {
    dnskey: RECORD,
    krrsig: RECORD,
    zrrsig: null,
    ds: { ...RECORD, state: 'rumoured', next: { to: 'omnipresent', at: LATER, because: 'DS TTL 1d' } },
  },
};

describe('key list', () => {
  it('is a table with a line for each record', () => {
    const output = capture();
    printKeys(output, { zone: 'example.com.', keys: [KEY, { ...KEY, tag: 22, goal: 'OUT' }] });
    expect(output.out).toEqual([
      'TAG  ROLE  ALGORITHM        GOAL   RECORD  STATE        SINCE                 NEXT',
      `11   KSK   ECDSAP256SHA256  stays  dnskey  omnipresent  ${AT}  -`,
      `                                   krrsig  omnipresent  ${AT}  -`,
      `                                   ds      rumoured     ${AT}  -> omnipresent at ${LATER}`,
      `22   KSK   ECDSAP256SHA256  goes   dnskey  omnipresent  ${AT}  -`,
      `                                   krrsig  omnipresent  ${AT}  -`,
      `                                   ds      rumoured     ${AT}  -> omnipresent at ${LATER}`,
      'key 11: /keys/K11.private',
      'key 22: /keys/K11.private',
    ]);
  });

  it('says so where there are none', () => {
    const output = capture();
    printKeys(output, { zone: 'example.com.', keys: [] });
    expect([output.out, output.err]).toEqual([[], ['example.com. has no keys']]);
  });
});

describe('key show', () => {
  const shown: KeyShown['key'] = {
    ...KEY,
    ...{
      dnskeyRdata: '257 3 13 AAAA',
      dsRdata: ['11 13 2 00FF'],
      publicKeyHash: 'ff',
      predecessor: 22,
      successor: null,
    },
    dsObservation: { seenAllAt: AT, goneAllAt: null, lastSeenAnywhereAt: AT },
    waiting: [],
    history: [{ at: AT, record: 'ds', from: 'hidden', to: 'rumoured', because: 'the key shall be trusted' }],
  };

  it('tells times, their reasons, and the records for others', () => {
    const output = capture(true);
    printKey(output, { zone: 'example.com.', key: shown });
    const text = output.out.join('\n');
    expect(output.out[0]).toBe('example.com. key 11: KSK, ECDSAP256SHA256, flags 257, stays');
    expect(text).toContain('replaces       key 22');
    expect(text).toMatch(
      /ds {13}rumoured since .*\n {17}the key shall be trusted\n {17}→ omnipresent at .*: DS TTL 1d/,
    );
    expect(text).toContain(`DS seen        on all servers of the parent since ${AT}`);
    expect(output.out.slice(-2)).toEqual([
      'example.com. IN DNSKEY 257 3 13 AAAA',
      'example.com. IN DS 11 13 2 00FF',
    ]);
  });
});

describe('key import', () => {
  const result: KeyImport = {
    ...{
      zone: 'example.com.',
      dryRun: true,
      covered: false,
      delegation: 'secure',
      notes: ['x is not taken over: y'],
    },
    keys: [{ ...KEY, source: '/old/K11.private', served: true }],
    served: [
      { tag: 11, flags: 257, algorithm: 13, stays: true },
      { tag: 33, flags: 256, algorithm: 13, stays: false },
    ],
    wouldServe: { dnskey: [{ tag: 11, flags: 257, algorithm: 13 }], keySigners: [11], zoneSigners: [] },
    rollover: { type: 'zsk', method: 'pre-publication', incoming: [44], outgoing: [33] },
    ...{ path: '/keys/example.com', loaded: null, command: null },
  };
  const printed = (changes: Partial<KeyImport>) => {
    const output = capture();
    printImport(output, { ...result, ...changes });
    return [...output.out, ...output.err].join('\n');
  };

  it('says what would be lost, and that it would be refused', () => {
    const text = printed({});
    expect(text).toContain('ok key 11 is served now and stays');
    expect(text).toContain('error key 33 is served now and would go');
    expect(text).toContain('error it would be refused');
    expect(text).toContain('DNSKEY would be 11, signed by 11');
    expect(text).toContain('zone data would be signed by none');
    expect(text).toContain('the zsk rollover 33 -> 44 goes on (pre-publication)');
    expect(text).toContain('warn x is not taken over: y');
    expect(text).toContain('nothing was changed of example.com.');
    expect(importExit(result)).toBe(5);
  });

  it.each([
    [{ covered: true }, 'run it without --dry-run', 0],
    [{ covered: null, served: null }, 'nobody looked at what is served now', 0],
    [{ dryRun: false, covered: true }, 'put the file of example.com. into the zones directory', 0],
    [
      { dryRun: false, covered: false, loaded: { outcome: 'served' as const, message: null } },
      'is served with them',
      0,
    ],
    [
      { dryRun: false, loaded: { outcome: 'failed' as const, message: 'why [CODE]' } },
      'is not served: why [CODE]',
      1,
    ],
  ])('%j', (changes, words, exit) => {
    expect(printed(changes)).toContain(words);
    expect(importExit({ ...result, ...changes })).toBe(exit);
  });

  it('refuses what it cannot mean before a server is asked', async () => {
    const bad = [
      ['--served-by', 'no address'],
      ['--served-by', '127.0.0.1:0'],
      ['--served', 'not a record'],
      ['--format', 'pgp'],
      ['--roles', 'boss'],
      ['--served-ttl', 'long'],
      ['--force-unsafe', 'x'],
    ];
    for (const words of bad) {
      const { code, out, err } = await runCaptured('key', 'import', 'example.com', '/keys', ...words);
      expect({ code, out }, words.join(' ')).toEqual({ code: 2, out: '' });
      expect(err, words.join(' ')).toContain(words[0]);
    }
    expect((await runCaptured('key', 'import', 'example.com')).code).toBe(2);
    expect((await runCaptured('key', 'import', 'example.com', '/keys')).code).toBe(3);
  });

  it('says that nobody answers where the old server should be', async () => {
    const { code, err } = await runCaptured(
      'key',
      'import',
      'example.com',
      '/keys',
      '--served-by',
      '127.0.0.1:1',
    );
    expect(code).toBe(3);
    expect(err).toContain('NO_ANSWER');
  });
});

// ---- Without a server ----

describe('key generate', () => {
  it.each([
    ['csk', 'ECDSAP256SHA256', 257],
    ['ksk', 'ED25519', 257],
    ['zsk', '14', 256],
  ])('makes a %s like dnssec-keygen', async (role, algorithm, flags) => {
    const to = place.at(`made-${role}`);
    const words = ['key', 'generate', 'example.com', '--to', to, '--role', role, '--algorithm', algorithm];
    const { code, out, err } = await runCaptured(...words);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(role.toUpperCase()) });
    const paths = out.split('\n');
    expect(paths.map((path) => fs.statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(fs.readFileSync(paths[0]!, 'latin1')).toContain(`example.com. IN DNSKEY ${flags} 3 `);
    expect(fs.readFileSync(paths[1]!, 'latin1')).toContain('Private-key-format: v1.3');
  });

  it('gives JSON without the private half', async () => {
    const { out } = await runCaptured('--json', 'key', 'generate', 'example.com', '--to', place.at('json'));
    const { schema_version: version, zone, keys } = JSON.parse(out) as Record<string, unknown>;
    expect({ version, zone }).toEqual({ version: 1, zone: 'example.com.' });
    expect(keys).toEqual([
      {
        ...{
          tag: expect.any(Number),
          role: 'CSK',
          algorithm: 13,
          algorithmName: 'ECDSAP256SHA256',
          flags: 257,
        },
        files: [expect.stringMatching(/\.key$/), expect.stringMatching(/\.private$/)],
      },
    ]);
  });

  it.each([
    [['key', 'generate', 'example.com', '--to', 'x', '--algorithm', 'RSASHA1'], 'ALGORITHM_UNKNOWN'],
    [['key', 'generate', 'a..b', '--to', 'x'], 'BAD_NAME'],
    [['key', 'generate', 'example.com'], '--to'],
    [['key', 'export', 'a..b', '--to', 'x'], 'BAD_NAME'],
    [['key', 'export', 'example.com', '--to', 'x', '--key', '70000'], '--key'],
    [['key', 'export', 'example.com', '--to', 'x', '--format', 'pem'], 'PRIVATE_MISSING'],
  ])('is not understood: %j', async (words, told) => {
    const { code, out, err } = await runCaptured(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(told);
  });
});

describe('key export', () => {
  const keys = place.at('keys');
  const files = new DiskFileStore();
  const now = unixSeconds(1_795_521_600);
  let opened: ZoneKeys | undefined;
  /** A zone whose keys are on disk, as a server that is stopped left them. */
  async function zoneKeys(): Promise<ZoneKeys> {
    if (opened === undefined) {
      opened = await openZoneKeys({
        ...{ files, random: strongRandom, keysDirectory: keys, origin: nameOf('example.com.'), now },
        policy: { ...DEFAULT_POLICY, scheme: 'ksk-zsk' },
      });
      await opened.commit({ zoneState: opened.zoneState, now });
    }
    return opened;
  }
  const exported = (to: string, ...words: string[]) =>
    runCaptured('key', 'export', 'example.com', '--keys', keys, '--to', place.at(to), ...words);

  it('writes public halves, and private ones if it is told to', async () => {
    const { zoneState } = await zoneKeys();
    const { code, out } = await exported('public');
    expect(code).toBe(0);
    expect(fs.readdirSync(place.at('public')).every((name) => name.endsWith('.key'))).toBe(true);
    expect(out.split('\n')).toHaveLength(2);
    expect((await exported('all', '--private')).code).toBe(0);
    const names = fs.readdirSync(place.at('all'));
    expect(names.map((name) => name.split('.').at(-1)).sort()).toEqual([
      'key',
      'key',
      'private',
      'private',
      'state',
      'state',
    ]);
    for (const name of names) expect(fs.statSync(place.at('all', name)).mode & 0o777).toBe(0o600);
    const one = await exported(
      'one',
      '--private',
      '--key',
      String(zoneState.keys[0]!.tag),
      '--format',
      'pem',
    );
    expect(one.out.split('\n')).toHaveLength(1);
    expect(parsePem(fs.readFileSync(one.out, 'latin1'))).toMatchObject({
      publicKey: zoneState.keys[0]!.publicKey,
    });
  });

  it('overwrites nothing', async () => {
    await zoneKeys();
    await exported('twice');
    const { code, err } = await exported('twice');
    expect(code).toBe(5);
    expect(err).toContain('KEYS_PRESENT');
  });

  it('knows no zone and no key that is not there', async () => {
    await zoneKeys();
    expect(await exported('none', '--key', '1')).toMatchObject({
      code: 4,
      err: expect.stringContaining('NO_SUCH_KEY'),
    });
    const other = await runCaptured('key', 'export', 'example.org', '--keys', keys, '--to', place.at('none'));
    expect(other).toMatchObject({ code: 4, err: expect.stringContaining('KEYS_NOT_FOUND') });
    expect(fs.existsSync(place.at('none'))).toBe(false);
  });

  it('gives JSON', async () => {
    await zoneKeys();
    const { out } = await runCaptured(
      '--json',
      'key',
      'export',
      'example.com',
      '--keys',
      keys,
      '--to',
      place.at('json-out'),
    );
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      zone: 'example.com.',
      keys: [{ role: 'KSK' }, { role: 'ZSK' }],
    });
  });
});
