/**
 * Looks at the DS of a child at its parent (ROLLOVER 3.4), through a tree of zones that BIND signs and NSD serves: NSEC,
 * NSEC3 and opt-out, RSA and ECDSA, a server of both sides of a cut, one that is silent.
 */
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeBase16, encodeBase16 } from '../../src/base/encoding.ts';
import { unixSeconds } from '../../src/base/time.ts';
import { ParentNet } from '../../src/daemon/parentnet.ts';
import { ParentFinder } from '../../src/parent/finder.ts';
import { type Look, lookAtDs } from '../../src/parent/look.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { ParentTree, type TreeZone } from '../support/parent-tree.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

const ECDSA = { algorithm: 'ECDSAP256SHA256', nsec3: 'none' } as const;
const CHILD_DS = `4711 13 2 ${'AB'.repeat(32)}`;

/** The zones below each other, children first. */
const ZONES: readonly TreeZone[] = [
  { origin: 'both.test.', records: [], addresses: ['127.0.10.3'], signing: ECDSA },
  {
    origin: 'plain.test.',
    records: ['kid.plain.test. IN NS ns.elsewhere.test.', `kid.plain.test. IN DS ${CHILD_DS}`],
    addresses: ['127.0.10.4'],
  },
  {
    origin: 'optout.test.',
    records: [
      'secure.optout.test. IN NS ns.elsewhere.test.',
      `secure.optout.test. IN DS ${CHILD_DS}`,
      'bare.optout.test. IN NS ns.elsewhere.test.',
    ],
    addresses: ['127.0.10.5'],
    hosts: ['ns.elsewhere.test.'],
    signing: { algorithm: 'RSASHA512', nsec3: 'opt-out' },
  },
  {
    origin: 'test.',
    records: [
      '{dsset both.test.}',
      ...['both.test. IN NS ns1.both.test.', 'ns1.both.test. IN A 127.0.10.3'],
      ...['plain.test. IN NS ns1.plain.test.', 'ns1.plain.test. IN A 127.0.10.4'],
      ...['optout.test. IN NS ns.elsewhere.test.', '{dsset optout.test.}'],
      'ns.elsewhere.test. IN A 127.0.10.5',
      ...['signed.test. IN NS ns.elsewhere.test.', `signed.test. IN DS ${CHILD_DS}`],
      'unsigned.test. IN NS ns.elsewhere.test.',
      ...['deep.in.the.test. IN NS ns.elsewhere.test.', `deep.in.the.test. IN DS ${CHILD_DS}`],
      'leaf.test. IN TXT "no cut"',
    ],
    addresses: ['127.0.10.2', '127.0.10.3'],
    signing: { algorithm: 'RSASHA256', nsec3: 'chain' },
  },
  {
    origin: '.',
    records: [
      ...['test. IN NS ns1.test.', 'test. IN NS ns2.test.', '{dsset test.}'],
      ...['ns1.test. IN A 127.0.10.2', 'ns2.test. IN A 127.0.10.3'],
    ],
    addresses: ['127.0.10.1'],
    signing: ECDSA,
  },
];

describeWithPeers(
  ['nsd', 'dig', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey'],
  'a look at the parent',
  () => {
    const workplace = new Workplace();
    const network = new ParentNet({ timeoutMs: 2_000 });
    let tree: ParentTree;
    let finder: ParentFinder;

    beforeAll(async () => {
      tree = await ParentTree.start(ZONES, workplace);
      finder = finderWith(tree.dsOf('.'));
    }, 120_000);

    afterAll(async () => {
      network.close();
      await tree.stop();
      workplace.remove();
    });

    function finderWith(ds: readonly string[]): ParentFinder {
      const servers = [{ name: nameOf('ns1.'), address: '127.0.10.1', port: tree.port }];
      return new ParentFinder({
        network,
        port: tree.port,
        anchors: [{ apex: nameOf('.'), ds: ds.map(dsOctets), servers }],
      });
    }

    /** `parent: address → DS tags and TTL, or the reason why it says nothing`. */
    async function look(child: string, by = finder): Promise<string[]> {
      const seen = await lookAtDs(by, network, nameOf(child), unixSeconds(Date.now() / 1_000));
      return seen.kind === 'look' ? rowsOf(seen) : [`${seen.reason}: ${seen.text}`];
    }

    it('sees a DS on every server of a parent with NSEC3', async () => {
      expect(await look('signed.test.')).toEqual([
        'test. secure',
        '127.0.10.2 4711 TTL 60',
        '127.0.10.3 4711 TTL 60',
      ]);
    });

    it('sees that a delegation has none', async () => {
      expect(await look('unsigned.test.')).toEqual(['test. secure', '127.0.10.2 none', '127.0.10.3 none']);
    });

    it('finds the parent of a name several labels below it', async () => {
      expect(await look('DEEP.in.the.test.')).toEqual([
        'test. secure',
        '127.0.10.2 4711 TTL 60',
        '127.0.10.3 4711 TTL 60',
      ]);
    });

    it('finds servers by a name elsewhere, and tells opt-out from absence', async () => {
      expect(await look('secure.optout.test.')).toEqual(['optout.test. secure', '127.0.10.5 4711 TTL 60']);
      expect(await look('bare.optout.test.')).toEqual(['optout.test. secure', '127.0.10.5 none']);
    });

    it('takes the word of an insecure parent', async () => {
      expect(await look('kid.plain.test.')).toEqual(['plain.test. insecure', '127.0.10.4 4711 TTL 60']);
    });

    it('says of what is not delegated that it is unknown, never that it has no DS', async () => {
      expect(await look('missing.test.')).toEqual([
        'test. secure',
        expect.stringMatching(/^127\.0\.10\.2 PARENT_NO_NAME/),
        expect.stringMatching(/^127\.0\.10\.3 PARENT_NO_NAME/),
      ]);
      expect(await look('leaf.test.')).toEqual([
        'test. secure',
        expect.stringMatching(/^127\.0\.10\.2 PARENT_NOT_DELEGATED/),
        expect.stringMatching(/^127\.0\.10\.3 PARENT_NOT_DELEGATED/),
      ]);
    });

    it('believes nothing below a key that is not the anchor', async () => {
      const wrong = tree.dsOf('.').map((ds) => ds.replace(/[0-9A-F]{8}$/, '00000000'));
      expect(await look('signed.test.', finderWith(wrong))).toEqual([
        'PARENT_BOGUS: .: no published key is named by a DS record',
      ]);
    });

    it('takes silence for silence', async () => {
      const silent = createServer((socket) => socket.resume());
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as AddressInfo;
      const patient = new ParentNet({ timeoutMs: 300 });
      const servers = [{ name: nameOf('ns1.'), address: '127.0.0.1', port }];
      const deaf = new ParentFinder({
        network: patient,
        port,
        anchors: [{ apex: nameOf('.'), ds: [], servers }],
      });
      expect(await look('signed.test.', deaf)).toEqual([
        'PARENT_SILENT: 127.0.0.1 about test.: no answer within 0.3 s',
      ]);
      patient.close();
      silent.close();
    });
  },
);

function rowsOf({ parent, isParentSecure, sights }: Look): string[] {
  const rows = sights.map(({ server, verdict }) => {
    if (verdict.kind === 'unknown') return `${server.address} ${verdict.reason}: ${verdict.text}`;
    const tags = verdict.ds.map((ds) => (ds[0]! << 8) | ds[1]!);
    return `${server.address} ${tags.length === 0 ? 'none' : `${tags.join(' ')} TTL ${verdict.ttl}`}`;
  });
  return [`${formatName(parent)} ${isParentSecure ? 'secure' : 'insecure'}`, ...rows];
}

function dsOctets(text: string): Uint8Array {
  const [tag, algorithm, type, ...digest] = text.split(' ');
  const head = encodeBase16(
    Uint8Array.of(Number(tag) >> 8, Number(tag) & 255, Number(algorithm), Number(type)),
  );
  return decodeBase16(head + digest.join(''))!;
}
