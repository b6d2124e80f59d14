/**
 * UDP over `node:dgram`: everywhere Node runs, one callback a datagram.
 *
 * An answer must leave from the address that was asked, or the client drops it. A socket bound to a wildcard lets the
 * kernel choose, so a wildcard is bound as one socket for each address of the machine's interfaces instead, and the
 * interfaces are looked at again now and then. Addresses that the kernel delivers without an interface having them
 * (the rest of 127.0.0.0/8, AnyIP routes) are not served through a wildcard: name them, or use the batched transport.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { COUNTER, Counters } from '../base/counters.ts';
import { Peer, type Respond } from '../wire/peer.ts';
import type { Prefix } from '../wire/prefix.ts';
import { interfaceAddresses, isWildcard, type ListenAddress, ListenError } from './listen.ts';
import { isProxy, PROXY_MALFORMED, ProxyHeader } from './proxy-header.ts';
import { ReflectionFilter } from './reflection.ts';
import { newUdpCounters, type UdpCounters, type UdpServer } from './udp.ts';

/** Local addresses of one family; the default asks the system. */
export type ListInterfaces = (family: 4 | 6) => string[];

export interface DgramOptions {
  /** Asked of the kernel, which may give less (`net.core.rmem_max`). */
  readonly receiveBufferOctets: number;
  readonly sendBufferOctets: number;
  /** Responses that may wait for the kernel; further queries are dropped. */
  readonly maxWaiting: number;
  /** Largest response, in octets. */
  readonly responseOctets: number;
  /** How often the addresses behind a wildcard are looked at again. */
  readonly rescanMs: number;
  /** How long `stop` goes on answering while queries keep arriving. */
  readonly drainMs: number;
  readonly interfaces: ListInterfaces;
  /** Who puts the header of the PROXY protocol before each message. */
  readonly proxies: readonly Prefix[];
}

export const DGRAM_DEFAULTS: DgramOptions = {
  receiveBufferOctets: 4 << 20,
  sendBufferOctets: 1 << 20,
  maxWaiting: 256,
  responseOctets: 4096,
  rescanMs: 60_000,
  drainMs: 500,
  interfaces: interfaceAddresses,
  proxies: [],
};

const MAX_REQUEST_OCTETS = 65_535;
/** In the place of a length: the responder threw. */
const FAULT = -1;

/** A response on its way to the kernel; its buffer is untouchable until then. */
interface Outgoing {
  readonly buffer: Uint8Array;
  readonly done: (error: Error | null) => void;
}

export class DgramServer implements UdpServer {
  readonly #listen: readonly ListenAddress[];
  readonly #respond: Respond;
  readonly #options: DgramOptions;
  readonly #counters: UdpCounters = newUdpCounters();
  /** By `address` as it was bound, then by port. */
  readonly #sockets = new Map<string, Socket>();
  readonly #peer = new Peer();
  readonly #filter: ReflectionFilter;
  readonly #header = new ProxyHeader();
  readonly #tallies: Counters;
  /** Requests are copied here, so that the responder sees one kind of array only. */
  readonly #request = new Uint8Array(MAX_REQUEST_OCTETS);
  readonly #free: Outgoing[] = [];
  #made = 0;
  #waiting = 0;
  #rescan: NodeJS.Timeout | undefined;
  /** The look at the interfaces that is under way, or was the last. Never rejects. */
  #scanning: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  /** Wildcards with the ports that the system chose for port 0. */
  #wildcards: ListenAddress[] = [];

  constructor(
    listen: readonly ListenAddress[],
    respond: Respond,
    options: Partial<DgramOptions> = {},
    counters: Counters = new Counters(),
  ) {
    this.#filter = new ReflectionFilter(counters);
    this.#tallies = counters;
    this.#listen = listen;
    this.#respond = respond;
    this.#options = { ...DGRAM_DEFAULTS, ...options };
  }

  get counters(): Readonly<UdpCounters> {
    return this.#counters;
  }

  get addresses(): readonly ListenAddress[] {
    return [...this.#sockets.values()].map((socket) => {
      const { address, port } = socket.address();
      return { address, port };
    });
  }

  async start(): Promise<void> {
    try {
      // Named addresses first: a wildcard takes what they leave.
      for (const listen of this.#listen) {
        if (!isWildcard(listen.address)) await this.#bind(listen);
      }
      for (const listen of this.#listen) {
        if (isWildcard(listen.address)) await this.#bindWildcard(listen);
      }
    } catch (error) {
      await this.#closeAll();
      throw error;
    }
    this.#filter.listensOn(this.addresses);
    if (this.#wildcards.length === 0) return;
    this.#rescan = setInterval(() => {
      this.#scanning = this.#scanning.then(() => this.#rescanWildcards());
    }, this.#options.rescanMs);
    this.#rescan.unref();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#drainAndClose();
    return this.#stopped;
  }

  // ---- Sockets ----

  /** Binds one address; throws ListenError. Returns the port, which the system may have chosen. */
  async #bind(listen: ListenAddress): Promise<number> {
    const isIpv6 = listen.address.includes(':');
    const family = isIpv6 ? 6 : 4;
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      ipv6Only: isIpv6,
      recvBufferSize: this.#options.receiveBufferOctets,
      sendBufferSize: this.#options.sendBufferOctets,
      // Peers are literal addresses: without this, dgram looks each up and sends a turn of the loop later.
      lookup: (address, _options, callback) => callback(null, address, family),
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: listen.address, port: listen.port, exclusive: true }, resolve);
      });
    } catch (error) {
      socket.close();
      throw new ListenError('udp', listen, error);
    }
    socket.removeAllListeners('error');
    socket.on('error', () => this.#counters.socketErrors++);
    socket.on('message', (message, from) => this.#onMessage(socket, family, message, from));
    const { port } = socket.address();
    this.#sockets.set(socketKey(listen.address, port), socket);
    return port;
  }

  /** Binds every address behind a wildcard on one port. An address in use is an error, one just gone is not. */
  async #bindWildcard({ address, port }: ListenAddress): Promise<void> {
    let chosen = port;
    for (const local of this.#options.interfaces(address.includes(':') ? 6 : 4)) {
      if (this.#sockets.has(socketKey(local, chosen))) continue;
      try {
        chosen = await this.#bind({ address: local, port: chosen });
      } catch (error) {
        if (!(error instanceof ListenError) || !isPassing(error)) throw error;
        this.#counters.socketErrors++;
      }
    }
    this.#wildcards.push({ address, port: chosen });
  }

  /** Binds addresses that came and closes those that went. */
  async #rescanWildcards(): Promise<void> {
    for (const { address, port } of this.#wildcards) {
      const family = address.includes(':') ? 6 : 4;
      const present = new Set(this.#options.interfaces(family).map((local) => socketKey(local, port)));
      for (const key of this.#wildcardKeys(family, port)) {
        if (!present.has(key)) this.#close(key);
      }
      for (const local of this.#options.interfaces(family)) {
        if (this.#stopped !== undefined) return;
        if (this.#sockets.has(socketKey(local, port))) continue;
        await this.#bind({ address: local, port }).catch(() => this.#counters.socketErrors++);
      }
    }
    this.#filter.listensOn(this.addresses);
  }

  /** Keys of sockets that stand for a wildcard: all of the family and port, but those that were named. */
  #wildcardKeys(family: 4 | 6, port: number): string[] {
    const named = new Set(this.#listen.map((listen) => socketKey(listen.address, listen.port)));
    return [...this.#sockets.keys()].filter(
      (key) => !named.has(key) && key.endsWith(` ${port}`) && key.includes(':') === (family === 6),
    );
  }

  #close(key: string): void {
    this.#sockets.get(key)?.close();
    this.#sockets.delete(key);
  }

  async #closeAll(): Promise<void> {
    clearInterval(this.#rescan);
    const closing = [...this.#sockets.values()].map(
      (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
    );
    this.#sockets.clear();
    await Promise.all(closing);
  }

  /** Turns the loop until no datagram arrived in two turns and none waits, or time is up. */
  async #drainAndClose(): Promise<void> {
    clearInterval(this.#rescan);
    const until = performance.now() + this.#options.drainMs;
    for (let quietTurns = 0; quietTurns < 2 && performance.now() < until; ) {
      const before = this.#counters.received;
      await turnLoop();
      quietTurns = this.#counters.received === before && this.#waiting === 0 ? quietTurns + 1 : 0;
    }
    await this.#scanning;
    await this.#closeAll();
  }

  // ---- Datagrams ----

  #onMessage(socket: Socket, family: 4 | 6, message: Uint8Array, from: RemoteInfo): void {
    const counters = this.#counters;
    counters.received++;
    this.#peer.setText('udp', family, from.address, from.port);
    const requestOctets = this.#takeRequest(message);
    if (requestOctets === PROXY_MALFORMED) return;
    if (this.#filter.isReflection(this.#peer)) {
      counters.badSource++;
      return;
    }
    const outgoing = this.#takeOutgoing();
    if (outgoing === undefined) {
      counters.overloaded++;
      return;
    }
    let octets = 0;
    try {
      octets = this.#respond(this.#request, requestOctets, this.#peer, outgoing.buffer);
    } catch {
      // The query is lost, the process is not; the responder has kept the error for the log.
      octets = FAULT;
    }
    if (octets < 0 || octets > outgoing.buffer.length) {
      counters.faults++;
      this.#free.push(outgoing);
      return;
    }
    if (octets === 0) {
      counters.unanswered++;
      this.#free.push(outgoing);
      return;
    }
    this.#waiting++;
    socket.send(outgoing.buffer, 0, octets, from.port, from.address, outgoing.done);
  }

  /** Copies a datagram, without the header of a listed proxy, which tells the peer; its octets, or PROXY_MALFORMED. */
  #takeRequest(message: Uint8Array): number {
    this.#request.set(message);
    const { proxies } = this.#options;
    if (proxies.length === 0 || !isProxy(proxies, this.#peer)) return message.length;
    const octets = this.#header.strip(this.#request, message.length, this.#peer, 'udp');
    if (octets === PROXY_MALFORMED) {
      this.#counters.badProxyHeaders++;
      this.#tallies.bump(COUNTER.BAD_PROXY_HEADERS);
    }
    return octets;
  }

  #takeOutgoing(): Outgoing | undefined {
    return this.#free.pop() ?? (this.#made < this.#options.maxWaiting ? this.#makeOutgoing() : undefined);
  }

  #makeOutgoing(): Outgoing {
    this.#made++;
    const outgoing: Outgoing = {
      buffer: new Uint8Array(this.#options.responseOctets),
      done: (error) => {
        if (error === null) this.#counters.sent++;
        else this.#counters.sendErrors++;
        this.#waiting--;
        this.#free.push(outgoing);
      },
    };
    return outgoing;
  }
}

function socketKey(address: string, port: number): string {
  return `${address} ${port}`;
}

/** The address went away between two looks, or is not ready yet (IPv6 duplicate address detection). */
function isPassing(error: ListenError): boolean {
  return error.code === 'EADDRNOTAVAIL' || error.code === 'EINVAL' || error.code === 'EAFNOSUPPORT';
}

/** One turn of the event loop: timers, then sockets, then this. */
function turnLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
