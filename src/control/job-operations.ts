/** Operations on bulk rotations: the keys of many zones, paced. */
import { z } from 'zod';
import { jobDetail, jobList, jobStart, jobSummary } from './job-shapes.ts';
import { operation } from './operation.ts';
import { flag, MAX_NAME_CHARACTERS, plainText, seconds, whole, word } from './params.ts';
import { METHODS, STARTED_TYPES } from './rollover-operations.ts';

/** So many rollovers of a job can be followed at once. */
const MAX_PARALLEL = 10_000;
const MAX_FAILURES = 1_000_000;

const job = z
  .string()
  .min(4)
  .max(36)
  .meta({ value: 'JOB' })
  .describe('id of the job, or as much of its beginning as no other one has');
const glob = plainText(1, MAX_NAME_CHARACTERS).meta({ value: 'GLOB' });

export const JOB_OPERATIONS = {
  'job.start': operation({
    summary: 'replace the keys of many zones, paced, or say with --dry-run of which',
    params: z.strictObject({
      all: flag.default(false).describe('all zones that the type fits'),
      policy: word.optional().describe('all zones of a policy'),
      match: glob.optional().describe('all zones whose names match, like "*.example.com"'),
      type: z.enum(STARTED_TYPES).describe('which keys to replace'),
      to: word.optional().describe('the new algorithm, or csk or ksk-zsk'),
      method: z.enum(METHODS).optional().describe('instead of the one of the policy'),
      // Containment breaks zones: that is told and done one zone at a time.
      emergency: z.enum(['continuity']).optional().describe('the keys are lost: without margins'),
      spread: seconds.default(0).describe('begin the zones evenly over this time'),
      maxParallel: whole(1, MAX_PARALLEL).default(100).describe('rollovers that may run at once'),
      stopAfter: whole(1, MAX_FAILURES).default(10).describe('begin no other zone after so many failures'),
      dryRun: flag.default(false).describe('say which zones it would be, and change nothing'),
    }),
    result: jobStart,
    danger: 'acts',
    cli: 'job start',
    http: { method: 'POST', path: '/v1/jobs' },
  }),
  'job.list': operation({
    summary: 'list the bulk rotations',
    params: z.strictObject({}),
    result: jobList,
    danger: 'reads',
    cli: 'job list',
    http: { method: 'GET', path: '/v1/jobs' },
  }),
  'job.show': operation({
    summary: 'show a bulk rotation: zones that run, zones that failed and why',
    params: z.strictObject({ job }),
    result: jobDetail,
    danger: 'reads',
    cli: 'job show JOB',
    http: { method: 'GET', path: '/v1/jobs/:job' },
  }),
  'job.cancel': operation({
    summary: 'begin no other zone of a bulk rotation; rollovers that run go on',
    params: z.strictObject({ job }),
    result: jobSummary,
    danger: 'removes',
    cli: 'job cancel JOB',
    http: { method: 'POST', path: '/v1/jobs/:job/cancel' },
  }),
} as const;
