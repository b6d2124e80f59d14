/**
 * `keyturn diagnose` over real sockets: the built server, a root and `test.` signed by BIND's tools and served by NSD, and
 * name servers that are there or not.
 */
import { afterEach, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/control/diagnose-shapes.ts';
import { Daemon } from '../support/daemon.ts';
import { ParentTree } from '../support/parent-tree.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace } from '../support/processes.ts';

const CHILD = 'child.test.';
const [OURS, ALSO_OURS, NOBODY] = ['127.0.21.2', '127.0.21.3', '127.0.21.4'];
const [ROOT, TLD] = ['127.0.21.11', '127.0.21.12'];
const ECDSA = { algorithm: 'ECDSAP256SHA256', nsec3: 'none' } as const;

describeWithPeers(
  ['nsd', 'dig', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey'],
  'diagnosing a zone over the network',
  () => {
    const running: { stop(): unknown }[] = [];

    afterEach(async () => {
      for (const one of running.splice(0).reverse()) await one.stop();
    });

    /** A child of `test.` that is delegated to `servers`, and our server for it at two addresses. */
    async function start(servers: readonly string[], hold: string): Promise<Daemon> {
      const workplace = new Workplace();
      running.push({ stop: () => workplace.remove() });
      const records = servers.flatMap((address, i) => [
        `${CHILD} IN NS ns${i + 1}.${CHILD}`,
        `ns${i + 1}.${CHILD} IN A ${address}`,
      ]);
      const top = ['test. IN NS ns1.test.', `ns1.test. IN A ${TLD}`, '{dsset test.}'];
      const tree = await ParentTree.start(
        [
          { origin: 'test.', records, addresses: [TLD], signing: ECDSA },
          { origin: '.', records: top, addresses: [ROOT], signing: ECDSA },
        ],
        workplace,
      );
      running.push(tree);
      const anchor = `{ zone: ".", ds: ["${tree.dsOf('.')[0]}"], servers: ["${ROOT}:${tree.port}"] }`;
      const daemon = await Daemon.start({
        workplace,
        zones: { [`${CHILD}zone`]: childZone() },
        configuration: `parents: { anchors: [${anchor}], port: ${tree.port} }
policies:
  default: { bootstrapHold: ${hold} }
`,
        args: [OURS, ALSO_OURS].flatMap((address) => ['--listen', `${address}:${tree.port}`]),
        port: tree.port,
      });
      running.push(daemon);
      return daemon;
    }

    async function diagnose(
      daemon: Daemon,
    ): Promise<{ readonly code: number | null; readonly told: Diagnosis }> {
      const { code, stdout } = await daemon.keyturn('--json', 'diagnose', CHILD);
      return { code, told: JSON.parse(stdout) as Diagnosis };
    }

    it('finds nothing wrong where nothing is', { timeout: 60_000 }, async () => {
      const { code, told } = await diagnose(await start([OURS, ALSO_OURS], '7d'));
      expect(told.findings.filter(({ level }) => level !== 'ok')).toEqual([]);
      expect(told).toMatchObject({ level: 'ok', parent: 'test.', isOutsideSeen: true, serial: 1 });
      expect(told.servers).toEqual([
        { server: `ns1.${CHILD}`, address: OURS, udp: 'answers', tcp: 'answers', serial: 1 },
        { server: `ns2.${CHILD}`, address: ALSO_OURS, udp: 'answers', tcp: 'answers', serial: 1 },
      ]);
      expect(code).toBe(0);
    });

    it('finds a server that is down, glue that is wrong and a DS that is missing', {
      timeout: 60_000,
    }, async () => {
      const daemon = await start([OURS, NOBODY], '0s');
      const { code, told } = await diagnose(daemon);
      const found = told.findings.filter(({ level }) => level !== 'ok').map((one) => one.code);
      expect(found.toSorted()).toEqual([
        'DIAGNOSE_DS_MISSING',
        'DIAGNOSE_GLUE_OTHER',
        'DIAGNOSE_SERVER_SILENT',
      ]);
      expect(code).toBe(1);
      const { stdout } = await daemon.keyturn('diagnose', CHILD);
      expect(stdout).toContain(
        `ns2.${CHILD} ${NOBODY} is silent: UDP: nobody listens there; TCP: nobody listens`,
      );
    });
  },
);

function childZone(): string {
  return [
    '$TTL 60',
    `${CHILD} SOA ns1.${CHILD} hostmaster.${CHILD} 1 3600 600 86400 30`,
    `${CHILD} NS ns1.${CHILD}`,
    `${CHILD} NS ns2.${CHILD}`,
    `ns1.${CHILD} A ${OURS}`,
    `ns2.${CHILD} A ${ALSO_OURS}`,
    '',
  ].join('\n');
}
