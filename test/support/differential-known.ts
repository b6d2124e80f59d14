/**
 * Where we differ from three peers that agree, and why that is right. Each has a row in docs/conformance.md, section
 * "Differences from peers".
 */
import { RRTYPE } from '../../src/wire/iana.ts';
import { formatName } from '../../src/wire/name.ts';
import type { Aspect, Told } from './differential-compare.ts';
import { type DifferentialQuestion, parentOf } from './differential-questions.ts';

/** A difference under judgment. */
export interface Difference {
  readonly question: DifferentialQuestion;
  readonly found: readonly Aspect[];
  readonly ours: Told;
  readonly peers: readonly Told[];
  /** The origin of the zone that has a name, both as `ownerKey` gives them; undefined if no zone has. */
  readonly zoneOf: (name: string) => string | undefined;
  /** True if an address stands under this name in a zone file. */
  readonly hasAddress: (name: string) => boolean;
}

export interface KnownDifference {
  readonly id: string;
  /** Why we may differ, with the section of the RFC. */
  readonly because: string;
  readonly explains: (difference: Difference) => boolean;
}

/** Types whose targets get addresses from some servers only. */
const RARELY_WITH_ADDRESSES = new Set<number>([RRTYPE.SVCB, RRTYPE.HTTPS, RRTYPE.KX, RRTYPE.AFSDB]);

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'aliases-across-zones',
    because: 'RFC 1034 §4.3.2 step 3a goes back to step 1, which looks for the nearest zone again',
    explains: (difference) => {
      const way = wayOut(difference);
      if (way === undefined) return false;
      // A peer may give up a long chain before it leaves the zone.
      const isPrefix = ({ aspects: { order } }: Told) =>
        order.startsWith(way.aliases) || (order !== '' && way.aliases.startsWith(order));
      return difference.peers.filter(isPrefix).length >= 2;
    },
  },
  {
    id: 'any-through-dname',
    because:
      'RFC 8482 §4.1: one RRset is an answer to ANY; the DNAME and its CNAME are, so nothing is followed',
    explains: ({ question, ours, peers }) =>
      question.type === 'ANY' &&
      ours.message.answer.some(({ type }) => type === RRTYPE.DNAME) &&
      peers.every((peer) => isSubset(ours.aspects.answer, peer.aspects.answer)),
  },
  {
    id: 'any-without-addresses',
    because: 'RFC 8482 §4: the answer to ANY is to be small; nothing is added to it',
    explains: ({ question, found, ours }) =>
      question.type === 'ANY' &&
      found.every((aspect) => aspect === 'additional') &&
      ours.aspects.additional === '',
  },
  {
    id: 'addresses-of-targets',
    because:
      'RFC 1183 §1, RFC 2230 §3, RFC 9460 §4.1: addresses of the target belong into the Additional section',
    explains: ({ found, ours, peers }) =>
      found.every((aspect) => aspect === 'additional') &&
      ours.message.answer.some(({ type }) => RARELY_WITH_ADDRESSES.has(type)) &&
      peers.every((peer) => isSubset(peer.aspects.additional, ours.aspects.additional)),
  },
  {
    id: 'addresses-from-wildcards',
    because:
      'RFC 1034 §4.3.2 step 6: additional data is what may be useful; we add what stands in the zone as it is',
    explains: ({ found, ours, peers, hasAddress }) =>
      found.every((aspect) => aspect === 'additional') &&
      peers.every(({ aspects: { additional } }) => {
        const known = additional.split('\n').filter((row) => hasAddress(row.split(' ', 1)[0] ?? ''));
        return known.join('\n') === ours.aspects.additional;
      }),
  },
];

/** The id of a known difference that explains what was found, or undefined. */
export function findKnown(difference: Difference): string | undefined {
  return KNOWN_DIFFERENCES.find(({ explains }) => explains(difference))?.id;
}

/** True if all rows of one text are rows of the other. */
export function isSubset(part: string, whole: string): boolean {
  const rows = new Set(whole.split('\n'));
  return part === '' || part.split('\n').every((row) => rows.has(row));
}

/** How an answer of ours leaves the zone in which it began. */
export interface WayOut {
  /** Aliases up to and with the first that leads into another zone, as in the aspect `order`. */
  readonly aliases: string;
  /** Where it leads. */
  readonly target: string;
}

/** Undefined if all of our answer is from one zone. */
export function wayOut({
  question,
  ours,
  zoneOf,
}: Pick<Difference, 'question' | 'ours' | 'zoneOf'>): WayOut | undefined {
  const zoneFor = (name: string): string | undefined => {
    const zone = zoneOf(name);
    // The DS of an apex is its parent's (RFC 4035 §3.1.4.1).
    return question.type === 'DS' && zone === name ? (zoneOf(parentOf(name)) ?? zone) : zone;
  };
  const aliases = ours.message.answer.filter(({ type }) => type === RRTYPE.CNAME || type === RRTYPE.DNAME);
  for (const [index, { owner, type, rdata }] of aliases.entries()) {
    if (type !== RRTYPE.CNAME) continue;
    const target = formatName(rdata).toLowerCase();
    if (zoneFor(target) === zoneOf(owner.toLowerCase())) continue;
    const rows = ours.aspects.order.split('\n').slice(0, index + 1);
    return { aliases: rows.join('\n'), target };
  }
  return undefined;
}
