/**
 * @hot What a thread answers with of a signed zone, beyond its image. It takes 600 octets and more, and of a hundred
 * thousand zones few are asked for in one hour: so it is made when it is first needed, from where the epoch lies.
 */
import type { UnixSeconds } from '../base/time.ts';
import type { DenialMode } from '../kasp/policy.ts';
import { HASHED_APEX } from '../signer/apex.ts';
import type { ServedEpoch } from '../signer/epoch.ts';
import { chainSigners, compactSigners, ZoneSigner } from '../signer/signer.ts';
import { type ImageMemory, NO_RRSET, type RRsetIndex, ZoneImage } from '../zone/image.ts';
import { Nsec3Chain } from '../zone/nsec3chain.ts';

/** Epochs of zones that are denied in one way. */
export interface EpochSource {
  /** Null if the zones are unsigned. */
  readonly denial: DenialMode | null;
  imageAt(row: number): ImageMemory;
  epochAt(row: number): ServedEpoch;
}

/** A lone epoch. */
export class LoneEpoch implements EpochSource {
  readonly #epoch: ServedEpoch;

  constructor(epoch: ServedEpoch) {
    this.#epoch = epoch;
  }

  get denial(): DenialMode | null {
    return this.#epoch.denial;
  }

  imageAt(): ImageMemory {
    return this.#epoch.image;
  }

  epochAt(): ServedEpoch {
    return this.#epoch;
  }
}

/** What most zones have of most lists: empty ones of their own would take more than what is in them. */
const NONE: readonly ZoneSigner[] = [];

function listOf(signers: readonly ZoneSigner[]): readonly ZoneSigner[] {
  return signers.length === 0 ? NONE : signers;
}

/** The parts of an epoch, with their views. */
export class SignedParts {
  readonly apex: ZoneImage | null;
  readonly apexExpiresAt: number;
  readonly signers: readonly ZoneSigner[];
  readonly nsec3: Nsec3Chain | null;
  readonly nsec3Signers: readonly ZoneSigner[];
  readonly compactSigners: readonly ZoneSigner[];
  readonly apexNsec3: RRsetIndex;

  constructor(epoch: Pick<ServedEpoch, 'apex' | 'apexExpiresAt' | 'validity' | 'nsec3' | 'signers'>) {
    this.apex = epoch.apex === null ? null : ZoneImage.open(epoch.apex);
    this.apexExpiresAt = epoch.apexExpiresAt;
    this.signers = epoch.signers.map((signer) => new ZoneSigner(signer, epoch.validity));
    this.nsec3 = epoch.nsec3 === null ? null : new Nsec3Chain(epoch.nsec3);
    this.nsec3Signers = listOf(chainSigners(epoch));
    this.compactSigners = listOf(compactSigners(epoch));
    this.apexNsec3 = this.nsec3 === null ? NO_RRSET : this.apex!.firstRRset(HASHED_APEX);
  }
}

/** Those of all unsigned zones. */
export const UNSIGNED = new SignedParts({
  apex: null,
  apexExpiresAt: 0 as UnixSeconds,
  validity: 0,
  nsec3: null,
  signers: [],
});
