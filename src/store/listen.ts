/** Addresses to listen on, as text: `127.0.0.1:5300`, `[::1]:5300`, `[fe80::1%eth0]:53`. */
import { parseAddress } from '../wire/peer.ts';

/** A literal address and a port. */
export interface Listen {
  readonly address: string;
  readonly port: number;
}

/** Parses `ADDR:PORT`; a string says what is wrong with it. */
export function parseListen(text: string): Listen | string {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return 'is no address and port, write 127.0.0.1:5300 or [::1]:5300';
  const address = match[1] ?? match[2]!;
  const port = Number(match[3]);
  const octets = parseAddress(address, new Uint8Array(16));
  if (octets === 0) return 'has no literal IPv4 or IPv6 address';
  if ((octets === 16) !== (match[1] !== undefined)) return 'has brackets, which only IPv6 addresses have';
  if (port < 1 || port > 65_535) return 'has no port from 1 to 65535';
  return { address, port };
}
