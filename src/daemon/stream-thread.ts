/** The stream thread: DNS over TCP and TLS, apart from UDP so that slow connections delay no datagram. */
import { Counters } from '../base/counters.ts';
import { StreamServer } from '../transport/stream.ts';
import { runDataThread } from './datathread.ts';

runDataThread(
  (handed, respond, { listen, transport: { streams, tlsListen, proxies }, counters, mayShare }) =>
    new StreamServer(listen, respond, streams, {
      ...{ tlsListen, proxies, handed, mayShare },
      counters: new Counters(counters),
    }),
);
