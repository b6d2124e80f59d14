import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { StreamLimits } from '../../../src/transport/limits.ts';
import { ListenError } from '../../../src/transport/listen.ts';
import { StreamServer } from '../../../src/transport/stream.ts';
import type { Respond } from '../../../src/wire/peer.ts';
import { echo, framed, hasIpv6, message, StreamClient, sleep } from '../../support/streamclient.ts';

const running: StreamServer[] = [];
const clients: StreamClient[] = [];

async function serve(
  limits: Partial<StreamLimits> = {},
  respond: Respond = echo,
  address = '127.0.0.1',
): Promise<StreamServer> {
  const server = new StreamServer([{ address, port: 0 }], respond, {
    drainMs: 200,
    handshakeMs: 10,
    ...limits,
  });
  await server.start();
  running.push(server);
  return server;
}

async function open(server: StreamServer, localAddress?: string): Promise<StreamClient> {
  const client = await StreamClient.open(server.addresses[0]!, localAddress);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('StreamServer: messages', () => {
  it('answers one query, its octets kept', async () => {
    const client = await open(await serve());
    client.send(framed(message(7)));
    const expected = message(7);
    expected[2]! |= 0x80;
    expect(await client.next()).toEqual(expected);
  });

  it('answers a pipeline in one segment in order, more than one turn of it', async () => {
    const server = await serve({ queriesPerTurn: 10 });
    const client = await open(server);
    client.send(framed(...range(1_000).map((id) => message(id))));
    expect(await client.ids(1_000)).toEqual(range(1_000));
    expect(server.counters).toMatchObject({ queries: 1_000, answers: 1_000, open: 1 });
  });

  it('lets another connection have its turn between the turns of a long pipeline', async () => {
    const order: number[] = [];
    const server = await serve({ queriesPerTurn: 5 }, (request, octets, peer, response) => {
      order.push((request[0]! << 8) | request[1]!);
      return echo(request, octets, peer, response);
    });
    const [long, short] = [await open(server), await open(server)];
    long.send(framed(...range(2_000).map((id) => message(id))));
    short.send(framed(message(60_000)));
    await Promise.all([long.ids(2_000), short.ids(1)]);
    expect(order.indexOf(60_000)).toBeLessThan(1_999);
  });

  it('puts messages together from segments of one octet', async () => {
    const client = await open(await serve());
    for (const octet of framed(message(1), message(2))) {
      client.send(Uint8Array.of(octet));
      await sleep(1);
    }
    expect(await client.ids(2)).toEqual([1, 2]);
  });

  it('cuts segments anywhere', async () => {
    const client = await open(await serve());
    const stream = framed(...range(40).map((id) => message(id, 12 + ((id * 37) % 90))));
    for (let at = 0; at < stream.length; at += 61) {
      client.send(stream.subarray(at, at + 61));
      await sleep(1);
    }
    expect(await client.ids(40)).toEqual(range(40));
  });

  it('cuts any messages out of any segments', async () => {
    const server = await serve({ queriesPerTurn: 4 });
    const message12to300 = fc.integer({ min: 12, max: 300 });
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(message12to300, { minLength: 1, maxLength: 20 }),
        cuts,
        async (sizes, lengths) => {
          const client = await open(server);
          const messages = sizes.map((octets, id) => message(id, octets));
          const stream = framed(...messages);
          for (let at = 0, i = 0; at < stream.length; i++) {
            const next = at + lengths[i % lengths.length]!;
            client.send(stream.subarray(at, next));
            at = next;
            if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          client.socket.end();
          for (const each of messages) {
            each[2]! |= 0x80;
            expect(await client.next()).toEqual(each);
          }
          expect(await client.next()).toBeUndefined();
          await client.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('outlives any octets', async () => {
    const server = await serve({ messageMs: 50 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), async (octets) => {
        const client = await open(server);
        client.socket.end(octets);
        while ((await client.next()) !== undefined);
        await client.close();
      }),
      { numRuns: 60 },
    );
    await expect.poll(() => server.counters.open).toBe(0);
    const client = await open(server);
    client.send(framed(message(1)));
    expect(await client.ids(1)).toEqual([1]);
  });

  it('writes an answer of 65,535 octets', async () => {
    const client = await open(
      await serve({}, (request, _octets, _peer, response) => {
        response.fill(request[1]!);
        return response.length;
      }),
    );
    client.send(framed(message(5), message(6)));
    expect(await client.next()).toEqual(new Uint8Array(65_535).fill(5));
    expect(await client.next()).toEqual(new Uint8Array(65_535).fill(6));
  });

  it('goes on after a message that gets no answer', async () => {
    const client = await open(
      await serve({}, (request, octets, peer, response) =>
        request[1] === 1 ? 0 : echo(request, octets, peer, response),
      ),
    );
    client.send(framed(message(1), message(2)));
    expect(await client.ids(1)).toEqual([2]);
  });

  it('tells the responder who asks', async () => {
    const seen: string[] = [];
    const client = await open(
      await serve({}, (request, octets, peer, response) => {
        seen.push(`${peer.transport} ${peer.family} ${peer.address} ${peer.port} ${peer.octets.slice(0, 4)}`);
        return echo(request, octets, peer, response);
      }),
    );
    client.send(framed(message(1)));
    await client.next();
    expect(seen).toEqual([`tcp 4 127.0.0.1 ${client.socket.localPort} 127,0,0,1`]);
  });
});

describe('StreamServer: ends', () => {
  it('answers everything to a client that half-closes, then closes', async () => {
    const server = await serve({ queriesPerTurn: 3 });
    const client = await open(server);
    client.socket.end(framed(...range(100).map((id) => message(id))));
    expect(await client.ids(101)).toEqual(range(100));
    await client.closed;
    await expect.poll(() => server.counters.open).toBe(0);
    expect(server.counters).toMatchObject({ answers: 100, socketErrors: 0 });
  });

  it('closes for a client that half-closes within a message', async () => {
    const client = await open(await serve());
    client.socket.end(framed(message(1), message(2)).subarray(0, -1));
    expect(await client.ids(2)).toEqual([1]);
    await client.closed;
  });

  it.each([
    ['0', Uint8Array.of(0, 0)],
    ['11', framed(message(1, 12).subarray(0, 11))],
    ['more than the limit', Uint8Array.of(0x40, 1)],
  ])('closes on a length of %s, after the answers before it', async (_length, garbage) => {
    const server = await serve();
    const client = await open(server);
    client.send(Buffer.concat([framed(message(9)), garbage]));
    expect(await client.ids(2)).toEqual([9]);
    expect(server.counters.garbage).toBe(1);
  });

  it('closes the connection, not the process, if the responder throws', async () => {
    const server = await serve({}, () => {
      throw new Error('a bug');
    });
    const client = await open(server);
    client.send(framed(message(1)));
    expect(await client.next()).toBeUndefined();
    const other = await open(server);
    other.send(framed(message(1)));
    expect(await other.next()).toBeUndefined();
    expect(server.counters.faults).toBe(2);
  });

  it('answers what was sent before stop, then closes and refuses', async () => {
    const server = await serve({ drainMs: 1_000 });
    const client = await open(server);
    client.send(framed(...range(200).map((id) => message(id))));
    await sleep(5);
    const address = server.addresses[0]!;
    const stopped = server.stop();
    expect(await client.ids(201)).toEqual(range(200));
    await stopped;
    await expect(StreamClient.open(address)).rejects.toThrow('ECONNREFUSED');
  });

  it('stops in time although clients neither read nor finish', async () => {
    const server = await serve({ drainMs: 100 });
    const client = await open(server);
    client.send(framed(message(1)).subarray(0, 5));
    await sleep(10);
    const startedAt = performance.now();
    await server.stop();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(server.counters.open).toBe(0);
  });
});

describe('StreamServer: limits', () => {
  it('closes a connection without a query, and one that fell silent', async () => {
    const server = await serve({ idleMs: 80 });
    const [mute, silent] = [await open(server), await open(server)];
    silent.send(framed(message(1)));
    expect(await silent.ids(2)).toEqual([1]);
    expect(await mute.next()).toBeUndefined();
    expect(server.counters.idle).toBe(2);
  });

  it('keeps a connection that goes on asking', async () => {
    const client = await open(await serve({ idleMs: 600 }));
    for (const id of range(16)) {
      client.send(framed(message(id)));
      expect(await client.ids(1)).toEqual([id]);
      await sleep(50);
    }
  });

  it('closes on a message that does not come to its end, however many octets drip', async () => {
    const server = await serve({ messageMs: 100 });
    const client = await open(server);
    const startedAt = performance.now();
    for (const octet of framed(message(1, 500))) {
      if (client.hasEnded) break;
      client.send(Uint8Array.of(octet));
      await sleep(10);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(server.counters.late).toBe(1);
  });

  it('stops reading from a client that does not read, then gives up on it', async () => {
    const server = await serve({ stallMs: 800 }, (_request, _octets, _peer, response) => response.length);
    const client = await open(server);
    client.socket.pause();
    // More than the kernel keeps for a reader that has stopped: what is over must stay with the client.
    client.send(Buffer.alloc(10 << 20, framed(message(1))));
    await sleep(400);
    expect(server.counters.answers).toBeLessThan(1_000);
    expect(client.socket.writableLength).toBeGreaterThan(1 << 20);
    const other = await open(server);
    other.send(framed(message(1)));
    expect((await other.next())?.length).toBe(65_535);
    await expect.poll(() => server.counters, { timeout: 5_000 }).toMatchObject({ stalled: 1, open: 1 });
  });

  it('answers all to a client that reads slowly', async () => {
    const server = await serve({ stallMs: 5_000 }, (request, _octets, _peer, response) => {
      response[0] = request[0]!;
      response[1] = request[1]!;
      return 20_000;
    });
    const client = await open(server);
    client.socket.pause();
    client.send(framed(...range(1_000).map((id) => message(id))));
    await sleep(100);
    expect(server.counters.answers).toBeLessThan(1_000);
    client.socket.resume();
    expect(await client.ids(1_000)).toEqual(range(1_000));
  });

  it('does not blame a client for the rest of a message while it is not read', async () => {
    const limits = { messageMs: 400, stallMs: 5_000, pauseOctets: 0 };
    const server = await serve(limits, (request, _octets, _peer, response) => {
      response[0] = request[0]!;
      response[1] = request[1]!;
      return 60_000;
    });
    const client = await open(server);
    client.socket.pause();
    // Every segment ends within a message; their answers fill the buffers of the kernel.
    const stream = framed(...range(200).map((id) => message(id)));
    for (let at = 0; at < stream.length - 31; at += 31) {
      client.send(stream.subarray(Math.max(0, at - 24), at + 7));
      await sleep(1);
    }
    const answered = server.counters.answers;
    expect(answered).toBeLessThan(198);
    await sleep(700);
    expect(server.counters).toMatchObject({ answers: answered, late: 0, open: 1 });
    client.socket.resume();
    client.send(stream.subarray(198 * 31 + 7));
    expect(await client.ids(200)).toEqual(range(200));
    expect(server.counters.late).toBe(0);
  });

  it('destroys a connection whose unsent octets pass the cap', async () => {
    const server = await serve({ maxUnsentOctets: 100_000, pauseOctets: 1 << 30 }, (_r, _o, _p, response) => {
      return response.length;
    });
    const client = await open(server);
    client.socket.pause();
    client.send(framed(...range(2_000).map((id) => message(id))));
    await expect.poll(() => server.counters.stalled).toBe(1);
    expect(server.counters.open).toBe(0);
  });

  it('refuses more connections than one address may have, and takes them when others close', async () => {
    const server = await serve({ maxConnectionsPerAddress: 2 });
    const first = await open(server);
    await open(server);
    expect(await (await open(server)).next()).toBeUndefined();
    const elsewhere = await open(server, '127.0.0.2');
    elsewhere.send(framed(message(3)));
    expect(await elsewhere.ids(1)).toEqual([3]);
    await first.close();
    await expect.poll(() => server.counters.open).toBe(2);
    const next = await open(server);
    next.send(framed(message(4)));
    expect(await next.ids(1)).toEqual([4]);
    expect(server.counters.refused).toBe(1);
  });

  it('makes room by closing the connection that was silent longest', async () => {
    const server = await serve({ maxConnections: 2, evictAfterMs: 50 });
    const [first, second] = [await open(server), await open(server)];
    await sleep(80);
    first.send(framed(message(1)));
    expect(await first.ids(1)).toEqual([1]);
    const third = await open(server);
    third.send(framed(message(3)));
    expect(await third.ids(1)).toEqual([3]);
    expect(await second.next()).toBeUndefined();
    first.send(framed(message(2)));
    expect(await first.ids(1)).toEqual([2]);
    expect(server.counters).toMatchObject({ evicted: 1, refused: 0, open: 2 });
  });

  it('refuses when full of connections that are in use', async () => {
    const server = await serve({ maxConnections: 1, evictAfterMs: 60_000 });
    const first = await open(server);
    expect(await (await open(server)).next()).toBeUndefined();
    first.send(framed(message(1)));
    expect(await first.ids(1)).toEqual([1]);
    expect(server.counters).toMatchObject({ refused: 1, evicted: 0, open: 1 });
  });
});

describe('StreamServer: memory of all connections', () => {
  it('lets go of the answers of those silent longest, not of those who ask now', async () => {
    const limits = { maxHeldOctets: 1 << 20, maxUnsentOctets: 1 << 30, stallMs: 60_000 };
    const server = await serve(limits, (request, octets, peer, response) =>
      request[0] === 0 ? response.length : echo(request, octets, peer, response),
    );
    const greedy: StreamClient[] = [];
    // What the kernel keeps for those who do not read is some megabytes for each.
    for (let i = 0; i < 6; i++) {
      const client = await open(server, `127.0.0.${10 + i}`);
      client.socket.pause();
      client.send(Buffer.alloc(1 << 20, framed(message(1))));
      greedy.push(client);
    }
    await expect.poll(() => server.counters.evicted).toBeGreaterThan(0);
    await sleep(100);
    expect(server.counters.held).toBeLessThan(limits.maxHeldOctets + (256 << 10));
    const other = await open(server);
    other.send(framed(message(256)));
    expect(await other.ids(1)).toEqual([256]);
    await Promise.all(greedy.map((client) => client.close()));
    await expect.poll(() => server.counters.held).toBe(0);
  });

  it('counts the octets of unfinished queries', async () => {
    const server = await serve({ maxHeldOctets: 10_000 });
    const slow = [];
    for (let i = 0; i < 4; i++) {
      const client = await open(server);
      client.send(framed(message(i, 4_000)).subarray(0, 3_000));
      slow.push(client);
      await expect.poll(() => server.counters.held + 3_000 * server.counters.evicted).toBe(3_000 * (i + 1));
    }
    expect(await slow[0]!.next()).toBeUndefined();
    expect(server.counters).toMatchObject({ evicted: 1, held: 9_000, open: 3 });
  });
});

describe('StreamServer: listening', () => {
  it.skipIf(!hasIpv6)('serves IPv6', async () => {
    const seen: string[] = [];
    const server = await serve(
      {},
      (request, octets, peer, response) => {
        seen.push(`${peer.family} ${peer.address}`);
        return echo(request, octets, peer, response);
      },
      '::1',
    );
    const client = await open(server);
    client.send(framed(message(1)));
    expect(await client.ids(1)).toEqual([1]);
    expect(seen).toEqual(['6 ::1']);
  });

  it('says which address and port are in use, and leaves nothing open', async () => {
    const taken = (await serve()).addresses[0]!;
    const server = new StreamServer([{ address: '127.0.0.2', port: taken.port }, taken], echo);
    const error = await server.start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ transport: 'tcp', code: 'EADDRINUSE', ...taken });
    expect(server.addresses).toEqual([]);
    await expect(StreamClient.open({ address: '127.0.0.2', port: taken.port })).rejects.toThrow();
  });
});
