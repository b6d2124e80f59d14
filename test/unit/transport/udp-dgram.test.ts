import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { type ListenAddress, ListenError } from '../../../src/transport/listen.ts';
import { type DgramOptions, DgramServer } from '../../../src/transport/udp-dgram.ts';
import type { Respond } from '../../../src/wire/peer.ts';
import { echo, hasIpv6, message, sleep } from '../../support/streamclient.ts';

const running: DgramServer[] = [];
const sockets: Socket[] = [];

async function serve(
  listen: readonly string[],
  respond: Respond = echo,
  options: Partial<DgramOptions> = {},
): Promise<DgramServer> {
  const server = new DgramServer(
    listen.map((address) => ({ address, port: 0 })),
    respond,
    options,
  );
  await server.start();
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Asks and waits for one answer from exactly the address that was asked. */
async function ask(to: ListenAddress, query: Uint8Array, waitMs = 2_000): Promise<Uint8Array | undefined> {
  const socket = createSocket(to.address.includes(':') ? 'udp6' : 'udp4');
  try {
    // A connected socket takes datagrams of its peer only: an answer from elsewhere would be lost.
    await new Promise<void>((resolve) => socket.connect(to.port, to.address, resolve));
    const answer = new Promise<Uint8Array | undefined>((resolve) => {
      socket.once('message', (octets) => resolve(new Uint8Array(octets)));
      socket.once('error', () => resolve(undefined));
      setTimeout(() => resolve(undefined), waitMs).unref();
    });
    socket.send(query);
    return await answer;
  } finally {
    socket.close();
  }
}

function idOf(answer: Uint8Array | undefined): number | undefined {
  return answer === undefined ? undefined : (answer[0]! << 8) | answer[1]!;
}

describe('DgramServer', () => {
  it.skipIf(!hasIpv6)('answers on several addresses of both families', async () => {
    const server = await serve(['127.0.0.1', '127.0.0.2', '::1']);
    expect(server.addresses.map((bound) => bound.address)).toEqual(['127.0.0.1', '127.0.0.2', '::1']);
    for (const [i, bound] of server.addresses.entries()) expect(idOf(await ask(bound, message(i)))).toBe(i);
    expect(server.counters).toMatchObject({ received: 3, sent: 3, sendErrors: 0, socketErrors: 0 });
  });

  it('answers a wildcard from the address that was asked', async () => {
    const server = await serve(['0.0.0.0'], echo, { interfaces: () => ['127.0.0.1', '127.0.0.2'] });
    const { port } = server.addresses[0]!;
    expect(server.addresses).toEqual([
      { address: '127.0.0.1', port },
      { address: '127.0.0.2', port },
    ]);
    for (const bound of server.addresses) expect(idOf(await ask(bound, message(bound.port)))).toBe(port);
  });

  it('finds the addresses of this machine behind a wildcard', async () => {
    const server = await serve(['0.0.0.0']);
    const loopback = server.addresses.find((bound) => bound.address === '127.0.0.1');
    expect(loopback).toBeDefined();
    expect(idOf(await ask(loopback!, message(1)))).toBe(1);
  });

  it('follows interfaces that come and go', async () => {
    let present = ['127.0.0.1', '127.0.0.2'];
    const server = await serve(['0.0.0.0'], echo, { interfaces: () => present, rescanMs: 20 });
    const { port } = server.addresses[0]!;
    present = ['127.0.0.3', '127.0.0.2'];
    await expect
      .poll(() => server.addresses.map((bound) => bound.address))
      .toEqual(['127.0.0.2', '127.0.0.3']);
    for (const address of present) expect(idOf(await ask({ address, port }, message(9)))).toBe(9);
    expect(await ask({ address: '127.0.0.1', port }, message(9), 100)).toBeUndefined();
  });

  it('lets a named address and a wildcard share a port, and never closes the named one', async () => {
    const probe = await serve(['127.0.0.1']);
    const { port } = probe.addresses[0]!;
    await probe.stop();
    let present = ['127.0.0.1', '127.0.0.2'];
    const server = new DgramServer(
      [
        { address: '0.0.0.0', port },
        { address: '127.0.0.1', port },
      ],
      echo,
      { interfaces: () => present, rescanMs: 20 },
    );
    await server.start();
    running.push(server);
    present = [];
    await expect.poll(() => server.addresses).toEqual([{ address: '127.0.0.1', port }]);
    await sleep(50);
    expect(idOf(await ask({ address: '127.0.0.1', port }, message(2)))).toBe(2);
  });

  it('keeps answers apart when many are under way', async () => {
    const server = await serve(['127.0.0.1']);
    const { address, port } = server.addresses[0]!;
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    sockets.push(socket);
    const received = new Map<number, Uint8Array>();
    socket.on('message', (octets) => received.set(octets.readUInt16BE(0), new Uint8Array(octets)));
    for (let id = 0; id < 2_000; id++) {
      socket.send(message(id, 12 + (id % 400)), port, address);
      if (id % 50 === 0) await sleep(1);
    }
    await expect.poll(() => received.size, { timeout: 5_000 }).toBeGreaterThan(1_900);
    for (const [id, answer] of received) {
      const expected = message(id, 12 + (id % 400));
      expected[2]! |= 0x80;
      expect(answer).toEqual(expected);
    }
  });

  it('tells the responder who asks', async () => {
    const seen: string[] = [];
    const server = await serve(['127.0.0.9'], (request, octets, peer, response) => {
      seen.push(`${peer.transport} ${peer.family} ${peer.address} ${peer.octets[0]} ${peer.port > 0}`);
      return echo(request, octets, peer, response);
    });
    await ask(server.addresses[0]!, message(1));
    expect(seen).toEqual(['udp 4 127.0.0.1 127 true']);
  });

  it('survives a responder that throws, says nothing or claims too much', async () => {
    const server = await serve(
      ['127.0.0.1'],
      (request, octets, peer, response) => {
        if (request[1] === 1) throw new Error('a bug');
        if (request[1] === 2) return 0;
        if (request[1] === 3) return response.length + 1;
        return echo(request, octets, peer, response);
      },
      { maxWaiting: 2 },
    );
    const bound = server.addresses[0]!;
    for (const id of [1, 2, 3, 1, 2, 3]) expect(await ask(bound, message(id), 30)).toBeUndefined();
    expect(idOf(await ask(bound, message(4)))).toBe(4);
    expect(server.counters).toMatchObject({ faults: 4, unanswered: 2, sent: 1, received: 7, overloaded: 0 });
  });

  it('takes empty and largest datagrams', async () => {
    const lengths: number[] = [];
    const server = await serve(['127.0.0.1'], (_request, octets) => {
      lengths.push(octets);
      return 0;
    });
    await ask(server.addresses[0]!, new Uint8Array(0), 50);
    await ask(server.addresses[0]!, new Uint8Array(65_507), 50);
    expect(lengths).toEqual([0, 65_507]);
  });

  it('answers what arrived before stop, then closes', async () => {
    const server = await serve(['127.0.0.1']);
    const bound = server.addresses[0]!;
    const socket = createSocket('udp4');
    sockets.push(socket);
    let answers = 0;
    socket.on('message', () => answers++);
    for (let id = 0; id < 100; id++) {
      await new Promise<void>((resolve) =>
        socket.send(message(id), bound.port, bound.address, () => resolve()),
      );
    }
    await server.stop();
    await expect.poll(() => answers).toBe(100);
    expect(server.counters.sent).toBe(100);
    expect(server.addresses).toEqual([]);
    expect(await ask(bound, message(1), 100)).toBeUndefined();
    await server.stop();
  });

  it('stops although queries keep coming', async () => {
    const server = await serve(['127.0.0.1'], echo, { drainMs: 100 });
    const { address, port } = server.addresses[0]!;
    const socket = createSocket('udp4');
    sockets.push(socket);
    const flood = setInterval(() => socket.send(message(1), port, address), 1);
    const startedAt = performance.now();
    await server.stop();
    clearInterval(flood);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('says which address and port are in use, and leaves nothing open', async () => {
    const taken = (await serve(['127.0.0.1'])).addresses[0]!;
    const server = new DgramServer([{ address: '127.0.0.2', port: taken.port }, taken], echo);
    const error = await server.start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ transport: 'udp', code: 'EADDRINUSE', ...taken });
    expect((error as Error).message).toContain(`127.0.0.1:${taken.port}`);
    expect(server.addresses).toEqual([]);
    const again = new DgramServer([{ address: '127.0.0.2', port: taken.port }], echo);
    await again.start();
    running.push(again);
  });

  it('says that a wildcard is in use by somebody else', async () => {
    const taken = (await serve(['127.0.0.1'])).addresses[0]!;
    const server = new DgramServer([{ address: '0.0.0.0', port: taken.port }], echo);
    await expect(server.start()).rejects.toMatchObject({ code: 'EADDRINUSE', port: taken.port });
  });
});
