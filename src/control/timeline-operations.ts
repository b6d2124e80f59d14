/** The operation that draws keys and DS of a zone in time. */
import { z } from 'zod';
import { operation } from './operation.ts';
import { seconds, whole, zone } from './params.ts';
import { timeline } from './timeline-shapes.ts';

const MAX_DAYS = 3_650;

export const TIMELINE_OPERATIONS = {
  timeline: operation({
    summary: 'draw the keys of a zone, their DS and the waits for caches: what was, and what will be',
    params: z.strictObject({
      zone: zone.describe('name of the zone'),
      days: whole(1, MAX_DAYS)
        .optional()
        .describe('days to show ahead (default: until the next rollover is done)'),
      past: whole(0, MAX_DAYS).optional().describe('days to show back (default: since what happened last)'),
      parentDelay: seconds.optional().describe('assume that the parent takes so long'),
    }),
    result: timeline,
    danger: 'reads',
    cli: 'timeline ZONE',
    http: { method: 'GET', path: '/v1/zones/:zone/timeline' },
  }),
} as const;
