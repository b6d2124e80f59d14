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
  /** What is in the zone and in no file is other than the loader was told. */
  isOutdated: boolean;
}

/** What only the zone knows. */
interface OwnPart extends Pick<LoadJob, 'origin' | 'isFresh' | 'servedDigest' | 'serial' | 'derived'> {
  /** Its keys are open. */
  readonly isOpen: boolean;
}

/** The job by this number; from now on the attempt is about what the zone has now. */
export function jobOf(
  number: number,
  attempt: Attempt,
  { isOpen, ...own }: OwnPart,
  { limitOctets, seed, isUnsigned, keysBefore, signing }: ZoneContext,
): LoadJob {
  const { seen, policy } = attempt;
  attempt.isOutdated = false;
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
