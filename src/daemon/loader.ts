/** The loader thread: compiles zone files one after the other, so that a large zone holds up nothing else. */
import { parentPort } from 'node:worker_threads';
import { loadZone } from './loadzone.ts';
import type { LoadJob, LoadReply } from './messages.ts';

parentPort?.on('message', ({ job, ...rest }: LoadJob) => {
  parentPort?.postMessage({ job, outcome: loadZone(rest) } satisfies LoadReply);
});
