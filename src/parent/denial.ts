/**
 * What a zone proves of a name that has no DS in it: a delegation without DS, no zone cut, no such name, or nothing.
 * NSEC: RFC 4035 §5.4, RFC 9824; NSEC3: RFC 5155 §8, with opt-out.
 */
import { encodeBase32Hex } from '../base/encoding.ts';
import type { UnixSeconds } from '../base/time.ts';
import { nsec3Hash } from '../dnssec/foreign.ts';
import { decodeTypeBitmap } from '../rdata/bitmap.ts';
import { RRTYPE } from '../wire/iana.ts';
import {
  compareCanonical,
  equalNames,
  isAtOrBelow,
  labelCount,
  type Name,
  nameOctets,
  parentName,
  suffixOffset,
} from '../wire/name.ts';
import type { ReceivedRRset } from './rrset.ts';
import { faultOf, type Signers } from './validate.ts';

/** `unsure`: an opt-out range (RFC 5155 §6) may hold a delegation without DS, or nothing. */
export type Denial = 'delegation' | 'no cut' | 'no name' | 'unsure' | { readonly fault: string };

/** NXNAME (RFC 9824 §3.4): in a bitmap, there is no such name. */
const NXNAME = 128;
/** RFC 9276 §3.2: above this nothing is computed for anybody. */
const MAX_ITERATIONS = 150;
const OPT_OUT = 1;
const HASH_OCTETS = 20;

/** What the signed records of an authority section prove of `name`, which has no DS in `zone`. */
export function denialOf(
  name: Name,
  authority: readonly ReceivedRRset[],
  zone: Signers,
  now: UnixSeconds,
): Denial {
  const proofs = authority.filter(({ type }) => type === RRTYPE.NSEC || type === RRTYPE.NSEC3);
  if (proofs.length === 0) return { fault: 'there is no proof that it has no DS' };
  for (const proof of proofs) {
    const fault = faultOf(proof, zone, now);
    if (fault !== undefined) return { fault: `of a proof: ${fault}` };
  }
  const ranges = proofs.filter(({ type }) => type === RRTYPE.NSEC3);
  return ranges.length > 0 ? byNsec3(name, ranges, zone.apex) : byNsec(name, proofs);
}

/**
 * The types that a signed record of an authority section proves to be all there are at `name`; undefined if none is of
 * that very name.
 */
export function typesProvenAt(
  name: Name,
  authority: readonly ReceivedRRset[],
  zone: Signers,
  now: UnixSeconds,
): readonly number[] | undefined {
  const isProof = ({ type }: ReceivedRRset) => type === RRTYPE.NSEC || type === RRTYPE.NSEC3;
  const proofs = authority.filter((proof) => isProof(proof) && faultOf(proof, zone, now) === undefined);
  const nsec = proofs.find(({ type, owner }) => type === RRTYPE.NSEC && equalNames(owner, 0, name, 0));
  if (nsec !== undefined) return decodeTypeBitmap(nsec.rdatas[0]!, nameOctets(nsec.rdatas[0]!, 0));
  const ranges = proofs.filter(({ type }) => type === RRTYPE.NSEC3);
  const chain = ranges.length === 0 ? undefined : chainIn(ranges, zone.apex);
  if (chain === undefined || 'fault' in chain) return undefined;
  return chain.ranges.find(({ owner }) => owner === chain.hashOf(name))?.types;
}

/** What the types at a name say: a cut has NS and is not an apex. */
function byTypes(types: readonly number[] | undefined): Denial {
  if (types === undefined) return { fault: 'the types of a proof are malformed' };
  if (types.includes(RRTYPE.DS)) return { fault: 'the proof says that there is a DS' };
  if (types.includes(RRTYPE.SOA)) return { fault: 'the proof is of the child zone' };
  if (types.includes(NXNAME)) return 'no name';
  return types.includes(RRTYPE.NS) ? 'delegation' : 'no cut';
}

// ---- NSEC ----

function byNsec(name: Name, proofs: readonly ReceivedRRset[]): Denial {
  for (const { owner, rdatas } of proofs) {
    const rdata = rdatas[0]!;
    const next = rdata.subarray(0, nameOctets(rdata, 0));
    if (equalNames(owner, 0, name, 0)) return byTypes(decodeTypeBitmap(rdata, next.length));
    if (!isBetween(owner, name, next)) continue;
    // Below a cut another zone speaks.
    const types = decodeTypeBitmap(rdata, next.length) ?? [];
    const isCut = types.includes(RRTYPE.NS) && !types.includes(RRTYPE.SOA);
    if (isAtOrBelow(name, owner) && (isCut || types.includes(RRTYPE.DNAME))) continue;
    return isAtOrBelow(next, name) ? 'no cut' : 'no name';
  }
  return { fault: 'no proof is of this name' };
}

/** True if the range from owner to next, which the last one closes, covers the name. */
function isBetween(owner: Name, name: Name, next: Name): boolean {
  const afterOwner = compareCanonical(owner, 0, name, 0) < 0;
  const beforeNext = compareCanonical(name, 0, next, 0) < 0;
  return compareCanonical(owner, 0, next, 0) < 0 ? afterOwner && beforeNext : afterOwner || beforeNext;
}

// ---- NSEC3 ----

interface Range {
  readonly owner: string;
  readonly next: string;
  readonly isOptOut: boolean;
  readonly types: readonly number[] | undefined;
}

function byNsec3(name: Name, proofs: readonly ReceivedRRset[], apex: Name): Denial {
  const chain = chainIn(proofs, apex);
  if ('fault' in chain) return chain;
  const { ranges, hashOf } = chain;
  const match = ranges.find(({ owner }) => owner === hashOf(name));
  if (match !== undefined) return byTypes(match.types);
  for (let encloser = parentName(name); isAtOrBelow(encloser, apex); encloser = parentName(encloser)) {
    const known = ranges.find(({ owner }) => owner === hashOf(encloser));
    if (known !== undefined) {
      const nextCloser = name.subarray(suffixOffset(name, labelCount(name) - labelCount(encloser) - 1));
      const covering = ranges.find((range) => covers(range, hashOf(nextCloser)));
      if (covering === undefined) break;
      return covering.isOptOut ? 'unsure' : 'no name';
    }
    if (encloser.length === 1) break;
  }
  return { fault: 'no NSEC3 proof is of this name' };
}

interface Chain {
  readonly ranges: readonly Range[];
  readonly hashOf: (name: Name) => string;
}

/** The ranges, by the parameters of the first. */
function chainIn(proofs: readonly ReceivedRRset[], apex: Name): Chain | { readonly fault: string } {
  const head = proofs[0]!.rdatas[0]!;
  const iterations = (head[2]! << 8) | head[3]!;
  const salt = head.subarray(5, 5 + head[4]!);
  if (head[0] !== 1) return { fault: `the NSEC3 hash ${head[0]} is not known` };
  if (iterations > MAX_ITERATIONS) return { fault: `NSEC3 with ${iterations} iterations is not computed` };
  const ranges = proofs.map((proof) => rangeOf(proof, apex, salt)).filter((range) => range !== undefined);
  return { ranges, hashOf: (name) => nsec3Hash(name, salt, iterations) };
}

/** Undefined if it is no NSEC3 of this zone with these parameters. */
function rangeOf({ owner, rdatas }: ReceivedRRset, apex: Name, salt: Uint8Array): Range | undefined {
  const rdata = rdatas[0]!;
  const nextAt = 5 + rdata[4]! + 1;
  if (Buffer.compare(rdata.subarray(5, 5 + rdata[4]!), salt) !== 0) return undefined;
  if (rdata[nextAt - 1] !== HASH_OCTETS || !equalNames(parentName(owner), 0, apex, 0)) return undefined;
  return {
    owner: Buffer.from(owner.subarray(1, 1 + owner[0]!)).toString('latin1'),
    next: encodeBase32Hex(rdata, nextAt, nextAt + HASH_OCTETS).toLowerCase(),
    isOptOut: (rdata[1]! & OPT_OUT) !== 0,
    types: decodeTypeBitmap(rdata, nextAt + HASH_OCTETS),
  };
}

/** Base32hex keeps the order of the octets. */
function covers({ owner, next }: Range, hash: string): boolean {
  return owner < next ? owner < hash && hash < next : owner < hash || hash < next;
}
