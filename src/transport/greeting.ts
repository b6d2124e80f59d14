/**
 * A connection before its first message: a listed proxy says for whom it speaks (before TLS, as HAProxy does, or inside
 * of it, as dnsdist does), and TLS is agreed upon. All within the time of one message. What comes out is a
 * stream and whose it is.
 */
import type { Socket } from 'node:net';
import { formatAddress } from '../wire/peer.ts';
import type { Client, Origin } from './client.ts';
import type { StreamCounters } from './limits.ts';
import { PROXY_INCOMPLETE, PROXY_MALFORMED, ProxyHeader } from './proxy-header.ts';
import type { TlsEnd } from './tls.ts';

const NOTHING = new Uint8Array(0);
/** First octet of a ClientHello (RFC 8446 §5.1); that of a proxy's header is another. */
const TLS_HANDSHAKE = 0x16;

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
  /** The header of its proxy is malformed: it will be closed. */
  readonly malformed: () => void;
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
  #hasHeader = false;
  /** On which the header is awaited. */
  #stream: Socket;
  #received: Uint8Array = NOTHING;

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.#origin = options.origin;
    this.addressKey = options.addressKey;
    const { socket } = options;
    socket.on('error', this.#onError);
    socket.once('close', this.#onClose);
    this.#stream = socket;
    if (options.isProxied) this.#awaitHeader(socket);
    else if (options.tls !== null) this.#beginTls(options.tls);
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

  /** Waits for the header on the socket itself, or on what TLS carries: proxies do either. */
  #awaitHeader(stream: Socket): void {
    this.#stream = stream;
    stream.on('data', this.#onData);
  }

  readonly #onData = (octets: Buffer): void => {
    const { socket, tls, counters, malformed } = this.#options;
    this.#received = this.#received.length === 0 ? octets : Buffer.concat([this.#received, octets]);
    if (tls !== null && this.#stream === socket && this.#received[0] === TLS_HANDSHAKE) {
      this.#putBack(0);
      this.#beginTls(tls);
      return;
    }
    const header = new ProxyHeader();
    const length = header.read(this.#received, this.#received.length);
    if (length === PROXY_INCOMPLETE) return;
    if (length === PROXY_MALFORMED) {
      counters.badProxyHeaders++;
      malformed();
      this.destroy();
      return;
    }
    this.#hasHeader = true;
    if (header.namesPeer) {
      const { family, port } = header;
      const address = formatAddress(family, this.#received.subarray(header.addressOffset));
      this.#origin = { family, address, port };
      this.#isNamed = true;
    }
    const stream = this.#stream;
    this.#putBack(length);
    if (tls !== null && stream === socket) this.#beginTls(tls);
    else this.#finish(stream);
  };

  /** Gives the stream back to whoever reads it next, with what was received from `offset` on. */
  #putBack(offset: number): void {
    this.#stream.off('data', this.#onData);
    this.#stream.pause();
    const rest = this.#received.subarray(offset);
    this.#received = NOTHING;
    if (rest.length > 0) this.#stream.unshift(rest);
  }

  // ---- TLS ----

  #beginTls(tls: TlsEnd): void {
    const { socket, isProxied } = this.#options;
    const secured = tls.begin(socket, () => {
      if (isProxied && !this.#hasHeader) this.#awaitHeader(secured);
      else this.#finish(secured);
    });
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
