/**
 * @hot UDP by batches of system calls (Linux): recvmmsg, an answer for each datagram, sendmmsg. One thread waits in the
 * kernel, not in the event loop; it returns there after some batches or when nothing came for a while, so that messages
 * to the thread are heard within the receive timeout.
 *
 * Every thread has sockets of its own on the same port (SO_REUSEPORT), among which the kernel spreads the clients.
 */
import { COUNTER, Counters } from '../base/counters.ts';
import { Peer, type Respond } from '../wire/peer.ts';
import type { Prefix } from '../wire/prefix.ts';
import { Batch } from './batch.ts';
import type { HandedSocket } from './handed.ts';
import { type Libc, MSG, POLLIN } from './libc.ts';
import type { ListenAddress } from './listen.ts';
import { Outgoing } from './outgoing.ts';
import { isProxy, MAX_PROXY_HEADER_OCTETS, PROXY_MALFORMED, ProxyHeader } from './proxy-header.ts';
import { ReflectionFilter } from './reflection.ts';
import { type SharedSteering, Steering } from './steering.ts';
import { newUdpCounters, type UdpCounters, type UdpServer } from './udp.ts';
import { adoptSocket, type BoundSocket, openSocket, park } from './udp-socket.ts';

export interface BatchedOptions {
  /** Datagrams a system call. */
  readonly batch: number;
  /**
   * Room in each slot, which costs a thread pages of memory: for what EDNS says that we take and give, 1232 (wire/edns).
   * Proxies have room for their headers beside.
   */
  readonly requestOctets: number;
  readonly responseOctets: number;
  readonly receiveBufferOctets: number;
  readonly sendBufferOctets: number;
  /** How long a thread without queries is deaf to messages. */
  readonly receiveTimeoutMs: number;
  /** Batches between two turns of the event loop. */
  readonly batchesPerTurn: number;
  /**
   * How long datagrams gather after a batch that was neither small nor large, in microseconds, to which the kernel adds some
   * 50: what a system call and a wake-up cost is then shared by more of them. 0: not at all.
   */
  readonly gatherUs: number;
  /** Answers to one peer are handed to the kernel together, if it can cut them apart. */
  readonly sendsTogether: boolean;
  /** Who puts the header of the PROXY protocol before each message. */
  readonly proxies: readonly Prefix[];
  /** Served instead of sockets of its own, unless null. */
  readonly handed: readonly HandedSocket[] | null;
  /** With other threads that serve the same ports; null if the kernel shall choose. */
  readonly steering: SharedSteering | null;
}

export const BATCHED_DEFAULTS: BatchedOptions = {
  batch: 64,
  requestOctets: 2_048,
  responseOctets: 1_536,
  receiveBufferOctets: 8 << 20,
  sendBufferOctets: 8 << 20,
  receiveTimeoutMs: 50,
  batchesPerTurn: 32,
  gatherUs: 10,
  sendsTogether: true,
  proxies: [],
  handed: null,
  steering: null,
};

/** So many datagrams at once mean that more are to come soon; a batch that is half full gathers by itself. */
const GATHERING_FROM = 4;
/** Batches that `stop` still answers. */
const DRAIN_BATCHES = 1024;
const POLLFD_OCTETS = 8;

export class BatchedServer implements UdpServer {
  readonly #libc: Libc;
  readonly #listen: readonly ListenAddress[];
  readonly #respond: Respond;
  readonly #options: BatchedOptions;
  readonly #batch: Batch;
  readonly #outgoing: Outgoing;
  readonly #counters: UdpCounters = newUdpCounters();
  readonly #peer = new Peer();
  readonly #filter: ReflectionFilter;
  readonly #proxies: readonly Prefix[];
  readonly #header = new ProxyHeader();
  readonly #tallies: Counters;
  #sockets: BoundSocket[] = [];
  #pollfds: Uint8Array = new Uint8Array(0);
  /** Slots that the last receive, from `#lastSocket`, filled and that must be readied again. */
  #used = 0;
  #lastSocket: BoundSocket | null = null;
  #isRunning = false;
  #steering: Steering | null = null;

  constructor(
    libc: Libc,
    listen: readonly ListenAddress[],
    respond: Respond,
    options: Partial<BatchedOptions> = {},
    counters: Counters = new Counters(),
  ) {
    this.#filter = new ReflectionFilter(counters);
    this.#tallies = counters;
    this.#libc = libc;
    this.#listen = listen;
    this.#respond = respond;
    this.#options = { ...BATCHED_DEFAULTS, ...options };
    const { batch, requestOctets, responseOctets, proxies } = this.#options;
    this.#proxies = proxies;
    const headerOctets = proxies.length > 0 ? MAX_PROXY_HEADER_OCTETS : 0;
    this.#batch = new Batch(libc, batch, headerOctets + requestOctets, responseOctets);
    this.#outgoing = new Outgoing(this.#batch);
  }

  get counters(): Readonly<UdpCounters> {
    return this.#counters;
  }

  get addresses(): readonly ListenAddress[] {
    return this.#sockets.map(({ address }) => address);
  }

  async start(): Promise<void> {
    try {
      this.#open();
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#filter.listensOn(this.addresses);
    this.#pollfds = pollfds(this.#sockets);
    const { steering } = this.#options;
    const fds = this.#sockets.map(({ fd }) => fd);
    if (steering !== null) this.#steering = new Steering(this.#libc, fds, steering);
    this.#isRunning = true;
    setImmediate(this.#turn);
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    for (const socket of this.#sockets) {
      if (!socket.isLent) park(this.#libc, socket.fd, socket.family);
      for (let i = 0; i < DRAIN_BATCHES && this.#serve(socket, MSG.DONTWAIT) > 0; i++);
    }
    this.#close();
  }

  #open(): void {
    const { handed } = this.#options;
    for (const socket of handed ?? []) this.#sockets.push(adoptSocket(this.#libc, socket, this.#options));
    if (handed !== null) return;
    for (const listen of this.#listen) this.#sockets.push(openSocket(this.#libc, listen, this.#options));
  }

  #close(): void {
    for (const { fd } of this.#sockets) this.#libc.close(fd);
    this.#sockets = [];
  }

  // ---- The loop ----

  readonly #turn = (): void => {
    if (!this.#isRunning) return;
    const { batchesPerTurn } = this.#options;
    const [only] = this.#sockets;
    if (this.#sockets.length === 1 && only !== undefined) {
      for (let i = 0; i < batchesPerTurn && this.#gather(this.#serve(only, MSG.WAITFORONE)); i++);
    } else {
      for (let i = 0; i < batchesPerTurn && this.#gather(this.#serveReady()); i++);
    }
    this.#steering?.look(performance.now());
    setImmediate(this.#turn);
  };

  /** Lets datagrams gather if `served` were many, but not so many that the thread lags behind; false if none were. */
  #gather(served: number): boolean {
    const { gatherUs, batch } = this.#options;
    if (served >= GATHERING_FROM && served < batch >> 1 && gatherUs > 0) this.#libc.usleep(gatherUs);
    return served > 0;
  }

  /** Serves one batch of every socket that has datagrams; returns how many there were. */
  #serveReady(): number {
    const ready = this.#libc.poll(this.#pollfds, this.#sockets.length, this.#options.receiveTimeoutMs);
    if (ready <= 0) return 0;
    let served = 0;
    for (let s = 0; s < this.#sockets.length; s++) {
      const events = this.#pollfds[s * POLLFD_OCTETS + 6]!;
      if (events !== 0) served += Math.max(0, this.#serve(this.#sockets[s]!, MSG.DONTWAIT));
    }
    return served;
  }

  /** Receives a batch, answers it, sends the answers; returns the datagrams received, or -1 if there were none. */
  #serve(socket: BoundSocket, flags: number): number {
    const batch = this.#batch;
    batch.prepare(socket === this.#lastSocket ? this.#used : batch.size, socket.isWildcard);
    this.#lastSocket = socket;
    this.#used = 0;
    const count = this.#libc.recvmmsg(socket.fd, batch.receiveHeaders, batch.size, flags, null);
    if (count <= 0) return -1;
    this.#used = count;
    this.#counters.received += count;
    this.#peer.isBehind = count === batch.size;
    this.#steering?.count(count === batch.size);
    this.#outgoing.begin();
    const mayShare = socket.cutsMessages && this.#options.sendsTogether;
    for (let i = 0; i < count; i++) {
      const length = this.#answer(socket, i);
      if (length > 0) this.#outgoing.add(i, length, mayShare);
    }
    this.#send(socket.fd);
    return count;
  }

  /** Answers slot `i`; returns the octets of the answer, or 0 if nothing shall be sent. */
  #answer(socket: BoundSocket, i: number): number {
    const batch = this.#batch;
    const name = batch.nameAt(i);
    const port = (batch.octets[name + 2]! << 8) | batch.octets[name + 3]!;
    this.#peer.setOctets('udp', socket.family, batch.octets, name + (socket.family === 6 ? 8 : 4), port);
    let octets = batch.received(i);
    if (this.#proxies.length > 0 && isProxy(this.#proxies, this.#peer)) {
      octets = this.#header.strip(batch.requests[i]!, octets, this.#peer, 'udp');
      if (octets === PROXY_MALFORMED) {
        this.#counters.badProxyHeaders++;
        this.#tallies.bump(COUNTER.BAD_PROXY_HEADERS);
        return 0;
      }
    }
    if (this.#filter.isReflection(this.#peer)) {
      this.#counters.badSource++;
      return 0;
    }
    return this.#respondTo(i, octets);
  }

  #respondTo(i: number, requestOctets: number): number {
    const batch = this.#batch;
    try {
      const response = batch.responses[i]!;
      const octets = this.#respond(batch.requests[i]!, requestOctets, this.#peer, response);
      if (octets === 0) this.#counters.unanswered++;
      if (octets <= response.length) return octets;
      this.#counters.faults++;
      return 0;
    } catch {
      this.#counters.faults++;
      return 0;
    }
  }

  /** Sends the answers of the batch; one that the kernel refuses is left out. */
  #send(fd: number): void {
    const outgoing = this.#outgoing;
    outgoing.arrange();
    for (let next = 0; next < outgoing.count; ) {
      const sent = this.#libc.sendmmsg(fd, outgoing.headerOf(next), outgoing.count - next, 0);
      if (sent > 0) {
        for (let i = 0; i < sent; i++) this.#countSent(outgoing.partsOf(next + i));
        next += sent;
      } else if (outgoing.partsOf(next) > 1) {
        // The path to the peer does not take them so: its packets are shorter, or its device cannot sum up.
        outgoing.takeApart(next);
        outgoing.arrange();
        next = 0;
      } else {
        this.#counters.sendErrors++;
        next++;
      }
    }
  }

  #countSent(parts: number): void {
    this.#counters.sent += parts;
    if (parts > 1) this.#counters.sentTogether += parts;
  }
}

/** struct pollfd for each socket: fd, events, revents. */
function pollfds(sockets: readonly BoundSocket[]): Uint8Array {
  const octets = new Uint8Array(sockets.length * POLLFD_OCTETS);
  const view = new DataView(octets.buffer);
  for (const [i, { fd }] of sockets.entries()) {
    view.setInt32(i * POLLFD_OCTETS, fd, true);
    view.setInt16(i * POLLFD_OCTETS + 4, POLLIN, true);
  }
  return octets;
}
