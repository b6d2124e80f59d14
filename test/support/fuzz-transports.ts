/** Servers of src/transport in this process, for the fuzz over real sockets. */
import { loadLibc } from '../../src/transport/libc.ts';
import { StreamServer } from '../../src/transport/stream.ts';
import { BatchedServer } from '../../src/transport/udp-batched.ts';
import { DgramServer } from '../../src/transport/udp-dgram.ts';
import { FuzzTarget } from './fuzz-responses.ts';
import { fuzzDatagrams, fuzzStreams, respondOf } from './fuzz-sockets.ts';

const LOOPBACK = [{ address: '127.0.0.1', port: 0 }];

/** Runs the fuzz over one transport; returns the server's counters, or undefined if this machine lacks it. */
export async function fuzzTransports(
  transport: 'dgram' | 'batched' | 'stream',
  seed: number,
  count: number,
): Promise<{ readonly faults: number } | undefined> {
  const target = new FuzzTarget(seed);
  const server = makeServer(transport, target);
  if (server === undefined) return undefined;
  await server.start();
  try {
    const [to] = server.addresses;
    if (to === undefined) throw new Error('nothing is bound');
    if (transport === 'stream') await fuzzStreams(target, to, seed, count);
    else await fuzzDatagrams(target, to, seed, count);
  } finally {
    await server.stop();
  }
  return server.counters;
}

function makeServer(
  transport: 'dgram' | 'batched' | 'stream',
  target: FuzzTarget,
): DgramServer | BatchedServer | StreamServer | undefined {
  const respond = respondOf(target);
  if (transport === 'stream') return new StreamServer(LOOPBACK, respond);
  if (transport === 'dgram') return new DgramServer(LOOPBACK, respond);
  const libc = loadLibc();
  if (typeof libc === 'string') return undefined;
  // The server's thread is the client's: it must come back to the event loop often.
  return new BatchedServer(libc, LOOPBACK, respond, { receiveTimeoutMs: 1, batchesPerTurn: 1 });
}
