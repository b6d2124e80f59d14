/**
 * NOTIFY(CDS) (RFC 9859): a parent whose zone has DSYNC records, served by NSD, is told of new CDS records once all name
 * servers of the zone have them; the test itself listens where the parent wants to be told.
 */
import { afterEach, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { NotifyListener } from '../support/notify-listener.ts';
import { ParentTree } from '../support/parent-tree.ts';
import { describeWithPeers } from '../support/peers.ts';
import { Workplace, waitUntil } from '../support/processes.ts';

const CHILD = 'child.test.';
const OURS = '127.0.20.2';
const NOBODY = '127.0.20.3';
const LISTENER = '127.0.20.9';
const OPCODE_NOTIFY = 4;
const TYPE_CDS = 59;
const ECDSA = { algorithm: 'ECDSAP256SHA256', nsec3: 'none' } as const;

describeWithPeers(
  ['nsd', 'dig', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey'],
  'telling the parent of new CDS records',
  () => {
    const running: { stop(): unknown }[] = [];

    afterEach(async () => {
      for (const one of running.splice(0).reverse()) await one.stop();
    });

    /** A root, `test.` with DSYNC records, and our server for the child; `servers` are those of the delegation. */
    async function start(servers: readonly string[]): Promise<{ listener: NotifyListener; daemon: Daemon }> {
      const workplace = new Workplace();
      const listener = await NotifyListener.start(LISTENER);
      running.push({ stop: () => workplace.remove() }, listener);
      const delegation = servers.flatMap((address, i) => [
        `${CHILD} IN NS ns${i + 1}.${CHILD}`,
        `ns${i + 1}.${CHILD} IN A ${address}`,
      ]);
      const records = [
        ...delegation,
        `*._dsync.test. IN DSYNC CDS NOTIFY ${listener.port} listener.test.`,
        `listener.test. IN A ${LISTENER}`,
      ];
      const top = ['test. IN NS ns1.test.', 'ns1.test. IN A 127.0.10.12', '{dsset test.}'];
      const tree = await ParentTree.start(
        [
          { origin: 'test.', records, addresses: ['127.0.10.12'], signing: ECDSA },
          { origin: '.', records: top, addresses: ['127.0.10.11'], signing: ECDSA },
        ],
        workplace,
      );
      running.push(tree);
      const anchor = `{ zone: ".", ds: ["${tree.dsOf('.')[0]}"], servers: ["127.0.10.11:${tree.port}"] }`;
      const daemon = await Daemon.start({
        workplace,
        zones: { [`${CHILD}zone`]: childZone(servers) },
        configuration: `parents: { anchors: [${anchor}], port: ${tree.port} }
policies:
  default: { bootstrapHold: 0s, monitor: { interval: 1s, rounds: 2, roundGap: 1s } }
`,
        args: ['--listen', `${OURS}:${tree.port}`],
        port: tree.port,
      });
      running.push(daemon);
      return { listener, daemon };
    }

    async function pushOf(daemon: Daemon): Promise<string | null> {
      const { stdout } = await daemon.keyturn('--json', 'parent', 'show', CHILD);
      return (JSON.parse(stdout) as { push: string | null }).push;
    }

    it('is done once, when its servers have them', { timeout: 60_000 }, async () => {
      const { listener, daemon } = await start([OURS]);
      const isTold = async () => (await pushOf(daemon)) === 'told';
      await waitUntil(isTold, 'a parent that was told', 20_000, daemon.process);
      await daemon.keyturn('parent', 'look', CHILD);
      expect(listener.heard).toEqual([
        { opcode: OPCODE_NOTIFY, isAuthoritative: true, name: CHILD, type: TYPE_CDS },
      ]);
    });

    it('waits for a server of the zone that has other ones', { timeout: 60_000 }, async () => {
      const { listener, daemon } = await start([OURS, NOBODY]);
      const isHeld = async () => (await pushOf(daemon)) === 'servers differ';
      await waitUntil(isHeld, 'servers that differ', 20_000, daemon.process);
      expect(listener.heard).toEqual([]);
    });
  },
);

function childZone(servers: readonly string[]): string {
  const hosts = servers.map((_, i) => `ns${i + 1}.${CHILD}`);
  return [
    '$TTL 60',
    `${CHILD} SOA ${hosts[0]} hostmaster.${CHILD} 1 3600 600 86400 30`,
    ...hosts.map((host) => `${CHILD} NS ${host}`),
    ...hosts.map((host, i) => `${host} A ${servers[i]}`),
    '',
  ].join('\n');
}
