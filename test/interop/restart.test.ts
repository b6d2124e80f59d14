/**
 * Restarts over what was kept of signatures and keys: killed at any moment, with files that are damaged or of another
 * zone, with other keys, with another policy. BIND's validator and ldns judge what is served; what must be kept is kept.
 */
import { copyFileSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { delv, writeAnchors } from '../support/delv.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace, waitUntil } from '../support/processes.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';

const ORIGINS = ['nsec.example.', 'chain.example.', 'compact.example.', 'split.example.'];
const TYPES = ['SOA', 'NS', 'DNSKEY', 'CDS', 'CDNSKEY'] as const;

const zoneText = (serial: number) =>
  `$TTL 300\n@ SOA ns host ${serial} 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.2\n`;

const configuration = (cdsTtl: number) => `policies:
  default: { bootstrapHold: 0s, cdsTtl: ${cdsTtl}s }
  chain: { bootstrapHold: 0s, denial: nsec3, cdsTtl: ${cdsTtl}s }
  compact: { bootstrapHold: 0s, denial: compact, cdsTtl: ${cdsTtl}s }
  split: { bootstrapHold: 0s, scheme: ksk-zsk, cdsTtl: ${cdsTtl}s }
zones:
  chain.example: { policy: chain }
  compact.example: { policy: compact }
  split.example: { policy: split }
`;

describeWithPeers(['dig', 'delv', 'ldns-verify-zone'], 'a restart', () => {
  const workplace = new Workplace();
  let daemon: Daemon;
  const zones = Object.fromEntries(ORIGINS.map((origin) => [`${origin}zone`, zoneText(1)]));
  beforeAll(async () => {
    daemon = await Daemon.start({ workplace, zones, configuration: configuration(300) });
    await kept();
  });
  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });

  const folderOf = (origin: string) => join(daemon.keys, origin.slice(0, -1));
  const keptFile = (origin: string) => join(folderOf(origin), 'apex.kept');

  /** Waits until what each zone begins with is on disk. */
  async function kept(): Promise<void> {
    const there = () => ORIGINS.every((origin) => readdirSync(folderOf(origin)).includes('apex.kept'));
    await waitUntil(there, 'signatures are kept', 20_000, daemon.process);
  }

  /** The RRSIGs at the apex of a zone, by the type that they cover. */
  async function signatures(origin: string): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const type of TYPES) {
      const { answer } = await dig(daemon.port, origin, type, '+dnssec');
      found[type] = answer
        .filter((record) => record.type === 'RRSIG')
        .map(({ rdata }) => rdata)
        .join();
      expect(found[type], `${origin} ${type}`).not.toBe('');
    }
    return found;
  }

  const allSignatures = async () =>
    Object.fromEntries(await Promise.all(ORIGINS.map(async (origin) => [origin, await signatures(origin)])));

  /** No name has changed for an hour in directories of keys: what is in them is read ahead. */
  function age(): void {
    const at = Date.now() / 1_000 - 3_600;
    for (const origin of ORIGINS) utimesSync(folderOf(origin), at, at);
  }

  async function restart(
    options: { readonly cdsTtl?: number; readonly isKilled?: boolean } = {},
  ): Promise<void> {
    if (options.isKilled === true) await daemon.process.stop('SIGKILL', 5_000);
    else await daemon.stop();
    age();
    daemon = await Daemon.start({ workplace, configuration: configuration(options.cdsTtl ?? 300) });
  }

  async function expectValid(origin: string): Promise<void> {
    const { port } = daemon;
    const { answer } = await dig(port, origin, 'DNSKEY');
    const trusted = answer.map(({ rdata }) => rdata).filter((rdata) => rdata.startsWith('257'));
    const anchors = workplace.at(`${origin}anchors`);
    writeAnchors(anchors, origin, trusted);
    const questions = [...TYPES.map((type) => [origin, type]), [`www.${origin}`, 'A'], [`no.${origin}`, 'A']];
    for (const [name, type] of questions)
      expect(await delv({ origin, port, anchors }, name!, type!), `${name} ${type}`).toContain(
        'fully validated',
      );
    const { stdout } = await daemon.keyturn('zone', 'export', origin, '--signed');
    const file = workplace.at(`${origin}signed`);
    writeFileSync(file, stdout, 'latin1');
    expect(await wholeZoneFaults(origin, file)).toEqual([]);
  }

  it('serves the signatures that the process before made, also after it was killed', async () => {
    const before = await allSignatures();
    for (const isKilled of [false, true]) {
      await restart({ isKilled });
      expect(await allSignatures()).toEqual(before);
    }
    await Promise.all(ORIGINS.map(expectValid));
  });

  it('makes anew what was damaged, cut off or is of another zone', async () => {
    const before = await allSignatures();
    await daemon.process.stop('SIGKILL', 5_000);
    const [first, second, third, fourth] = ORIGINS.map(keptFile);
    const octets = readFileSync(first!);
    octets[octets.length >> 1]! ^= 4;
    writeFileSync(first!, octets);
    writeFileSync(second!, readFileSync(second!).subarray(0, 700));
    copyFileSync(fourth!, third!);
    writeFileSync(fourth!, '');
    age();
    daemon = await Daemon.start({ workplace, configuration: configuration(300) });
    await Promise.all(ORIGINS.map(expectValid));
    const after = await allSignatures();
    for (const origin of ORIGINS) expect(after[origin]!.DNSKEY, origin).not.toBe(before[origin]!.DNSKEY);
  });

  it('with another policy and another file takes what still holds', async () => {
    await kept();
    const before = await allSignatures();
    writeFileSync(join(daemon.zones, 'nsec.example.zone'), zoneText(2));
    await restart({ cdsTtl: 200 });
    // What is served follows another policy when that is written down, after all zones are answered.
    const cdsTtl = async () => (await dig(daemon.port, 'chain.example.', 'CDS')).answer[0]!.ttl;
    await waitUntil(async () => (await cdsTtl()) === 200, 'the policy is followed', 10_000, daemon.process);
    const after = await allSignatures();
    await Promise.all(ORIGINS.map(expectValid));
    expect(after['chain.example.']!.SOA).toBe(before['chain.example.']!.SOA);
    expect(after['chain.example.']!.CDS).not.toBe(before['chain.example.']!.CDS);
    expect(after['nsec.example.']!.SOA).not.toBe(before['nsec.example.']!.SOA);
    expect(after['nsec.example.']!.NS).toBe(before['nsec.example.']!.NS);
  });

  it('in the middle of a rollover goes on with all keys', async () => {
    const started = await daemon.keyturn('rollover', 'start', 'split.example', '--type', 'zsk');
    expect(started.code, started.stderr).toBe(0);
    await restart({ cdsTtl: 200, isKilled: true });
    const { answer } = await dig(daemon.port, 'split.example.', 'DNSKEY', '+dnssec');
    expect(answer.map(({ type }) => type)).toEqual(['DNSKEY', 'DNSKEY', 'DNSKEY', 'RRSIG']);
    await expectValid('split.example.');
  });

  it('does not serve a zone whose key file was exchanged, and says so', async () => {
    await daemon.stop();
    const privateOf = (origin: string) =>
      join(folderOf(origin), readdirSync(folderOf(origin)).find((name) => name.endsWith('.private'))!);
    const good = readFileSync(privateOf('chain.example.'));
    copyFileSync(privateOf('compact.example.'), privateOf('chain.example.'));
    age();
    daemon = await Daemon.start({ workplace, configuration: configuration(200) });
    await daemon.waitForLog(/KEY_MISMATCH/);
    expect((await dig(daemon.port, 'chain.example.', 'SOA')).status).toBe('REFUSED');
    await expectValid('compact.example.');
    writeFileSync(privateOf('chain.example.'), good);
    await restart({ cdsTtl: 200 });
    await expectValid('chain.example.');
  });
});
