/** What a preflight of a zone gives. */
import { z } from 'zod';
import { diagnosisFinding } from './diagnose-shapes.ts';
import { instant } from './shapes.ts';

/** Where a name server's operator would vouch for the zone (RFC 9615 §4.1). */
const signalView = z.object({
  host: z.string(),
  /** The signaling name; null if it would be too long. */
  name: z.string().nullable(),
  /** Our zone in which it is signaled while the zone asks for its first DS; null if it is not by us. */
  zone: z.string().nullable(),
  /** Why not by us. */
  because: z.string().nullable(),
});

/**
 * `secure`: the parent has a DS of ours, nothing is to be done. `ready`: a parent that works by RFC 9615 takes the DS now.
 * `early`: nothing speaks against it, and the zone does not ask yet. `refused`: it would not be taken, the findings say why.
 * `unsupported`: not with this delegation, or these names.
 */
export const BOOTSTRAP_STATES = ['secure', 'ready', 'early', 'refused', 'unsupported'] as const;

export const preflight = z.object({
  zone: z.string(),
  checkedAt: instant,
  /** The parent zone; null if it was not found. */
  parent: z.string().nullable(),
  isSigned: z.boolean(),
  /** It asks for its first DS by CDS. */
  isAsking: z.boolean(),
  /** What would break, or keep others from seeing the zone, if it had a DS; none: it can be signed and get one. */
  signing: z.array(diagnosisFinding),
  bootstrap: z.object({
    state: z.enum(BOOTSTRAP_STATES),
    signals: z.array(signalView),
    findings: z.array(diagnosisFinding),
  }),
});

export type Preflight = z.infer<typeof preflight>;
