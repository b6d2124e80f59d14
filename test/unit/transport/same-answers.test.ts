/** Both UDP transports carry the answers that the responder gives when it is called, octet by octet, whoever asks. */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../../src/transport/libc.ts';
import { BatchedServer } from '../../../src/transport/udp-batched.ts';
import { DgramServer } from '../../../src/transport/udp-dgram.ts';
import type { Peer, Respond } from '../../../src/wire/peer.ts';
import { DatagramClient } from '../../support/datagrams.ts';

const LISTEN = [{ address: '127.0.0.1', port: 0 }];
const libc = loadLibc();
const kinds = ['dgram', ...(typeof libc === 'object' ? ['batched'] : [])];

/** An answer that depends on all of the request: what is wrong with either shows. */
const respond: Respond = (request, octets, peer, response) => {
  const length = 12 + ((request[3]! * 256 + request[4]!) % 1_400);
  for (let i = 0; i < length; i++) response[i] = request[i % octets]! + i;
  response[0] = request[0]!;
  response[1] = request[1]!;
  response[2] = peer.family * 16 + octets;
  return length;
};

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it.each(kinds)('over %s', async (kind) => {
  const server =
    kind === 'dgram'
      ? new DgramServer(LISTEN, respond)
      : new BatchedServer(libc as Libc, LISTEN, respond, { receiveTimeoutMs: 1, batchesPerTurn: 1 });
  await server.start();
  ends.push(() => server.stop());
  const { port } = server.addresses[0]!;
  const clients = [1, 2, 3].map(() => new DatagramClient(port));
  ends.push(() => {
    for (const client of clients) client.close();
  });
  // Often of one length, so that they go in one message.
  const message = fc
    .tuple(
      fc.uint8Array({ minLength: 12, maxLength: 512, size: 'max' }),
      fc.option(fc.constantFrom(90, 1_220, 1_221), { freq: 2 }),
    )
    .map(([octets, length]) => {
      if (length !== null) octets.set([length >> 8, length & 255], 3);
      return octets;
    });
  const messages = fc.array(message, { minLength: 1, maxLength: 150, size: 'max' });
  const expected = new Uint8Array(2_000);
  await fc.assert(
    fc.asyncProperty(messages, fc.integer({ min: 1, max: 100 }), async (messages, inFlight) => {
      const answers = await Promise.all(clients.map((client) => client.askAll(messages, inFlight)));
      for (const ofClient of answers) {
        for (const [i, answer] of ofClient.entries()) {
          const request = messages[i]!.slice();
          request.set(answer!.subarray(0, 2));
          const length = respond(request, request.length, { family: 4 } as Peer, expected);
          expect(Buffer.from(answer!).toString('hex')).toBe(
            Buffer.from(expected.subarray(0, length)).toString('hex'),
          );
        }
      }
    }),
    { numRuns: 12 },
  );
  expect(server.counters.sendErrors).toBe(0);
});
