/** A UDP thread: one of many with batched UDP, the only one with `node:dgram`, which cannot share a port. */
import { makeUdpServer } from '../transport/udp-choice.ts';
import { runDataThread } from './datathread.ts';

runDataThread((listen, respond, { udp }) => makeUdpServer(udp, listen, respond));
