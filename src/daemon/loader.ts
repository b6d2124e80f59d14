/**
 * The loader thread: compiles zone files one after the other, so that a large zone holds up nothing else. It is given
 * lists of jobs, and replies by lists.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DiskFileStore } from '../store/files.ts';
import { readAhead } from '../store/keysahead.ts';
import { imageOctets } from '../zone/image.ts';
import { ImagePack } from '../zone/imagepack.ts';
import { foldReplies, unfoldJobs } from './columns.ts';
import { compactSoon, noteDropped } from './garbage.ts';
import { useHugePages } from './hugepages.ts';
import { LoadProgress, type NewJob } from './loadqueue.ts';
import { loadZone } from './loadzone.ts';
import type { JobColumns, LoadedZone, LoadJob, LoadOutcome, LoadReply } from './messages.ts';
import { setNiceness } from './precedence.ts';

/** Replies in a list: while the control plane works on them, the next are made. */
const MAX_REPLIES = 64;

const progress = new LoadProgress(workerData as SharedArrayBuffer);

/** What `nice` takes: half of the way to what runs only when nothing else wants to. */
const NICENESS = 10;
let isPolite = false;

/**
 * From the first zone on that is loaded in place of a served one, this thread gives way to those that answer. Before, at a
 * start, nobody waits for anything but this thread, unless keys are read ahead: then the control plane has more to do, and
 * what it has no time for yet takes memory.
 */
function bePolite(): void {
  isPolite = true;
  setNiceness(0, NICENESS);
}

function areOthersBusy({ servedDigest, keysDirectory }: LoadJob): boolean {
  return servedDigest !== undefined || keysDirectory !== undefined;
}

const files = new DiskFileStore();

/** Images of zones that come in a crowd. */
let pack: ImagePack | undefined;

parentPort?.on('message', (list: readonly (LoadJob | JobColumns)[]) => {
  const jobs = unfoldJobs(list);
  if (!isPolite && jobs.some(areOthersBusy)) bePolite();
  for (let at = 0; at < jobs.length; at += MAX_REPLIES) reply(jobs.slice(at, at + MAX_REPLIES));
  noteCrowd(jobs.length);
});

/** Jobs of a crowd, after which this heap is put in order: what comes then is a zone now and then. */
const CROWD_JOBS = 1_000;
const CROWD_OVER_MS = 1_000;
/** A start is a crowd, however few its zones are. */
let crowd = CROWD_JOBS;
let crowdOver: NodeJS.Timeout | undefined;

function noteCrowd(jobs: number): void {
  crowd += jobs;
  if (crowd < CROWD_JOBS) return;
  clearTimeout(crowdOver);
  crowdOver = setTimeout(() => {
    crowd = 0;
    compactSoon();
  }, CROWD_OVER_MS);
}

function reply(jobs: readonly LoadJob[]): void {
  // What lies in one pack goes when the last of it goes: a zone that is loaded alone shall not keep others.
  if (jobs.length < MAX_REPLIES) pack = undefined;
  else pack ??= new ImagePack();
  const replies: LoadReply[] = [];
  let dropped = 0;
  for (const { job, ...rest } of jobs) {
    progress.begin(job);
    const outcome = withKeys(loadZone(rest, pack), rest);
    replies.push({ job, outcome });
    // What was needed to make an image is about as large as the image.
    if (outcome.kind !== 'loaded') continue;
    dropped += octetsOf(outcome);
    useHugePages(outcome.image);
    if (outcome.denial.nsec3 !== null) useHugePages(outcome.denial.nsec3);
  }
  parentPort?.postMessage(foldReplies(replies));
  noteDropped(dropped);
}

/** What was loaded, with the keys of the zone if they are to be read ahead. */
function withKeys(outcome: LoadOutcome, { keysDirectory, origin }: NewJob): LoadOutcome {
  if (outcome.kind !== 'loaded' || keysDirectory === undefined) return outcome;
  return { ...outcome, keys: readAhead(files, keysDirectory, origin, Date.now()) };
}

function octetsOf({ image, denial: { nsec3 } }: LoadedZone): number {
  return imageOctets(image) + (nsec3 === null ? 0 : imageOctets(nsec3));
}
