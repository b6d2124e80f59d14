/**
 * What the NSEC and NSEC3 records of an answer say of the name that was asked for, in words: which names do not exist,
 * which types a name does not have, from which wildcard an answer came (RFC 4035 §5.4, RFC 5155 §8, RFC 9824). Signatures
 * are not looked at: what is said holds if they are right.
 */
import { encodeBase32Hex } from '../base/encoding.ts';
import { nsec3Hash } from '../dnssec/foreign.ts';
import { decodeTypeBitmap } from '../rdata/bitmap.ts';
import { formatType, RRTYPE } from '../wire/iana.ts';
import type { MessageQuestion, MessageRecord } from '../wire/message.ts';
import {
  compareCanonical,
  equalNames,
  formatName,
  isAtOrBelow,
  labelCount,
  lowerName,
  type Name,
  nameOctets,
  parentName,
  wildcardOf,
} from '../wire/name.ts';

const OPT_OUT = 1;
/** More is refused by validators (RFC 9276 §3.2), and not computed here. */
const MAX_ITERATIONS = 500;

/** One sentence for each thing that is proven; empty if there is no proof. */
export function explainProofs(question: MessageQuestion, records: readonly MessageRecord[]): string[] {
  const qname = lowerName(question.name);
  const nsec = records.filter(({ type }) => type === RRTYPE.NSEC).map(rangeOf);
  const nsec3 = records.filter(({ type }) => type === RRTYPE.NSEC3).map(hashedRangeOf);
  if (nsec.length > 0) return explain(qname, question.type, new PlainRanges(nsec, qname));
  const first = nsec3[0];
  if (first === undefined) return [];
  if (first.iterations > MAX_ITERATIONS) return [`NSEC3 with ${first.iterations} iterations: not computed`];
  return explain(qname, question.type, new HashedRanges(nsec3));
}

/** What a chain says of names. */
interface Ranges {
  /** Types at the name, if a record is of exactly that name. */
  typesAt(name: Name): readonly number[] | undefined;
  /** In words, the gap that the name would be in. */
  gapOf(name: Name): string | undefined;
  /** The longest existing name above that the records give away. */
  encloserOf(name: Name): Name | undefined;
  /** The name is above others, which exist. */
  isEmptyNonTerminal(name: Name): boolean;
}

function explain(qname: Name, type: number, ranges: Ranges): string[] {
  const own = ranges.typesAt(qname);
  if (own !== undefined) return [typesText(qname, type, own)];
  const cut = cutAbove(qname, ranges);
  if (cut !== undefined) return [typesText(cut.name, RRTYPE.DS, cut.types)];
  const name = formatName(qname);
  if (ranges.isEmptyNonTerminal(qname)) return [`${name} has no records, but there are names below it`];
  const encloser = ranges.encloserOf(qname);
  if (encloser === undefined) return ['the records are not of the name that was asked for'];
  const nextCloser = ancestor(qname, labelCount(encloser) + 1);
  const gap = ranges.gapOf(nextCloser);
  const said = [`${formatName(encloser)} exists and is the closest encloser of ${name}`];
  if (gap === undefined) return said;
  said.push(`${formatName(nextCloser)} does not exist: ${gap}`);
  return [...said, ...wildcardText(encloser, type, ranges)];
}

/** The zone cut above a name: its record tells of the DS, and of nothing below (RFC 4035 §5.4, RFC 5155 §8.9). */
function cutAbove(
  qname: Name,
  ranges: Ranges,
): { readonly name: Name; readonly types: readonly number[] } | undefined {
  for (let name = qname; labelCount(name) > 0; name = parentName(name)) {
    const types = ranges.typesAt(name);
    if (types !== undefined) return isCut(types) ? { name, types } : undefined;
  }
  return undefined;
}

function isCut(types: readonly number[]): boolean {
  return types.includes(RRTYPE.NS) && !types.includes(RRTYPE.SOA);
}

function wildcardText(encloser: Name, type: number, ranges: Ranges): string[] {
  const wildcard = wildcardOf(encloser);
  if (wildcard === undefined) return [];
  const types = ranges.typesAt(wildcard);
  if (types !== undefined) return [`${typesText(wildcard, type, types)}, and stands for the name`];
  const gap = ranges.gapOf(wildcard);
  return gap === undefined ? [] : [`${formatName(wildcard)} does not exist: ${gap}`];
}

function typesText(name: Name, type: number, types: readonly number[]): string {
  const text = formatName(name);
  if (types.includes(RRTYPE.NXNAME)) return `${text} does not exist, as compact denial says it (NXNAME)`;
  if (types.includes(type)) return `${text} exists and has ${formatType(type)}`;
  if (isCut(types) && !types.includes(RRTYPE.DS))
    return `${text} is delegated without a DS: the zone below is unsigned`;
  const others = types.filter((other) => other !== RRTYPE.RRSIG && other !== RRTYPE.NSEC).map(formatType);
  const has = others.length === 0 ? 'nothing' : others.join(', ');
  return `${text} exists without ${formatType(type)} (it has ${has})`;
}

/** The ancestor with so many labels. */
function ancestor(name: Name, labels: number): Name {
  let found = name;
  while (labelCount(found) > labels) found = parentName(found);
  return found;
}

// ---- NSEC ----

interface Range {
  readonly owner: Name;
  readonly next: Name;
  readonly types: readonly number[];
}

function rangeOf({ owner, rdata }: MessageRecord): Range {
  const octets = nameOctets(rdata, 0);
  const next = lowerName(rdata.slice(0, octets));
  return { owner: lowerName(owner), next, types: decodeTypeBitmap(rdata, octets) ?? [] };
}

class PlainRanges implements Ranges {
  readonly #ranges: readonly Range[];
  readonly #qname: Name;

  constructor(ranges: readonly Range[], qname: Name) {
    this.#ranges = ranges;
    this.#qname = qname;
  }

  typesAt(name: Name): readonly number[] | undefined {
    return this.#ranges.find(({ owner }) => equalNames(owner, 0, name, 0))?.types;
  }

  gapOf(name: Name): string | undefined {
    const range = this.#covering(name);
    if (range === undefined) return undefined;
    return `nothing is between ${formatName(range.owner)} and ${formatName(range.next)}`;
  }

  encloserOf(name: Name): Name | undefined {
    const range = this.#covering(name);
    if (range === undefined) return undefined;
    const [a, b] = [shared(name, range.owner), shared(name, range.next)];
    return labelCount(a) > labelCount(b) ? a : b;
  }

  isEmptyNonTerminal(name: Name): boolean {
    const range = this.#covering(name);
    return range !== undefined && isAtOrBelow(range.next, name);
  }

  /** RFC 4034 §6.1; the last range of a zone ends at its apex. */
  #covering(name: Name): Range | undefined {
    return this.#ranges.find(({ owner, next }) => {
      const isAfter = compareCanonical(name, 0, owner, 0) > 0;
      const isLast = compareCanonical(next, 0, owner, 0) <= 0;
      return (
        isAfter && ((isLast && isAtOrBelow(this.#qname, next)) || compareCanonical(name, 0, next, 0) < 0)
      );
    });
  }
}

/** The longest common ancestor. */
function shared(a: Name, b: Name): Name {
  let found = a;
  while (!isAtOrBelow(b, found)) found = parentName(found);
  return found;
}

// ---- NSEC3 ----

interface HashedRange {
  /** In lower case, base32hex. */
  readonly hash: string;
  readonly next: string;
  readonly zone: Name;
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly isOptOut: boolean;
  readonly types: readonly number[];
}

function hashedRangeOf({ owner, rdata }: MessageRecord): HashedRange {
  const saltEnd = 5 + rdata[4]!;
  const hashEnd = saltEnd + 1 + rdata[saltEnd]!;
  return {
    hash: Buffer.from(owner.subarray(1, 1 + owner[0]!))
      .toString('latin1')
      .toLowerCase(),
    next: encodeBase32Hex(rdata, saltEnd + 1, hashEnd).toLowerCase(),
    zone: lowerName(parentName(owner)),
    iterations: (rdata[2]! << 8) | rdata[3]!,
    salt: rdata.subarray(5, saltEnd),
    isOptOut: (rdata[1]! & OPT_OUT) !== 0,
    types: decodeTypeBitmap(rdata, hashEnd) ?? [],
  };
}

class HashedRanges implements Ranges {
  readonly #ranges: readonly HashedRange[];

  constructor(ranges: readonly HashedRange[]) {
    this.#ranges = ranges;
  }

  typesAt(name: Name): readonly number[] | undefined {
    const hash = this.#hash(name);
    return this.#ranges.find((range) => range.hash === hash)?.types;
  }

  gapOf(name: Name): string | undefined {
    const hash = this.#hash(name);
    const range = this.#ranges.find((one) => isBetween(hash, one));
    if (range === undefined) return undefined;
    const gap = `nothing is between the hashes ${range.hash} and ${range.next}`;
    return range.isOptOut ? `${gap}, but for delegations without DS (opt-out)` : gap;
  }

  encloserOf(name: Name): Name | undefined {
    const { zone } = this.#ranges[0]!;
    for (let above = name; isAtOrBelow(above, zone) && labelCount(above) > 0; above = parentName(above)) {
      if (this.typesAt(above) !== undefined) return above;
    }
    return undefined;
  }

  /** Such names have an NSEC3 of their own, without types. */
  isEmptyNonTerminal(): boolean {
    return false;
  }

  /** RFC 5155 §5. */
  #hash(name: Name): string {
    const { salt, iterations } = this.#ranges[0]!;
    return nsec3Hash(name, salt, iterations);
  }
}

/** The last range of a chain goes round to its first hash. */
function isBetween(hash: string, range: HashedRange): boolean {
  if (range.next <= range.hash) return hash > range.hash || hash < range.next;
  return hash > range.hash && hash < range.next;
}
