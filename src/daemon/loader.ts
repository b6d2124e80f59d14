/** The loader thread: compiles zone files one after the other, so that a large zone holds up nothing else. */
import { parentPort } from 'node:worker_threads';
import { noteDropped } from './garbage.ts';
import { loadZone } from './loadzone.ts';
import type { LoadJob, LoadReply } from './messages.ts';

parentPort?.on('message', ({ job, ...rest }: LoadJob) => {
  const outcome = loadZone(rest);
  parentPort?.postMessage({ job, outcome } satisfies LoadReply);
  // What was needed to make an image is about as large as the image.
  if (outcome.kind !== 'loaded') return;
  noteDropped(outcome.image.byteLength + (outcome.denial.nsec3?.byteLength ?? 0));
});
