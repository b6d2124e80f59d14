/** A UDP thread. One today: `node:dgram` cannot share a port among threads; the batched transport will. */
import { DgramServer } from '../transport/udp-dgram.ts';
import { runDataThread } from './datathread.ts';

runDataThread((listen, respond) => new DgramServer(listen, respond));
