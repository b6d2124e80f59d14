/**
 * `bulk.json` in the keys directory: the bulk rotations, the newest last. Replaced as a whole and atomically. The
 * keys do not depend on it: what a zone does is in its own state, and an older job file only makes the job look again.
 *
 *     { "format": 1, "jobs": [ fields of BulkJob (kasp/bulk.ts), instants in ISO 8601 ] }
 */
import { type FileStore, FileStoreError } from '../base/ports.ts';
import { formatInstant } from '../base/time.ts';
import { BULK_STATES, type BulkJob, type FailedZone, type RunningZone } from '../kasp/bulk.ts';
import type { RolloverRequest } from '../kasp/step.ts';
import { ROLLOVER_TYPES } from '../kasp/zonestate.ts';
import {
  asObject,
  must,
  oneOf,
  readInstant,
  readInstantOrNull,
  readList,
  readSeconds,
  readText,
  ShapeError,
} from './json-shape.ts';

export const JOBS_FILE = 'bulk.json';
const FORMAT = 1;
/** Four jobs of a million zones each. */
const MAX_JOBS_OCTETS = 256 * 1024 * 1024;

const METHODS = ['additive', 'swap', 'double-ds', 'conservative', 'liberal'] as const;

/** Loads the jobs; none if there is no file. Throws ShapeError for a file that is damaged, and FileStoreError. */
export function loadJobs(files: FileStore, keysDirectory: string): BulkJob[] {
  let octets: Uint8Array;
  try {
    octets = files.read(`${keysDirectory}/${JOBS_FILE}`, MAX_JOBS_OCTETS);
  } catch (error) {
    if (error instanceof FileStoreError && error.code === 'ENOENT') return [];
    throw error;
  }
  return parseJobs(Buffer.from(octets).toString('utf8'));
}

/** Saves the jobs, atomically and durably; returns the octets written. Throws FileStoreError. */
export async function saveJobs(
  files: FileStore,
  keysDirectory: string,
  jobs: readonly BulkJob[],
): Promise<number> {
  const octets = Buffer.from(formatJobs(jobs));
  await files.replaceDurable(`${keysDirectory}/${JOBS_FILE}`, octets);
  return octets.length;
}

/** The text of a job file. */
export function formatJobs(jobs: readonly BulkJob[]): string {
  const written = jobs.map((job) => ({
    ...job,
    startedAt: formatInstant(job.startedAt),
    endedAt: job.endedAt === null ? null : formatInstant(job.endedAt),
  }));
  return `${JSON.stringify({ format: FORMAT, jobs: written })}\n`;
}

/** Reads the text of a job file. Throws ShapeError. */
export function parseJobs(text: string): BulkJob[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ShapeError(`not JSON: ${(error as Error).message}`);
  }
  const { format, jobs } = asObject(document);
  must(format === FORMAT, `the format of the jobs is ${FORMAT}`);
  return readList(jobs, 'jobs', readJob);
}

function readJob(value: unknown): BulkJob {
  const job = asObject(value);
  const read: BulkJob = {
    id: readText(job.id),
    request: readRequest(job.request),
    chosen: readText(job.chosen),
    startedAt: readInstant(job.startedAt),
    spread: readSeconds(job.spread),
    maxParallel: readCount(job.maxParallel, 'maxParallel'),
    stopAfter: readCount(job.stopAfter, 'stopAfter'),
    state: oneOf(job.state, BULK_STATES, 'state'),
    endedAt: readInstantOrNull(job.endedAt),
    zones: readList(job.zones, 'zones', readText),
    next: readCount(job.next, 'next'),
    running: readList(job.running, 'running', readRunning),
    failed: readList(job.failed, 'failed', readFailed),
  };
  must(read.next <= read.zones.length, 'next is the index of a zone, or behind the last one');
  must(read.endedAt === null || read.running.length === 0, 'a job that has ended follows no zone');
  return read;
}

function readRequest(value: unknown): RolloverRequest {
  const { type, algorithm, scheme, method, emergency } = asObject(value);
  return {
    type: oneOf(type, ROLLOVER_TYPES, 'type'),
    ...(algorithm === undefined ? {} : { algorithm: readCount(algorithm, 'algorithm') }),
    ...(scheme === undefined ? {} : { scheme: oneOf(scheme, ['csk', 'ksk-zsk'] as const, 'scheme') }),
    ...(method === undefined ? {} : { method: oneOf(method, METHODS, 'method') }),
    ...(emergency === undefined ? {} : { emergency: oneOf(emergency, ['continuity'] as const, 'emergency') }),
  };
}

function readRunning(value: unknown): RunningZone {
  const { zone, rolloverId } = asObject(value);
  return { zone: readText(zone), rolloverId: readText(rolloverId) };
}

function readFailed(value: unknown): FailedZone {
  const { zone, code, message } = asObject(value);
  return { zone: readText(zone), code: readText(code), message: readText(message) };
}

function readCount(value: unknown, name: string): number {
  must(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0, `${name} is a count`);
  return value;
}
