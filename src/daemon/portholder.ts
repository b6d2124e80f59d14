/** Explains why a socket cannot be opened: who holds the port, and what to do about it. */
import fs from 'node:fs';
import { formatListen } from '../transport/listen.ts';
import { parseAddress } from '../wire/peer.ts';
import type { ListenFailure } from './supervisor.ts';

const PROC = '/proc';
const MAX_PROCESSES = 20_000;

/** One sentence on the failure and one on the way out. */
export function explainListenFailure(failure: ListenFailure): {
  readonly message: string;
  readonly fix: string;
} {
  const { transport, code } = failure;
  const place = `${formatListen(failure)} (${transport})`;
  if (code === 'EADDRINUSE') {
    const holder = findHolder(failure);
    const who = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.name})`;
    return {
      message: `${place} is in use by ${who}`,
      fix: 'stop that process, or listen elsewhere: --listen 127.0.0.1:5301',
    };
  }
  if (code === 'EACCES') {
    return {
      message: `${place}: only privileged processes may use ports below 1024`,
      fix: 'use a port above 1023 (--listen 127.0.0.1:5300), or give the node binary cap_net_bind_service',
    };
  }
  if (code === 'EADDRNOTAVAIL') {
    return {
      message: `${place}: this machine has no such address`,
      fix: 'name an address that "ip address" shows',
    };
  }
  return { message: `${place} cannot be opened: ${code}`, fix: 'name another address with --listen' };
}

/** The process that has the port, as far as Linux tells and permissions allow. */
export function findHolder(
  failure: Pick<ListenFailure, 'transport' | 'address' | 'port'>,
): { readonly pid: number; readonly name: string } | undefined {
  try {
    const inodes = socketInodes(failure);
    if (inodes.size === 0) return undefined;
    const pids = fs.readdirSync(PROC).filter((name) => /^\d+$/.test(name));
    for (const pid of pids.slice(0, MAX_PROCESSES)) {
      if (!hasSocket(pid, inodes)) continue;
      return { pid: Number(pid), name: fs.readFileSync(`${PROC}/${pid}/comm`, 'utf8').trim() };
    }
  } catch (error) {
    // Not Linux, or /proc is not for us: then the holder is not told.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
  return undefined;
}

/** Inodes of sockets that are bound to the address, or to all addresses, and the port. */
function socketInodes({ transport, address, port }: Parameters<typeof findHolder>[0]): Set<string> {
  const inodes = new Set<string>();
  const wanted = procAddress(address);
  for (const table of [transport, `${transport}6`]) {
    const file = `${PROC}/net/${table}`;
    if (!fs.existsSync(file)) continue;
    for (const line of fs.readFileSync(file, 'latin1').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [bound = '', boundPort = ''] = local.split(':');
      const isOpen = transport === 'udp' || state === '0A';
      const isSame = bound === wanted || /^0+$/.test(bound) || /^0+$/.test(wanted);
      if (isOpen && isSame && Number.parseInt(boundPort, 16) === port) inodes.add(inode);
    }
  }
  return inodes;
}

/** An address as /proc/net has it: words of 32 bits in the byte order of the machine, in hex. */
function procAddress(address: string): string {
  const octets = new Uint8Array(16);
  const count = parseAddress(address, octets);
  let text = '';
  for (let at = 0; at < count; at += 4) {
    text += Buffer.from(octets.subarray(at, at + 4))
      .reverse()
      .toString('hex');
  }
  return text.toUpperCase();
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  const directory = `${PROC}/${pid}/fd`;
  let descriptors: string[];
  try {
    descriptors = fs.readdirSync(directory);
  } catch {
    return false; // Another user's process, or it has ended.
  }
  return descriptors.some((descriptor) => {
    try {
      const match = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`${directory}/${descriptor}`));
      return match !== null && inodes.has(match[1]!);
    } catch {
      return false; // Closed meanwhile.
    }
  });
}
