/** What a zone's file includes, as it was when it was read: a change of any part is a change of the zone. */
import type { FileSignature } from '../store/zonefile.ts';
import { lookAtIncluded } from '../store/zones.ts';
import type { IncludedPart } from './messages.ts';

/** The file with its parts. */
export function wholeSignature(own: FileSignature, includes: readonly IncludedPart[]): FileSignature {
  if (includes.length === 0) return own;
  return [own, ...includes.map(({ path, signature }) => `${path} ${signature}`)].join('|');
}

/** The parts as they are now; `directory` is the zones directory. */
export function lookAgain(directory: string, includes: readonly IncludedPart[]): IncludedPart[] {
  return includes.map(({ path }) => ({ path, signature: lookAtIncluded(directory, path) }));
}
