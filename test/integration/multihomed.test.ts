/** A machine with several addresses: an answer leaves from the address that was asked, also through a wildcard. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/transport/libc.ts';
import { RRTYPE } from '../../src/wire/iana.ts';
import { nameOf } from '../../src/wire/name.ts';
import { encodeQuery } from '../support/asker.ts';
import { Daemon } from '../support/daemon.ts';
import { versionedZone } from '../support/daemon-watch.ts';
import { freePort, Workplace } from '../support/processes.ts';
import { framed, hasIpv6, StreamClient } from '../support/streamclient.ts';

const QUERY = encodeQuery(77, { name: nameOf('one.example.'), type: RRTYPE.SOA }, true);
/** Addresses of this machine, those of the loopback interface among them; link-local ones need a zone. */
const OWN = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses.map(({ address }) => address))
  .filter((address) => !address.startsWith('fe80:'));
const kinds = ['dgram', ...(typeof loadLibc() === 'object' ? ['batched'] : [])];

/** ID of the answer that a connected socket hears: it takes none from another address. Asks three times. */
async function askUdp(address: string, port: number): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const answer = new Promise<number>((resolve, reject) => {
    socket.once('message', (octets) => resolve(octets.readUInt16BE(0)));
    socket.once('error', reject);
  });
  await new Promise<void>((resolve) => socket.connect(port, address, resolve));
  socket.send(QUERY);
  const again = setInterval(() => socket.send(QUERY), 1_000);
  const end = sleep(4_500, 'no answer', { ref: false });
  try {
    const id = await Promise.race([answer, end]);
    if (typeof id === 'string') throw new Error(`${id} from ${address}`);
    return id;
  } finally {
    clearInterval(again);
    socket.close();
  }
}

async function askTcp(address: string, port: number): Promise<number[]> {
  const client = await StreamClient.open({ address, port });
  client.send(framed(QUERY));
  const ids = await client.ids(1);
  await client.close();
  return ids;
}

describe.each(kinds)('wildcards with %s UDP', (udp) => {
  const workplace = new Workplace();
  let daemon: Daemon;
  let port: number;

  beforeAll(async () => {
    const zones = { 'one.example.zone': versionedZone('one.example.', 1) };
    port = await freePort();
    const wildcards = ['0.0.0.0', ...(hasIpv6 ? ['[::]'] : [])];
    const listen = wildcards.flatMap((address) => ['--listen', `${address}:${port}`]);
    daemon = await Daemon.start({ workplace, zones, args: ['--udp', udp, ...listen] });
  });

  afterAll(async () => {
    await daemon.stop();
    workplace.remove();
  });

  it.each(OWN)('answers at %s from there', async (address) => {
    expect(await askUdp(address, port)).toBe(77);
    expect(await askTcp(address, port)).toEqual([77]);
  });
});
