/**
 * Questions over TCP to servers of parents. A connection that has answered waits a few seconds for the next question to
 * the same server (RFC 7766 §6.2): a fleet below one parent needs a handful of connections, not one a question. One
 * question at a time is under way on each, so that what comes back can only be its answer.
 */
import net from 'node:net';
import type { NetworkFault, ServerAddress } from '../parent/network.ts';
import { getId, HEADER } from '../wire/header.ts';

/** How long a connection waits for the next question, and how many may. */
const IDLE_MS = 5_000;
const MAX_IDLE = 64;
const LENGTH_OCTETS = 2;
const NO_ROUTE_CODES = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

type Outcome = Uint8Array | NetworkFault;

/** A message that is to be answered; its id is that of the answer. */
export interface TcpQuestion {
  readonly server: ServerAddress;
  readonly message: Uint8Array;
  /** From the first octet sent to the last received. */
  readonly timeoutMs: number;
}

export class TcpConnections {
  /** Those that wait, the longest first. */
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  /** Connections that were opened. */
  opened = 0;

  /** Resolves with the answer; never rejects. */
  async ask({ server, message, timeoutMs }: TcpQuestion): Promise<Outcome> {
    const untilMs = performance.now() + timeoutMs;
    const waiting = this.#takeIdle(keyOf(server));
    if (waiting !== undefined) {
      const outcome = await this.#askOn(waiting, message, timeoutMs);
      // The server may have closed it while the question was on its way: it was never read.
      if (!('fault' in outcome) || !waiting.isStale) return outcome;
    }
    this.opened++;
    return this.#askOn(new Connection(server), message, Math.max(1, untilMs - performance.now()));
  }

  /** Ends all of them; what is under way ends in a fault. */
  close(): void {
    for (const connection of this.#open) connection.end();
    for (const connection of this.#idle.splice(0)) connection.end();
  }

  async #askOn(connection: Connection, message: Uint8Array, timeoutMs: number): Promise<Outcome> {
    this.#open.add(connection);
    const outcome = await connection.ask(message, timeoutMs);
    this.#open.delete(connection);
    if ('fault' in outcome || !connection.isUsable) connection.end();
    else this.#keep(connection);
    return outcome;
  }

  #keep(connection: Connection): void {
    this.#idle.push(connection);
    connection.rest(() => this.#drop(connection));
    if (this.#idle.length > MAX_IDLE) this.#idle.shift()!.end();
  }

  #drop(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #takeIdle(key: string): Connection | undefined {
    const at = this.#idle.findLastIndex((connection) => connection.key === key);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }
}

/** One connection, and the question that is under way on it. */
class Connection {
  readonly key: string;
  readonly #socket: net.Socket;
  #got: Buffer = Buffer.alloc(0);
  #settle: ((outcome: Outcome) => void) | undefined;
  #id = 0;
  #questions = 0;
  #onIdleEnd: () => void = () => undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(server: ServerAddress) {
    this.key = keyOf(server);
    this.#socket = net.connect({ host: server.address, port: server.port, noDelay: true });
    this.#socket.once('error', (error: NodeJS.ErrnoException) => this.#fail(faultOf(error)));
    this.#socket.once('close', () => this.#fail({ code: 'closed', fault: 'it closed the connection' }));
    this.#socket.on('data', (part) => this.#take(part));
  }

  /** It can take another question. */
  get isUsable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#got.length === 0;
  }

  /** It had answered before, and was closed with no octet of another answer. */
  get isStale(): boolean {
    return this.#questions > 1 && this.#socket.destroyed && this.#got.length === 0;
  }

  ask(message: Uint8Array, timeoutMs: number): Promise<Outcome> {
    clearTimeout(this.#idleTimer);
    this.#questions++;
    this.#id = getId(message);
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(outcome);
      };
      const expire = () => {
        if (this.#settle !== settle) return;
        // Late answers must find nobody.
        this.#got = Buffer.alloc(1);
        settle(silentFor(timeoutMs));
      };
      // What came while the event loop was busy is read before the time is up.
      const timer = setTimeout(() => setImmediate(expire), timeoutMs);
      this.#settle = settle;
      if (this.#socket.destroyed) this.#fail({ code: 'closed', fault: 'it closed the connection' });
      else this.#socket.write(framed(message));
    });
  }

  /** Waits for a while for the next question; `onEnd` is told if the connection ends before. */
  rest(onEnd: () => void): void {
    this.#onIdleEnd = onEnd;
    this.#idleTimer = setTimeout(() => this.#endIdle(), IDLE_MS);
  }

  end(): void {
    clearTimeout(this.#idleTimer);
    this.#socket.destroy();
    this.#settle?.({ code: 'closed', fault: 'the server stops' });
  }

  #take(part: Buffer): void {
    // What nobody has asked for.
    if (this.#settle === undefined) {
      this.#endIdle();
      return;
    }
    this.#got = Buffer.concat([this.#got, part]);
    const length = this.#got.length < LENGTH_OCTETS ? 0 : LENGTH_OCTETS + this.#got.readUInt16BE(0);
    if (length === 0 || this.#got.length < length) return;
    const response = Uint8Array.from(this.#got.subarray(LENGTH_OCTETS, length));
    this.#got = this.#got.subarray(length);
    if (response.length >= HEADER.OCTETS && getId(response) === this.#id) this.#settle(response);
    else this.#settle({ code: 'closed', fault: 'what came is no answer to what was asked' });
  }

  #fail(fault: NetworkFault): void {
    this.#socket.destroy();
    if (this.#settle === undefined) this.#endIdle();
    else this.#settle(fault);
  }

  #endIdle(): void {
    this.end();
    this.#onIdleEnd();
  }
}

function keyOf({ address, port }: ServerAddress): string {
  return `${address} ${port}`;
}

function framed(message: Uint8Array): Buffer {
  const octets = Buffer.alloc(LENGTH_OCTETS + message.length);
  octets.writeUInt16BE(message.length, 0);
  octets.set(message, LENGTH_OCTETS);
  return octets;
}

/** Nothing came in time. */
export function silentFor(ms: number): NetworkFault {
  return { code: 'timeout', fault: `no answer within ${Math.round(ms / 100) / 10} s` };
}

/** Why nothing came, by the error of a socket. */
export function faultOf({ code = '', message }: NodeJS.ErrnoException): NetworkFault {
  if (code === 'ECONNREFUSED') return { code: 'refused', fault: 'nobody listens there' };
  if (NO_ROUTE_CODES.includes(code)) return { code: 'no route', fault: 'no way leads there from this host' };
  return { code: 'closed', fault: code === '' ? message : `the connection failed: ${code}` };
}
