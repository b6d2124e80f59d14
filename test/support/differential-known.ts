/**
 * Where we differ from three peers that agree, and why that is right. Each has a row in docs/conformance.md, section
 * "Differences from peers".
 */
import { RRTYPE } from '../../src/wire/iana.ts';
import { formatName } from '../../src/wire/name.ts';
import type { Aspect, Told } from './differential-compare.ts';
import type { DifferentialQuestion } from './differential-questions.ts';
import type { MessageRecord } from './message.ts';

/** A difference under judgment. */
export interface Difference {
  readonly question: DifferentialQuestion;
  readonly found: readonly Aspect[];
  readonly ours: Told;
  readonly peers: readonly Told[];
  /** The origin of the zone that has a name, both as `ownerKey` gives them; undefined if no zone has. */
  readonly zoneOf: (name: string) => string | undefined;
}

export interface KnownDifference {
  readonly id: string;
  /** Why we may differ, with the section of the RFC. */
  readonly because: string;
  readonly explains: (difference: Difference) => boolean;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'aliases-across-zones',
    because: 'RFC 1034 §4.3.2 step 3a goes back to step 1, which looks for the nearest zone again',
    explains: ({ ours, peers, zoneOf }) =>
      peers.every((peer) => ours.aspects.order.startsWith(peer.aspects.order) && endsElsewhere(peer, zoneOf)),
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
    id: 'any-one-rrset',
    because: 'RFC 8482 §4.1: one RRset of those that the name has is an answer to ANY',
    explains: ({ question, found, ours, peers }) =>
      question.type === 'ANY' &&
      found.every((aspect) => aspect === 'answer' || aspect === 'additional' || aspect === 'ttl') &&
      ours.message.answer.length > 0 &&
      peers.every((peer) => isSubset(ours.aspects.answer, peer.aspects.answer)),
  },
  {
    id: 'svcb-own-name',
    because:
      'RFC 9460 §2.5.2, §4.1: the target "." is the owner, whose addresses belong into the Additional section',
    explains: ({ found, ours, peers }) =>
      found.every((aspect) => aspect === 'additional') &&
      ours.message.answer.some(pointsToOwner) &&
      peers.every((peer) => isSubset(peer.aspects.additional, ours.aspects.additional)),
  },
  {
    id: 'glue-from-wildcard',
    because: 'RFC 1034 §4.3.3: a delegation cancels wildcards, so that one below a cut makes no glue',
    explains: ({ found, ours, peers }) =>
      found.every((aspect) => aspect === 'additional') &&
      ours.message.authority.some(({ type }) => type === RRTYPE.NS) &&
      peers.every((peer) => isSubset(ours.aspects.additional, peer.aspects.additional)),
  },
];

/** The id of a known difference that explains what was found, or undefined. */
export function findKnown(difference: Difference): string | undefined {
  return KNOWN_DIFFERENCES.find(({ explains }) => explains(difference))?.id;
}

function isSubset(part: string, whole: string): boolean {
  const rows = new Set(whole.split('\n'));
  return part === '' || part.split('\n').every((row) => rows.has(row));
}

/** True if the last alias of an answer leads from its zone into another. */
function endsElsewhere({ message }: Told, zoneOf: (name: string) => string | undefined): boolean {
  const last = message.answer.filter(({ type }) => type === RRTYPE.CNAME).at(-1);
  if (last === undefined) return false;
  const to = zoneOf(formatName(last.rdata).toLowerCase());
  return to !== undefined && to !== zoneOf(last.owner.toLowerCase());
}

function pointsToOwner({ type, rdata }: MessageRecord): boolean {
  return (type === RRTYPE.SVCB || type === RRTYPE.HTTPS) && rdata[2] === 0;
}
