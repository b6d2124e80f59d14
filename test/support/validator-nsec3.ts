/**
 * Proofs of absence by NSEC3 as a resolver judges them (RFC 5155 §8), opt-out included. Parameters are those of
 * RFC 9276: SHA-1, no salt, no further iterations.
 */
import { createHash } from 'node:crypto';
import { TYPE, typesOfBitmap } from './validator-message.ts';
import {
  labelCount,
  labelsOf,
  Malformed,
  type Name,
  nameOfLabels,
  nameToText,
  nameToWire,
  parentOf,
  truncateTo,
  upTo,
  wildcardBelow,
} from './validator-name.ts';
import { bitmapFault, type Denial, isOfCut, type Proof } from './validator-nsec.ts';
import type { SignedSet } from './validator-signature.ts';

const DIGITS = '0123456789abcdefghijklmnopqrstuv';

/** An owner's hash in base32hex without padding, in lower case (RFC 5155 §3.3, 4648 §7). */
export function nsec3Label(name: Name): string {
  return base32hex(createHash('sha1').update(nameToWire(name)).digest());
}

function base32hex(octets: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const octet of octets) {
    value = (value << 8) | octet;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return text;
}

/** The owner name of the record that matches `name`. */
export function nsec3Owner(name: Name, apex: Name): Name {
  return nameOfLabels([nsec3Label(name), ...labelsOf(apex)]);
}

export interface Nsec3 {
  readonly set: SignedSet;
  /** First label of the owner. */
  readonly hash: string;
  readonly next: string;
  readonly isOptOut: boolean;
  readonly types: ReadonlySet<number>;
}

export function readNsec3(set: SignedSet, apex: Name): Nsec3 {
  const [rdata] = set.rdatas;
  if (rdata === undefined || set.rdatas.length > 1)
    throw new Malformed(`${set.rdatas.length} NSEC3 records at once`);
  if (parentOf(set.owner) !== apex) throw new Malformed('an NSEC3 that is not right below the apex');
  const [algorithm, flags, iterations] = [rdata.readUInt8(0), rdata.readUInt8(1), rdata.readUInt16BE(2)];
  const [salt, length] = [rdata.readUInt8(4), rdata.readUInt8(5)];
  if (algorithm !== 1 || flags > 1 || iterations !== 0 || salt !== 0 || length !== 20)
    throw new Malformed(
      `NSEC3 with parameters ${algorithm} ${flags} ${iterations}, salt ${salt}, hash ${length}`,
    );
  const next = base32hex(rdata.subarray(6, 26));
  const hash = labelsOf(set.owner)[0] as string;
  return { set, hash, next, isOptOut: flags === 1, types: new Set(typesOfBitmap(rdata.subarray(26))) };
}

/** The closest encloser proof of RFC 5155 §8.3. */
interface Closest {
  readonly encloser: Name;
  readonly match: Nsec3;
  readonly cover: Nsec3;
}

export class Nsec3Denial implements Denial {
  readonly #apex: Name;
  readonly #all: readonly Nsec3[];

  constructor(apex: Name, sets: readonly SignedSet[]) {
    this.#apex = apex;
    this.#all = sets.map((set) => readNsec3(set, apex));
  }

  /** RFC 5155 §8.4. */
  nameIsAbsent(name: Name): Proof {
    const closest = this.#closest(name);
    if (typeof closest === 'string') return { fault: closest, used: [] };
    const { encloser, match, cover } = closest;
    const wildcard = this.#cover(wildcardBelow(encloser));
    if (wildcard === undefined) {
      return {
        fault: `no NSEC3 covers ${nameToText(wildcardBelow(encloser))}`,
        used: [match.set, cover.set],
      };
    }
    return { used: [match.set, cover.set, wildcard.set], isOptOut: cover.isOptOut };
  }

  /** RFC 5155 §8.5 to 8.7. */
  typeIsAbsent(name: Name, type: number): Proof {
    const match = this.#match(name);
    if (match !== undefined) return proofOf(bitmapFault(match.types, type, name === this.#apex), [match]);
    const closest = this.#closest(name);
    if (typeof closest === 'string') return { fault: closest, used: [] };
    const source = this.#match(wildcardBelow(closest.encloser));
    if (source !== undefined) {
      return proofOf(bitmapFault(source.types, type, false), [closest.match, closest.cover, source]);
    }
    // RFC 5155 §8.6, and errata 3441: an unsigned delegation, or what lies above some, may be left out.
    if (closest.cover.isOptOut)
      return { ...proofOf(undefined, [closest.match, closest.cover]), isOptOut: true };
    return { fault: `no NSEC3 matches ${nameToText(name)} or its wildcard`, used: [] };
  }

  /** RFC 5155 §8.8. */
  wildcardIsApt(name: Name, labels: number): Proof {
    const closer = truncateTo(name, labels + 1);
    const cover = this.#cover(closer);
    if (cover === undefined)
      return { fault: `no NSEC3 covers the next closer ${nameToText(closer)}`, used: [] };
    return { ...proofOf(undefined, [cover]), isOptOut: cover.isOptOut };
  }

  /** RFC 5155 §8.9. */
  cutIsUnsigned(cut: Name): Proof {
    const match = this.#match(cut);
    if (match === undefined) {
      const closest = this.#closest(cut);
      if (typeof closest === 'string') return { fault: closest, used: [] };
      const fault = closest.cover.isOptOut ? undefined : `no NSEC3 matches the cut ${nameToText(cut)}`;
      return proofOf(fault, [closest.match, closest.cover]);
    }
    if (!isOfCut(match.types)) return proofOf('the NSEC3 of the referral is of no cut', [match]);
    return proofOf(match.types.has(TYPE.DS) ? 'the NSEC3 of the referral has DS' : undefined, [match]);
  }

  #closest(name: Name): Closest | string {
    if (this.#match(name) !== undefined) return `an NSEC3 matches ${nameToText(name)}`;
    for (const encloser of upTo(name, this.#apex).slice(1)) {
      const match = this.#match(encloser);
      if (match === undefined) continue;
      if (isOfCut(match.types) || match.types.has(TYPE.DNAME)) return 'the encloser is a cut or a DNAME';
      const closer = truncateTo(name, labelCount(encloser) + 1);
      const cover = this.#cover(closer);
      return cover === undefined
        ? `no NSEC3 covers the next closer ${nameToText(closer)}`
        : { encloser, match, cover };
    }
    return `no NSEC3 matches an encloser of ${nameToText(name)}`;
  }

  #match(name: Name): Nsec3 | undefined {
    const hash = nsec3Label(name);
    return this.#all.find((record) => record.hash === hash);
  }

  #cover(name: Name): Nsec3 | undefined {
    const hash = nsec3Label(name);
    return this.#all.find((record) => coversHash(record, hash));
  }
}

/** True if the hash lies inside of the record's span; the last record's goes around the end. */
export function coversHash({ hash: from, next }: { hash: string; next: string }, hash: string): boolean {
  return from < next ? from < hash && hash < next : hash > from || hash < next;
}

function proofOf(fault: string | undefined, records: readonly Nsec3[]): Proof {
  const used = records.map(({ set }) => set);
  return fault === undefined ? { used } : { fault, used };
}
