/**
 * What `timeline` gives: the keys of a zone and their DS in time, as lanes of spans. What is before `now` was written
 * down when it happened; what is after it is planned. Terminal and SVG are drawn from nothing else.
 */
import { z } from 'zod';
import { instant } from './shapes.ts';

/**
 * step: of a rollover. Of a key: published (not yet signing), signing, retiring (no longer signing, still published or
 * in caches). Of a DS: asked (of the parent), present (in all caches), leaving (the parent shall drop it, or caches
 * still have it).
 */
const spanKind = z.enum(['step', 'published', 'signing', 'retiring', 'asked', 'present', 'leaving']);

const span = z.object({
  kind: spanKind,
  label: z.string(),
  from: instant,
  /** Null if nothing is planned that ends it. */
  until: instant.nullable(),
  /** It has not begun. */
  planned: z.boolean(),
  /** Why it began. */
  because: z.string(),
});

/** Caches may still have what was before. */
const wait = z.object({
  /** Of the key: dnskey, krrsig (its signature of the DNSKEY records), zrrsig (those of data), ds. */
  records: z.array(z.string()),
  from: instant,
  until: instant.nullable(),
  planned: z.boolean(),
  /** The numbers that it is the sum of. */
  because: z.string(),
});

const lane = z.object({
  id: z.string(),
  kind: z.enum(['rollover', 'key', 'ds']),
  label: z.string(),
  spans: z.array(span),
  waits: z.array(wait),
});

export const timeline = z.object({
  zone: z.string(),
  policy: z.string(),
  now: instant,
  /** The part of time that is shown; spans may reach beyond it. */
  from: instant,
  until: instant,
  /** Assumed: how long the parent takes to do what it is asked for, in seconds. */
  parentDelay: z.number(),
  lanes: z.array(lane),
});

export type Timeline = z.infer<typeof timeline>;
export type TimelineLane = z.infer<typeof lane>;
export type TimelineSpan = z.infer<typeof span>;
export type TimelineWait = z.infer<typeof wait>;
