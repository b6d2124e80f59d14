/** What operations on keys give, as schemas. Private halves are in none of them. */
import { z } from 'zod';
import { instant, key, waiting } from './shapes.ts';

const keyRecord = z.object({
  state: z.string(),
  since: instant,
  /** When all servers were known to have switched; null until then. */
  doneAt: instant.nullable(),
  /** What it goes to next, when time alone leads there, and why it is not there yet. */
  next: z.object({ to: z.string(), at: instant.nullable(), because: z.string() }).nullable(),
});

const keyDetail = key.extend({
  algorithmName: z.string(),
  createdAt: instant,
  publishedAt: instant.nullable(),
  records: z.object({
    dnskey: keyRecord.nullable(),
    krrsig: keyRecord.nullable(),
    zrrsig: keyRecord.nullable(),
    ds: keyRecord.nullable(),
  }),
  /** The file of its private half. */
  file: z.string(),
});

export const keyList = z.object({ zone: z.string(), keys: z.array(keyDetail) });

export const keyShown = z.object({
  zone: z.string(),
  key: keyDetail.extend({
    /** Presentation format, without the owner: `257 3 13 …`, `54321 13 2 …`. */
    dnskeyRdata: z.string(),
    dsRdata: z.array(z.string()),
    publicKeyHash: z.string(),
    predecessor: z.number().nullable(),
    successor: z.number().nullable(),
    dsObservation: z.object({
      seenAllAt: instant.nullable(),
      goneAllAt: instant.nullable(),
      lastSeenAnywhereAt: instant.nullable(),
    }),
    waiting: z.array(waiting),
    /** What happened to it, newest last. */
    history: z.array(
      z.object({ at: instant, record: z.string(), from: z.string(), to: z.string(), because: z.string() }),
    ),
  }),
});

const importedKey = key.extend({
  algorithmName: z.string(),
  source: z.string(),
  /** Whether its DNSKEY is served now; null if nobody looked. */
  served: z.boolean().nullable(),
});

const dnskeyRecord = z.object({ tag: z.number(), flags: z.number(), algorithm: z.number() });

export const keyImport = z.object({
  zone: z.string(),
  dryRun: z.boolean(),
  keys: z.array(importedKey),
  /** The DNSKEY records that are served now, and whether each would stay; null if none is known. */
  served: z.array(dnskeyRecord.extend({ stays: z.boolean() })).nullable(),
  /** Whether all of them would stay; null if none is known. */
  covered: z.boolean().nullable(),
  wouldServe: z.object({
    dnskey: z.array(dnskeyRecord),
    /** Tags of the keys that would sign the DNSKEY RRset, and zone data. */
    keySigners: z.array(z.number()),
    zoneSigners: z.array(z.number()),
  }),
  rollover: z
    .object({
      type: z.string(),
      method: z.string(),
      incoming: z.array(z.number()),
      outgoing: z.array(z.number()),
    })
    .nullable(),
  delegation: z.string(),
  notes: z.array(z.string()),
  /** Where the keys are, or would be. */
  path: z.string(),
  /** What became of the zone; null if nothing was changed, or its file is not there yet. */
  loaded: z.object({ outcome: z.enum(['served', 'failed']), message: z.string().nullable() }).nullable(),
  /** What to type next; null after a dry run: the same without that. */
  command: z.string().nullable(),
});

export type KeyDetail = z.infer<typeof keyDetail>;
export type KeyList = z.infer<typeof keyList>;
export type KeyShown = z.infer<typeof keyShown>;
export type KeyImport = z.infer<typeof keyImport>;
