/**
 * @hot The zones that a thread serves, found by longest suffix. Every thread has a table of its own, changed only between
 * two answers; what it points to is shared memory, so a zone costs a thread no more than its entry here.
 */
import type { DenialMode } from '../kasp/policy.ts';
import type { ServedEpoch } from '../signer/epoch.ts';
import type { ZoneSigner } from '../signer/signer.ts';
import { equalNames } from '../wire/name.ts';
import type { SearchName } from '../wire/searchname.ts';
import { APEX, type RRsetIndex, ZoneImage } from '../zone/image.ts';
import type { Nsec3Chain } from '../zone/nsec3chain.ts';
import { type EpochSource, LoneEpoch, SignedParts, UNSIGNED } from './signedparts.ts';

/** How a zone proves what is not there. */
export const DENIAL = {
  /** It does not: it is served without signatures. */
  NONE: 0,
  NSEC: 1,
  NSEC3: 2,
  COMPACT: 3,
} as const;

const DENIAL_OF: Readonly<Record<DenialMode, number>> = {
  nsec: DENIAL.NSEC,
  nsec3: DENIAL.NSEC3,
  compact: DENIAL.COMPACT,
};

/** One zone as a thread serves it; replaced as a whole, never changed but for what is made of its epoch at first need. */
export class ServedZone {
  readonly id: number;
  readonly image: ZoneImage;
  /** Of DENIAL. */
  readonly denial: number;
  /** Null until it is asked for. */
  #parts: SignedParts | null;
  /** Where it is made from; null when it is made. */
  #source: EpochSource | null;
  readonly #row: number;

  constructor(id: number, source: EpochSource, row: number) {
    const { denial } = source;
    this.id = id;
    this.image = ZoneImage.open(source.imageAt(row));
    this.denial = denial === null ? DENIAL.NONE : DENIAL_OF[denial];
    this.#parts = denial === null ? UNSIGNED : null;
    this.#source = denial === null ? null : source;
    this.#row = row;
  }

  /** What it is signed with; made when it is first asked for. */
  get #signed(): SignedParts {
    return this.#parts ?? this.#open();
  }

  #open(): SignedParts {
    const parts = new SignedParts(this.#source!.epochAt(this.#row));
    this.#parts = parts;
    this.#source = null;
    return parts;
  }

  /** DNSKEY, CDS, CDNSKEY and the apex NSEC with their signatures; null for an unsigned zone. */
  get apex(): ZoneImage | null {
    return this.#signed.apex;
  }

  /** When the signatures in `apex` cease to be served. */
  get apexExpiresAt(): number {
    return this.#signed.apexExpiresAt;
  }

  get signers(): readonly ZoneSigner[] {
    return this.#signed.signers;
  }

  /** With DENIAL.NSEC3, its chain, else null. */
  get nsec3(): Nsec3Chain | null {
    return this.#signed.nsec3;
  }

  /** As `signers`, over the chain. */
  get nsec3Signers(): readonly ZoneSigner[] {
    return this.#signed.nsec3Signers;
  }

  /** With DENIAL.COMPACT, as `signers`, with a slot for the NSEC of each node; else none. */
  get compactSigners(): readonly ZoneSigner[] {
    return this.#signed.compactSigners;
  }

  /** In `apex`, the NSEC3 that matches the apex. */
  get apexNsec3(): RRsetIndex {
    return this.#signed.apexNsec3;
  }

  /** Shared memory of the image and, if it was asked for, of the denial chain. */
  get octets(): number {
    return this.image.octets + (this.#parts?.nsec3?.image.octets ?? 0);
  }
}

/** Zones by origin: open addressing on the hash of the origin's name. */
export class ZoneTable {
  #zones: (ServedZone | null)[] = new Array<ServedZone | null>(64).fill(null);
  #mask = 63;
  readonly #byId = new Map<number, ServedZone>();
  /** How many zones have an origin of n labels: depths without any need no look. */
  readonly #atDepth = new Uint32Array(128);

  get size(): number {
    return this.#byId.size;
  }

  /** Adds a zone, or replaces the one with this id in one step and returns that. */
  publish(id: number, epoch: ServedEpoch): ServedZone | undefined {
    return this.publishFrom(id, new LoneEpoch(epoch), 0);
  }

  /** As `publish`, one of many epochs. */
  publishFrom(id: number, source: EpochSource, row: number): ServedZone | undefined {
    const before = this.remove(id);
    const zone = new ServedZone(id, source, row);
    this.#byId.set(id, zone);
    this.#atDepth[zone.image.labels(APEX)]!++;
    if (this.#byId.size * 2 > this.#mask) this.#rebuild((this.#mask + 1) * 2);
    else this.#place(zone);
    return before;
  }

  /** Takes a zone out and returns it, if it was there. */
  remove(id: number): ServedZone | undefined {
    const zone = this.#byId.get(id);
    if (zone === undefined) return undefined;
    this.#byId.delete(id);
    this.#atDepth[zone.image.labels(APEX)]!--;
    this.#unplace(zone);
    return zone;
  }

  get(id: number): ServedZone | undefined {
    return this.#byId.get(id);
  }

  zones(): IterableIterator<ServedZone> {
    return this.#byId.values();
  }

  /** The zone nearest above `name` whose origin leaves off at least `from` labels of it, or null. */
  find(name: SearchName, from: number): ServedZone | null {
    for (let i = from; i <= name.labels; i++) {
      if (this.#atDepth[name.labels - i] === 0) continue;
      const zone = this.#at(name, i);
      if (zone !== null) return zone;
    }
    return null;
  }

  #at(name: SearchName, label: number): ServedZone | null {
    const hash = name.suffixHash[label]!;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const zone = this.#zones[slot]!;
      if (zone === null) return null;
      const { image } = zone;
      const isSame =
        image.nameHash(APEX) === hash &&
        equalNames(image.u8, image.nameAt(APEX), name.octets, name.labelAt[label]!);
      if (isSame) return zone;
    }
  }

  #place(zone: ServedZone): void {
    let slot = zone.image.nameHash(APEX) & this.#mask;
    while (this.#zones[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#zones[slot] = zone;
  }

  /** Takes a zone out and closes the gap, so that later zones of the probe chain stay reachable. */
  #unplace(zone: ServedZone): void {
    let slot = zone.image.nameHash(APEX) & this.#mask;
    while (this.#zones[slot] !== zone) slot = (slot + 1) & this.#mask;
    this.#zones[slot] = null;
    for (let next = (slot + 1) & this.#mask; this.#zones[next] !== null; next = (next + 1) & this.#mask) {
      const moved = this.#zones[next]!;
      this.#zones[next] = null;
      this.#place(moved);
    }
  }

  #rebuild(size: number): void {
    this.#zones = new Array<ServedZone | null>(size).fill(null);
    this.#mask = size - 1;
    for (const zone of this.#byId.values()) this.#place(zone);
  }
}
