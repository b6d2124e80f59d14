/** What the configuration says about signatures for names that exist only because somebody asks (denial: compact). */
import { z } from 'zod';
import { DEFAULT_SIGNATURES_PER_SECOND } from '../signer/budget.ts';
import { DEFAULT_CACHE_OCTETS } from '../signer/signaturecache.ts';

const MAX_RATE = 1_000_000;
const MAX_CACHE_OCTETS = 2 ** 30;

const synthesis = z.strictObject({
  signatures: z
    .int()
    .min(0)
    .max(MAX_RATE)
    .default(DEFAULT_SIGNATURES_PER_SECOND)
    .describe(
      'such signatures a second, in each thread; above it clients are sent to TCP, then not answered; 0: no limit',
    ),
  cacheOctets: z
    .int()
    .min(0)
    .max(MAX_CACHE_OCTETS)
    .default(DEFAULT_CACHE_OCTETS)
    .describe('octets of such signatures that each thread keeps, for names that are asked for again'),
});

/** The keys of the configuration file that are about such signatures. */
export const synthesisKeys = {
  synthesis: synthesis
    .optional()
    .describe(
      'with compact denial, each name that does not exist and each that a wildcard answers for needs a signature',
    ),
};

const synthesisSchema = z.strictObject(synthesisKeys);

/** How much a data thread signs for such names, and what it keeps of it. Plain data. */
export interface SynthesisSettings {
  readonly signaturesPerSecond: number;
  readonly cacheOctets: number;
}

/** The settings that a document makes. */
export function synthesisOf({ synthesis: said }: z.infer<typeof synthesisSchema>): SynthesisSettings {
  const { signatures, cacheOctets } = said ?? synthesis.parse({});
  return { signaturesPerSecond: signatures, cacheOctets };
}

/** As a file would write it. */
export function writtenSynthesis({ signaturesPerSecond, cacheOctets }: SynthesisSettings) {
  return { signatures: signaturesPerSecond, cacheOctets };
}
