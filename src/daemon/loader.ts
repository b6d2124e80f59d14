/**
 * The loader thread: compiles zone files one after the other, so that a large zone holds up nothing else. It is given
 * lists of jobs, and replies by lists.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ZoneImage } from '../zone/image.ts';
import { ImagePack } from '../zone/imagepack.ts';
import { noteDropped } from './garbage.ts';
import { LoadProgress } from './loadqueue.ts';
import { loadZone } from './loadzone.ts';
import type { LoadedZone, LoadJob, LoadReply } from './messages.ts';

/** Replies in a list: while the control plane works on them, the next are made. */
const MAX_REPLIES = 32;

const progress = new LoadProgress(workerData as SharedArrayBuffer);

/** Images of zones that come in a crowd. */
let pack: ImagePack | undefined;

parentPort?.on('message', (jobs: readonly LoadJob[]) => {
  for (let at = 0; at < jobs.length; at += MAX_REPLIES) reply(jobs.slice(at, at + MAX_REPLIES));
});

function reply(jobs: readonly LoadJob[]): void {
  // What lies in one pack goes when the last of it goes: a zone that is loaded alone shall not keep others.
  if (jobs.length < MAX_REPLIES) pack = undefined;
  else pack ??= new ImagePack();
  const replies: LoadReply[] = [];
  let dropped = 0;
  for (const { job, ...rest } of jobs) {
    progress.begin(job);
    const outcome = loadZone(rest, pack);
    replies.push({ job, outcome });
    // What was needed to make an image is about as large as the image.
    if (outcome.kind === 'loaded') dropped += octetsOf(outcome);
  }
  parentPort?.postMessage(replies);
  noteDropped(dropped);
}

function octetsOf({ image, denial: { nsec3 } }: LoadedZone): number {
  return ZoneImage.open(image).octets + (nsec3 === null ? 0 : ZoneImage.open(nsec3).octets);
}
