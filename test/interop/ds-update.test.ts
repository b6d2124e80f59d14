/**
 * Dynamic updates of a DS at parents that run BIND and Knot DNS, signed with keys that they have or do not have (RFC 2136,
 * RFC 8945); and the example hook that has nsupdate do the same.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { updateDs } from '../../src/daemon/dsupdate.ts';
import { Hooks } from '../../src/daemon/hook.ts';
import { SYSTEM_CLOCK } from '../../src/daemon/ports.ts';
import { DiskFileStore } from '../../src/store/files.ts';
import { nameOf } from '../../src/wire/name.ts';
import { dig } from '../support/dig.ts';
import { Named } from '../support/named.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { freePort, ServerProcess, Workplace, waitUntil } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';
import { answers } from '../support/unbound.ts';

const PARENT = 'parent.test.';
const CHILD = `child.${PARENT}`;
const ZONE = `$ORIGIN ${PARENT}
$TTL 60
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
child NS ns.child
ns.child A 127.0.0.1
`;
const DIGEST = 'AB'.repeat(32);
const DS = Uint8Array.of(0x30, 0x39, 13, 2, ...Buffer.from(DIGEST, 'hex'));
const SECRET = Buffer.alloc(32, 7).toString('base64');
const keyText = (name: string, secret: string, algorithm = 'hmac-sha256') =>
  `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };\n`;
/** What RFC 8945 §6 lets be used, each with a key of its name. */
const ALGORITHMS = ['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

interface Scene {
  readonly port: number;
  readonly workplace: Workplace;
}

async function startNamed(workplace: Workplace): Promise<Scene> {
  mkdirSync(workplace.at('zones'));
  const file = workplace.at('zones', 'parent.zone');
  writeFileSync(file, ZONE);
  const granted = ['handover.', ...ALGORITHMS.map((name) => `${name}.`)];
  const grants = granted.map((name) => `grant ${name} subdomain parent.test. DS;`);
  const signing = `update-policy { ${grants.join(' ')} };`;
  const policies = [
    ...['handover.', 'other.'].map((name) => keyText(name, SECRET)),
    ...ALGORITHMS.map((name) => keyText(`${name}.`, SECRET, name)),
  ].join('');
  const named = await Named.start([{ origin: PARENT, file, signing }], workplace, policies);
  running.push(named);
  return { port: named.port, workplace };
}

async function startKnot(workplace: Workplace): Promise<Scene> {
  const port = await freePort();
  const folder = workplace.at('knotd');
  mkdirSync(folder);
  writeFileSync(join(folder, 'parent.zone'), ZONE);
  const key = (id: string, algorithm = 'hmac-sha256') =>
    [`  - id: ${id}`, `    algorithm: ${algorithm}`, `    secret: ${SECRET}`].join('\n');
  const rows = [
    ...['server:', `    listen: 127.0.0.1@${port}`, `    rundir: "${folder}"`],
    ...['database:', `    storage: "${folder}"`, '    journal-db-max-size: 16M', '    kasp-db-max-size: 16M'],
    ...['    timer-db-max-size: 16M', 'key:', key('handover.'), key('other.')],
    ...ALGORITHMS.map((name) => key(`${name}.`, name)),
    ...['acl:', '  - id: ds', `    key: [handover., ${ALGORITHMS.map((name) => `${name}.`)}]`],
    ...['    action: update', '    update-type: [DS]'],
    ...[
      'zone:',
      `  - domain: ${PARENT}`,
      `    file: "${folder}/parent.zone"`,
      '    acl: ds',
      '    zonefile-sync: -1',
    ],
    ...['    zonefile-load: difference', '    journal-content: all'],
  ];
  writeFileSync(join(folder, 'knot.conf'), `${rows.join('\n')}\n`);
  const process = new ServerProcess(getPeer('knotd'), ['-c', join(folder, 'knot.conf')]);
  running.push(process);
  await waitUntil(() => answers(port), 'knotd answers', 20_000, process);
  return { port, workplace };
}

function update(
  { port, workplace }: Scene,
  key: string,
  ds: readonly Uint8Array[],
  child = CHILD,
  ahead = 0,
) {
  const path = workplace.at('key');
  writeFileSync(path, key);
  const channel = { server: { address: '127.0.0.1', port }, zone: nameOf(PARENT), key: path, ttl: 300 };
  const now = () => unixSeconds(SYSTEM_CLOCK.now() + ahead);
  return updateDs(channel, { child: nameOf(child), ds }, { files: new DiskFileStore(), now });
}

async function dsAt(port: number): Promise<string[]> {
  const { answer } = await dig(port, CHILD, 'DS');
  return answer.filter(({ type }) => type === 'DS').map(({ rdata }) => rdata.replaceAll(' ', ''));
}

const WANTED = `12345132${DIGEST}`;

describeWithPeers(['named', 'knotd', 'dig', 'nsupdate', 'jq'], 'an update of the DS', () => {
  describe.each([
    ['named', startNamed],
    ['knotd', startKnot],
  ] as const)('at %s', (_, start) => {
    it('sets it, removes it, and tells by which fault it does not', { timeout: 60_000 }, async () => {
      const workplace = new Workplace();
      running.push({ stop: () => workplace.remove() });
      const scene = await start(workplace);
      const good = keyText('handover', SECRET);
      expect(await update(scene, good, [DS])).toMatchObject({ kind: 'done' });
      expect(await dsAt(scene.port)).toEqual([WANTED]);
      // What there was goes: the RRset is what was asked for.
      const other = Uint8Array.from(DS, (octet, i) => (i === 1 ? 0x3a : octet));
      expect(await update(scene, good, [other])).toMatchObject({ kind: 'done' });
      expect(await dsAt(scene.port)).toEqual([`12346132${DIGEST}`]);

      const unknown = await update(scene, keyText('nobody', SECRET), [DS]);
      expect(unknown).toMatchObject({ kind: 'failed', text: expect.stringContaining('BADKEY') });
      const wrong = await update(scene, keyText('handover', Buffer.alloc(32, 8).toString('base64')), [DS]);
      expect(wrong).toMatchObject({ kind: 'failed', text: expect.stringContaining('BADSIG') });
      const late = await update(scene, good, [DS], CHILD, -4_000);
      expect(late).toMatchObject({
        kind: 'retry',
        text: expect.stringMatching(/its clock is 40\d\d s ahead of ours \(BADTIME\)/),
      });
      expect((await update(scene, keyText('other', SECRET), [DS])).kind).toBe('failed');
      const lost = await update(scene, good, [DS], `lost.${PARENT}`);
      expect(lost).toMatchObject({ kind: 'failed', text: expect.stringContaining('NXRRSET') });
      expect(await update(scene, good, [DS], 'elsewhere.')).toMatchObject({ kind: 'failed' });
      expect(await dsAt(scene.port)).toEqual([`12346132${DIGEST}`]);

      expect(await update(scene, good, [])).toMatchObject({ kind: 'done' });
      expect(await dsAt(scene.port)).toEqual([]);
    });
  });

  it.each([
    ['named', startNamed],
    ['knotd', startKnot],
  ] as const)('is proven with every algorithm at %s', { timeout: 60_000 }, async (_, start) => {
    const workplace = new Workplace();
    running.push({ stop: () => workplace.remove() });
    const scene = await start(workplace);
    for (const name of ALGORITHMS) {
      const key = keyText(name, SECRET, name);
      const text = name === 'hmac-sha1' ? /replace it/ : /has taken the update$/;
      expect(await update(scene, key, [DS]), name).toMatchObject({
        kind: 'done',
        text: expect.stringMatching(text),
      });
      expect(await dsAt(scene.port)).toEqual([WANTED]);
      expect(await update(scene, key, []), name).toMatchObject({ kind: 'done' });
    }
    // A key of this name is there, of another algorithm: RFC 8945 §5.2.1.
    const other = await update(scene, keyText('hmac-sha512', SECRET, 'hmac-sha384'), [DS]);
    expect(other).toMatchObject({ kind: 'failed', text: expect.stringContaining('BADKEY') });
  });

  it('is made by the example hook for nsupdate', { timeout: 60_000 }, async () => {
    const workplace = new Workplace();
    running.push({ stop: () => workplace.remove() });
    const { port } = await startNamed(workplace);
    const key = workplace.at('key');
    writeFileSync(key, keyText('handover', SECRET));
    const script = join(ROOT_FOLDER, 'packaging/hooks/nsupdate.sh');
    const hook = { command: [script, '127.0.0.1', `${port}`, PARENT, key], timeout: 30 };
    const ds = [{ keyTag: 12_345, algorithm: 13, digestType: 2, digest: DIGEST }];
    const input = { format: 1, topic: 'ds-wanted', zone: CHILD, remove: false, ds, dnskey: [] };
    expect(await new Hooks().run(hook, JSON.stringify(input))).toEqual({ kind: 'done', text: 'exit 0' });
    expect(await dsAt(port)).toEqual([WANTED]);
    const lost = JSON.stringify({ ...input, zone: `lost.${PARENT}` });
    expect(await new Hooks().run(hook, lost)).toMatchObject({ kind: 'failed' });
  });
});
