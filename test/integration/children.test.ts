/**
 * A zone of ours as parent of another one: it hears of new CDS records, follows what is signed under the DS as it is, and
 * serves the DS that was asked for, over a restart too. Parent and child are in one server, found by their delegation.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { DatagramClient } from '../support/datagrams.ts';
import { dig } from '../support/dig.ts';
import { freePort, Workplace, waitUntil } from '../support/processes.ts';
import { queryOctets } from '../support/served.ts';

const PARENT = 'parent.test.';
const CHILD = `child.${PARENT}`;
const OPCODE_NOTIFY = 4;

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const head = (origin: string, serial: number) =>
  `$TTL 2\n${origin} SOA ns.${origin} admin.${origin} ${serial} 3600 600 86400 2\n` +
  `${origin} NS ns.${origin}\nns.${origin} A 127.0.0.1\n`;
const parentText = (ds: readonly string[], serial: number) =>
  `${head(PARENT, serial)}${CHILD} NS ns.${CHILD}\nns.${CHILD} A 127.0.0.1\n` +
  ds.map((rdata) => `${CHILD} DS ${rdata}\n`).join('');

/** Waits of seconds, so that a rollover is over soon. */
const QUICK = `dnskeyTtl: 1s, cdsTtl: 1s, publishSafety: 0s, retireSafety: 0s, propagation: 1s, cdsHold: 0s, minInterval: 0s,
    bootstrapHold: 0s, parent: { propagation: 1s, dsTtl: 2s }, monitor: { interval: 1s, rounds: 1, roundGap: 1s }`;

interface Scene {
  readonly daemon: Daemon;
  readonly workplace: Workplace;
  readonly start: () => Promise<Daemon>;
}

/** A server of both zones, the DS of the child's key in the file of the parent. */
async function start(): Promise<Scene> {
  const workplace = new Workplace();
  running.push({ stop: () => workplace.remove() });
  const port = await freePort();
  const configuration = `parents: { anchors: [{ zone: "${PARENT}", ds: [], servers: ["127.0.0.1:${port}"] }], port: ${port} }
policies:
  default: { ${QUICK} }
  parent: { bootstrapHold: 100d, children: { accept: update, scan: 1d, dsTtl: 2s, dsync: "ns.${PARENT}:${port}" } }
zones:
  ${PARENT}: { policy: parent }
`;
  const zones = { [`${PARENT}zone`]: parentText([], 1), [`${CHILD}zone`]: head(CHILD, 1) };
  const starting = (files = {}) => Daemon.start({ workplace, zones: files, configuration, port });
  const daemon = await starting(zones);
  running.push(daemon);
  const own = (await daemon.keyturn('ds', CHILD)).stdout.trim().replace(/^.*\sDS\s+/, '');
  writeFileSync(join(daemon.zones, `${PARENT}zone`), parentText([own], 2));
  await daemon.keyturn('zone', 'reload', PARENT);
  return { daemon, workplace, start: () => starting() };
}

async function dsAt({ port }: Daemon): Promise<string[]> {
  const { answer } = await dig(port, CHILD, 'DS');
  return answer
    .filter(({ type }) => type === 'DS')
    .map(({ rdata }) => rdata.split(' ')[0]!)
    .sort();
}

async function view(daemon: Daemon, command = 'show') {
  const { stdout } = await daemon.keyturn('--json', 'children', command, PARENT, CHILD);
  return (JSON.parse(stdout) as { children: [Record<string, unknown>] }).children[0];
}

describe('a zone that delegates to another one', () => {
  it('gives its child the DS that it rolls to, without an operator', { timeout: 90_000 }, async () => {
    const { daemon, start: again } = await start();
    const [old] = await dsAt(daemon);
    expect(await view(daemon)).toMatchObject({ from: 'file', ds: [Number(old)] });
    await daemon.keyturn('rollover', 'start', CHILD, '--type', 'csk', '--yes');
    const isOver = async () => {
      const tags = await dsAt(daemon);
      return tags.length === 1 && tags[0] !== old;
    };
    await waitUntil(isOver, 'a parent with the DS of the new key alone', 60_000, daemon.process);
    const [fresh] = await dsAt(daemon);
    expect(await view(daemon)).toMatchObject({ from: 'child', takenBy: 'CDS', ds: [Number(fresh)] });
    // The file still has the DS of the old key: what the child asked for counts, after a restart too.
    await daemon.stop();
    const restarted = await again();
    running.push(restarted);
    expect(await dsAt(restarted)).toEqual([fresh]);
    // Until somebody gives the file its say again.
    await restarted.keyturn('children', 'forget', PARENT, CHILD, '--yes');
    expect(await dsAt(restarted)).toEqual([old]);
    expect(await view(restarted)).toMatchObject({ from: 'file' });
  });

  it('says where to tell of new CDS, and hears who tells', { timeout: 60_000 }, async () => {
    const { daemon } = await start();
    const { answer } = await dig(daemon.port, `child._dsync.${PARENT}`, 'TYPE66');
    expect(answer.map(({ rdata }) => rdata).join()).toMatch(/003B01|CDS NOTIFY/);
    const client = new DatagramClient(daemon.port);
    running.push({ stop: () => client.close() });
    const notify = (name: string) => {
      const octets = queryOctets(name, 'CDS', {});
      octets[2] = (octets[2]! & ~0x78) | (OPCODE_NOTIFY << 3);
      return client.ask(octets);
    };
    const rcode = (response: Uint8Array | undefined) => response && response[3]! & 15;
    expect(rcode(await notify(CHILD))).toBe(0);
    // Not delegated, or not ours.
    expect(rcode(await notify(`other.${PARENT}`))).toBe(5);
    expect(rcode(await notify('example.'))).toBe(5);
    // The child itself may have told before, when it had no DS.
    const isSame = async () => (await view(daemon)).outcome === 'same';
    await waitUntil(isSame, 'a look at the child', 20_000, daemon.process);
  });
});
