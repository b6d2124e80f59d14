/**
 * What DNSSEC tools of others think of our primitives and key files: a small zone signed here is verified by
 * ldns-verify-zone and dnssec-verify; BIND and ldns read our keys, and theirs are adopted.
 */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { plus, type UnixSeconds, unixSeconds } from '../../src/base/time.ts';
import { ALGORITHMS, type KeyObject } from '../../src/dnssec/algorithm.ts';
import { dnskeyRdata, keyTag } from '../../src/dnssec/dnskey.ts';
import { dsRdata } from '../../src/dnssec/ds.ts';
import { generateKey, loadPrivateKey } from '../../src/dnssec/keypair.ts';
import { nsecRdata } from '../../src/dnssec/nsec.ts';
import { rrsigLabels, signRRset } from '../../src/dnssec/rrsig.ts';
import { formatStates } from '../../src/kasp/key.ts';
import { DEFAULT_POLICY } from '../../src/kasp/policy.ts';
import { dnskeyOf, wantedDs } from '../../src/kasp/records.ts';
import { DiskFileStore } from '../../src/store/files.ts';
import { openZoneKeys } from '../../src/store/openkeys.ts';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName, type Name, nameOf } from '../../src/wire/name.ts';
import { describeWithPeers, getPeer } from '../support/peers.ts';
import { runOk, Workplace } from '../support/processes.ts';
import { strongRandom } from '../support/random.ts';

const place = new Workplace();
afterAll(() => place.remove());

const NOW = unixSeconds(Date.now() / 1000);
const APEX = nameOf('example.com.');
const DS_LINE = /(\d+) (\d+) (\d+) ([0-9A-Fa-f ]+)\s*$/;

interface RRset {
  readonly owner: Name;
  readonly type: number;
  readonly rdatas: readonly Uint8Array[];
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** `owner TTL IN TYPE \# length hex` for each RR (RFC 3597 §5). */
function masterLines({ owner, type, rdatas }: RRset): string[] {
  return rdatas.map(
    (rdata) => `${formatName(owner)} 3600 IN ${formatType(type)} \\# ${rdata.length} ${hex(rdata)}`,
  );
}

/** RRsets of a small zone in canonical order of owners: apex, wildcard, names of odd octets, several RRs. */
function zoneData(dnskey: Uint8Array): RRset[] {
  const soa = join(
    nameOf('ns.example.com.'),
    nameOf('h.example.com.'),
    fromHex(`${'00000001'.repeat(4)}00000e10`),
  );
  const txt = (text: string) => join(Uint8Array.of(text.length), Buffer.from(text));
  return [
    { owner: APEX, type: RRTYPE.NS, rdatas: [nameOf('ns.example.com.')] },
    { owner: APEX, type: RRTYPE.SOA, rdatas: [soa] },
    { owner: APEX, type: RRTYPE.DNSKEY, rdatas: [dnskey] },
    { owner: APEX, type: RRTYPE.CDS, rdatas: [dsRdata(APEX, dnskey, 2), dsRdata(APEX, dnskey, 4)] },
    { owner: APEX, type: RRTYPE.CDNSKEY, rdatas: [dnskey] },
    { owner: nameOf('*.example.com.'), type: RRTYPE.TXT, rdatas: [txt('b'), txt('a'), txt('aa')] },
    { owner: nameOf('\\001\\046.example.com.'), type: RRTYPE.TXT, rdatas: [txt('odd')] },
    { owner: nameOf('ns.example.com.'), type: RRTYPE.A, rdatas: [fromHex('c0000202'), fromHex('0a000001')] },
    { owner: nameOf('ns.example.com.'), type: RRTYPE.AAAA, rdatas: [fromHex(`20010db8${'0'.repeat(24)}`)] },
  ];
}

/** Owners in canonical order, for the NSEC chain of `zoneData`. */
const OWNERS = ['example.com.', '\\001\\046.example.com.', '*.example.com.', 'ns.example.com.'].map(nameOf);

function withNsec(rrsets: readonly RRset[]): RRset[] {
  const nsecs = OWNERS.map((owner, i) => {
    const types = rrsets.filter((rrset) => hex(rrset.owner) === hex(owner)).map(({ type }) => type);
    const next = OWNERS[(i + 1) % OWNERS.length]!;
    return { owner, type: RRTYPE.NSEC, rdatas: [nsecRdata(next, [...types, RRTYPE.NSEC, RRTYPE.RRSIG])] };
  });
  return [...rrsets, ...nsecs];
}

interface Signer {
  readonly algorithm: number;
  readonly key: KeyObject;
  readonly dnskey: Uint8Array;
}

function signedZone(signer: Signer, inception: UnixSeconds, expiration: UnixSeconds): string {
  const lines = withNsec(zoneData(signer.dnskey)).flatMap((rrset) => {
    const fields = {
      typeCovered: rrset.type,
      algorithm: signer.algorithm,
      labels: rrsigLabels(rrset.owner),
      originalTtl: 3600,
      expiration,
      inception,
      keyTag: keyTag(signer.dnskey),
      signerName: APEX,
    };
    const rrsig = signRRset(fields, rrset.owner, rrset.rdatas, signer.key);
    return [
      ...masterLines(rrset),
      ...masterLines({ owner: rrset.owner, type: RRTYPE.RRSIG, rdatas: [rrsig] }),
    ];
  });
  // The SOA leads; verifiers want it so.
  const isSoa = (line: string) => line.includes(' IN SOA ');
  return `${[...lines.filter(isSoa), ...lines.filter((line) => !isSoa(line))].join('\n')}\n`;
}

describeWithPeers(['ldns-verify-zone', 'dnssec-verify'], 'a zone signed by our primitives', () => {
  for (const { number, mnemonic } of ALGORITHMS) {
    it(`${mnemonic}: ldns-verify-zone and dnssec-verify accept it, and refuse it when one octet is changed`, async () => {
      const { publicKey, privateOctets } = generateKey(number, (count) => strongRandom.octets(count));
      const dnskey = dnskeyRdata(257, number, publicKey);
      const signer = { algorithm: number, key: loadPrivateKey(number, privateOctets, publicKey), dnskey };
      const zone = signedZone(signer, plus(NOW, -3600), plus(NOW, 604_800));
      const file = place.at(`${number}.zone`);
      writeFileSync(file, zone);
      await runOk(getPeer('ldns-verify-zone'), [file]);
      await runOk(getPeer('dnssec-verify'), ['-z', '-o', 'example.com', file]);
      writeFileSync(file, zone.replace('0a000001', '0a000003'));
      await expect(runOk(getPeer('ldns-verify-zone'), [file])).rejects.toThrow('exit');
      await expect(runOk(getPeer('dnssec-verify'), ['-z', '-o', 'example.com', file])).rejects.toThrow(
        'exit',
      );
    });
  }
});

/** A directory of keys on disk, and the options to open it. */
function keysAt(name: string, over: Partial<typeof DEFAULT_POLICY> = {}) {
  const keysDirectory = place.at(name);
  const policy = { ...DEFAULT_POLICY, ...over };
  return { files: new DiskFileStore(), random: strongRandom, keysDirectory, origin: APEX, policy, now: NOW };
}

describeWithPeers(['dnssec-dsfromkey', 'dnssec-signzone', 'ldns-verify-zone'], 'our key files', () => {
  for (const { number, mnemonic } of ALGORITHMS) {
    it(`${mnemonic}: dnssec-dsfromkey and ldns-key2ds make our DS of them, dnssec-signzone signs`, async () => {
      const options = keysAt(`own-${number}`, { algorithm: number, scheme: 'ksk-zsk' });
      const keys = await openZoneKeys(options);
      const signing = readdirSync(keys.path).find(
        (name) => name.endsWith('.key') && name.includes(String(keys.zoneState.keys[0]!.tag)),
      )!;
      const ours = wantedDs(keys.zoneState.keys, APEX, { digests: [2] }).map(hex);
      const bind = await runOk(getPeer('dnssec-dsfromkey'), ['-2', `${keys.path}/${signing}`]);
      // ldnsutils brings ldns-key2ds along with ldns-verify-zone.
      const key2ds = getPeer('ldns-verify-zone').replace('ldns-verify-zone', 'ldns-key2ds');
      const ldns = await runOk(key2ds, ['-n', '-2', `${keys.path}/${signing}`]);
      for (const output of [bind, ldns]) expect(dsOf(output)).toBe(ours[0]);

      const zone = place.at(`own-${number}.zone`);
      writeFileSync(zone, '@ 60 IN SOA ns h 1 1 1 1 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n');
      const signed = `${zone}.signed`;
      const args = ['-S', '-K', keys.path, '-d', place.path, '-o', 'example.com', '-f', signed, zone];
      await runOk(getPeer('dnssec-signzone'), args);
      await runOk(getPeer('ldns-verify-zone'), [signed]);
    });
  }
});

/** RDATA in hex of a DS record in presentation form. */
function dsOf(text: string): string {
  const match = DS_LINE.exec(text.trim());
  if (match === null) throw new Error(`no DS record: ${text}`);
  const [tag, algorithm, digestType] = match.slice(1, 4).map(Number);
  const head = Buffer.from([tag! >>> 8, tag! & 255, algorithm!, digestType!]).toString('hex');
  return head + match[4]!.replaceAll(' ', '').toLowerCase();
}

describeWithPeers(['dnssec-keygen', 'ldns-verify-zone'], 'key files of others', () => {
  for (const { number, mnemonic } of ALGORITHMS) {
    it(`${mnemonic} of dnssec-keygen are adopted as CSK, or as KSK and ZSK`, async () => {
      const options = keysAt(`bind-${number}`);
      const path = `${options.keysDirectory}/example.com`;
      mkdirSync(path, { recursive: true });
      await runOk(getPeer('dnssec-keygen'), ['-q', '-K', path, '-a', mnemonic, '-f', 'KSK', 'example.com']);
      const only = place.at(`bind-${number}-csk`, 'example.com');
      mkdirSync(only, { recursive: true });
      for (const name of readdirSync(path)) copyFileSync(`${path}/${name}`, `${only}/${name}`);
      const csk = await openZoneKeys({ ...options, keysDirectory: place.at(`bind-${number}-csk`) });
      expect([csk.how, ...csk.zoneState.keys.map(formatStates)]).toEqual(['adopted', 'H/H/H/H']);
      await runOk(getPeer('dnssec-keygen'), ['-q', '-K', path, '-a', mnemonic, 'example.com']);
      const split = await openZoneKeys(options);
      expect(split.zoneState.keys.map(formatStates)).toEqual(['H/H/-/H', 'H/-/H/-']);
      expect(split.zoneState.keys[0]!.publicKeyHash).toBe(csk.zoneState.keys[0]!.publicKeyHash);
      for (const { id } of split.zoneState.keys) expect(() => split.privateKey(id)).not.toThrow();
      expect(readdirSync(path).filter((name) => name.endsWith('.private'))).toHaveLength(2);
    });
  }

  it('of ldns-keygen are adopted', async () => {
    const options = keysAt('ldns');
    const path = `${options.keysDirectory}/example.com`;
    mkdirSync(path, { recursive: true });
    const keygen = getPeer('ldns-verify-zone').replace('ldns-verify-zone', 'ldns-keygen');
    const out = place.at('ldns-out');
    mkdirSync(out);
    const base = (
      await runOk('sh', ['-c', `cd '${out}' && '${keygen}' -a ECDSAP256SHA256 -k example.com`])
    ).trim();
    for (const ending of ['.key', '.private'])
      copyFileSync(`${out}/${base}${ending}`, `${path}/${base}${ending}`);
    const { how, zoneState } = await openZoneKeys(options);
    expect([how, keyTag(dnskeyOf(zoneState.keys[0]!))]).toEqual(['adopted', zoneState.keys[0]!.tag]);
    expect(base).toContain(String(zoneState.keys[0]!.tag));
  });
});
