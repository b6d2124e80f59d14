import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { COUNTER, Counters } from '../../../src/base/counters.ts';
import { type Libc, loadLibc } from '../../../src/transport/libc.ts';
import type { ListenAddress } from '../../../src/transport/listen.ts';
import {
  MAX_PROXY_HEADER_OCTETS,
  PROXY_INCOMPLETE,
  PROXY_MALFORMED,
  ProxyHeader,
} from '../../../src/transport/proxy-header.ts';
import { StreamServer } from '../../../src/transport/stream.ts';
import type { UdpServer } from '../../../src/transport/udp.ts';
import { BatchedServer } from '../../../src/transport/udp-batched.ts';
import { DgramServer } from '../../../src/transport/udp-dgram.ts';
import { UDP_PAYLOAD_OCTETS } from '../../../src/wire/edns.ts';
import { formatAddress, Peer, type Respond } from '../../../src/wire/peer.ts';
import { type Prefix, parsePrefix } from '../../../src/wire/prefix.ts';
import { DatagramClient } from '../../support/datagrams.ts';
import { proxyHeader, rawHeader } from '../../support/proxy-headers.ts';
import { echo, framed, message, StreamClient } from '../../support/streamclient.ts';

describe('ProxyHeader', () => {
  it.each([
    ['192.0.2.77', 4],
    ['2001:db8::77', 6],
  ])('reads %s, also behind TLVs', (address, family) => {
    const octets = proxyHeader(address, 40_000, 2, Uint8Array.of(0x20, 0, 3, 1, 2, 3));
    const header = new ProxyHeader();
    expect(header.read(octets, octets.length)).toBe(octets.length);
    expect(header).toMatchObject({ namesPeer: true, family, port: 40_000 });
    expect(formatAddress(header.family, octets.subarray(header.addressOffset))).toBe(address);
  });

  it('is incomplete up to its last octet', () => {
    const octets = proxyHeader('2001:db8::77', 40_000, 1);
    for (let known = 0; known < octets.length; known++) {
      expect(new ProxyHeader().read(octets, known), `${known} octets`).toBe(PROXY_INCOMPLETE);
    }
  });

  it.each([
    ['LOCAL', rawHeader(0x20, 0x00, [])],
    ['LOCAL with an address', rawHeader(0x20, 0x11, new Array<number>(12).fill(1))],
    ['PROXY without an address', rawHeader(0x21, 0x00, [1, 2])],
    ['a Unix socket', rawHeader(0x21, 0x31, new Array<number>(216).fill(1))],
  ])('leaves the peer what it is for %s', (_case, octets) => {
    const header = new ProxyHeader();
    expect(header.read(octets, octets.length)).toBe(octets.length);
    expect(header.namesPeer).toBe(false);
  });

  it.each([
    ['another signature', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')],
    ['version 1', rawHeader(0x11, 0x11, new Array<number>(12).fill(1))],
    ['an unknown command', rawHeader(0x22, 0x11, new Array<number>(12).fill(1))],
    ['an unknown family', rawHeader(0x21, 0x41, new Array<number>(12).fill(1))],
    ['an unknown protocol', rawHeader(0x21, 0x13, new Array<number>(12).fill(1))],
    ['too short an IPv4 address', rawHeader(0x21, 0x11, new Array<number>(11).fill(1))],
    ['too short an IPv6 address', rawHeader(0x21, 0x21, new Array<number>(35).fill(1))],
    ['more octets than any proxy sends', rawHeader(0x21, 0x11, new Array<number>(4_000).fill(1))],
  ])('is malformed with %s', (_case, octets) => {
    expect(new ProxyHeader().read(octets, octets.length)).toBe(PROXY_MALFORMED);
  });

  it('never reads past what is there, whatever it is', () => {
    const start = rawHeader(0x21, 0x11, []).subarray(0, 12);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
        const octets = Buffer.concat([start, rest]);
        const peer = new Peer();
        const left = new ProxyHeader().strip(octets, octets.length, peer, 'udp');
        expect(left === PROXY_MALFORMED || (left >= 0 && left <= octets.length - 16)).toBe(true);
      }),
    );
  });
});

const libc = loadLibc();
const kinds = ['dgram', ...(typeof libc === 'object' ? ['batched'] : [])];
const PROXIES = [parsePrefix('127.0.0.1') as Prefix];
const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(kinds)('a proxy before %s UDP', (kind) => {
  async function serve(
    respond: Respond,
    proxies: readonly Prefix[],
  ): Promise<[UdpServer, DatagramClient, Counters]> {
    const listen: ListenAddress[] = [{ address: '127.0.0.1', port: 0 }];
    const counters = new Counters();
    const server =
      kind === 'dgram'
        ? new DgramServer(listen, respond, { proxies }, counters)
        : new BatchedServer(
            libc as Libc,
            listen,
            respond,
            { receiveTimeoutMs: 1, batchesPerTurn: 1, proxies },
            counters,
          );
    await server.start();
    const client = new DatagramClient(server.addresses[0]!.port, { timeoutMs: 300, tries: 1 });
    ends.push(
      () => server.stop(),
      () => client.close(),
    );
    return [server, client, counters];
  }

  /** The client writes an ID into the first two octets; here those belong to the header. */
  it('drops what has no header, and counts it', async () => {
    const [server, client, counters] = await serve(echo, PROXIES);
    expect(await client.ask(message(1))).toBeUndefined();
    expect(server.counters).toMatchObject({ received: 1, badProxyHeaders: 1, sent: 0 });
    expect(counters.get(COUNTER.BAD_PROXY_HEADERS)).toBe(1);
  });

  it('takes a header from nobody else', async () => {
    const [server, client] = await serve(echo, [parsePrefix('127.0.0.2') as Prefix]);
    expect(await client.ask(message(1))).toBeDefined();
    expect(server.counters).toMatchObject({ badProxyHeaders: 0, sent: 1 });
  });

  it('has room for the longest header before the longest message', async () => {
    const asked: string[] = [];
    const [server] = await serve((_request, octets, { port }) => {
      asked.push(`${octets} octets from port ${port}`);
      return 0;
    }, PROXIES);
    const content = MAX_PROXY_HEADER_OCTETS - 16 - 12 - 3;
    const noop = Uint8Array.of(0x04, content >> 8, content & 255, ...new Uint8Array(content));
    const header = proxyHeader('192.0.2.77', 40_000, 2, noop);
    expect(header).toHaveLength(MAX_PROXY_HEADER_OCTETS);
    const socket = createSocket('udp4');
    ends.push(() => void socket.close());
    socket.send(
      Buffer.concat([header, message(1, UDP_PAYLOAD_OCTETS)]),
      server.addresses[0]!.port,
      '127.0.0.1',
    );
    await expect.poll(() => asked).toEqual([`${UDP_PAYLOAD_OCTETS} octets from port 40000`]);
  });
});

describe('a proxy before streams', () => {
  const seen: string[] = [];
  const noting: Respond = (request, octets, peer, response) => {
    seen.push(`${peer.transport} ${peer.family} ${peer.address} ${peer.port}`);
    return echo(request, octets, peer, response);
  };

  async function serve(limits = {}): Promise<StreamServer> {
    seen.length = 0;
    const listen = [{ address: '127.0.0.1', port: 0 }];
    const server = new StreamServer(
      listen,
      noting,
      { drainMs: 100, handshakeMs: 10, ...limits },
      { proxies: PROXIES },
    );
    await server.start();
    ends.push(() => server.stop());
    return server;
  }

  async function open(server: StreamServer, from?: string): Promise<StreamClient> {
    const client = await StreamClient.open(server.addresses[0]!, from);
    ends.push(() => client.close());
    return client;
  }

  it('is believed, however the segments are cut', async () => {
    const server = await serve();
    const stream = Buffer.concat([proxyHeader('2001:db8::77', 40_000, 1), framed(message(1), message(2))]);
    for (const cut of [0, 5, 16, 40, stream.length - 40, stream.length - 1]) {
      const client = await open(server);
      client.send(stream.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.send(stream.subarray(cut));
      expect(await client.ids(2)).toEqual([1, 2]);
    }
    expect(new Set(seen)).toEqual(new Set(['tcp 6 2001:db8::77 40000']));
  });

  it('speaks for itself with LOCAL', async () => {
    const client = await open(await serve());
    client.send(Buffer.concat([rawHeader(0x20, 0, []), framed(message(1))]));
    expect(await client.ids(1)).toEqual([1]);
    expect(seen).toEqual([`tcp 4 127.0.0.1 ${client.socket.localPort}`]);
  });

  it('is closed without a header, with a malformed one, and with half of one', async () => {
    const server = await serve({ messageMs: 80 });
    const clients = [await open(server), await open(server), await open(server)];
    clients[0]!.send(framed(message(1)));
    clients[1]!.send(rawHeader(0x22, 0x11, new Array<number>(12).fill(1)));
    clients[2]!.send(proxyHeader('192.0.2.1', 1, 1).subarray(0, 14));
    for (const client of clients) expect(await client.next()).toBeUndefined();
    await expect.poll(() => server.counters.open).toBe(0);
    expect(server.counters).toMatchObject({ badProxyHeaders: 2, late: 1, queries: 0 });
  });

  it('speaks for clients that each have their limit, and has none itself', async () => {
    const server = await serve({ maxConnectionsPerAddress: 2 });
    const ask = async (address: string): Promise<number[]> => {
      const client = await open(server);
      client.send(Buffer.concat([proxyHeader(address, 1_234, 1), framed(message(1))]));
      return client.ids(1);
    };
    const one = [await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')];
    const others = [await ask('192.0.2.2'), await ask('192.0.2.3')];
    expect([...one, ...others]).toEqual([[1], [1], [], [1], [1]]);
    expect(server.counters.refused).toBe(1);
  });

  it('is nobody special at another address: the header is garbage there', async () => {
    const server = await serve();
    const client = await open(server, '127.0.0.2');
    client.send(Buffer.concat([proxyHeader('192.0.2.1', 1, 1), framed(message(1))]));
    client.socket.end();
    expect(await client.next()).toBeUndefined();
    expect(seen).toEqual([]);
  });
});
