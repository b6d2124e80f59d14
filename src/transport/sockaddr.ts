/** Socket addresses of the C library (struct sockaddr_in, sockaddr_in6), and options of sockets that are integers. */
import { networkInterfaces } from 'node:os';
import { type AddressFamily, formatAddress, parseAddress } from '../wire/peer.ts';
import { AF, errorName, type Libc } from './libc.ts';
import { type ListenAddress, ListenError } from './listen.ts';

const SOCKADDR_IN_OCTETS = 16;
const SOCKADDR_IN6_OCTETS = 28;

export function familyOf({ address }: ListenAddress): AddressFamily {
  return address.includes(':') ? 6 : 4;
}

/** struct sockaddr_in or sockaddr_in6: family in the machine's order, port and address in the network's. */
export function socketAddress(listen: ListenAddress): Uint8Array {
  const family = familyOf(listen);
  const name = new Uint8Array(family === 6 ? SOCKADDR_IN6_OCTETS : SOCKADDR_IN_OCTETS);
  const view = new DataView(name.buffer);
  const octets = new Uint8Array(16);
  const count = parseAddress(listen.address, octets);
  view.setUint16(0, family === 6 ? AF.INET6 : AF.INET, true);
  view.setUint16(2, listen.port);
  name.set(octets.subarray(0, count), family === 6 ? 8 : 4);
  if (family === 6) view.setUint32(24, scopeOf(listen.address), true);
  return name;
}

/** The interface number that `fe80::1%eth0` names; 0 without a zone. */
function scopeOf(address: string): number {
  const zone = address.split('%')[1];
  if (zone === undefined) return 0;
  if (/^\d+$/.test(zone)) return Number(zone);
  return networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid ?? 0;
}

/** Where a socket is bound; undefined if it is none of IPv4 or IPv6. */
export function boundAddress(libc: Libc, fd: number): ListenAddress | undefined {
  const name = new Uint8Array(SOCKADDR_IN6_OCTETS);
  const length = new Uint8Array(4);
  length[0] = name.length;
  if (libc.getsockname(fd, name, length) < 0) return undefined;
  const view = new DataView(name.buffer);
  const family = view.getUint16(0, true);
  if (family !== AF.INET && family !== AF.INET6) return undefined;
  const isIpv6 = family === AF.INET6;
  const scope = isIpv6 ? view.getUint32(24, true) : 0;
  const address = formatAddress(isIpv6 ? 6 : 4, name.subarray(isIpv6 ? 8 : 4));
  return { address: scope === 0 ? address : `${address}%${interfaceName(scope)}`, port: view.getUint16(2) };
}

function interfaceName(scope: number): string {
  const found = Object.entries(networkInterfaces()).find(([, addresses = []]) =>
    addresses.some((local) => local.family === 'IPv6' && local.scopeid === scope),
  );
  return found?.[0] ?? `${scope}`;
}

export function setInteger(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setInt32(0, value, true);
  return libc.setsockopt(fd, level, option, octets, octets.length) >= 0;
}

/** The value of an option; undefined if there is no such socket. */
export function getInteger(libc: Libc, fd: number, level: number, option: number): number | undefined {
  const octets = new Uint8Array(4);
  const length = Uint8Array.of(4, 0, 0, 0);
  if (libc.getsockopt(fd, level, option, octets, length) < 0) return undefined;
  return new DataView(octets.buffer).getInt32(0, true);
}

/** What the last call on a socket that shall listen failed with. */
export function listenError(libc: Libc, transport: 'udp' | 'tcp', listen: ListenAddress): ListenError {
  const code = errorName(libc.errno());
  return new ListenError(transport, listen, Object.assign(new Error(code), { code }));
}
