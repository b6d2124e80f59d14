/**
 * Asks name servers of a child what it wants its parent to have: CDS, CDNSKEY and the DNSKEY RRset that goes with them, over
 * TCP. Facts for both ways to a DS (`child-gather`, `bootstrap-gather`).
 */
import { formatType, RRTYPE } from '../wire/iana.ts';
import { equalNames, type Name } from '../wire/name.ts';
import { readAnswer } from './judge.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset, type ReceivedRRset } from './rrset.ts';
import { type NameServer, whereOf } from './servers.ts';

/** Addresses that are asked for one child. */
export const MAX_ADDRESSES = 64;
/** Records of one RRset: keys, digests and signatures are tried with each other, and nobody needs as many. */
const MAX_RECORDS = 32;

/** Why it cannot be said what a server has. */
export interface ApexFault {
  readonly kind: 'fault';
  /** It gave more than is worth looking at. */
  readonly isTooMuch: boolean;
  readonly text: string;
}

/** An RRset, undefined if the server says that there is none, or why it is not known. */
export type ApexRRset = ReceivedRRset | undefined | ApexFault;

/** What one address of a name server said. */
export interface ApexAnswer {
  readonly server: NameServer;
  readonly cds: ApexRRset;
  readonly cdnskey: ApexRRset;
  readonly dnskey: ApexRRset;
}

/**
 * Asks all once; never rejects. A host without IPv6 can say nothing of it: an address that cannot be reached from here is
 * left out if another one of the same server speaks for it.
 */
export async function askApexes(
  network: Network,
  servers: readonly NameServer[],
  child: Name,
): Promise<ApexAnswer[]> {
  const asked = await Promise.all(servers.map((server) => askApex(network, server, child)));
  const isReached = (name: Name) =>
    asked.some(({ answer, isOutOfReach }) => !isOutOfReach && equalNames(answer.server.name, 0, name, 0));
  return asked
    .filter(({ answer, isOutOfReach }) => !isOutOfReach || !isReached(answer.server.name))
    .map(({ answer }) => answer);
}

export function isApexFault(found: ApexRRset): found is ApexFault {
  return found !== undefined && 'kind' in found;
}

/** What is known to be there. */
export function knownRRset(found: ApexRRset): ReceivedRRset | undefined {
  return isApexFault(found) ? undefined : found;
}

async function askApex(
  network: Network,
  server: NameServer,
  child: Name,
): Promise<{ readonly answer: ApexAnswer; readonly isOutOfReach: boolean }> {
  const where = whereOf(server);
  let isOutOfReach = false;
  const ask = async (type: number): Promise<ApexRRset> => {
    const octets = await network.exchange(server, questionFor(child, type));
    if ('fault' in octets) {
      isOutOfReach ||= octets.code === 'no route';
      return { kind: 'fault', isTooMuch: false, text: `${where}: ${octets.fault}` };
    }
    const answer = readAnswer(octets, child, type);
    if ('kind' in answer) return { kind: 'fault', isTooMuch: false, text: `${where}: ${answer.text}` };
    const rrset = findRRset(answer.answer, child, type);
    if (rrset === undefined || rrset.rdatas.length <= MAX_RECORDS) return rrset;
    const text = `${where} has over ${MAX_RECORDS} ${formatType(type)} records`;
    return { kind: 'fault', isTooMuch: true, text };
  };
  const types = [RRTYPE.CDS, RRTYPE.CDNSKEY, RRTYPE.DNSKEY];
  const [cds, cdnskey, dnskey] = await Promise.all(types.map(ask));
  return { answer: { server, cds, cdnskey, dnskey }, isOutOfReach };
}
