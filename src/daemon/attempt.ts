/** A try to load the file of a zone, and what the loader is asked for it. */
import type { Policy } from '../kasp/policy.ts';
import type { FileSignature } from '../store/zonefile.ts';
import type { SeenZone } from '../store/zones.ts';
import type { LoadJob } from './messages.ts';
import type { ZoneContext } from './zonecontext.ts';

export interface Attempt {
  readonly seen: SeenZone;
  /** The file with its includes. */
  readonly signature: FileSignature;
  readonly policy: Policy;
}

/** What only the zone knows. */
interface OwnPart extends Pick<LoadJob, 'origin' | 'isFresh' | 'servedDigest' | 'serial' | 'derived'> {
  /** Its keys are open. */
  readonly isOpen: boolean;
}

export function jobOf(
  number: number,
  { seen, policy }: Attempt,
  { isOpen, ...own }: OwnPart,
  { limitOctets, seed, isUnsigned, keysBefore, signing }: ZoneContext,
): LoadJob {
  const hasKeys = !isUnsigned && !isOpen && keysBefore.mayBeOf(seen.name);
  return {
    job: number,
    directory: seen.directory,
    file: seen.path,
    limitOctets,
    octets: seen.octets,
    expected: seen.signature,
    seed,
    denial: isUnsigned ? null : { mode: policy.denial, optOut: policy.optOut },
    zonemd: policy.zonemd,
    keysDirectory: hasKeys ? signing.keysDirectory : undefined,
    ...own,
  };
}
