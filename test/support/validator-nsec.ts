/**
 * Proofs of absence by NSEC as a resolver judges them (RFC 4035 §5.4, 6840 §4, 4592), compact ones included (RFC 9824).
 * Every proof names the records that it needs, so that what nothing needs can be found.
 */
import { TYPE, typesOfBitmap } from './validator-message.ts';
import {
  commonAncestor,
  isAtOrBelow,
  isBelow,
  labelCount,
  Malformed,
  type Name,
  nameAt,
  nameToText,
  truncateTo,
  wildcardBelow,
} from './validator-name.ts';
import type { SignedSet } from './validator-signature.ts';

/** What came of a proof. */
export interface Proof {
  /** Why it does not hold; undefined if it does. */
  readonly fault?: string;
  readonly used: readonly SignedSet[];
  /** It holds only up to unsigned delegations that may lie there (RFC 5155 §9.2). */
  readonly isOptOut?: boolean;
}

/** What a resolver needs to have proven, by whatever kind of record. */
export interface Denial {
  nameIsAbsent(name: Name): Proof;
  typeIsAbsent(name: Name, type: number): Proof;
  /** No closer match for `name` than the wildcard whose labels its signature counted. */
  wildcardIsApt(name: Name, labels: number): Proof;
  cutIsUnsigned(cut: Name): Proof;
}

export interface Nsec {
  readonly set: SignedSet;
  readonly owner: Name;
  readonly next: Name;
  readonly types: ReadonlySet<number>;
}

export function readNsec(set: SignedSet): Nsec {
  const [rdata] = set.rdatas;
  if (rdata === undefined || set.rdatas.length > 1)
    throw new Malformed(`${set.rdatas.length} NSEC records at once`);
  const { name: next, end } = nameAt(rdata, 0);
  return { set, owner: set.owner, next, types: new Set(typesOfBitmap(rdata.subarray(end))) };
}

/** True if the record is of the parent's side of a cut. */
export function isOfCut(types: ReadonlySet<number>): boolean {
  return types.has(TYPE.NS) && !types.has(TYPE.SOA);
}

/** Why a record that matches a name does not deny a type there. */
export function bitmapFault(types: ReadonlySet<number>, type: number, isApex: boolean): string | undefined {
  if (types.has(type) && type !== TYPE.NXNAME) return `the bitmap has type ${type}`;
  if (types.has(TYPE.CNAME)) return 'the bitmap has CNAME';
  if (type !== TYPE.DS && isOfCut(types)) return 'the record is of a zone cut';
  if (type === TYPE.DS && types.has(TYPE.SOA) && !isApex) return 'the record is of the child';
  return undefined;
}

export class NsecDenial implements Denial {
  readonly #apex: Name;
  readonly #all: readonly Nsec[];

  constructor(apex: Name, sets: readonly SignedSet[]) {
    this.#apex = apex;
    this.#all = sets.map(readNsec);
  }

  nameIsAbsent(name: Name): Proof {
    const match = this.#match(name);
    if (match !== undefined) {
      if (match.types.has(TYPE.NXNAME)) return compactAbsence(match);
      return { fault: `an NSEC matches ${nameToText(name)}`, used: [match.set] };
    }
    const cover = this.#cover(name);
    if (cover === undefined) return { fault: `no NSEC covers ${nameToText(name)}`, used: [] };
    if (isBelow(cover.next, name)) return { fault: `${nameToText(name)} is an empty non-terminal`, used: [] };
    const wildcard = wildcardBelow(enclosure(name, cover));
    const second = this.#cover(wildcard);
    if (second === undefined) return { fault: `no NSEC covers ${nameToText(wildcard)}`, used: [cover.set] };
    if (isBelow(second.next, wildcard)) return { fault: 'the wildcard is an empty non-terminal', used: [] };
    return { used: [cover.set, second.set] };
  }

  typeIsAbsent(name: Name, type: number): Proof {
    const match = this.#match(name);
    if (match !== undefined) {
      if (match.types.has(TYPE.NXNAME)) return { fault: 'NXNAME where the name shall exist', used: [] };
      return proofOf(bitmapFault(match.types, type, name === this.#apex), match);
    }
    const cover = this.#cover(name);
    if (cover === undefined) return { fault: `no NSEC matches or covers ${nameToText(name)}`, used: [] };
    if (isBelow(cover.next, name)) return { used: [cover.set] };
    const wildcard = wildcardBelow(enclosure(name, cover));
    const source = this.#match(wildcard);
    if (source !== undefined) {
      const fault = bitmapFault(source.types, type, false);
      return { ...(fault === undefined ? {} : { fault }), used: [cover.set, source.set] };
    }
    const around = this.#cover(wildcard);
    if (around !== undefined && isBelow(around.next, wildcard)) return { used: [cover.set, around.set] };
    return { fault: `no NSEC matches ${nameToText(wildcard)}`, used: [cover.set] };
  }

  wildcardIsApt(name: Name, labels: number): Proof {
    const closer = truncateTo(name, labels + 1);
    const cover = this.#cover(closer);
    if (cover === undefined)
      return { fault: `no NSEC covers the next closer ${nameToText(closer)}`, used: [] };
    return proofOf(isAtOrBelow(cover.next, closer) ? 'the next closer name exists' : undefined, cover);
  }

  cutIsUnsigned(cut: Name): Proof {
    const match = this.#match(cut);
    if (match === undefined) return { fault: `no NSEC matches the cut ${nameToText(cut)}`, used: [] };
    if (!isOfCut(match.types)) return { fault: 'the NSEC of the referral is of no cut', used: [match.set] };
    return proofOf(match.types.has(TYPE.DS) ? 'the NSEC of the referral has DS' : undefined, match);
  }

  #match(name: Name): Nsec | undefined {
    return this.#all.find(({ owner }) => owner === name);
  }

  /** RFC 6840 §4.1: what stands at a cut or a DNAME denies nothing below. */
  #cover(name: Name): Nsec | undefined {
    return this.#all.find(({ owner, next, types }) => {
      const isInside = owner < name && (name < next || isAtOrBelow(owner, next));
      const isHidden = isBelow(name, owner) && (isOfCut(types) || types.has(TYPE.DNAME));
      return isInside && !isHidden && isAtOrBelow(name, this.#apex);
    });
  }
}

/** The closest encloser of a name that the record covers: its longest ancestor that the record shows to exist. */
function enclosure(name: Name, { owner, next }: Nsec): Name {
  const [one, other] = [commonAncestor(name, owner), commonAncestor(name, next)];
  return labelCount(one) > labelCount(other) ? one : other;
}

function proofOf(fault: string | undefined, { set }: Nsec): Proof {
  return fault === undefined ? { used: [set] } : { fault, used: [set] };
}

/** RFC 9824 §3.2: RRSIG, NSEC and NXNAME, nothing else. */
function compactAbsence(match: Nsec): Proof {
  const types = [...match.types].join();
  const wanted = [TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME].join();
  return proofOf(types === wanted ? undefined : `types ${types} beside NXNAME`, match);
}
