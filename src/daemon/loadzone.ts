/**
 * One zone file, from its name to an image or to what is wrong with it. Synchronous; runs in the loader thread and in
 * `keyturn zone check`.
 */
import { createHash, hash } from 'node:crypto';
import { hasErrors } from '../base/diagnostic.ts';
import { fillDigests } from '../dnssec/zonemd.ts';
import { IncludeReader, readFile } from '../store/zonefile.ts';
import { compileZone } from '../zone/compile.ts';
import { ZoneImage } from '../zone/image.ts';
import type { ImagePack } from '../zone/imagepack.ts';
import { renderNsec3 } from '../zone/nsec3render.ts';
import { ZoneRecords } from '../zone/records.ts';
import { parseZoneFile } from '../zonefile/parser.ts';
import { withDerived } from './derived.ts';
import { prepareContent } from './loadcontent.ts';
import type { LoadJob, LoadOutcome } from './messages.ts';

const LINE_FEED = 10;

/** Text and records of the small zone that comes next. */
const SMALL_TEXT = new Uint8Array(16 << 10);
let spareRecords: ZoneRecords | undefined;

/** Loads one zone, into `pack` if it is small. Never throws for what a file holds. */
export function loadZone(job: Omit<LoadJob, 'job'>, pack?: ImagePack): LoadOutcome {
  const startedMs = performance.now();
  const { directory, file, limitOctets, expected } = job;
  const read = readFile(directory, file, { limitOctets, expected, scratch: SMALL_TEXT });
  if ('code' in read) return { kind: 'fault', fault: read };
  if (job.isFresh && read.octets.at(-1) !== LINE_FEED) {
    return { kind: 'fault', fault: { code: 'ZONE_CHANGING', message: 'its last line has no end yet' } };
  }
  const own = hash('sha256', read.octets, 'hex');
  // A zone with includes has another digest than its file, and is parsed to know them.
  const { derived = [], servedDigest } = job;
  if (servedDigest !== undefined && withDerived(own, derived) === servedDigest)
    return { kind: 'unchanged', includes: [] };
  const records = recordsFor(read.octets);
  try {
    return loadRead(job, { octets: read.octets, digest: own, startedMs }, records, pack);
  } finally {
    if (records.isSmall) spareRecords = records;
  }
}

function recordsFor(text: Uint8Array): ZoneRecords {
  const spare = spareRecords;
  if (spare === undefined || text.length > spare.heap.length) return new ZoneRecords(text.length);
  // It may grow beyond what is kept.
  spareRecords = undefined;
  spare.clear();
  return spare;
}

/** The file of a zone, as it was read. */
interface ReadText {
  readonly octets: Uint8Array;
  /** SHA-256 in hex of this file alone. */
  readonly digest: string;
  readonly startedMs: number;
}

function loadRead(
  job: Omit<LoadJob, 'job'>,
  { octets, digest: own, startedMs }: ReadText,
  records: ZoneRecords,
  pack: ImagePack | undefined,
): LoadOutcome {
  const { derived = [], servedDigest } = job;
  const includer = new IncludeReader(job.directory, job.limitOctets);
  const options = {
    file: job.file,
    origin: job.origin,
    include: (name: string) => includer.read(name),
    limits: { totalOctets: job.limitOctets },
  };
  const diagnostics = parseZoneFile(octets, options, records);
  const includes = includer.parts;
  const digest = withDerived(includes.length === 0 ? own : digestOf([octets, ...includer.octets]), derived);
  if (digest === servedDigest) return { kind: 'unchanged', includes };
  const zone = { records, origin: job.origin, digest, isSigned: job.denial !== null };
  const content = prepareContent(zone, { zonemd: job.zonemd, serial: job.serial, derived });
  diagnostics.push(...content.diagnostics);
  const compiled = compileZone(records, job.origin, { seed: job.seed, nsec: job.denial !== null, pack });
  diagnostics.push(...compiled.diagnostics);
  if (compiled.image === undefined || hasErrors(diagnostics))
    return { kind: 'broken', diagnostics, includes };
  if (content.lacksDigests) fillDigests(ZoneImage.open(compiled.image));
  const nsec3 =
    job.denial?.mode === 'nsec3'
      ? renderNsec3(ZoneImage.open(compiled.image), job.denial.optOut, pack)
      : null;
  if (nsec3 !== null && 'code' in nsec3) {
    diagnostics.push({ severity: 'error', ...nsec3, file: job.file, line: 0, column: 0 });
    return { kind: 'broken', diagnostics, includes };
  }
  return {
    kind: 'loaded',
    image: compiled.image,
    denial: { mode: job.denial?.mode ?? 'nsec', nsec3 },
    diagnostics: orNone(diagnostics),
    includes: orNone(includes),
    digest,
    foreignKeys: orNone(compiled.foreignKeys),
    foreignCds: orNone(compiled.foreignCds),
    tookMs: performance.now() - startedMs,
  };
}

/** SHA-256 of the files, one behind the other. */
function digestOf(files: readonly Uint8Array[]): string {
  const whole = createHash('sha256');
  for (const octets of files) whole.update(octets);
  return whole.digest('hex');
}

const NONE: readonly never[] = [];

/** Most lists of most zones are empty. Those of zones that go in one message then are one, on the other side too. */
function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list;
}
