/**
 * What one address of a name server says of a zone, over UDP and over TCP: its SOA in both ways, the RRsets that all
 * servers of a zone must agree on in one of them. Only facts: what is wrong with them is judged elsewhere.
 */
import { FLAG, getU32 } from '../wire/header.ts';
import { CLASS, RRTYPE } from '../wire/iana.ts';
import { readMessage } from '../wire/message.ts';
import { equalNames, type Name, nameOctets } from '../wire/name.ts';
import type { Network, NetworkFault } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset, type ReceivedRRset, rrsetsOf } from './rrset.ts';
import type { NameServer } from './servers.ts';

/** A response to a question, well-formed and about it. */
export interface Said {
  readonly kind: 'said';
  /** The flags word: see FLAG and `rcodeOf`. */
  readonly flags: number;
  /** Of the whole message. */
  readonly octets: number;
  /** It has an OPT record (RFC 6891). */
  readonly hasEdns: boolean;
  /** The RRset that was asked for; undefined if it is not in the answer section. */
  readonly rrset: ReceivedRRset | undefined;
}

export interface Silent {
  readonly kind: 'silent';
  readonly code: NetworkFault['code'];
  /** For people, one clause. */
  readonly text: string;
}

export interface Malformed {
  readonly kind: 'malformed';
  /** For people, one clause. */
  readonly text: string;
}

export type Reply = Said | Silent | Malformed;

/** All that one address said. */
export interface Interview {
  readonly server: NameServer;
  /** About the SOA. */
  readonly udp: Reply;
  readonly tcp: Reply;
  /** The most octets that a datagram of it had. */
  readonly largestDatagram: number;
  /** By type: over TCP, or over UDP from a server that says nothing over TCP. */
  readonly rrsets: ReadonlyMap<number, ReceivedRRset | undefined>;
}

/** What all servers of a zone must agree on, besides the SOA. */
export const COMPARED_TYPES = [RRTYPE.NS, RRTYPE.DNSKEY, RRTYPE.CDS, RRTYPE.CDNSKEY] as const;
/** One lost datagram is no silence. */
const DATAGRAM_TRIES = 2;

type Ask = (type: number) => Promise<Reply>;

/** Asks one server. Never rejects; at most ten messages are sent. */
export async function interview(network: Network, server: NameServer, zone: Name): Promise<Interview> {
  const overTcp: Ask = async (type) =>
    replyOf(await network.exchange(server, questionFor(zone, type)), zone, type);
  const overUdp: Ask = async (type) =>
    replyOf(await datagram(network, server, questionFor(zone, type)), zone, type);
  const [udp, tcp] = await Promise.all([overUdp(RRTYPE.SOA), overTcp(RRTYPE.SOA)]);
  const datagrams = udp.kind === 'said' ? [udp, await overUdp(RRTYPE.DNSKEY)] : [];
  const rrsets = new Map<number, ReceivedRRset | undefined>();
  const ask = tcp.kind === 'said' ? overTcp : udp.kind === 'said' ? overUdp : undefined;
  if (ask !== undefined) {
    rrsets.set(RRTYPE.SOA, rrsetIn(tcp) ?? rrsetIn(udp));
    const replies = await Promise.all(COMPARED_TYPES.map(ask));
    for (const [i, reply] of replies.entries()) {
      // What was lost or cut off says nothing of what the server has.
      if (reply.kind === 'said' && !isCutOff(reply)) rrsets.set(COMPARED_TYPES[i]!, reply.rrset);
    }
  }
  const largestDatagram = Math.max(
    0,
    ...datagrams.map((reply) => (reply.kind === 'said' ? reply.octets : 0)),
  );
  return { server, udp, tcp, largestDatagram, rrsets };
}

/** The serial of an SOA RRset. */
export function serialOf({ rdatas }: ReceivedRRset): number {
  const rdata = rdatas[0]!;
  const rname = nameOctets(rdata, 0);
  return getU32(rdata, rname + nameOctets(rdata, rname));
}

function rrsetIn(reply: Reply): ReceivedRRset | undefined {
  return reply.kind === 'said' ? reply.rrset : undefined;
}

function isCutOff({ flags }: Said): boolean {
  return (flags & FLAG.TC) !== 0;
}

async function datagram(
  network: Network,
  server: NameServer,
  query: Uint8Array,
): Promise<Uint8Array | NetworkFault> {
  let outcome = await network.tell(server, query);
  for (let tried = 1; tried < DATAGRAM_TRIES && 'fault' in outcome && outcome.code === 'timeout'; tried++) {
    outcome = await network.tell(server, query);
  }
  return outcome;
}

function replyOf(octets: Uint8Array | NetworkFault, zone: Name, type: number): Reply {
  if ('fault' in octets) return { kind: 'silent', code: octets.code, text: octets.fault };
  const message = readMessage(octets);
  if (typeof message === 'string') return { kind: 'malformed', text: message };
  const { flags, questions, answer, additional } = message;
  const [question] = questions;
  const isAbout =
    (flags & FLAG.QR) !== 0 &&
    questions.length === 1 &&
    question!.type === type &&
    question!.class === CLASS.IN &&
    equalNames(question!.name, 0, zone, 0);
  if (!isAbout) return { kind: 'malformed', text: 'it answers another question' };
  const rrsets = rrsetsOf(answer);
  if (rrsets === undefined) return { kind: 'malformed', text: 'a record in the answer is malformed' };
  const hasEdns = additional.some((record) => record.type === RRTYPE.OPT);
  return { kind: 'said', flags, octets: octets.length, hasEdns, rrset: findRRset(rrsets, zone, type) };
}
