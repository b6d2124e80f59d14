/** Datagrams to a Unix socket, which Node does not have: what systemd hears about its services. */
import { AF, type Libc, SOCK_CLOEXEC, SOCK_DGRAM } from './libc.ts';

const MAX_PATH_OCTETS = 107;

/** Sends one datagram to a Unix socket, `@name` for an abstract one. False if nobody takes it. */
export function sendToUnix(libc: Libc, path: string, text: string): boolean {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (name.length > MAX_PATH_OCTETS) return false;
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF.UNIX);
  address.set(name, 2);
  const fd = libc.socket(AF.UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const octets = Buffer.from(text);
  const sent = libc.sendto(fd, octets, octets.length, 0, address, address.length);
  libc.close(fd);
  return Number(sent) === octets.length;
}
