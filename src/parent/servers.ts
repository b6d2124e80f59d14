/** Name servers and their addresses, as NS and address RRsets tell them. */
import { RRTYPE } from '../wire/iana.ts';
import { formatName, lowerName, type Name } from '../wire/name.ts';
import { formatAddress } from '../wire/peer.ts';
import { findRRset, type ReceivedRRset } from './rrset.ts';

/** One address of one name server. */
export interface NameServer {
  /** In lower case. */
  readonly name: Name;
  readonly address: string;
  readonly port: number;
}

/** The hosts that an NS RRset names, in lower case. */
export function hostsOf(ns: ReceivedRRset): Name[] {
  return ns.rdatas.map(lowerName);
}

/** The addresses of `host` among the RRsets. */
export function addressesIn(rrsets: readonly ReceivedRRset[], host: Name): string[] {
  const v4 = findRRset(rrsets, host, RRTYPE.A)?.rdatas ?? [];
  const v6 = findRRset(rrsets, host, RRTYPE.AAAA)?.rdatas ?? [];
  return [...v4.map((octets) => formatAddress(4, octets)), ...v6.map((octets) => formatAddress(6, octets))];
}

/** The servers, each address once, in an order that does not depend on that of the answers. */
export function distinct(servers: readonly NameServer[]): NameServer[] {
  const byAddress = new Map(servers.map((server) => [`${server.address} ${server.port}`, server]));
  return [...byAddress.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, server]) => server);
}

/** A name server for people: host and address. */
export function whereOf({ name, address }: NameServer): string {
  return `${formatName(name)} ${address}`;
}
