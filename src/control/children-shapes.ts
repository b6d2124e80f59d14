/** What operations give that are about the children of a zone. */
import { z } from 'zod';
import { instant } from './shapes.ts';

export const childView = z.object({
  child: z.string(),
  /** Tags of the DS records that are served. */
  ds: z.array(z.number()),
  /** By whose wish: the file of the zone, or the child. */
  from: z.enum(['file', 'child']),
  /** When the child asked for them, and by which proof: CDS, or signals (RFC 9615); null if the file has them. */
  takenAt: instant.nullable(),
  takenBy: z.string().nullable(),
  lookedAt: instant.nullable(),
  /** What the last look led to; null before the first. */
  outcome: z.enum(['nothing', 'same', 'accepted', 'refused']).nullable(),
  /** Why a request is not followed, explained by `keyturn explain`. */
  faults: z.array(z.object({ code: z.string(), because: z.string() })),
});

export const childrenView = z.object({
  zone: z.string(),
  /** What the policy says: none, update or bootstrap. */
  accept: z.string(),
  /** Delegations in the zone. */
  delegations: z.number(),
  children: z.array(childView),
});

export type ChildrenView = z.infer<typeof childrenView>;
