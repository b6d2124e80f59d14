/** Sockets that a thread is handed instead of opening them: from systemd, or bound before privileges were dropped. */
import { type Libc, SO, SOCK_DGRAM, SOCK_STREAM, SOL } from './libc.ts';
import type { ListenAddress } from './listen.ts';
import { boundAddress, getInteger } from './sockaddr.ts';

/** One of them. Plain data; the descriptor is that of the process and stays open. */
export interface HandedSocket {
  readonly fd: number;
  readonly kind: 'udp' | 'tcp' | 'tls';
  readonly listen: ListenAddress;
  /** The UDP thread whose it is, from 0 on; null if all threads share it. */
  readonly worker: number | null;
  /** True if another process keeps it open: what we leave unread waits there for our next start. */
  readonly isLent: boolean;
}

/** What a descriptor is; undefined if it is no socket of IPv4 or IPv6 that can be served. */
export function inspectSocket(libc: Libc, fd: number): Pick<HandedSocket, 'kind' | 'listen'> | undefined {
  const listen = boundAddress(libc, fd);
  const type = getInteger(libc, fd, SOL.SOCKET, SO.TYPE);
  if (listen === undefined || (type !== SOCK_DGRAM && type !== SOCK_STREAM)) return undefined;
  return { kind: type === SOCK_DGRAM ? 'udp' : 'tcp', listen };
}
