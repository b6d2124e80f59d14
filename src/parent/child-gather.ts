/**
 * Asks every address of the name servers of a child what it wants its parent to have: CDS, CDNSKEY and the DNSKEY that
 * signs them, over TCP. Facts for `acceptance`.
 */
import { RRTYPE } from '../wire/iana.ts';
import { equalNames, formatName, type Name } from '../wire/name.ts';
import { type ChildFault, type ChildSight, childFault } from './acceptance.ts';
import type { DelegatedHost } from './delegation.ts';
import { readAnswer } from './judge.ts';
import type { Network } from './network.ts';
import { questionFor } from './question.ts';
import { findRRset, type ReceivedRRset } from './rrset.ts';
import { distinct, type NameServer, whereOf } from './servers.ts';

/** Addresses that are asked; a child with more is refused. */
const MAX_ADDRESSES = 64;

/** Asks all once; never rejects. A host without an address is a fault: what it serves is not known. */
export async function gatherChild(
  network: Network,
  child: Name,
  hosts: readonly DelegatedHost[],
  port: number,
): Promise<(ChildSight | ChildFault)[]> {
  const lost = hosts
    .filter(({ addresses }) => addresses.length === 0)
    .map(({ name }) => childFault('CHILD_SERVER_UNKNOWN', `no address of ${formatName(name)} can be found`));
  const servers = distinct(
    hosts.flatMap(({ name, addresses }) => addresses.map((address): NameServer => ({ name, address, port }))),
  );
  if (servers.length > MAX_ADDRESSES) {
    const text = `the name servers of ${formatName(child)} have over ${MAX_ADDRESSES} addresses`;
    return [childFault('CHILD_SERVER_UNKNOWN', text)];
  }
  const asked = await Promise.all(servers.map((server) => askServer(network, server, child)));
  // A host without IPv6 can say nothing of it; another address of the same server speaks for it.
  const isReached = (name: Name) =>
    asked.some(({ server, isOutOfReach }) => !isOutOfReach && equalNames(server.name, 0, name, 0));
  const heard = asked.filter(({ server, isOutOfReach }) => !isOutOfReach || !isReached(server.name));
  return [...lost, ...heard.map(({ said }) => said)];
}

interface Asked {
  readonly server: NameServer;
  readonly said: ChildSight | ChildFault;
  readonly isOutOfReach: boolean;
}

async function askServer(network: Network, server: NameServer, child: Name): Promise<Asked> {
  const where = whereOf(server);
  let isOutOfReach = false;
  const ask = async (type: number): Promise<ReceivedRRset | undefined | ChildFault> => {
    const octets = await network.exchange(server, questionFor(child, type));
    if ('fault' in octets) {
      isOutOfReach ||= octets.code === 'no route';
      return childFault('CHILD_SERVER_UNKNOWN', `${where}: ${octets.fault}`);
    }
    const answer = readAnswer(octets, child, type);
    if ('kind' in answer) return childFault('CHILD_SERVER_UNKNOWN', `${where}: ${answer.text}`);
    return findRRset(answer.answer, child, type);
  };
  const [cds, cdnskey, dnskey] = await Promise.all([RRTYPE.CDS, RRTYPE.CDNSKEY, RRTYPE.DNSKEY].map(ask));
  const fault = [cds, cdnskey, dnskey].find((one) => one !== undefined && 'kind' in one);
  if (fault !== undefined) return { server, said: fault as ChildFault, isOutOfReach };
  const said = {
    server,
    cds: cds as ReceivedRRset | undefined,
    cdnskey: cdnskey as ReceivedRRset | undefined,
    dnskey: dnskey as ReceivedRRset | undefined,
  };
  return { server, said, isOutOfReach };
}
