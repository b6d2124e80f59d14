/**
 * Starting as root to bind ports below 1024 and going on as somebody else: the sockets are bound first of all, then the
 * process becomes that user for good, then anything is read or written. Bound sockets hear nothing until a thread serves
 * them.
 */
import fs from 'node:fs';
import type { HandedSocket } from '../transport/handed.ts';
import { loadLibc } from '../transport/libc.ts';
import type { ListenAddress } from '../transport/listen.ts';
import { ReuseportChooser } from '../transport/reuseport.ts';
import { boundAddress } from '../transport/sockaddr.ts';
import { bindListener } from '../transport/tcp-socket.ts';
import { deafen } from '../transport/udp-socket.ts';
import { StartError } from './starterror.ts';
import { bindDatagrams } from './udpports.ts';

/** Whom to become. */
export interface Identity {
  readonly user: string;
  /** The user's own groups without it. */
  readonly group: string | undefined;
}

export interface WantedSockets {
  readonly listen: readonly ListenAddress[];
  readonly tlsListen: readonly ListenAddress[];
  readonly udpThreads: number;
  /** A process from which we take over has the ports too. */
  readonly mayShare: boolean;
}

/** Binds all sockets that the threads will serve. Throws StartError or ListenError. */
export function bindEarly({ listen, tlsListen, udpThreads, mayShare }: WantedSockets): HandedSocket[] {
  const libc = loadLibc();
  if (typeof libc === 'string') {
    throw new StartError(
      `privileges cannot be dropped: ${libc}`,
      'install koffi (npm ci), or let systemd start the service as its user',
    );
  }
  // TCP first: it finds out whether another server has the port.
  const streams = [...listen, ...tlsListen].map((wanted, i): HandedSocket => {
    const fd = bindListener(libc, wanted, mayShare);
    return {
      ...{ fd, listen: boundAddress(libc, fd) ?? wanted, worker: null, isLent: false },
      kind: i < listen.length ? 'tcp' : 'tls',
    };
  });
  const datagrams = bindDatagrams(libc, listen, udpThreads);
  const chooser = new ReuseportChooser(libc);
  for (const { fd } of datagrams) {
    deafen(libc, fd);
    // The first socket of the port is the other process's, which answers.
    if (mayShare) chooser.give(fd, 0);
  }
  return [...streams, ...datagrams];
}

/** Becomes the user, with all threads and for good. Throws StartError. */
export function become({ user, group }: Identity): void {
  if (process.setgroups === undefined || process.setgid === undefined || process.setuid === undefined) {
    throw new StartError('this system knows no users to become', 'leave out user and group');
  }
  try {
    const main = group ?? primaryGroup(user);
    process.setgroups([main]);
    process.setgid(main);
    process.setuid(user);
  } catch (error) {
    throw new StartError(
      `cannot become user ${user}${group === undefined ? '' : ` and group ${group}`}: ${(error as Error).message}`,
      'name an existing user and group, and start as root',
      { cause: error },
    );
  }
  if (process.getuid?.() === 0) throw new StartError(`user ${user} is root`, 'name a user other than root');
}

/** The group that /etc/passwd names beside a user; throws an Error without one. */
function primaryGroup(user: string): number {
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  const group = Number(line?.split(':')[3] ?? Number.NaN);
  if (Number.isInteger(group)) return group;
  throw new Error('it is not in /etc/passwd; name its group too');
}
