/** UDP sockets made by the C library: options, binding, and the addresses that they have. */
import type { AddressFamily } from '../wire/peer.ts';
import { BPF, BpfProgram } from './bpf.ts';
import type { HandedSocket } from './handed.ts';
import {
  AF,
  IP_PKTINFO,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  type Libc,
  SO,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL,
  UDP_SEGMENT,
} from './libc.ts';
import { isWildcard, type ListenAddress } from './listen.ts';
import { boundAddress, familyOf, listenError, setInteger, socketAddress } from './sockaddr.ts';

export interface BoundSocket {
  readonly fd: number;
  readonly family: AddressFamily;
  /** Bound to all addresses: requests tell which one they came to. */
  readonly isWildcard: boolean;
  /** The kernel cuts a message apart into datagrams of one length (UDP_SEGMENT, Linux 4.18). */
  readonly cutsMessages: boolean;
  readonly address: ListenAddress;
  /** Another process keeps it open too. */
  readonly isLent: boolean;
}

export interface SocketOptions {
  readonly receiveBufferOctets: number;
  readonly sendBufferOctets: number;
  /** How long a receive waits for a first datagram. */
  readonly receiveTimeoutMs: number;
}

/** The discard port: a socket connected to it hears nobody. */
const DISCARD_PORT = 9;

/** Opens a SO_REUSEPORT socket bound to `listen`; throws ListenError. */
export function openSocket(libc: Libc, listen: ListenAddress, options: SocketOptions): BoundSocket {
  return prepared(libc, bindSocket(libc, listen), { listen, isLent: false }, options);
}

/** A socket of this thread for one that was bound before, which stays open and hears from now on; throws ListenError. */
export function adoptSocket(libc: Libc, handed: HandedSocket, options: SocketOptions): BoundSocket {
  const own = libc.dup(handed.fd);
  if (own < 0) throw listenError(libc, 'udp', handed.listen);
  setInteger(libc, own, SOL.SOCKET, SO.DETACH_FILTER, 0);
  return prepared(libc, own, handed, options);
}

/** Binds a socket that may share its port with others of this user; throws ListenError. Returns its descriptor. */
export function bindSocket(libc: Libc, listen: ListenAddress): number {
  const family = familyOf(listen);
  const fd = libc.socket(family === 6 ? AF.INET6 : AF.INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw listenError(libc, 'udp', listen);
  setInteger(libc, fd, SOL.SOCKET, SO.REUSEPORT, 1);
  if (family === 6) setInteger(libc, fd, SOL.IPV6, IPV6_V6ONLY, 1);
  const name = socketAddress(listen);
  if (libc.bind(fd, name, name.length) >= 0) return fd;
  const error = listenError(libc, 'udp', listen);
  libc.close(fd);
  throw error;
}

function prepared(
  libc: Libc,
  fd: number,
  { listen, isLent }: Pick<HandedSocket, 'listen' | 'isLent'>,
  options: SocketOptions,
): BoundSocket {
  const family = familyOf(listen);
  const wildcard = isWildcard(listen.address);
  setInteger(libc, fd, SOL.SOCKET, SO.RCVBUF, options.receiveBufferOctets);
  setInteger(libc, fd, SOL.SOCKET, SO.SNDBUF, options.sendBufferOctets);
  setTimeoutOption(libc, fd, options.receiveTimeoutMs);
  if (wildcard && family === 4) setInteger(libc, fd, SOL.IP, IP_PKTINFO, 1);
  if (wildcard && family === 6) setInteger(libc, fd, SOL.IPV6, IPV6_RECVPKTINFO, 1);
  return {
    fd,
    family,
    isWildcard: wildcard,
    // Nothing is cut by default; that it can be said tells that the kernel knows how.
    cutsMessages: setInteger(libc, fd, SOL.UDP, UDP_SEGMENT, 0),
    address: boundAddress(libc, fd) ?? listen,
    isLent,
  };
}

function setTimeoutOption(libc: Libc, fd: number, milliseconds: number): void {
  const timeval = new Uint8Array(16);
  const view = new DataView(timeval.buffer);
  view.setBigInt64(0, BigInt(Math.floor(milliseconds / 1000)), true);
  view.setBigInt64(8, BigInt((milliseconds % 1000) * 1000), true);
  libc.setsockopt(fd, SOL.SOCKET, SO.RCVTIMEO, timeval, timeval.length);
}

/**
 * Has a socket throw away what comes until it is adopted. Connecting it to nobody would be kinder, as who asks would hear
 * that nobody answers; but a socket of IPv6 hears from its peer alone even after it is disconnected (Linux 6.18).
 */
export function deafen(libc: Libc, fd: number): void {
  const program = new BpfProgram(libc, [[BPF.RETURN, 0]]);
  libc.setsockopt(fd, SOL.SOCKET, SO.ATTACH_FILTER, program.fprog, program.fprog.length);
}

/**
 * Takes a socket out of those among which the kernel spreads datagrams: it is connected to where nobody sends from. What
 * it has received stays readable and answers still leave, so that a socket is closed without losing a query. It is for
 * good; a failure leaves it as it was.
 */
export function park(libc: Libc, fd: number, family: AddressFamily): void {
  const name = socketAddress({ address: family === 6 ? '::1' : '127.0.0.1', port: DISCARD_PORT });
  libc.connect(fd, name, name.length);
}
