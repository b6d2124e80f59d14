/**
 * TCP sockets made by the C library. They share their port (SO_REUSEPORT), so that a new process can listen while the old
 * one still does. Sharing by accident would split the clients between two servers, so who does not mean to looks first.
 */
import { AF, IPV6_V6ONLY, type Libc, SO, SOCK_CLOEXEC, SOCK_STREAM, SOL } from './libc.ts';
import type { ListenAddress } from './listen.ts';
import { ReuseportChooser } from './reuseport.ts';
import { familyOf, listenError, setInteger, socketAddress } from './sockaddr.ts';

/** Binds a socket, which does not listen yet; throws ListenError, if others have the port unless `mayShare`. */
export function bindListener(libc: Libc, listen: ListenAddress, mayShare: boolean): number {
  // A socket that shares with nobody can be bound only where nobody listens.
  if (!mayShare && listen.port !== 0) libc.close(bound(libc, listen, false));
  return bound(libc, listen, true);
}

function bound(libc: Libc, listen: ListenAddress, isShared: boolean): number {
  const family = familyOf(listen);
  const fd = libc.socket(family === 6 ? AF.INET6 : AF.INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw listenError(libc, 'tcp', listen);
  setInteger(libc, fd, SOL.SOCKET, SO.REUSEADDR, 1);
  if (isShared) setInteger(libc, fd, SOL.SOCKET, SO.REUSEPORT, 1);
  if (family === 6) setInteger(libc, fd, SOL.IPV6, IPV6_V6ONLY, 1);
  const name = socketAddress(listen);
  if (libc.bind(fd, name, name.length) >= 0) return fd;
  const error = listenError(libc, 'tcp', listen);
  libc.close(fd);
  throw error;
}

/**
 * Sends connections that begin from now on to the second of the sockets that share the port: the first one is the older,
 * and will be closed. Without a second one nothing changes.
 */
export function leaveToSuccessor(libc: Libc, fd: number): void {
  new ReuseportChooser(libc).give(fd, 1);
}
