/** Where servers listen, and the error that says why they cannot. */
import { networkInterfaces } from 'node:os';

/** A literal address and a port; port 0 lets the system choose. */
export interface ListenAddress {
  /** `127.0.0.1`, `0.0.0.0`, `::1`, `::`, `fe80::1%eth0`. */
  readonly address: string;
  readonly port: number;
}

/** Thrown by `start()`: one of the addresses cannot be listened on. Nothing is left open. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** The system's: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, … */
  readonly code: string;
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;

  constructor(transport: 'udp' | 'tcp', listen: ListenAddress, cause: unknown) {
    const code = errorCode(cause);
    super(`cannot listen on ${formatListen(listen)} (${transport}): ${code}`, { cause });
    this.code = code;
    this.transport = transport;
    this.address = listen.address;
    this.port = listen.port;
  }
}

/** The system's code in an error of Node, or `UNKNOWN`. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}

/** `127.0.0.1:5300`, `[::1]:5300`. */
export function formatListen({ address, port }: ListenAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Addresses of the machine's interfaces; link-local ones with their zone. */
export function interfaceAddresses(family: 4 | 6): string[] {
  const wanted = `IPv${family}`;
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter((local) => local.family === wanted)
      .map((local) => (local.address.startsWith('fe80:') ? `${local.address}%${name}` : local.address)),
  );
}

/** True for `0.0.0.0` and every spelling of `::`. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || (address.includes(':') && /^[0:]+$/.test(address));
}
