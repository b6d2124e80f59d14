/**
 * The validation rig judged by servers that are known to be right: a zone signed by `dnssec-signzone` and served by
 * `named` must pass the whole sweep, and one broken signature or one missing proof must show.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RRTYPE } from '../../src/wire/iana.ts';
import {
  makeKey,
  Named,
  type Surroundings,
  signWithBind,
  startSurroundings,
  type ZoneFile,
} from '../support/named.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { Unbound } from '../support/unbound.ts';
import { casesOf, childCases, type SweepReport, sweep } from '../support/unbound-sweep.ts';
import { Tap } from '../support/unbound-tap.ts';
import { type GeneratedZone, generateZone } from '../support/zones.ts';
import { keyOfText, ZoneModel } from '../support/zones-model.ts';

const ORIGIN = 'generated.example.';
const PEERS = ['named', 'unbound', 'dnssec-signzone', 'dnssec-keygen', 'named-compilezone'] as const;

describeWithPeers(PEERS, 'the validation rig', () => {
  const workplace = new Workplace();
  const servers: { stop(): Promise<void> }[] = [];
  let zone: GeneratedZone;
  let signed: string;
  let anchor: string;
  let model: ZoneModel;
  let outside: Surroundings;

  beforeAll(async () => {
    zone = generateZone({ origin: ORIGIN, names: 300, seed: 1 });
    const file = workplace.at('generated.zone');
    writeFileSync(file, zone.text);
    const key = await makeKey(ORIGIN, workplace.path);
    const rows = readFileSync(`${key}.key`, 'utf8').split('\n');
    anchor = rows.find((line) => line.startsWith(ORIGIN)) as string;
    signed = await signWithBind({ origin: ORIGIN, file }, key);
    model = await ZoneModel.read(ORIGIN, file, [RRTYPE.DNSKEY]);
    outside = await startSurroundings(zone.signedCuts.slice(0, 2), zone.unsignedCuts.slice(0, 2), workplace);
    servers.push(outside.named);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    workplace.remove();
  });

  /** Serves a zone file with named and asks everything about it through unbound. */
  async function sweepOf(file: string): Promise<SweepReport> {
    const zoneFile: ZoneFile = { origin: ORIGIN, file };
    const named = await Named.start([zoneFile], workplace);
    servers.push(named);
    const tap = await Tap.start(named.port);
    const stubs = [{ origin: ORIGIN, port: tap.port }, ...outside.stubs];
    const unbound = await Unbound.start({ stubs, trustAnchors: [anchor] }, workplace);
    servers.push(unbound);
    const keys = (cuts: readonly string[]) => cuts.slice(0, 2).map(keyOfText);
    const cases = [
      ...casesOf(model, 1, 'nsec'),
      ...childCases(keys(zone.signedCuts), true, model),
      ...childCases(keys(zone.unsignedCuts), false, model),
    ];
    const report = await sweep(unbound, cases, tap);
    tap.close();
    return report;
  }

  it('finds nothing wrong with a zone signed and served by BIND', async () => {
    const report = await sweepOf(signed);
    expect(report.faults).toEqual([]);
    expect(Object.keys(report.counts).sort()).toMatchInlineSnapshot(`
      [
        "data: secure",
        "dname, long: insecure",
        "dname, long: secure",
        "dname: insecure",
        "dname: secure",
        "empty non-terminal: secure",
        "insecure referral: insecure",
        "no DS: secure",
        "no data: insecure",
        "no data: secure",
        "no name: insecure",
        "no name: secure",
        "nsec: secure",
        "secure referral: secure",
        "wildcard, deep: secure",
        "wildcard, no data: secure",
        "wildcard: secure",
      ]
    `);
    expect(Object.values(report.counts).reduce((sum, count) => sum + count)).toBeGreaterThan(1_500);
  });

  it('sees one signature that is wrong and one NSEC record that is missing', async () => {
    const rows = readFileSync(signed, 'utf8').split('\n');
    const spoiled = rows.findIndex((row) => /\sRRSIG\s+TXT\s/.test(row));
    rows[spoiled] = (rows[spoiled] as string).replace(/.(?=.{20}$)/, (digit) => (digit === 'A' ? 'B' : 'A'));
    const owner = (rows.find((row) => /^two\..*\sNSEC\s/.test(row)) as string).split(/\s/, 1)[0] as string;
    const missing = rows.filter((row) => !(row.startsWith(`${owner}\t`) && /\sNSEC\s/.test(row)));
    expect(rows.length - missing.length).toBe(2);
    const broken = workplace.at('broken.zone');
    writeFileSync(broken, missing.join('\n'));
    const { faults } = await sweepOf(broken);
    const spoiledOwner = (rows[spoiled] as string).split(/\s/, 1)[0] as string;
    expect(faults.filter((fault) => fault.startsWith(`${spoiledOwner} TXT (data`))).toHaveLength(1);
    expect(faults.filter((fault) => fault.startsWith(`${owner} NSEC (nsec`))).toHaveLength(1);
    expect(faults.some((fault) => fault.includes('(no data') || fault.includes('(no name'))).toBe(true);
  });
});
