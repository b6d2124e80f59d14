/**
 * DNS over TCP (RFC 7766): listens, admits connections within limits, sweeps those that are slow or silent. What a
 * connection does with its octets is transport/connection.
 *
 * A wildcard needs no care here: the kernel answers on a connection from the address that was connected to.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Respond } from '../wire/peer.ts';
import { Connection } from './connection.ts';
import { Exchange } from './exchange.ts';
import {
  AddressCounts,
  newStreamCounters,
  STREAM_DEFAULTS,
  type StreamCounters,
  type StreamLimits,
} from './limits.ts';
import { type ListenAddress, ListenError } from './listen.ts';

const BACKLOG = 1024;
/** Limits of time are kept to within a quarter of the shortest, and within this. */
const MAX_SWEEP_MS = 1_000;
const MIN_SWEEP_MS = 10;
/** After `stop`, what the kernel has already received is still read. */
const LAST_READ_MS = 20;

export class StreamServer {
  readonly #listen: readonly ListenAddress[];
  readonly #limits: StreamLimits;
  readonly #counters: StreamCounters = newStreamCounters();
  readonly #exchange: Exchange;
  readonly #servers: Server[] = [];
  /** In the order of their last query, the one silent longest first. */
  readonly #connections = new Set<Connection>();
  readonly #addressCounts = new AddressCounts();
  #sweep: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(listen: readonly ListenAddress[], respond: Respond, limits: Partial<StreamLimits> = {}) {
    this.#listen = listen;
    this.#limits = { ...STREAM_DEFAULTS, ...limits };
    this.#exchange = new Exchange(respond, this.#limits, this.#counters);
  }

  get counters(): Readonly<StreamCounters> {
    return this.#counters;
  }

  /** What is bound, with real ports. */
  get addresses(): readonly ListenAddress[] {
    return this.#servers.flatMap((server) => {
      const bound = server.address();
      return bound === null || typeof bound === 'string'
        ? []
        : [{ address: bound.address, port: bound.port }];
    });
  }

  /** Listens on all addresses, or on none and throws ListenError. */
  async start(): Promise<void> {
    try {
      for (const listen of this.#listen) await this.#open(listen);
    } catch (error) {
      await Promise.all(this.#servers.map(closeServer));
      this.#servers.length = 0;
      throw error;
    }
    const { idleMs, messageMs, stallMs } = this.#limits;
    const sweepMs = Math.min(idleMs, messageMs, stallMs) / 4;
    this.#sweep = setInterval(
      () => this.#sweepConnections(),
      Math.max(MIN_SWEEP_MS, Math.min(MAX_SWEEP_MS, sweepMs)),
    );
    this.#sweep.unref();
  }

  /**
   * Accepts no more, answers what was asked, closes each connection when it is done, and all when `drainMs` is over.
   * Never rejects; a second call waits too.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#drainAndClose();
    return this.#stopped;
  }

  async #open(listen: ListenAddress): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#onConnection(socket),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ListenError('tcp', listen, error)));
      server.listen(
        {
          host: listen.address,
          port: listen.port,
          ipv6Only: listen.address.includes(':'),
          backlog: BACKLOG,
          exclusive: true,
        },
        resolve,
      );
    });
    server.removeAllListeners('error');
    // Out of descriptors, for one: the connection is lost, the server is not.
    server.on('error', () => this.#counters.socketErrors++);
    this.#servers.push(server);
  }

  async #drainAndClose(): Promise<void> {
    const closed = this.#servers.map(closeServer);
    const until = performance.now() + this.#limits.drainMs;
    await sleep(Math.min(LAST_READ_MS, this.#limits.drainMs));
    while (this.#connections.size > 0 && performance.now() < until) {
      for (const connection of this.#connections) {
        if (connection.isQuiet) connection.close();
      }
      await sleep(MIN_SWEEP_MS);
    }
    clearInterval(this.#sweep);
    for (const connection of this.#connections) {
      this.#forget(connection);
      connection.destroy();
    }
    await Promise.all(closed);
  }

  // ---- Connections ----

  #onConnection(socket: Socket): void {
    const address = socket.remoteAddress;
    const key = address === undefined ? '' : this.#addressCounts.keyOf(address);
    // Without an address the peer is gone already.
    if (address === undefined || !this.#isAdmitted(key)) {
      this.#counters.refused++;
      socket.on('error', () => this.#counters.socketErrors++);
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, key, this.#exchange, {
      active: (active) => this.#moveToEnd(active),
      crowded: () => this.#makeSpace(),
      closed: (gone) => this.#forget(gone),
    });
    this.#addressCounts.add(key);
    this.#connections.add(connection);
    this.#counters.accepted++;
    this.#counters.open++;
  }

  #isAdmitted(key: string): boolean {
    if (this.#stopped !== undefined) return false;
    if (this.#addressCounts.get(key) >= this.#limits.maxConnectionsPerAddress) return false;
    if (this.#connections.size < this.#limits.maxConnections) return true;
    return this.#makeRoom();
  }

  /** Closes the connection that was silent longest, if it was silent long enough. */
  #makeRoom(): boolean {
    const [silent] = this.#connections;
    if (silent === undefined || performance.now() - silent.activeAt < this.#limits.evictAfterMs) return false;
    this.#counters.evicted++;
    this.#forget(silent);
    silent.destroy();
    return true;
  }

  /** Destroys connections that hold octets, the one silent longest first, until the rest are within the limit. */
  #makeSpace(): void {
    for (const connection of this.#connections) {
      if (this.#counters.held <= this.#limits.maxHeldOctets) return;
      if (!connection.isHolding) continue;
      this.#counters.evicted++;
      connection.destroy();
    }
  }

  #moveToEnd(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection);
  }

  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.#addressCounts.remove(connection.addressKey);
    this.#counters.open--;
  }

  #sweepConnections(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.sweep(now);
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
