/** UDP sockets made by the C library: options, binding, and the addresses that they have. */
import { networkInterfaces } from 'node:os';
import { formatAddress, parseAddress } from '../wire/peer.ts';
import {
  AF,
  errorName,
  IP_PKTINFO,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  type Libc,
  SO,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL,
} from './libc.ts';
import { isWildcard, type ListenAddress, ListenError } from './listen.ts';

const SOCKADDR_IN_OCTETS = 16;
const SOCKADDR_IN6_OCTETS = 28;

export interface BoundSocket {
  readonly fd: number;
  readonly family: 4 | 6;
  /** Bound to all addresses: requests tell which one they came to. */
  readonly isWildcard: boolean;
  readonly address: ListenAddress;
}

export interface SocketOptions {
  readonly receiveBufferOctets: number;
  readonly sendBufferOctets: number;
  /** How long a receive waits for a first datagram. */
  readonly receiveTimeoutMs: number;
}

/** Opens a SO_REUSEPORT socket bound to `listen`; throws ListenError. */
export function openSocket(libc: Libc, listen: ListenAddress, options: SocketOptions): BoundSocket {
  const family = listen.address.includes(':') ? 6 : 4;
  const fd = libc.socket(family === 6 ? AF.INET6 : AF.INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw listenError(libc, listen);
  const wildcard = isWildcard(listen.address);
  setInteger(libc, fd, SOL.SOCKET, SO.REUSEPORT, 1);
  setInteger(libc, fd, SOL.SOCKET, SO.RCVBUF, options.receiveBufferOctets);
  setInteger(libc, fd, SOL.SOCKET, SO.SNDBUF, options.sendBufferOctets);
  setTimeoutOption(libc, fd, options.receiveTimeoutMs);
  if (family === 6) setInteger(libc, fd, SOL.IPV6, IPV6_V6ONLY, 1);
  if (wildcard && family === 4) setInteger(libc, fd, SOL.IP, IP_PKTINFO, 1);
  if (wildcard && family === 6) setInteger(libc, fd, SOL.IPV6, IPV6_RECVPKTINFO, 1);
  const name = socketAddress(listen, family);
  if (libc.bind(fd, name, name.length) < 0) {
    const error = listenError(libc, listen);
    libc.close(fd);
    throw error;
  }
  return { fd, family, isWildcard: wildcard, address: boundAddress(libc, fd, family, listen) };
}

function setInteger(libc: Libc, fd: number, level: number, option: number, value: number): void {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setInt32(0, value, true);
  libc.setsockopt(fd, level, option, octets, octets.length);
}

function setTimeoutOption(libc: Libc, fd: number, milliseconds: number): void {
  const timeval = new Uint8Array(16);
  const view = new DataView(timeval.buffer);
  view.setBigInt64(0, BigInt(Math.floor(milliseconds / 1000)), true);
  view.setBigInt64(8, BigInt((milliseconds % 1000) * 1000), true);
  libc.setsockopt(fd, SOL.SOCKET, SO.RCVTIMEO, timeval, timeval.length);
}

/** struct sockaddr_in or sockaddr_in6: family in the machine's order, port and address in the network's. */
function socketAddress({ address, port }: ListenAddress, family: 4 | 6): Uint8Array {
  const name = new Uint8Array(family === 6 ? SOCKADDR_IN6_OCTETS : SOCKADDR_IN_OCTETS);
  const view = new DataView(name.buffer);
  const octets = new Uint8Array(16);
  const count = parseAddress(address, octets);
  view.setUint16(0, family === 6 ? AF.INET6 : AF.INET, true);
  view.setUint16(2, port);
  name.set(octets.subarray(0, count), family === 6 ? 8 : 4);
  if (family === 6) view.setUint32(24, scopeOf(address), true);
  return name;
}

/** The interface number that `fe80::1%eth0` names; 0 without a zone. */
function scopeOf(address: string): number {
  const zone = address.split('%')[1];
  if (zone === undefined) return 0;
  if (/^\d+$/.test(zone)) return Number(zone);
  return networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid ?? 0;
}

/** The address with the port that the system chose. */
function boundAddress(libc: Libc, fd: number, family: 4 | 6, listen: ListenAddress): ListenAddress {
  const name = new Uint8Array(SOCKADDR_IN6_OCTETS);
  const length = new Uint8Array(4);
  length[0] = name.length;
  if (libc.getsockname(fd, name, length) < 0) return listen;
  const port = new DataView(name.buffer).getUint16(2);
  const zone = listen.address.includes('%') ? `%${listen.address.split('%')[1]}` : '';
  const octets = name.subarray(family === 6 ? 8 : 4);
  return { address: formatAddress(family, octets) + zone, port };
}

function listenError(libc: Libc, listen: ListenAddress): ListenError {
  const code = errorName(libc.errno());
  return new ListenError('udp', listen, Object.assign(new Error(code), { code }));
}
