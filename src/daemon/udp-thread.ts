/** A UDP thread: one of many with batched UDP, the only one with `node:dgram`, which cannot share a port. */
import { Counters } from '../base/counters.ts';
import { makeUdpServer } from '../transport/udp-choice.ts';
import { runDataThread } from './datathread.ts';

runDataThread((handed, respond, { listen, udp, counters, transport: { proxies }, steering }) =>
  makeUdpServer(udp, listen, respond, new Counters(counters), { proxies, handed, steering }),
);
