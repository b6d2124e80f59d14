/**
 * DNS over TCP (RFC 7766) and over TLS (RFC 7858): listens, admits connections within limits, sweeps those that are slow
 * or silent. What a connection does before its first message is transport/greeting, and after it transport/connection.
 *
 * A wildcard needs no care here: the kernel answers on a connection from the address that was connected to.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { COUNTER, type Counters } from '../base/counters.ts';
import { Peer, type Respond } from '../wire/peer.ts';
import type { Prefix } from '../wire/prefix.ts';
import type { Client, Origin } from './client.ts';
import { Connection, type ConnectionEvents, type ConnectionOptions } from './connection.ts';
import { Exchange } from './exchange.ts';
import { Greeting } from './greeting.ts';
import type { HandedSocket } from './handed.ts';
import { loadLibc } from './libc.ts';
import {
  AddressCounts,
  newStreamCounters,
  STREAM_DEFAULTS,
  type StreamCounters,
  type StreamLimits,
} from './limits.ts';
import { type ListenAddress, ListenError } from './listen.ts';
import { isProxy } from './proxy-header.ts';
import { bindListener, leaveToSuccessor } from './tcp-socket.ts';
import { type Certificate, TlsEnd } from './tls.ts';

const BACKLOG = 1024;
/** Limits of time are kept to within a quarter of the shortest, and within this. */
const MAX_SWEEP_MS = 1_000;
const MIN_SWEEP_MS = 10;
/** After `stop`, what the kernel has already received is still read. */
const LAST_READ_MS = 20;

/** What a stream server has besides plain TCP. */
export interface StreamDoors {
  /** Where TLS is spoken; nobody is admitted there before `setCertificate`. */
  readonly tlsListen?: readonly ListenAddress[];
  /** Who puts the header of the PROXY protocol before each connection. */
  readonly proxies?: readonly Prefix[];
  /** Served instead of `listen` and `tlsListen`, unless null. */
  readonly handed?: readonly HandedSocket[] | null;
  /** Others of this user may have the ports too: a process that takes over from them. */
  readonly mayShare?: boolean;
  /** What all servers count together. */
  readonly counters?: Counters;
}

export class StreamServer {
  readonly #listen: readonly ListenAddress[];
  readonly #limits: StreamLimits;
  readonly #counters: StreamCounters = newStreamCounters();
  readonly #exchange: Exchange;
  readonly #doors: StreamDoors;
  #tls: TlsEnd | null = null;
  readonly #servers: Server[] = [];
  /** Descriptors of the servers, as far as they are ours alone. */
  readonly #fds: number[] = [];
  /** In the order of their last query, the one silent longest first. */
  readonly #connections = new Set<Client>();
  readonly #addressCounts = new AddressCounts();
  #sweep: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  #isListening = true;
  readonly #events: ConnectionEvents = {
    active: (active) => this.#moveToEnd(active),
    crowded: () => this.#makeSpace(),
    closed: (gone) => this.#forget(gone),
  };
  readonly #other = new Peer();

  constructor(
    listen: readonly ListenAddress[],
    respond: Respond,
    limits: Partial<StreamLimits> = {},
    doors: StreamDoors = {},
  ) {
    this.#listen = listen;
    this.#doors = doors;
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
      await this.#openAll();
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

  /** Connections that begin from now on see this certificate; throws what is wrong with it, then the old one stays. */
  setCertificate(certificate: Certificate): void {
    if (this.#tls === null) this.#tls = new TlsEnd(certificate);
    else this.#tls.setCertificate(certificate);
  }

  async #openAll(): Promise<void> {
    const { handed = null, tlsListen = [], mayShare = false } = this.#doors;
    const libc = loadLibc();
    for (const { fd, kind, listen, isLent } of handed ?? []) {
      // Only a door that was found can be handed through. The server closes what it is given.
      if (typeof libc === 'object') await this.#open(listen, kind === 'tls', libc.dup(fd), isLent);
    }
    if (handed !== null) return;
    for (const isTls of [false, true]) {
      for (const listen of isTls ? tlsListen : this.#listen) {
        await this.#open(
          listen,
          isTls,
          typeof libc === 'object' ? bindListener(libc, listen, mayShare) : null,
        );
      }
    }
  }

  /** Listens with a descriptor that is bound, or (null) where Node shall bind. */
  async #open(listen: ListenAddress, isTls: boolean, fd: number | null, isLent = false): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#onConnection(socket, isTls),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ListenError('tcp', listen, error)));
      const { address: host, port } = listen;
      const place = fd === null ? { host, port, ipv6Only: host.includes(':'), exclusive: true } : { fd };
      server.listen({ ...place, backlog: BACKLOG }, resolve);
    });
    server.removeAllListeners('error');
    // Out of descriptors, for one: the connection is lost, the server is not.
    server.on('error', () => this.#counters.socketErrors++);
    this.#servers.push(server);
    if (fd !== null && !isLent) this.#fds.push(fd);
  }

  async #drainAndClose(): Promise<void> {
    await this.#leaveToSuccessor();
    this.#isListening = false;
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

  /** Other processes that listen on the ports get what comes; what has begun to come here is accepted still. */
  async #leaveToSuccessor(): Promise<void> {
    const libc = loadLibc();
    if (typeof libc === 'string' || this.#fds.length === 0) return;
    for (const fd of this.#fds) leaveToSuccessor(libc, fd);
    await sleep(this.#limits.handshakeMs);
  }

  // ---- Connections ----

  #onConnection(socket: Socket, isTls: boolean): void {
    const { remoteAddress: address, remoteFamily, remotePort: port = 0 } = socket;
    const tls = isTls ? this.#tls : null;
    // Without an address the peer is gone already.
    if (address === undefined || (isTls && tls === null)) {
      this.#refuse(socket);
      return;
    }
    const origin: Origin = { family: remoteFamily === 'IPv6' ? 6 : 4, address, port };
    const isProxied = this.#isProxy(origin);
    const addressKey = isProxied ? null : this.#addressCounts.keyOf(address);
    if (!this.#isAdmitted(addressKey)) {
      this.#refuse(socket);
      return;
    }
    this.#counters.accepted++;
    if (!isProxied && tls === null) {
      this.#add(new Connection({ ...this.#common, socket, transport: 'tcp', origin, addressKey }));
      return;
    }
    this.#add(
      new Greeting({
        ...{ socket, origin, addressKey, isProxied, tls },
        limitMs: this.#limits.messageMs,
        counters: this.#counters,
        ready: (greeting, stream, whose, isNamed) => this.#onReady(greeting, stream, whose, isNamed),
        closed: (gone) => this.#forget(gone),
        malformed: () => this.#doors.counters?.bump(COUNTER.BAD_PROXY_HEADERS),
      }),
    );
  }

  /** A greeting is over: its stream is admitted anew if its proxy has said whose it is. */
  #onReady(greeting: Greeting, socket: Socket, origin: Origin, isNamed: boolean): void {
    const wasKnown = this.#connections.has(greeting);
    this.#forget(greeting);
    const addressKey = isNamed ? this.#addressCounts.keyOf(origin.address) : greeting.addressKey;
    if (!wasKnown || !this.#isAdmitted(addressKey)) {
      this.#refuse(socket);
      return;
    }
    const transport = socket instanceof TLSSocket ? 'tls' : 'tcp';
    this.#add(new Connection({ ...this.#common, socket, transport, origin, addressKey }));
    socket.resume();
  }

  get #common(): Pick<ConnectionOptions, 'exchange' | 'events'> {
    return { exchange: this.#exchange, events: this.#events };
  }

  #isProxy({ family, address, port }: Origin): boolean {
    const { proxies = [] } = this.#doors;
    if (proxies.length === 0) return false;
    this.#other.setText('tcp', family, address, port);
    return isProxy(proxies, this.#other);
  }

  #refuse(socket: Socket): void {
    this.#counters.refused++;
    socket.on('error', () => this.#counters.socketErrors++);
    socket.destroy();
  }

  #add(client: Client): void {
    this.#addressCounts.add(client.addressKey);
    this.#connections.add(client);
    this.#counters.open++;
  }

  #isAdmitted(key: string | null): boolean {
    if (!this.#isListening) return false;
    if (key !== null && this.#addressCounts.get(key) >= this.#limits.maxConnectionsPerAddress) return false;
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

  #moveToEnd(connection: Client): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection);
  }

  #forget(connection: Client): void {
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
