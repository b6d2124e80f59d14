/** What a diagnosis of a zone gives. */
import { z } from 'zod';
import { instant, key, zoneSummary } from './shapes.ts';
import { HEALTH_LEVELS } from './watch-shapes.ts';

/** Something that was found; `ok` is a remark that asks for nothing. */
export const diagnosisFinding = z.object({
  level: z.enum(HEALTH_LEVELS),
  /** Explained by `keyturn explain`. */
  code: z.string(),
  /** What was seen, and where. */
  evidence: z.string(),
  fix: z.string(),
});

/** One address of a name server of the zone. */
const askedServer = z.object({
  server: z.string(),
  address: z.string(),
  /** `answers`, or why it does not. */
  udp: z.string(),
  tcp: z.string(),
  /** Of its SOA; null if it gives none. */
  serial: z.number().nullable(),
});

export const diagnosis = z.object({
  zone: z.string(),
  checkedAt: instant,
  /** The worst level of the findings. */
  level: z.enum(HEALTH_LEVELS),
  state: zoneSummary.shape.state,
  serial: z.number().nullable(),
  keys: z.array(key),
  /** False if only the inside was looked at. */
  isOutsideSeen: z.boolean(),
  /** The parent zone; null if it was not found, or not looked for. */
  parent: z.string().nullable(),
  servers: z.array(askedServer),
  /** The worst first. */
  findings: z.array(diagnosisFinding),
});

export type DiagnosisFinding = z.infer<typeof diagnosisFinding>;
export type Diagnosis = z.infer<typeof diagnosis>;
