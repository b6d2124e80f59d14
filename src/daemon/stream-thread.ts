/** The stream thread: DNS over TCP, apart from UDP so that slow connections delay no datagram. */
import { StreamServer } from '../transport/stream.ts';
import { runDataThread } from './datathread.ts';

runDataThread((listen, respond, { transport }) => new StreamServer(listen, respond, transport.streams));
