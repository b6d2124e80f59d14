/**
 * What one response of one server of the parent says of a child's DS RRset (ROLLOVER 3.4). Known is only what an
 * authoritative answer of the parent zone says and its keys have signed. An error, silence, a referral, the word of the
 * child's side: all that is unknown, never "absent".
 */
import type { UnixSeconds } from '../base/time.ts';
import { readRrsig } from '../dnssec/rrsig.ts';
import { FLAG, rcodeOf } from '../wire/header.ts';
import { CLASS, formatType, RCODE, RRTYPE } from '../wire/iana.ts';
import { type Message, readMessage } from '../wire/message.ts';
import { equalNames, formatName, type Name } from '../wire/name.ts';
import { denialOf } from './denial.ts';
import { findRRset, type ReceivedRRset, rrsetsOf } from './rrset.ts';
import { faultOf, type Signers, type TrustedZone } from './validate.ts';

/** Why a server's answer says nothing. */
export type UnknownReason =
  | 'PARENT_SILENT'
  | 'PARENT_MALFORMED'
  | 'PARENT_TRUNCATED'
  | 'PARENT_ERROR'
  | 'PARENT_NO_NAME'
  | 'PARENT_NOT_AUTHORITATIVE'
  | 'PARENT_CHILD_SIDE'
  | 'PARENT_WRONG_ZONE'
  | 'PARENT_ALIAS'
  | 'PARENT_BOGUS'
  | 'PARENT_NOT_DELEGATED';

export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: UnknownReason;
  /** For people, one clause. */
  readonly text: string;
}

/** The DS RRset that a server has; `ds` is empty if it was shown that there is none. */
export interface Known {
  readonly kind: 'known';
  readonly ds: readonly Uint8Array[];
  /** The largest TTL that a cache may have it with, in seconds; 0 if there is none. */
  readonly ttl: number;
}

export type Verdict = Known | Unknown;

/** The parent zone, and what may be verified for one look at it. */
type LookedAt = TrustedZone & Pick<Signers, 'verifications'>;

const RCODE_WORDS: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(RCODE).map(([word, rcode]) => [rcode, word]),
);

export function unknown(reason: UnknownReason, text: string): Unknown {
  return { kind: 'unknown', reason, text };
}

/**
 * Judges the response to the question for the DS RRset of `child`, which a server of `parent` gave. All servers of one look
 * share what may be verified.
 */
export function judgeDs(octets: Uint8Array, child: Name, parent: LookedAt, now: UnixSeconds): Verdict {
  const answer = readAnswer(octets, child, RRTYPE.DS);
  if ('kind' in answer) return answer;
  const ds = findRRset(answer.answer, child, RRTYPE.DS);
  if (ds !== undefined) return judgePresent(ds, parent, now);
  if (answer.answer.length > 0) {
    const [other] = answer.answer;
    return unknown(
      'PARENT_ALIAS',
      `it answers with ${formatType(other!.type)} of ${formatName(other!.owner)}`,
    );
  }
  return judgeAbsent(answer.authority, child, parent, now);
}

function judgePresent(ds: ReceivedRRset, parent: LookedAt, now: UnixSeconds): Verdict {
  if (parent.keys !== null) {
    const fault = faultOf(ds, { ...parent, keys: parent.keys }, now);
    if (fault !== undefined) return unknown('PARENT_BOGUS', `of the DS records: ${fault}`);
  }
  const originals = ds.rrsigs.map((rrsig) => readRrsig(rrsig)?.originalTtl ?? 0);
  return { kind: 'known', ds: ds.rdatas, ttl: Math.max(ds.ttl, ...(parent.keys === null ? [] : originals)) };
}

function judgeAbsent(
  authority: readonly ReceivedRRset[],
  child: Name,
  parent: LookedAt,
  now: UnixSeconds,
): Verdict {
  const soa = authority.find(({ type }) => type === RRTYPE.SOA);
  if (soa === undefined) return unknown('PARENT_NOT_AUTHORITATIVE', 'it has no SOA, as a referral has none');
  if (equalNames(soa.owner, 0, child, 0)) {
    return unknown(
      'PARENT_CHILD_SIDE',
      'the server answers from the child zone, it does not serve the parent',
    );
  }
  if (!equalNames(soa.owner, 0, parent.apex, 0)) {
    const [said, wanted] = [formatName(soa.owner), formatName(parent.apex)];
    return unknown('PARENT_WRONG_ZONE', `it answers from ${said}, the parent is ${wanted}`);
  }
  const none: Known = { kind: 'known', ds: [], ttl: 0 };
  if (parent.keys === null) return none;
  const zone = { ...parent, keys: parent.keys };
  const fault = faultOf(soa, zone, now);
  if (fault !== undefined) return unknown('PARENT_BOGUS', `of the SOA: ${fault}`);
  const denial = denialOf(child, authority, zone, now);
  if (typeof denial === 'object') return unknown('PARENT_BOGUS', denial.fault);
  if (denial === 'delegation' || denial === 'unsure') return none;
  return unknown('PARENT_NOT_DELEGATED', 'the parent proves that it does not delegate the zone');
}

/** The sections of an authoritative answer to a question, or why there is none. */
export interface Answer {
  readonly answer: readonly ReceivedRRset[];
  readonly authority: readonly ReceivedRRset[];
  readonly additional: readonly ReceivedRRset[];
}

/** Takes a response apart; what is no whole, authoritative answer of rcode NOERROR to the question is unknown. */
export function readAnswer(octets: Uint8Array, name: Name, type: number): Answer | Unknown {
  const response = readResponse(octets, name, type);
  if ('kind' in response) return response;
  if (response.rcode === RCODE.NXDOMAIN)
    return unknown('PARENT_NO_NAME', 'it says that there is no such name (NXDOMAIN)');
  return response.isAuthoritative
    ? response
    : unknown('PARENT_NOT_AUTHORITATIVE', 'the answer is not authoritative (AA is not set)');
}

export interface Response extends Answer {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
}

/** As `readAnswer`, but takes NXDOMAIN and referrals too. */
export function readResponse(octets: Uint8Array, name: Name, type: number): Response | Unknown {
  const message = readMessage(octets);
  if (typeof message === 'string') return unknown('PARENT_MALFORMED', `the answer is malformed: ${message}`);
  if (!isAbout(message, name, type)) return unknown('PARENT_MALFORMED', 'it answers another question');
  const rcode = rcodeOf(message.flags);
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
    return unknown('PARENT_ERROR', `it answers ${RCODE_WORDS[rcode] ?? `rcode ${rcode}`}`);
  }
  if ((message.flags & FLAG.TC) !== 0) return unknown('PARENT_TRUNCATED', 'the answer is cut off, over TCP');
  const sections = [message.answer, message.authority, message.additional].map(rrsetsOf);
  const [answer, authority, additional] = sections;
  if (answer === undefined || authority === undefined || additional === undefined) {
    return unknown('PARENT_MALFORMED', 'a record in the answer is malformed');
  }
  const isAuthoritative = (message.flags & FLAG.AA) !== 0;
  return { rcode, isAuthoritative, answer, authority, additional };
}

function isAbout({ flags, questions }: Message, name: Name, type: number): boolean {
  const [question] = questions;
  if ((flags & FLAG.QR) === 0 || questions.length !== 1 || question === undefined) return false;
  return question.type === type && question.class === CLASS.IN && equalNames(question.name, 0, name, 0);
}
