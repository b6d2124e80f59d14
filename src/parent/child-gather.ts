/** Asks every address of the name servers of a child with a DS what it wants its parent to have. Facts for `acceptance`. */
import { formatName, type Name } from '../wire/name.ts';
import { type ChildFault, type ChildSight, childFault } from './acceptance.ts';
import { type ApexAnswer, askApexes, isApexFault, knownRRset, MAX_ADDRESSES } from './apex-gather.ts';
import type { DelegatedHost } from './delegation.ts';
import type { Network } from './network.ts';
import { distinct, type NameServer } from './servers.ts';

/**
 * Asks all once; never rejects. A host without an address is a fault: what it serves is not known. So are more addresses
 * than are asked.
 */
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
  return [...lost, ...(await askApexes(network, servers, child)).map(sightOf)];
}

function sightOf({ server, cds, cdnskey, dnskey }: ApexAnswer): ChildSight | ChildFault {
  for (const rrset of [cds, cdnskey, dnskey]) {
    if (!isApexFault(rrset)) continue;
    return childFault(rrset.isTooMuch ? 'CHILD_TOO_COSTLY' : 'CHILD_SERVER_UNKNOWN', rrset.text);
  }
  return { server, cds: knownRRset(cds), cdnskey: knownRRset(cdnskey), dnskey: knownRRset(dnskey) };
}
