/**
 * The network for looks at the parent: one TCP connection a question, since only who has the server's address can answer
 * on it. How many are open at once is bounded, in all and for each server, so that a fleet of zones under one parent is
 * no burden for it; who has to wait does so in line.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import net from 'node:net';
import type { Network, NetworkFault, ServerAddress } from '../parent/network.ts';
import { getId, HEADER, setId } from '../wire/header.ts';

export interface ParentNetOptions {
  /** From the first octet sent to the last received, in milliseconds. */
  readonly timeoutMs: number;
  /** Questions under way at once. */
  readonly maxOpen: number;
  /** Of these, to one address. */
  readonly maxOpenPerServer: number;
  /** Questions a second, to all servers together. */
  readonly rate: number;
}

export const PARENT_NET_DEFAULTS: ParentNetOptions = {
  timeoutMs: 5_000,
  maxOpen: 64,
  maxOpenPerServer: 4,
  rate: 100,
};

/** What was asked; numbers only grow, but for `open` and `waiting`. */
export interface ParentNetCounters {
  asked: number;
  answered: number;
  failed: number;
  open: number;
  waiting: number;
}

const LENGTH_OCTETS = 2;
const NO_ROUTE_CODES = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

interface Waiting {
  readonly server: string;
  readonly start: () => void;
}

export class ParentNet implements Network {
  readonly counters: Readonly<ParentNetCounters>;
  readonly #counters: ParentNetCounters = { asked: 0, answered: 0, failed: 0, open: 0, waiting: 0 };
  readonly #options: ParentNetOptions;
  readonly #openTo = new Map<string, number>();
  #line: Waiting[] = [];
  readonly #sockets = new Set<net.Socket>();
  /** When the next question may begin, in monotonic milliseconds. */
  #nextMs = 0;
  #isClosed = false;

  constructor(options: Partial<ParentNetOptions> = {}) {
    this.#options = { ...PARENT_NET_DEFAULTS, ...options };
    this.counters = this.#counters;
  }

  async exchange(server: ServerAddress, query: Uint8Array): Promise<Uint8Array | NetworkFault> {
    const key = `${server.address} ${server.port}`;
    await this.#turnFor(key);
    await this.#pace();
    if (this.#isClosed) return this.#leave(key, { code: 'closed', fault: 'the server stops' });
    this.#counters.asked++;
    const outcome = await this.#ask(server, query);
    if ('fault' in outcome) this.#counters.failed++;
    else this.#counters.answered++;
    return this.#leave(key, outcome);
  }

  async tell({ address, port }: ServerAddress, message: Uint8Array): Promise<Uint8Array | NetworkFault> {
    const { timeoutMs } = this.#options;
    const id = randomInt(0x1_0000);
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const outcome = await new Promise<Uint8Array | NetworkFault>((resolve) => {
      const silent: NetworkFault = { code: 'timeout', fault: `no answer within ${timeoutMs / 1_000} s` };
      const timer = setTimeout(() => resolve(silent), timeoutMs);
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(faultOf(error)));
      socket.once('close', () => clearTimeout(timer));
      socket.on('message', (octets) => {
        if (octets.length < HEADER.OCTETS || getId(octets) !== id) return;
        const response = Uint8Array.from(octets);
        setId(response, getId(message));
        resolve(response);
      });
      // A connected socket hears its peer alone, and of ports on which nobody listens.
      socket.once('connect', () => {
        const sent = Uint8Array.from(message);
        setId(sent, id);
        socket.send(sent);
      });
      socket.connect(port, address);
    });
    socket.close();
    return outcome;
  }

  /** Ends what is under way. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
    for (const { start } of this.#line) start();
    this.#line = [];
  }

  // ---- Turns ----

  #turnFor(server: string): Promise<void> {
    if (this.#mayOpen(server)) {
      this.#enter(server);
      return Promise.resolve();
    }
    this.#counters.waiting++;
    return new Promise((resolve) => {
      const start = () => {
        this.#counters.waiting--;
        this.#enter(server);
        resolve();
      };
      this.#line.push({ server, start });
    });
  }

  #mayOpen(server: string): boolean {
    const { maxOpen, maxOpenPerServer } = this.#options;
    return this.#counters.open < maxOpen && (this.#openTo.get(server) ?? 0) < maxOpenPerServer;
  }

  #enter(server: string): void {
    this.#counters.open++;
    this.#openTo.set(server, (this.#openTo.get(server) ?? 0) + 1);
  }

  #leave<T>(server: string, outcome: T): T {
    this.#counters.open--;
    const left = this.#openTo.get(server)! - 1;
    if (left > 0) this.#openTo.set(server, left);
    else this.#openTo.delete(server);
    const next = this.#line.findIndex((waiting) => this.#mayOpen(waiting.server));
    if (next >= 0) this.#line.splice(next, 1)[0]!.start();
    return outcome;
  }

  /** Waits until the rate allows for one more question; what was not asked meanwhile may come at once, for a second. */
  async #pace(): Promise<void> {
    const now = performance.now();
    const gapMs = 1_000 / this.#options.rate;
    this.#nextMs = Math.max(this.#nextMs + gapMs, now - 1_000);
    const waitMs = this.#nextMs - now;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  // ---- One question ----

  #ask({ address, port }: ServerAddress, query: Uint8Array): Promise<Uint8Array | NetworkFault> {
    const { timeoutMs } = this.#options;
    const id = randomInt(0x1_0000);
    return new Promise((resolve) => {
      const socket = net.connect({ host: address, port, noDelay: true });
      this.#sockets.add(socket);
      const end = (outcome: Uint8Array | NetworkFault) => {
        clearTimeout(timer);
        this.#sockets.delete(socket);
        socket.destroy();
        resolve(outcome);
      };
      const silent: NetworkFault = { code: 'timeout', fault: `no answer within ${timeoutMs / 1_000} s` };
      const timer = setTimeout(() => end(silent), timeoutMs);
      let got = Buffer.alloc(0);
      socket.once('error', (error: NodeJS.ErrnoException) => end(faultOf(error)));
      socket.once('close', () => end({ code: 'closed', fault: 'it closed the connection' }));
      socket.on('data', (part) => {
        got = Buffer.concat([got, part]);
        if (got.length < LENGTH_OCTETS || got.length < LENGTH_OCTETS + got.readUInt16BE(0)) return;
        const response = Uint8Array.from(got.subarray(LENGTH_OCTETS, LENGTH_OCTETS + got.readUInt16BE(0)));
        if (response.length < HEADER.OCTETS || getId(response) !== id) {
          end({ code: 'closed', fault: 'what came is no answer to what was asked' });
          return;
        }
        setId(response, getId(query));
        end(response);
      });
      socket.write(framed(query, id));
    });
  }
}

function framed(query: Uint8Array, id: number): Buffer {
  const message = Buffer.alloc(LENGTH_OCTETS + query.length);
  message.writeUInt16BE(query.length, 0);
  message.set(query, LENGTH_OCTETS);
  message.writeUInt16BE(id, LENGTH_OCTETS);
  return message;
}

function faultOf({ code = '', message }: NodeJS.ErrnoException): NetworkFault {
  if (code === 'ECONNREFUSED') return { code: 'refused', fault: 'nobody listens there' };
  if (NO_ROUTE_CODES.includes(code)) return { code: 'no route', fault: 'no way leads there from this host' };
  return { code: 'closed', fault: code === '' ? message : `the connection failed: ${code}` };
}
