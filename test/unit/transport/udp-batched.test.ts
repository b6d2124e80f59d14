import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../../src/transport/libc.ts';
import { type ListenAddress, ListenError } from '../../../src/transport/listen.ts';
import { type BatchedOptions, BatchedServer } from '../../../src/transport/udp-batched.ts';
import type { Respond } from '../../../src/wire/peer.ts';
import { echo, message, sleep } from '../../support/streamclient.ts';

const libc = loadLibc();
/** The server's thread is this one: it must come back to the event loop often. */
const QUICK: Partial<BatchedOptions> = { receiveTimeoutMs: 1, batchesPerTurn: 1 };
const running: BatchedServer[] = [];

async function serve(
  listen: readonly (string | ListenAddress)[],
  respond: Respond = echo,
  options: Partial<BatchedOptions> = {},
  kernel = libc as Libc,
): Promise<BatchedServer> {
  const addresses = listen.map((item) => (typeof item === 'string' ? { address: item, port: 0 } : item));
  const server = new BatchedServer(kernel, addresses, respond, { ...QUICK, ...options });
  await server.start();
  running.push(server);
  return server;
}

/** The kernel, where no path takes a message that is to be cut into several datagrams. */
function uncutting(real: Libc): Libc {
  let memory = { address: 0n, words: new BigUint64Array() };
  return {
    ...real,
    map: (octets) => {
      const mapped = real.map(octets);
      memory = { address: mapped.address, words: new BigUint64Array(mapped.buffer) };
      return mapped;
    },
    sendmmsg: (fd, headers, count, flags) => {
      // struct mmsghdr has 8 words; the fourth is the number of iovecs.
      const first = Number((headers - memory.address) >> 3n);
      const whole = Array.from({ length: count }, (_, i) => memory.words[first + i * 8 + 3] === 1n).indexOf(
        false,
      );
      if (whole === 0) return -1;
      return real.sendmmsg(fd, headers, whole < 0 ? count : whole, flags);
    },
  };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Sends queries from a connected socket, which hears the asked address only; resolves with the answers by id. */
async function ask(
  to: ListenAddress,
  queries: readonly Uint8Array[],
  waitMs = 1_000,
): Promise<Map<number, Uint8Array>> {
  const socket = createSocket({ type: to.address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  const answers = new Map<number, Uint8Array>();
  try {
    await new Promise<void>((resolve) => socket.connect(to.port, to.address, resolve));
    socket.on('message', (octets) => answers.set(octets.readUInt16BE(0), new Uint8Array(octets)));
    socket.on('error', () => answers);
    for (const query of queries) socket.send(query);
    const until = performance.now() + waitMs;
    while (answers.size < queries.length && performance.now() < until) await sleep(2);
    return answers;
  } finally {
    socket.close();
  }
}

describe('loadLibc', () => {
  it('finds the C library on Linux, or says why not', () => {
    if (process.platform === 'linux' && process.arch === 'x64') expect(libc).toBeTypeOf('object');
    else expect(typeof libc === 'string' || typeof libc === 'object').toBe(true);
  });
});

describe.runIf(typeof libc === 'object')('BatchedServer', () => {
  it('answers on several addresses of both families', async () => {
    const server = await serve(['127.0.0.1', '127.0.0.2', '::1']);
    for (const [i, bound] of server.addresses.entries()) {
      expect([...(await ask(bound, [message(i)])).keys()]).toEqual([i]);
    }
    expect(server.counters).toMatchObject({ received: 3, sent: 3, sendErrors: 0 });
  });

  it('answers a wildcard from the address that was asked', async () => {
    const server = await serve(['0.0.0.0', '::']);
    const [ipv4, ipv6] = server.addresses;
    for (const address of ['127.0.0.1', '127.0.0.2', '127.9.9.9']) {
      expect((await ask({ address, port: ipv4!.port }, [message(7)])).size).toBe(1);
    }
    expect((await ask({ address: '::1', port: ipv6!.port }, [message(8)])).size).toBe(1);
  });

  it('keeps answers apart in full batches, and leaves out what has no answer', async () => {
    const server = await serve(['127.0.0.1'], (request, octets, peer, response) =>
      request[1]! % 5 === 0 ? 0 : echo(request, octets, peer, response),
    );
    const queries = Array.from({ length: 500 }, (_, id) => message(id, 12 + (id % 400)));
    const answers = await ask(server.addresses[0]!, queries, 500);
    const expected = queries.filter((query) => query[1]! % 5 !== 0);
    expect(answers.size).toBe(expected.length);
    for (const query of expected) {
      query[2]! |= 0x80;
      expect(answers.get((query[0]! << 8) | query[1]!)).toEqual(query);
    }
  });

  it.each([
    ['together', libc, true],
    ['apart', libc, false],
    ['together, which the path does not take', typeof libc === 'object' ? uncutting(libc) : libc, true],
  ] as const)('sends the answers to each of several peers: %s', async (way, kernel, sendsTogether) => {
    const server = await serve(['0.0.0.0', '::1'], echo, { sendsTogether }, kernel as Libc);
    const [ipv4, ipv6] = server.addresses;
    // Of three lengths, one of them beyond what is sent together, and from two of our addresses.
    const queries = Array.from({ length: 200 }, (_, id) => message(id, [100, 1232, 1233][id % 3]));
    const peers = ['127.0.0.1', '127.0.0.1', '127.0.0.2'].map((address) => ({ address, port: ipv4!.port }));
    const answers = await Promise.all([...peers, ipv6!].map((peer) => ask(peer, queries, 2_000)));
    for (const query of queries) query[2]! |= 0x80;
    for (const ofPeer of answers)
      expect([...ofPeer.keys()].sort((a, b) => a - b)).toEqual(queries.map((_, id) => id));
    for (const ofPeer of answers) for (const [id, octets] of ofPeer) expect(octets).toEqual(queries[id]);
    const { sent, sentTogether, sendErrors } = server.counters;
    expect({ sent, sendErrors }).toEqual({ sent: 800, sendErrors: 0 });
    if (way === 'together') expect(sentTogether).toBeGreaterThan(100);
    else expect(sentTogether).toBe(0);
  });

  it('tells the responder who asks', async () => {
    const seen: string[] = [];
    const server = await serve(['::1'], (request, octets, peer, response) => {
      seen.push(`${peer.transport} ${peer.family} ${peer.address} ${peer.port > 0}`);
      return echo(request, octets, peer, response);
    });
    await ask(server.addresses[0]!, [message(1)]);
    expect(seen).toEqual(['udp 6 ::1 true']);
  });

  it('tells the responder when a batch is full, so that more wait', async () => {
    const seen: boolean[] = [];
    const server = await serve(
      ['127.0.0.1'],
      (request, octets, peer, response) => {
        seen.push(peer.isBehind);
        return echo(request, octets, peer, response);
      },
      { batch: 4 },
    );
    const [bound] = server.addresses;
    // All are sent in one turn of the event loop, which is the server's too.
    expect(
      (
        await ask(
          bound!,
          Array.from({ length: 42 }, (_, id) => message(id)),
        )
      ).size,
    ).toBe(42);
    expect(seen.slice(0, 40)).toEqual(Array(40).fill(true));
    expect(seen.slice(40)).toEqual([false, false]);
  });

  it('survives a responder that throws, says nothing or claims too much', async () => {
    const server = await serve(['127.0.0.1'], (request, octets, peer, response) => {
      if (request[1] === 1) throw new Error('a bug');
      if (request[1] === 2) return 0;
      if (request[1] === 3) return response.length + 1;
      return echo(request, octets, peer, response);
    });
    const answers = await ask(
      server.addresses[0]!,
      [1, 2, 3, 4].map((id) => message(id)),
      200,
    );
    expect([...answers.keys()]).toEqual([4]);
    expect(server.counters).toMatchObject({ faults: 2, unanswered: 1, sent: 1, received: 4 });
  });

  it('shares a port among servers, as threads do', async () => {
    const first = await serve(['127.0.0.1']);
    const second = await serve([first.addresses[0]!]);
    for (let i = 0; i < 60; i++) expect((await ask(first.addresses[0]!, [message(i)])).size).toBe(1);
    expect(first.counters.received + second.counters.received).toBe(60);
    expect(first.counters.received).toBeGreaterThan(0);
    expect(second.counters.received).toBeGreaterThan(0);
  });

  it('answers what arrived before stop, then closes', async () => {
    const server = await serve(['127.0.0.1']);
    const bound = server.addresses[0]!;
    const socket = createSocket('udp4');
    let answers = 0;
    socket.on('message', () => answers++);
    const sent = Array.from({ length: 100 }, (_, id) => {
      return new Promise((resolve) => socket.send(message(id), bound.port, bound.address, resolve));
    });
    await Promise.all(sent);
    await server.stop();
    await expect.poll(() => answers).toBe(100);
    expect(server.addresses).toEqual([]);
    socket.close();
  });

  it('says which address and port are in use by somebody else, and leaves nothing open', async () => {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    const taken = { address: '127.0.0.1', port: other.address().port };
    const server = new BatchedServer(libc as Libc, [{ address: '127.0.0.2', port: 0 }, taken], echo);
    const error = await server.start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ transport: 'udp', code: 'EADDRINUSE', ...taken });
    expect(server.addresses).toEqual([]);
    other.close();
  });
});
