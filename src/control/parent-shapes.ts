/** What operations give that are about the parent of a zone. */
import { z } from 'zod';
import { channelOutcome } from './handover-shapes.ts';
import { instant, parentReason } from './shapes.ts';

/** What one address of a server of the parent said. */
const sight = z.object({
  server: z.string(),
  address: z.string(),
  /** Tags of the DS records that it has; null if it says nothing. */
  ds: z.array(z.number()).nullable(),
  /** Seconds; null if it has none, or says nothing. */
  ttl: z.number().nullable(),
  /** Why it says nothing, explained by `keyturn explain`. */
  code: z.string().nullable(),
  because: z.string().nullable(),
  /** Since when it says nothing in a row; null if it says something. */
  silentSince: instant.nullable(),
});

export const parentView = z.object({
  zone: z.string(),
  /** False if the configuration does not say that parents are looked at. */
  isWatched: z.boolean(),
  lookedAt: instant.nullable(),
  nextLookAt: instant.nullable(),
  /** The parent zone; null as long as it was not found. */
  parent: z.string().nullable(),
  /** Whether what the parent says can be validated. */
  isSecure: z.boolean().nullable(),
  /** Why there was nothing to be seen at all. */
  code: z.string().nullable(),
  because: z.string().nullable(),
  /** Looks that agree, and how many must. */
  agreeing: z.number(),
  wanted: z.number(),
  keys: z.array(z.object({ tag: z.number(), ds: z.enum(['IN', 'OUT', 'MIXED', 'UNKNOWN']) })),
  servers: z.array(sight),
  /** What became of telling the parent of the CDS that are served (RFC 9859); null if there was nothing to tell. */
  push: z.string().nullable(),
  /** What of the DS was handed over by the channels of the policy: the last try over each, the newest at the end. */
  handover: z.array(channelOutcome),
  /** Tags of DS records that belong to no key of the zone. */
  foreign: z.array(z.number()),
  /** Why what waits for the parent still waits; empty if nothing does. */
  reasons: z.array(parentReason),
});

export type ParentView = z.infer<typeof parentView>;
