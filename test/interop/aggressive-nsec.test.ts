/**
 * A resolver that concludes from cached denials what else cannot exist (RFC 8198) must never deny what does: `unbound`
 * with `aggressive-nsec: yes` learns from hundreds of denials, then every existing name and type is asked. A name that
 * is added by a reload may be denied from the cache no longer than the negative TTL, and one that was there before not
 * at all.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DENIAL_MODES } from '../../src/store/words.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { type Answer, Asker } from '../support/asker.ts';
import { CachingUnbound } from '../support/caching-unbound.ts';
import { Daemon } from '../support/daemon.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';
import { Tap } from '../support/unbound-tap.ts';
import { SeededRandom } from '../support/zones.ts';

const ORIGIN = 'aggressive.example.';
const NEGATIVE_TTL = 2;
const HOSTS = 60;
const DENIALS = 300;
const ADDED = ['h30a', 'zz-last', 'deep.below.new', '*.new-wild'];

function zoneText(serial: number, added: readonly string[]): string {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i} A 192.0.2.${i + 1}\nh${i} TXT "text ${i}"`);
  return [
    `$ORIGIN ${ORIGIN}`,
    '$TTL 60',
    `@ SOA ns.${ORIGIN} hostmaster.${ORIGIN} ${serial} 3600 600 86400 ${NEGATIVE_TTL}`,
    '@ NS ns',
    'ns A 127.0.0.1',
    '*.wild A 192.0.2.200',
    'known.wild TXT "beside the wildcard"',
    'a.b.ent A 192.0.2.201',
    'alias CNAME h7',
    'away DNAME wild',
    ...hosts,
    ...added.map((label) => `${label} A 192.0.2.202`),
    '',
  ].join('\n');
}

/** Names and types that exist in every version, and how many records an answer has. */
const EXISTING: readonly (readonly [label: string, type: number, hasAnswer: boolean])[] = [
  ...Array.from({ length: HOSTS }, (_, i) => [`h${i}`, RRTYPE.A, true] as const),
  ...Array.from({ length: HOSTS }, (_, i) => [`h${i}`, RRTYPE.TXT, true] as const),
  ['ns', RRTYPE.A, true],
  ['x.wild', RRTYPE.A, true],
  ['y.z.wild', RRTYPE.A, true],
  ['known.wild', RRTYPE.TXT, true],
  ['a.b.ent', RRTYPE.A, true],
  ['b.ent', RRTYPE.A, false],
  ['ent', RRTYPE.A, false],
  ['wild', RRTYPE.A, false],
  ['alias', RRTYPE.A, true],
  ['q.away', RRTYPE.A, true],
];

describeWithPeers(['unbound', 'dig'], 'aggressive use of denials', () => {
  describe.each(DENIAL_MODES)('%s', (mode) => {
    const workplace = new Workplace();
    let daemon: Daemon;
    let tap: Tap;
    let resolver: CachingUnbound;
    let asker: Asker;

    beforeAll(async () => {
      const configuration = `policies:\n  default: { bootstrapHold: 0s, denial: ${mode} }\n`;
      const zones = { [`${ORIGIN}zone`]: zoneText(1, []) };
      daemon = await Daemon.start({ workplace, zones, configuration });
      tap = await Tap.start(daemon.port);
      const { answer } = await dig(daemon.port, ORIGIN, 'DNSKEY');
      const anchor = `${ORIGIN} 3600 IN DNSKEY ${answer.find(({ type }) => type === 'DNSKEY')?.rdata}`;
      const options = ['aggressive-nsec: yes'];
      resolver = await CachingUnbound.start([{ origin: ORIGIN, port: tap.port }], anchor, options, workplace);
      asker = new Asker(resolver.port, { timeoutMs: 10_000 });
    });

    afterAll(async () => {
      asker?.close();
      tap?.close();
      await Promise.all([resolver?.stop(), daemon?.stop()]);
      workplace.remove();
    });

    const ask = (label: string, type: number): Promise<Answer> =>
      asker.ask({ name: nameOf(`${label}.${ORIGIN}`), type });

    /** Asks for names that do not exist, close to those that do; returns what was answered wrongly. */
    async function deny(count: number, seed: number): Promise<string[]> {
      const random = new SeededRandom(seed);
      const faults: string[] = [];
      for (let i = 0; i < count; i++) {
        const base = `h${random.below(HOSTS)}`;
        const label = random.pick([`${base}-${random.below(999)}`, `x.${base}`, `n${random.below(9_999)}`]);
        const { rcode, authentic, answers } = await ask(
          label,
          random.pick([RRTYPE.A, RRTYPE.TXT, RRTYPE.MX]),
        );
        // Compact denial shows NXDOMAIN only to those who ask for it (RFC 9824 §5); a resolver with DO sees NXNAME.
        const isDenied = rcode === 3 || (mode === 'compact' && rcode === 0);
        if (!isDenied || !authentic || answers > 0) faults.push(`${label}: rcode ${rcode}`);
      }
      return faults;
    }

    /** Asks for all that exists; returns what was denied or not validated. */
    async function missing(): Promise<string[]> {
      const faults: string[] = [];
      for (const [label, type, hasAnswer] of EXISTING) {
        const { rcode, authentic, answers } = await ask(label, type);
        if (rcode === 0 && authentic && answers > 0 === hasAnswer) continue;
        faults.push(`${label} type ${type}: rcode ${rcode}, ${answers} answers, AD ${authentic}`);
      }
      return faults;
    }

    it('never denies what exists, however much was denied before', async () => {
      const startedMs = performance.now();
      expect(await deny(DENIALS, 8_198)).toEqual([]);
      expect(await missing()).toEqual([]);
      expect(resolver.complaints).toEqual([]);
      const asked = [...tap.seen.values()].reduce((sum, count) => sum + count, 0);
      const seconds = Math.round((performance.now() - startedMs) / 1_000);
      console.info(
        `${mode}: ${DENIALS + EXISTING.length} questions, ${asked} reached the server, ${seconds} s`,
      );
      // An NSEC tells of a range, and unbound concludes from it; of NSEC3 it makes little use, a compact one tells of
      // one name only.
      if (mode === 'nsec') expect(asked).toBeLessThan(DENIALS);
    });

    it('finds names that a reload adds when the negative TTL is over, and others all the time', async () => {
      expect(await deny(DENIALS / 4, 9_520)).toEqual([]);
      writeFileSync(`${daemon.zones}/${ORIGIN}zone`, zoneText(2, ADDED));
      await daemon.keyturn('reload');
      await daemon.waitForSerial(ORIGIN, 2);
      expect(await missing()).toEqual([]);
      if (mode === 'compact') {
        // Nobody asked for these, so nothing in any cache denies them.
        for (const label of ADDED)
          expect((await ask(label.replace('*', 'q'), RRTYPE.A)).answers, label).toBe(2);
      }
      await sleep((NEGATIVE_TTL + 1) * 1_000);
      for (const label of ADDED) {
        const { rcode, authentic, answers } = await ask(label.replace('*', 'r'), RRTYPE.A);
        expect([rcode, authentic, answers > 0], label).toEqual([0, true, true]);
      }
      expect(await deny(DENIALS / 4, 1_234)).toEqual([]);
      expect(await missing()).toEqual([]);
      expect(resolver.complaints).toEqual([]);
    });
  });
});
