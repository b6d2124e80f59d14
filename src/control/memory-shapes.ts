/** What memory is used for. */
import { z } from 'zod';

/** Octets of one zone, or of all together. */
export const zoneMemory = z.object({
  /** Shared by all threads: names, RDATA, indexes, the NSEC chain. */
  image: z.number(),
  /** The NSEC3 chain. */
  chain: z.number(),
  /** What depends on keys, with its signatures. */
  apex: z.number(),
  /** Room for the signatures of all rrsets. What was never asked for takes none of it yet. */
  signatures: z.number(),
  /** Private keys in memory; by estimate. */
  keys: z.number(),
  /** What the control plane and each thread know of the zone; by estimate. */
  objects: z.number(),
  total: z.number(),
});

export const serverMemory = z.object({
  /** The sum of all zones. */
  zones: zoneMemory,
  /** Of the whole process, as the system counts it: pages that are in memory now. */
  resident: z.number(),
  /** Of the control plane alone: objects in use, and what V8 holds for them. */
  heapUsed: z.number(),
  heapTotal: z.number(),
});

export type ZoneMemory = z.infer<typeof zoneMemory>;
export type ServerMemory = z.infer<typeof serverMemory>;
