/**
 * The main promise: what Keyturn serves validates. A validating resolver asks for every name and type of the example
 * zones and of a generated zone, for what is not there and for what lies below; delv judges a sample; BIND's and
 * ldns's verifiers judge each zone as a whole. All of it for each way to deny.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatType, RRTYPE } from '../../src/wire/iana.ts';
import { formatName } from '../../src/wire/name.ts';
import { type Answer, Asker } from '../support/asker.ts';
import { Daemon } from '../support/daemon.ts';
import { delv, type Trusted, writeAnchors } from '../support/delv.ts';
import { dig } from '../support/dig.ts';
import { type Surroundings, startSurroundings } from '../support/named.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { ROOT_FOLDER } from '../support/sources.ts';
import { Unbound } from '../support/unbound.ts';
import { casesOf, childCases, type SweepCase, sweep } from '../support/unbound-sweep.ts';
import { Tap } from '../support/unbound-tap.ts';
import { wholeZoneFaults } from '../support/whole-zone.ts';
import { generateZone, SeededRandom } from '../support/zones.ts';
import { wireOf, ZoneModel } from '../support/zones-model.ts';

const GENERATED = generateZone({ origin: 'generated.example.', names: 5_000, seed: 2_026 });
const EXAMPLE_FILES = readdirSync(join(ROOT_FOLDER, 'zones')).filter((name) => name.endsWith('.zone'));
const SIGNED_APEX = [RRTYPE.DNSKEY, RRTYPE.CDS, RRTYPE.CDNSKEY];
const MODES = [
  { mode: 'nsec', proof: 'NSEC', apex: SIGNED_APEX },
  { mode: 'compact', proof: 'NSEC', apex: SIGNED_APEX },
  { mode: 'nsec3', proof: 'NSEC3', apex: [...SIGNED_APEX, RRTYPE.NSEC3PARAM] },
] as const;
const PEERS = [
  'named',
  'unbound',
  'delv',
  'dig',
  'named-compilezone',
  'dnssec-signzone',
  'dnssec-verify',
  'ldns-verify-zone',
] as const;
const CHILDREN_OF_GENERATED = 3;
/** Questions to delv for each mode: it takes a fifth of a second for one. */
const DELV_SAMPLE = 100;

/** All zones of the test: file name → text. */
function zoneTexts(): Record<string, string> {
  const examples = EXAMPLE_FILES.map((name) => [
    name,
    readFileSync(join(ROOT_FOLDER, 'zones', name), 'latin1'),
  ]);
  return { ...Object.fromEntries(examples), 'generated.example.zone': GENERATED.text };
}

/** Records of one type and their signatures, from the answer and authority sections, as sorted JSON. */
function recordsOf(answer: Answer, type: 'DS' | 'NSEC' | 'NSEC3'): string[] {
  const { answers = [], authorities = [] } = decode(Buffer.from(answer.octets));
  return [...answers, ...authorities]
    .filter((record) => record.type === type || (record.type === 'RRSIG' && record.data.typeCovered === type))
    .map((record) => JSON.stringify(record))
    .sort();
}

describeWithPeers(PEERS, 'what Keyturn serves', () => {
  describe.each(MODES)('denied by $mode', ({ mode, proof: proofType, apex }) => {
    const workplace = new Workplace();
    const origins = [...EXAMPLE_FILES.map((name) => name.replace(/zone$/, '')), GENERATED.origin];
    let models: ZoneModel[];
    let daemon: Daemon;
    let surroundings: Surroundings;
    let tap: Tap;
    let unbound: Unbound;
    let anchors: string[];
    let children: SweepCase[];

    beforeAll(async () => {
      daemon = await Daemon.start({ workplace, zones: zoneTexts(), args: ['--denial', mode] });
      models = await Promise.all(
        origins.map((origin) => {
          return ZoneModel.read(origin, join(daemon.zones, `${origin}zone`), apex);
        }),
      );
      const cuts = models.flatMap((model) => {
        const limit = model.origin === GENERATED.origin ? CHILDREN_OF_GENERATED : 100;
        return [true, false].flatMap((secure) =>
          model
            .cuts(secure)
            .slice(0, limit)
            .map((cut) => ({ cut, secure, model })),
        );
      });
      const names = (secure: boolean) =>
        cuts.filter((row) => row.secure === secure).map((row) => row.model.textOf(row.cut));
      surroundings = await startSurroundings(names(true), names(false), workplace);
      children = cuts.flatMap(({ cut, secure, model }) => childCases([cut], secure, model));
      tap = await Tap.start(daemon.port);
      anchors = (await Promise.all(origins.map(trustAnchor))).flat();
      const stubs = [...origins.map((origin) => ({ origin, port: tap.port })), ...surroundings.stubs];
      unbound = await Unbound.start({ stubs, trustAnchors: anchors }, workplace);
    });

    afterAll(async () => {
      tap?.close();
      await Promise.all([unbound?.stop(), surroundings?.named.stop(), daemon?.stop()]);
      workplace.remove();
    });

    async function trustAnchor(origin: string): Promise<string[]> {
      const { answer } = await dig(daemon.port, origin, 'DNSKEY');
      const keys = answer.filter(({ type, rdata }) => type === 'DNSKEY' && rdata.startsWith('257 '));
      expect(keys, `DNSKEY of ${origin}`).not.toEqual([]);
      return keys.map(({ rdata }) => `${origin} 3600 IN DNSKEY ${rdata}`);
    }

    it('is secure for every name and type, and for every kind of absence', { timeout: 300_000 }, async () => {
      const totals: Record<string, number> = {};
      for (const model of models) {
        const { faults, counts } = await sweep(unbound, casesOf(model, 1, mode), tap);
        expect(faults, model.origin).toEqual([]);
        expect(counts['data: secure']).toBeGreaterThan(10);
        for (const [outcome, count] of Object.entries(counts))
          totals[outcome] = (totals[outcome] ?? 0) + count;
      }
      console.info('validated by unbound:', totals);
      expect(unbound.complaints).toEqual([]);
    });

    it('proves secure and insecure referrals', async () => {
      const { faults, counts } = await sweep(unbound, children, tap);
      expect(faults).toEqual([]);
      expect(counts['secure referral: secure']).toBeGreaterThan(10);
      expect(counts['insecure referral: insecure']).toBeGreaterThan(10);
      expect(unbound.complaints).toEqual([]);
    });

    it('puts into each referral the DS record or the proof that was validated above', async () => {
      const asker = new Asker(daemon.port);
      let referrals = 0;
      for (const model of models) {
        for (const secure of [true, false]) {
          for (const cut of model.cuts(secure)) {
            const below = { name: wireOf(model.below(cut, 'www') ?? cut), type: RRTYPE.A };
            const referral = await asker.ask(below);
            const proof = recordsOf(
              await asker.ask({ name: wireOf(cut), type: RRTYPE.DS }),
              secure ? 'DS' : proofType,
            );
            const where = model.textOf(cut);
            expect([referral.rcode, referral.authoritative, referral.answers], where).toEqual([0, false, 0]);
            expect(recordsOf(referral, secure ? 'DS' : proofType), where).toEqual(proof);
            expect(recordsOf(referral, secure ? proofType : 'DS'), where).toEqual([]);
            expect(proof.length, where).toBeGreaterThanOrEqual(2);
            referrals++;
          }
        }
      }
      asker.close();
      expect(referrals).toBeGreaterThan(300);
    });

    it('convinces delv in a sample of 100', { timeout: 240_000 }, async () => {
      const random = new SeededRandom(100);
      const pools = models.map((model) => casesOf(model, 2, mode).filter(({ expected }) => expected.secure));
      const sample = Array.from({ length: DELV_SAMPLE }, (_, index) => {
        const model = models[index % models.length] as ZoneModel;
        return { model, ...random.pick(pools[index % models.length] as SweepCase[]) };
      });
      for (const { origin } of models) {
        const own = anchors.filter((record) => record.startsWith(`${origin} `));
        const dnskeys = own.map((record) => record.replace(/^.* DNSKEY /, ''));
        writeAnchors(anchorFile(origin), origin, dnskeys);
      }
      const faults: string[] = [];
      for (const { model, name, type, kind } of sample) {
        const verdict = await delv(trusted(model.origin), formatName(name), formatType(type));
        if (!/fully validated/.test(verdict))
          faults.push(`${formatName(name)} ${formatType(type)} (${kind}): ${verdict}`);
      }
      expect(faults).toEqual([]);
    });

    function anchorFile(origin: string): string {
      return workplace.at(`${origin}anchor`);
    }

    function trusted(origin: string): Trusted {
      return { origin, port: daemon.port, anchors: anchorFile(origin) };
    }

    it('exports every zone so that BIND and ldns find it completely signed', {
      timeout: 180_000,
    }, async () => {
      for (const origin of origins) {
        const exported = await daemon.keyturn('zone', 'export', origin, '--signed');
        expect(exported.code, exported.stderr).toBe(0);
        const file = workplace.at(`${origin}signed`);
        writeFileSync(file, exported.stdout, 'latin1');
        expect(await wholeZoneFaults(origin, file)).toEqual([]);
      }
    });
  });
});
