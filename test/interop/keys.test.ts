/**
 * Keys in and out: those of dnssec-keygen, ldns-keygen, keymgr and openssl are imported into a running server, and
 * what it signs with them convinces ldns-verify-zone, dnssec-verify and delv; those of ours are exported, and named
 * and ldns-signzone sign with them.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyImport, KeyList } from '../../src/control/key-shapes.ts';
import { dnskeyRdata, keyTag } from '../../src/dnssec/dnskey.ts';
import { CLI, Daemon } from '../support/daemon.ts';
import { delv, writeAnchors } from '../support/delv.ts';
import { dig } from '../support/dig.ts';
import { Named } from '../support/named.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { type Output, run, runOk, Workplace, waitUntil } from '../support/processes.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';

const PEERS = [
  ...([
    'named',
    'dnssec-keygen',
    'dnssec-settime',
    'dnssec-verify',
    'delv',
    'dig',
    'openssl',
    'keymgr',
  ] as const),
  ...(['ldns-keygen', 'ldns-signzone', 'ldns-verify-zone'] as const),
];

/** A policy of named: a KSK and a ZSK that stay. */
const TWO_KEYS = [
  'dnssec-policy "two" { keys { ksk lifetime unlimited algorithm ecdsap256sha256;',
  'zsk lifetime unlimited algorithm ecdsap256sha256; }; };',
].join('\n');

const text = (origin: string): string =>
  [
    '$TTL 300',
    `${origin} SOA ns1.${origin} hostmaster.${origin} 1 3600 600 86400 300`,
    `${origin} NS ns1.${origin}`,
    `ns1.${origin} A 192.0.2.1`,
    `www.${origin} A 192.0.2.2`,
    `*.wild.${origin} TXT "any"`,
    '',
  ].join('\n');

describeWithPeers(PEERS, 'keys of others', () => {
  const workplace = new Workplace();
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones: { 'first.test.zone': text('first.test.') } });
  });
  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });

  function folderOf(name: string): string {
    const folder = workplace.at(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async function json<T>(...words: string[]): Promise<T> {
    const { code, stdout, stderr } = await daemon.keyturn('--json', ...words);
    expect(code, stderr + stdout).toBe(0);
    return JSON.parse(stdout) as T;
  }

  /** Puts the file of a zone in place and returns when it is served. */
  async function dropIn(origin: string): Promise<void> {
    writeFileSync(`${daemon.zones}/${origin}zone`, text(origin));
    await waitUntil(async () => (await daemon.serial(origin)) === 1, `${origin} is served`);
  }

  /** Imports for a zone that is dropped in afterwards, and has the judges look at it. */
  async function importAndServe(origin: string, ...words: string[]): Promise<KeyImport> {
    const result = await json<KeyImport>('key', 'import', origin, ...words);
    expect(result).toMatchObject({ dryRun: false, loaded: null });
    await dropIn(origin);
    const served = (await dig(daemon.port, origin, 'DNSKEY')).answer.map(({ rdata }) =>
      Number(rdata.split(' ')[0]),
    );
    expect(served.sort()).toEqual(result.wouldServe.dnskey.map(({ flags }) => flags).sort());
    await expectSigned(origin);
    return result;
  }

  async function expectSigned(origin: string): Promise<void> {
    const { stdout, code } = await daemon.keyturn('zone', 'export', origin, '--signed');
    expect(code).toBe(0);
    const file = workplace.at(`${origin}signed`);
    writeFileSync(file, stdout, 'latin1');
    expect(await wholeZoneFaults(origin, file)).toEqual([]);
    await expectValid(daemon.port, origin);
  }

  /** BIND's validator, with the keys that are served with flags 257 as trust anchors. */
  async function expectValid(port: number, origin: string): Promise<void> {
    const { answer } = await dig(port, origin, 'DNSKEY');
    const trusted = answer.map(({ rdata }) => rdata).filter((rdata) => rdata.startsWith('257'));
    expect(trusted.length).toBeGreaterThan(0);
    const anchors = workplace.at(`${origin}${port}.anchor`);
    writeAnchors(anchors, origin, trusted);
    for (const [name, type] of [
      [`www.${origin}`, 'A'],
      [`x.wild.${origin}`, 'TXT'],
      [`nothing.${origin}`, 'A'],
    ] as const) {
      expect(await delv({ origin, port, anchors }, name, type)).toContain('fully validated');
    }
  }

  /** Knot's key manager with a database in a folder. */
  function keymgrIn(folder: string, origin: string): (...words: string[]) => Promise<string> {
    const conf = `${folder}/knot.conf`;
    const rows = [
      `server:\n  rundir: ${folder}`,
      `database:\n  storage: ${folder}\n  kasp-db: kasp`,
      `template:\n  - id: default\n    storage: ${folder}`,
      'policy:\n  - id: p\n    algorithm: ECDSAP256SHA256\n    manual: on',
      `zone:\n  - domain: ${origin}\n    dnssec-signing: on\n    dnssec-policy: p\n`,
    ];
    writeFileSync(conf, rows.join('\n'));
    return (...words) => runOk(getPeer('keymgr'), ['-c', conf, origin, ...words]);
  }

  // ---- In ----

  it.each(['ECDSAP256SHA256', 'ECDSAP384SHA384', 'ED25519'])(
    'imports those of dnssec-keygen, %s',
    async (algorithm) => {
      const origin = `${algorithm.toLowerCase()}.bind.test.`;
      const folder = folderOf(origin);
      const make = (...more: string[]) =>
        runOk(getPeer('dnssec-keygen'), ['-q', '-K', folder, '-a', algorithm, ...more, origin]);
      const tags = [await make('-f', 'KSK'), await make()].map((base) => Number(/(\d+)\s*$/.exec(base)![1]));
      const result = await importAndServe(origin, folder);
      expect(result.keys.map(({ tag }) => tag).sort()).toEqual(tags.sort());
      expect(result.keys.map(({ roles }) => roles.join()).sort()).toEqual(['key-signing', 'zone-signing']);
      expect(result.covered).toBeNull();
    },
  );

  it('imports those of ldns-keygen, one for everything', async () => {
    const origin = 'ldns.test.';
    const folder = folderOf(origin);
    const script = `cd "$0" && "$1" -a ECDSAP256SHA256 -k ${origin}`;
    const base = (await runOk('/bin/sh', ['-c', script, folder, getPeer('ldns-keygen')])).trim();
    const result = await importAndServe(origin, `${folder}/${base}.key`);
    expect(result.keys).toMatchObject([{ roles: ['key-signing', 'zone-signing'], flags: 257 }]);
  });

  it('imports those of openssl, PKCS #8 and SEC 1', async () => {
    const folder = folderOf('openssl');
    const openssl = (...words: string[]) => runOk(getPeer('openssl'), words);
    await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${folder}/ksk.pem`);
    await openssl(
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-out',
      `${folder}/zsk.pem`,
    );
    expect(readFileSync(`${folder}/ksk.pem`, 'latin1')).toContain('BEGIN EC PRIVATE KEY');
    expect(readFileSync(`${folder}/zsk.pem`, 'latin1')).toContain('BEGIN PRIVATE KEY');
    const files = [`${folder}/ksk.pem`, `${folder}/zsk.pem`];
    const refused = await daemon.keyturn('key', 'import', 'pem.test.', ...files);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('KEY_ROLES') });
    const result = await importAndServe('pem.test.', ...files, '--roles', 'ksk,zsk');
    expect(result.keys.map(({ flags, source }) => [flags, basename(source)])).toEqual([
      [257, 'ksk.pem'],
      [256, 'zsk.pem'],
    ]);
    await openssl('genpkey', '-algorithm', 'ED25519', '-out', `${folder}/ed.pem`);
    await importAndServe('ed.test.', `${folder}/ed.pem`, '--roles', 'csk');
    await openssl('genpkey', '-algorithm', 'RSA', '-out', `${folder}/rsa.pem`);
    expect(await daemon.keyturn('key', 'import', 'rsa.test.', `${folder}/rsa.pem`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none that Keyturn signs with'),
    });
  });

  it('imports those of keymgr, with what Knot did with them', async () => {
    const origin = 'knot.test.';
    const folder = folderOf(origin);
    const keymgr = keymgrIn(folder, origin);
    const times = ['created=t-30d', 'publish=t-30d'];
    await keymgr('generate', 'ksk=yes', 'zsk=no', ...times, 'ready=t-20d', 'active=t-10d');
    await keymgr('generate', 'ksk=no', 'zsk=yes', ...times, 'active=t-29d', 'retire=t-1h');
    await keymgr('generate', 'ksk=no', 'zsk=yes', 'created=t-2d', 'publish=t-2d', 'active=t-1h');
    await keymgr('generate', 'ksk=no', 'zsk=yes', ...times, 'active=t-29d', 'retire=t-9d', 'remove=t-8d');
    writeFileSync(`${folder}/keys.json`, await keymgr('list', '-j'));
    const result = await importAndServe(origin, `${folder}/keys.json`, `${folder}/kasp/keys`);
    expect(result.notes).toEqual([expect.stringContaining('it was removed')]);
    expect(result.delegation).toBe('secure');
    expect(result.rollover).toMatchObject({ type: 'zsk', method: 'pre-publication' });
    const ksk = result.keys.find(({ flags }) => flags === 257);
    const old = result.keys.find(({ goal }) => goal === 'OUT');
    const fresh = result.keys.find(({ goal, flags }) => goal === 'IN' && flags === 256);
    expect(ksk).toMatchObject({
      dnskey: 'omnipresent',
      krrsig: 'omnipresent',
      ds: 'omnipresent',
      goal: 'IN',
    });
    expect(old).toMatchObject({ goal: 'OUT', zrrsig: 'unretentive' });
    expect(fresh).toMatchObject({ goal: 'IN', dnskey: 'omnipresent', zrrsig: 'rumoured' });
    expect(result.wouldServe.zoneSigners).toEqual([fresh!.tag]);
  });

  it('goes on with a KSK rollover that a dnssec-policy had begun', async () => {
    const origin = 'rolling.test.';
    const folder = folderOf(origin);
    const make = async (...more: string[]) => {
      const args = ['-q', '-K', folder, '-a', 'ECDSAP256SHA256', '-P', '-30d', '-A', '-30d', ...more, origin];
      return (await runOk(getPeer('dnssec-keygen'), args)).trim();
    };
    const [old, fresh, zsk] = [await make('-f', 'KSK'), await make('-f', 'KSK'), await make()];
    const settime = (base: string, ...states: string[]) =>
      runOk(getPeer('dnssec-settime'), ['-s', '-K', folder, ...states, base]);
    const shown = ['-k', 'OMNIPRESENT', '-20d', '-r', 'OMNIPRESENT', '-20d'];
    await settime(old, '-g', 'HIDDEN', ...shown, '-d', 'UNRETENTIVE', '-1h');
    await settime(fresh, '-g', 'OMNIPRESENT', ...shown, '-d', 'RUMOURED', '-1h');
    await settime(zsk, '-g', 'OMNIPRESENT', '-k', 'OMNIPRESENT', '-20d', '-z', 'OMNIPRESENT', '-20d');
    const result = await importAndServe(origin, folder);
    const tagOf = (base: string) => Number(/(\d+)$/.exec(base)![1]);
    expect(result).toMatchObject({ delegation: 'secure', covered: null });
    expect(result.rollover).toEqual({
      ...{ type: 'ksk', method: 'swap', incoming: [tagOf(fresh)], outgoing: [tagOf(old)] },
    });
    expect(result.wouldServe.keySigners.sort()).toEqual([tagOf(old), tagOf(fresh)].sort());
    // What only a person can say is asked for: the new DS is there, and the old one gone.
    const confirm = [
      'rollover',
      'confirm-ds',
      origin,
      '--seen',
      `${tagOf(fresh)}`,
      '--gone',
      `${tagOf(old)}`,
    ];
    expect((await daemon.keyturn(...confirm)).code).toBe(0);
    const { keys } = await json<KeyList>('key', 'list', origin);
    expect(keys.find(({ tag }) => tag === tagOf(old))?.records.ds?.next).toMatchObject({ to: 'hidden' });
    expect(keys.find(({ tag }) => tag === tagOf(fresh))?.records.ds?.next).toMatchObject({
      to: 'omnipresent',
    });
  });

  // ---- A named that signs, and hands over ----

  async function startSigner(origin: string, folder: string, keys: string): Promise<Named> {
    const file = `${folder}/zone.db`;
    writeFileSync(file, text(origin));
    const signing = `dnssec-policy "two"; inline-signing yes; key-directory "${keys}";`;
    const named = await Named.start([{ origin, file, signing }], workplace, TWO_KEYS);
    const isSigned = async () =>
      (await dig(named.port, origin, 'SOA', '+dnssec')).answer.some(({ type }) => type === 'RRSIG');
    await waitUntil(isSigned, 'named signs', 30_000, named.process);
    return named;
  }

  async function tagsServed(port: number, origin: string): Promise<number[]> {
    const { answer } = await dig(port, origin, 'DNSKEY');
    const tags = answer.map(({ rdata }) => {
      const [flags, , algorithm, ...key] = rdata.split(' ');
      const octets = Uint8Array.from(Buffer.from(key.join(''), 'base64'));
      return keyTag(dnskeyRdata(Number(flags), Number(algorithm), octets));
    });
    return tags.sort();
  }

  it('takes a zone over from named, and refuses to lose a key of it', async () => {
    const origin = 'moved.test.';
    const folder = folderOf(origin);
    const keys = folderOf(`${origin}keys`);
    const named = await startSigner(origin, folder, keys);
    const { port } = named;
    try {
      const old = await tagsServed(port, origin);
      expect(old).toHaveLength(2);
      const states = readdirSync(keys).filter((name) => name.endsWith('.state'));
      expect(states).toHaveLength(2);
      const ksk = states.find((name) => /^KSK: yes/m.test(readFileSync(`${keys}/${name}`, 'latin1')))!;
      const servedBy = ['--served-by', `127.0.0.1:${port}`];

      const lone = `${keys}/${ksk.replace(/state$/, 'key')}`;
      const incomplete = await daemon.keyturn('key', 'import', origin, lone, ...servedBy, '--dry-run');
      expect(incomplete).toMatchObject({ code: 1, stderr: expect.stringContaining('KEYS_INCOMPLETE') });
      const other = folderOf(`${origin}other`);
      await runOk(getPeer('dnssec-keygen'), ['-q', '-K', other, '-a', '13', '-f', 'KSK', origin]);
      const dry = await daemon.keyturn('key', 'import', origin, other, ...servedBy, '--dry-run');
      expect(dry.code).toBe(5);
      expect(dry.stdout).toContain('is served now and would go');
      const refused = await daemon.keyturn('key', 'import', origin, other, ...servedBy);
      expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('KEYS_UNCOVERED') });

      const shown = await json<KeyImport>('key', 'import', origin, keys, ...servedBy, '--dry-run');
      expect(shown).toMatchObject({ covered: true, dryRun: true, rollover: null });
      const result = await importAndServe(origin, keys, ...servedBy);
      expect(result.keys.map(({ tag }) => tag).sort()).toEqual(old);
      expect(await tagsServed(daemon.port, origin)).toEqual(old);
      const again = await daemon.keyturn('key', 'import', origin, keys);
      expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining('KEYS_PRESENT') });
    } finally {
      await named.stop();
    }
  });

  // ---- Out ----

  /** Exports with the private halves, as nobody else may read them. */
  async function exportKeys(origin: string, to: string, ...words: string[]): Promise<Output> {
    const where = ['--keys', daemon.keys, '--to', to, '--private'];
    const output = await run(process.execPath, [CLI, 'key', 'export', origin, ...where, ...words]);
    expect(output.code, output.stderr).toBe(0);
    for (const name of readdirSync(to)) expect(statSync(`${to}/${name}`).mode & 0o777).toBe(0o600);
    return output;
  }

  it('exports keys with which ldns-signzone signs', async () => {
    const origin = 'first.test.';
    const to = folderOf('to-ldns');
    await exportKeys(origin, to);
    const [base] = readdirSync(to)
      .filter((name) => name.endsWith('.private'))
      .map((name) => `${to}/${name.replace(/\.private$/, '')}`);
    const file = workplace.at('ldns.zone');
    writeFileSync(file, text(origin));
    await runOk(getPeer('ldns-signzone'), ['-f', `${file}.signed`, file, base!]);
    await runOk(getPeer('ldns-verify-zone'), [`${file}.signed`]);
    const { keys } = await json<KeyList>('key', 'list', origin);
    expect(readFileSync(`${file}.signed`, 'latin1')).toContain(`;{id = ${keys[0]!.tag} (ksk)`);
  });

  it('exports PEM that openssl reads and keymgr imports', async () => {
    const origin = 'first.test.';
    const to = folderOf('to-pem');
    await exportKeys(origin, to, '--format', 'pem');
    const [file] = readdirSync(to).map((name) => `${to}/${name}`);
    const publicHalf = await runOk(getPeer('openssl'), ['pkey', '-in', file!, '-pubout', '-outform', 'DER']);
    const { answer } = await dig(daemon.port, origin, 'DNSKEY');
    const key = Buffer.from(answer[0]!.rdata.split(' ').slice(3).join(''), 'base64');
    expect(Buffer.from(publicHalf, 'latin1').subarray(-64).equals(key)).toBe(true);
    const keymgr = keymgrIn(folderOf('knot-in'), origin);
    await keymgr('import-pem', file!, 'ksk=yes', 'zsk=yes');
    expect(JSON.parse(await keymgr('list', '-j'))).toMatchObject([
      { tag: (await tagsServed(daemon.port, origin))[0] },
    ]);
  });

  it('exports keys and states with which named goes on', async () => {
    const origin = 'moved.test.';
    const folder = folderOf('back');
    const keys = folderOf('back-keys');
    await exportKeys(origin, keys);
    const named = await startSigner(origin, folder, keys);
    const { port } = named;
    try {
      expect(await tagsServed(port, origin)).toEqual(await tagsServed(daemon.port, origin));
      await expectValid(port, origin);
      // It made no key of its own, and found ours in no need of change.
      expect(readdirSync(keys).filter((name) => name.endsWith('.private'))).toHaveLength(2);
    } finally {
      await named.stop();
    }
  });

  it('never tells a private half by way of the server', async () => {
    const secrets = readdirSync(daemon.keys, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.private'))
      .map((name) => /PrivateKey: (\S+)/.exec(readFileSync(`${daemon.keys}/${name}`, 'latin1'))![1]!);
    expect(secrets.length).toBeGreaterThan(5);
    const { keys } = await json<KeyList>('key', 'list', 'moved.test.');
    const shown = [JSON.stringify(keys)];
    for (const { tag } of keys) {
      const { stdout } = await daemon.keyturn('--json', 'key', 'show', 'moved.test.', '--key', String(tag));
      shown.push(stdout);
    }
    const printed = `${shown.join('\n')}\n${daemon.process.lines.join('\n')}`;
    expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
  });
});
