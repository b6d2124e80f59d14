/**
 * A connection that waited for its peer to take a few octets waited for ever: a socket says 'drain' only of more than its
 * own mark, which is 16 KiB in Node 20 and 64 KiB from Node 22 on.
 */
import { expect, it } from 'vitest';
import { StreamServer } from '../../src/transport/stream.ts';
import { framed, message, StreamClient, sleep } from '../support/streamclient.ts';

/** Less than the mark of a socket in any version of Node. */
const ANSWER_OCTETS = 9_000;
/** More than the kernel's buffers of both ends take. */
const QUERIES = 2_000;
const QUERY_OCTETS = 31;

it('goes on answering after little was unsent', async () => {
  const limits = { pauseOctets: 0, stallMs: 5_000, queriesPerTurn: 1 };
  const server = new StreamServer(
    [{ address: '127.0.0.1', port: 0 }],
    (request, _octets, _peer, response) => {
      response.set(request.subarray(0, 2));
      return ANSWER_OCTETS;
    },
    limits,
  );
  await server.start();
  const client = await StreamClient.open(server.addresses[0]!);
  try {
    client.socket.pause();
    client.send(framed(...Array.from({ length: QUERIES }, (_, id) => message(id, QUERY_OCTETS - 2))));
    for (let answered = -1; answered < server.counters.answers; await sleep(100))
      answered = server.counters.answers;
    expect(server.counters.answers).toBeLessThan(QUERIES);
    client.socket.resume();
    expect(await client.ids(QUERIES)).toHaveLength(QUERIES);
    expect(server.counters).toMatchObject({ answers: QUERIES, stalled: 0 });
  } finally {
    await client.close();
    await server.stop();
  }
});
