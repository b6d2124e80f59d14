/**
 * A connection before its first message: a listed proxy says for whom it speaks, then TLS is agreed upon. Both within
 * the time of one message. What comes out is a stream and whose it is.
 */
import type { Socket } from 'node:net';
import { formatAddress } from '../wire/peer.ts';
import type { Client, Origin } from './client.ts';
import type { StreamCounters } from './limits.ts';
import { PROXY_INCOMPLETE, PROXY_MALFORMED, ProxyHeader } from './proxy-header.ts';
import type { TlsEnd } from './tls.ts';

export interface GreetingOptions {
  readonly socket: Socket;
  /** The other end. */
  readonly origin: Origin;
  readonly addressKey: string | null;
  /** The other end is a proxy, whose header comes first. */
  readonly isProxied: boolean;
  /** Null without TLS. */
  readonly tls: TlsEnd | null;
  readonly limitMs: number;
  readonly counters: StreamCounters;
  /** The stream is ready; `isNamed` if the proxy has said whose it is. */
  readonly ready: (greeting: Greeting, socket: Socket, origin: Origin, isNamed: boolean) => void;
  /** The connection is gone before it was ready. */
  readonly closed: (greeting: Greeting) => void;
}

export class Greeting implements Client {
  readonly addressKey: string | null;
  readonly activeAt: number = performance.now();
  readonly isHolding = false;
  readonly isQuiet = true;
  readonly #options: GreetingOptions;
  #origin: Origin;
  #isNamed = false;
  #isOver = false;
  #header: Uint8Array = new Uint8Array(0);

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.#origin = options.origin;
    this.addressKey = options.addressKey;
    const { socket } = options;
    socket.on('error', this.#onError);
    socket.once('close', this.#onClose);
    if (options.isProxied) socket.on('data', this.#onData);
    else this.#beginTls();
  }

  sweep(now: number): void {
    if (now - this.activeAt <= this.#options.limitMs) return;
    this.#options.counters.late++;
    this.destroy();
  }

  /** Nothing was asked yet: there is nothing to wait for. */
  close(): void {
    this.destroy();
  }

  destroy(): void {
    this.#options.socket.destroy();
  }

  // ---- The proxy's header ----

  readonly #onData = (octets: Buffer): void => {
    const { socket, counters } = this.#options;
    this.#header = this.#header.length === 0 ? octets : Buffer.concat([this.#header, octets]);
    const header = new ProxyHeader();
    const length = header.read(this.#header, this.#header.length);
    if (length === PROXY_INCOMPLETE) return;
    if (length === PROXY_MALFORMED) {
      counters.badProxyHeaders++;
      this.destroy();
      return;
    }
    if (header.namesPeer) {
      const { family, port } = header;
      const address = formatAddress(family, this.#header.subarray(header.addressOffset));
      this.#origin = { family, address, port };
      this.#isNamed = true;
    }
    socket.off('data', this.#onData);
    socket.pause();
    const rest = this.#header.subarray(length);
    if (rest.length > 0) socket.unshift(rest);
    this.#beginTls();
  };

  // ---- TLS ----

  #beginTls(): void {
    const { socket, tls } = this.#options;
    if (tls === null) {
      this.#finish(socket);
      return;
    }
    const secured = tls.begin(socket, () => this.#finish(secured));
    secured.on('error', this.#onError);
  }

  #finish(socket: Socket): void {
    this.#isOver = true;
    this.#options.socket.off('close', this.#onClose);
    // Whoever takes the stream counts its errors; those of the socket below TLS are told here still.
    socket.off('error', this.#onError);
    this.#options.ready(this, socket, this.#origin, this.#isNamed);
  }

  readonly #onError = (): void => {
    this.#options.counters.socketErrors++;
  };

  readonly #onClose = (): void => {
    if (this.#isOver) return;
    if (this.#options.tls !== null) this.#options.counters.failedHandshakes++;
    this.#options.closed(this);
  };
}
