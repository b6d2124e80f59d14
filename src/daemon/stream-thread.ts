/** The stream thread: DNS over TCP and TLS, apart from UDP so that slow connections delay no datagram. */
import { StreamServer } from '../transport/stream.ts';
import { runDataThread } from './datathread.ts';

runDataThread(
  (listen, respond, { transport: { streams, tlsListen } }) =>
    new StreamServer(listen, respond, streams, { tlsListen }),
);
