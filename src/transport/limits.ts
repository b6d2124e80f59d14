/**
 * Limits of the stream server, and who may connect. TCP clients hold memory and descriptors while they do nothing, so
 * everything here has a bound (RFC 7766 §6.2, §6.1.3, §10).
 */
import { parseAddress } from '../wire/peer.ts';

export interface StreamLimits {
  /** Connections in all. When they are taken, the one that was silent longest makes room. */
  readonly maxConnections: number;
  /** Connections of one IPv4 address or IPv6 /64. */
  readonly maxConnectionsPerAddress: number;
  /** Only a connection silent for this long makes room for another. */
  readonly evictAfterMs: number;
  /** Time without a whole query after which a connection is closed, the first query included. */
  readonly idleMs: number;
  /** Time from the first octet of a message to its last; also for TLS and a proxy's header. */
  readonly messageMs: number;
  /** Time in which a peer must have taken what we wrote. */
  readonly stallMs: number;
  /** Largest message that is accepted, in octets. */
  readonly maxRequestOctets: number;
  /** Unsent octets of one connection above which no more of its queries are read. */
  readonly pauseOctets: number;
  /** Unsent octets of one connection above which it is destroyed. */
  readonly maxUnsentOctets: number;
  /** Unfinished queries and unsent answers of all connections, in octets; above it those silent longest are destroyed. */
  readonly maxHeldOctets: number;
  /** Queries of one connection answered before others have their turn. */
  readonly queriesPerTurn: number;
  /** How long `stop` goes on accepting, so that connections that are being made are not reset. */
  readonly handshakeMs: number;
  /** How long `stop` waits for connections to be done. */
  readonly drainMs: number;
}

export const STREAM_DEFAULTS: StreamLimits = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 100,
  evictAfterMs: 1_000,
  idleMs: 10_000,
  messageMs: 5_000,
  stallMs: 10_000,
  maxRequestOctets: 16_384,
  pauseOctets: 64 << 10,
  maxUnsentOctets: 256 << 10,
  maxHeldOctets: 128 << 20,
  queriesPerTurn: 64,
  handshakeMs: 250,
  drainMs: 2_000,
};

/** What happened on streams; numbers only grow, but for `open` and `held`. */
export interface StreamCounters {
  /** Connections open now. */
  open: number;
  /** Octets of unfinished queries and unsent answers now. */
  held: number;
  accepted: number;
  /** Closed at once: too many connections in all, or from one address. */
  refused: number;
  /** Closed to make room for another, or for the memory that others need. */
  evicted: number;
  /** Closed because no query came. */
  idle: number;
  /** Closed because a message took too long. */
  late: number;
  /** Closed because the peer did not read. */
  stalled: number;
  /** Closed because of a length that no query has. */
  garbage: number;
  /** Closed because the header of a listed proxy was malformed. */
  badProxyHeaders: number;
  /** Closed before TLS was agreed upon. */
  failedHandshakes: number;
  queries: number;
  answers: number;
  /** The responder threw; the connection was closed. */
  faults: number;
  /** Errors of sockets: resets for the most part. */
  socketErrors: number;
}

export function newStreamCounters(): StreamCounters {
  return {
    open: 0,
    held: 0,
    accepted: 0,
    refused: 0,
    evicted: 0,
    idle: 0,
    late: 0,
    stalled: 0,
    garbage: 0,
    badProxyHeaders: 0,
    failedHandshakes: 0,
    queries: 0,
    answers: 0,
    faults: 0,
    socketErrors: 0,
  };
}

/** Open connections by address, IPv6 by /64: who has one /64 has all its addresses. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();
  readonly #octets = new Uint8Array(16);

  /** The key under which `address` is counted. Null stands for an address that is not counted. */
  keyOf(address: string): string {
    if (!address.includes(':')) return address;
    parseAddress(address, this.#octets);
    return Buffer.from(this.#octets.subarray(0, 8)).toString('hex');
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string | null): void {
    if (key === null) return;
    this.#counts.set(key, this.get(key) + 1);
  }

  remove(key: string | null): void {
    if (key === null) return;
    const count = this.get(key) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
