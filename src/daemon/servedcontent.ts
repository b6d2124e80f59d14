/** What was loaded last of a zone, and is served. */
import type { Diagnostic } from '../base/diagnostic.ts';
import { formatInstant, type UnixSeconds } from '../base/time.ts';
import type { Policy } from '../kasp/policy.ts';
import type { Epoch } from '../signer/epoch.ts';
import { imageOctets, ZoneImage } from '../zone/image.ts';
import type { LoadedZone } from './messages.ts';

/** Whoever knows by what epoch it is served now. */
interface EpochHolder {
  readonly epoch: Epoch | undefined;
}

export class ServedContent {
  readonly digest: string;
  /** Size of the file. */
  readonly octets: number;
  /** The policy by which it was made. */
  readonly policy: Policy;
  readonly warnings: readonly Diagnostic[];
  readonly since: UnixSeconds;
  readonly #holder: EpochHolder;

  constructor(
    { digest, diagnostics }: LoadedZone,
    file: { readonly octets: number; readonly policy: Policy; readonly since: UnixSeconds },
    holder: EpochHolder,
  ) {
    this.digest = digest;
    this.octets = file.octets;
    this.policy = file.policy;
    this.warnings = diagnostics;
    this.since = file.since;
    this.#holder = holder;
  }

  /** By which it is served now: it changes with the keys, and must not be asked for when nothing is served. */
  get epoch(): Epoch {
    return this.#holder.epoch!;
  }

  /** What is served now, a view for whoever asks; two of one image are the same by `isSameAs`. */
  get image(): ZoneImage {
    return ZoneImage.open(this.epoch.image);
  }

  get isServed(): boolean {
    return this.#holder.epoch !== undefined;
  }

  /** Shared memory of the image and the denial chain. */
  get sharedOctets(): number {
    const nsec3 = this.#holder.epoch?.nsec3 ?? null;
    return this.image.octets + (nsec3 === null ? 0 : imageOctets(nsec3));
  }

  /** In a few words. */
  toString(): string {
    return `serial ${this.image.serial}, loaded ${formatInstant(this.since)}`;
  }
}
