/**
 * Messages about many zones, in columns. Each object in a message names its fields anew, and what a thread says of a small
 * zone costs more to serialise than the zone to load. So runs of messages that say the same of many zones cross as one:
 * what they share once, and a list for each of the rest. All other messages stay as they are, in their places.
 */
import { isDeepStrictEqual } from 'node:util';
import { unsignedEpoch } from '../signer/epoch.ts';
import { nameOctets } from '../wire/name.ts';
import type { PackedImage } from '../zone/image.ts';
import type {
  JobColumns,
  LoadedZone,
  LoadJob,
  LoadReply,
  Publication,
  PublicationColumns,
  PublicationRows,
  ReplyColumns,
  ToData,
} from './messages.ts';
import { areSignedAlike, rowsOf } from './signedrows.ts';

/** The list with every run of alike items in columns. */
function folded<T, C>(
  list: readonly T[],
  isAlike: (one: T, other: T) => boolean,
  columnsOf: (run: readonly T[]) => C,
): (T | C)[] {
  const found: (T | C)[] = [];
  for (let from = 0, to = 0; from < list.length; from = to) {
    for (to = from + 1; to < list.length && isAlike(list[from]!, list[to]!); ) to++;
    found.push(to - from === 1 ? list[from]! : columnsOf(list.slice(from, to)));
  }
  return found;
}

// ---- Jobs of the loader ----

export function foldJobs(jobs: readonly LoadJob[]): (LoadJob | JobColumns)[] {
  return folded(jobs, areFirstLoads, (run) => {
    const { origin: _origin, octets: _octets, ...common } = run[0]!;
    return {
      kind: 'jobs',
      common,
      jobs: run.map(({ job }) => job),
      files: run.map(({ file }) => file),
      origins: Buffer.concat(run.map(({ origin }) => origin)),
      octets: run.map(({ octets }) => octets),
      expected: run.map(({ expected }) => expected),
      fresh: run.map(({ isFresh }) => isFresh),
    };
  });
}

/** Zones of one policy of which nothing was known before. */
function areFirstLoads(one: LoadJob, other: LoadJob): boolean {
  const isPlain = ({ servedDigest, derived, serial }: LoadJob) =>
    servedDigest === undefined && (derived ?? []).length === 0 && serial?.before === undefined;
  return (
    isPlain(one) &&
    isPlain(other) &&
    one.directory === other.directory &&
    one.limitOctets === other.limitOctets &&
    one.seed === other.seed &&
    one.keysDirectory === other.keysDirectory &&
    one.serial?.mode === other.serial?.mode &&
    one.serial?.now === other.serial?.now &&
    (one.zonemd === other.zonemd || isDeepStrictEqual(one.zonemd, other.zonemd)) &&
    (one.denial === other.denial || isDeepStrictEqual(one.denial, other.denial))
  );
}

export function unfoldJobs(list: readonly (LoadJob | JobColumns)[]): LoadJob[] {
  return list.flatMap((item) => (isJobColumns(item) ? jobsOf(item) : [item]));
}

function isJobColumns(item: LoadJob | JobColumns): item is JobColumns {
  return 'kind' in item;
}

/** Names end by themselves, so that they need nothing between them. */
function jobsOf({ common, jobs, files, origins, octets, expected, fresh }: JobColumns): LoadJob[] {
  let at = 0;
  return jobs.map((job, i) => {
    const from = at;
    at += nameOctets(origins, at);
    const size = octets[i];
    return {
      ...common,
      job,
      file: files[i]!,
      origin: origins.subarray(from, at),
      ...(size !== undefined && { octets: size }),
      expected: expected[i],
      isFresh: fresh[i]!,
    };
  });
}

// ---- Replies of the loader ----

export function foldReplies(replies: readonly LoadReply[]): (LoadReply | ReplyColumns)[] {
  return folded(replies, areTogether, (run) => {
    const zones = run.map(({ outcome }) => outcome as LoadedZone);
    const images = zones.map(({ image }) => image as PackedImage);
    return {
      kind: 'replies',
      jobs: run.map(({ job }) => job),
      memory: images[0]!.memory,
      ats: images.map(({ at }) => at),
      mode: zones[0]!.denial.mode,
      digests: zones.map(({ digest }) => digest),
      keys: zones.map(({ keys }) => keys),
      tookMs: zones.map(({ tookMs }) => tookMs),
    };
  });
}

/** Two zones in one memory of which there is nothing to tell. */
function areTogether({ outcome: one }: LoadReply, { outcome: other }: LoadReply): boolean {
  const memory = memoryOfQuiet(one);
  if (memory === undefined || memory !== memoryOfQuiet(other)) return false;
  return (one as LoadedZone).denial.mode === (other as LoadedZone).denial.mode;
}

function memoryOfQuiet(outcome: LoadReply['outcome']): SharedArrayBuffer | undefined {
  if (outcome.kind !== 'loaded' || outcome.denial.nsec3 !== null) return undefined;
  const { image, diagnostics, includes, foreignKeys, foreignCds } = outcome;
  const told = diagnostics.length + includes.length + foreignKeys.length + foreignCds.length;
  return told > 0 || image instanceof SharedArrayBuffer ? undefined : image.memory;
}

export function unfoldReplies(list: readonly (LoadReply | ReplyColumns)[]): LoadReply[] {
  return list.flatMap((item) => ('kind' in item ? repliesOf(item) : [item]));
}

const NOTHING: readonly never[] = [];

function repliesOf({ jobs, memory, ats, mode, digests, keys, tookMs }: ReplyColumns): LoadReply[] {
  const denial = { mode, nsec3: null };
  const common = {
    ...{ kind: 'loaded' as const, denial },
    ...{ diagnostics: NOTHING, includes: NOTHING, foreignKeys: NOTHING, foreignCds: NOTHING },
  };
  return jobs.map((job, i) => ({
    job,
    outcome: {
      ...common,
      ...{ image: { memory, at: ats[i]! }, digest: digests[i]!, keys: keys[i], tookMs: tookMs[i]! },
    },
  }));
}

// ---- What data threads serve ----

export function foldPublications(messages: readonly ToData[]): ToData[] {
  const areAlike = (one: ToData, other: ToData) => areInOneMemory(one, other) || areSignedAlike(one, other);
  return folded<ToData, PublicationColumns | PublicationRows>(messages, areAlike, (run) => {
    const publications = run as readonly Publication[];
    if (publications[0]!.epoch.denial !== null) return rowsOf(publications);
    const images = publications.map(({ epoch }) => epoch.image as PackedImage);
    return {
      kind: 'publishMany',
      version: publications.at(-1)!.version,
      ids: publications.map(({ id }) => id),
      memory: images[0]!.memory,
      ats: images.map(({ at }) => at),
    };
  });
}

function areInOneMemory(one: ToData, other: ToData): boolean {
  const memory = memoryOfUnsigned(one);
  return memory !== undefined && memory === memoryOfUnsigned(other);
}

function memoryOfUnsigned(message: ToData): SharedArrayBuffer | undefined {
  if (message.kind !== 'publish' || message.epoch.denial !== null) return undefined;
  const { image } = message.epoch;
  return image instanceof SharedArrayBuffer ? undefined : image.memory;
}

/** Calls `publish` for each zone. */
export function eachPublication(
  { ids, memory, ats }: PublicationColumns,
  publish: (id: number, epoch: Publication['epoch']) => void,
): void {
  for (const [i, id] of ids.entries()) publish(id, unsignedEpoch({ memory, at: ats[i]! }));
}
