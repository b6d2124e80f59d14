/**
 * One connection, with TLS or without (RFC 7766, RFC 7858): cuts the octets that arrive into messages and answers them
 * in the order of arrival. Many messages in a segment and one message in many segments are the same to it.
 *
 * Octets wait in `#unread` when a message is not whole yet, when the peer does not take our answers, or when others
 * have their turn; in the last two cases the socket is paused, so that they cannot grow. The server's sweep judges the
 * times; there is no timer per connection.
 */
import type { Socket } from 'node:net';
import { Peer, type Transport } from '../wire/peer.ts';
import type { Client, Origin } from './client.ts';
import { type Exchange, LENGTH_OCTETS } from './exchange.ts';

/** Octets of a header: nothing shorter is a message. */
const MIN_MESSAGE_OCTETS = 12;
const NOTHING = new Uint8Array(0);
/** Instead of an instant: it is not so now. */
const NEVER = Number.POSITIVE_INFINITY;

/** What a connection tells its server. */
export interface ConnectionEvents {
  /** A whole query arrived: it is alive. */
  active(connection: Connection): void;
  /** The octets of all connections pass `maxHeldOctets`. */
  crowded(): void;
  closed(connection: Connection): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly origin: Origin;
  readonly addressKey: string | null;
  readonly exchange: Exchange;
  readonly events: ConnectionEvents;
}

export class Connection implements Client {
  readonly addressKey: string | null;
  activeAt: number;
  readonly #socket: Socket;
  readonly #exchange: Exchange;
  readonly #events: ConnectionEvents;
  readonly #peer = new Peer();
  #unread: Uint8Array = NOTHING;
  /** When the first octet of an unfinished message came. */
  #partialAt = NEVER;
  /** Since when the peer has not taken our answers. */
  #stalledAt = NEVER;
  /** Others have their turn; ours comes again. */
  #isWaitingTurn = false;
  /** The peer has sent its FIN. */
  #hasEnded = false;
  /** Octets that the connection is counted with in `counters.held`. */
  #held = 0;
  /** We take no further queries: our FIN is sent or will be. */
  #isClosing = false;

  constructor({ socket, transport, origin, addressKey, exchange, events }: ConnectionOptions) {
    this.#socket = socket;
    this.addressKey = addressKey;
    this.#exchange = exchange;
    this.#events = events;
    this.activeAt = performance.now();
    this.#peer.setText(transport, origin.family, origin.address, origin.port);
    socket.on('data', (octets: Buffer) => this.#onData(octets));
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => exchange.counters.socketErrors++);
    socket.on('close', () => {
      this.#countHeld(0);
      events.closed(this);
    });
  }

  get isQuiet(): boolean {
    return this.#unread.length === 0 && this.#socket.writableLength === 0;
  }

  get isHolding(): boolean {
    return this.#held > 0;
  }

  sweep(now: number): void {
    const { limits, counters } = this.#exchange;
    if (now - this.#stalledAt > limits.stallMs) {
      counters.stalled++;
      this.destroy();
    } else if (now - this.#partialAt > limits.messageMs) {
      counters.late++;
      this.destroy();
    } else if (now - this.activeAt > limits.idleMs && this.#stalledAt === NEVER && !this.#isWaitingTurn) {
      // A FIN was sent one period ago and the peer keeps its half open: it had its time.
      if (this.#isClosing) this.destroy();
      else {
        counters.idle++;
        this.close();
      }
    }
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#unread = NOTHING;
    this.#partialAt = NEVER;
    this.#socket.destroySoon();
    // destroySoon waits for unsent answers; the stall limit bounds the wait.
    if (this.#socket.writableLength > 0 && this.#stalledAt === NEVER) this.#stalledAt = performance.now();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#unread = NOTHING;
    this.#countHeld(0);
    this.#socket.destroy();
  }

  // ---- Events of the socket ----

  #onData(octets: Uint8Array): void {
    if (this.#isClosing) return;
    this.#unread = this.#unread.length === 0 ? octets : Buffer.concat([this.#unread, octets]);
    this.#answerUnread();
  }

  /**
   * The kernel has taken what was written. The socket's 'drain' would tell only of more than its own mark, which is not the
   * same in all versions of Node.
   */
  readonly #onWritten = (error?: Error | null): void => {
    if (error || this.#stalledAt === NEVER || this.#socket.writableLength > 0) return;
    this.#stalledAt = NEVER;
    this.activeAt = performance.now();
    this.#answerUnread();
  };

  /** The peer is done asking; it may still wait for answers (RFC 7766 §6.2.4). */
  #onEnd(): void {
    this.#hasEnded = true;
    this.#answerUnread();
  }

  // ---- Messages ----

  /** Answers what lies in `#unread`, as far as it may now. */
  #answerUnread(): void {
    if (this.#isClosing || this.#isWaitingTurn || this.#stalledAt !== NEVER) return;
    const isWellFormed = this.#answerMessages();
    this.#flush();
    if (this.#isClosing) return;
    this.#countHeld(this.#unread.length + this.#socket.writableLength);
    if (this.#isClosing) return;
    if (!isWellFormed) {
      this.close();
      return;
    }
    const isHeld = this.#isWaitingTurn || this.#stalledAt !== NEVER;
    if (isHeld) this.#socket.pause();
    else if (this.#hasEnded) this.close();
    else this.#socket.resume();
  }

  /** Answers whole messages until there is none, the turn is over or the peer is slow. False if it must be closed. */
  #answerMessages(): boolean {
    const { limits, counters } = this.#exchange;
    const unread = this.#unread;
    let at = 0;
    let isWellFormed = true;
    for (let answered = 0; at + LENGTH_OCTETS <= unread.length; answered++) {
      const octets = (unread[at]! << 8) | unread[at + 1]!;
      if (octets < MIN_MESSAGE_OCTETS || octets > limits.maxRequestOctets) {
        counters.garbage++;
        isWellFormed = false;
        break;
      }
      if (at + LENGTH_OCTETS + octets > unread.length) break;
      if (answered === limits.queriesPerTurn) {
        this.#waitTurn();
        break;
      }
      if (!this.#exchange.hasRoom) this.#flush();
      if (this.#isClosing || this.#stalledAt !== NEVER) break;
      isWellFormed = this.#exchange.answer(unread, at + LENGTH_OCTETS, octets, this.#peer);
      at += LENGTH_OCTETS + octets;
      if (!isWellFormed) break;
    }
    if (at > 0) {
      this.activeAt = performance.now();
      this.#events.active(this);
    }
    this.#keepRest(at);
    return isWellFormed;
  }

  /** Keeps the octets from `at` on, and the time since when they wait for the rest of their message. */
  #keepRest(at: number): void {
    if (this.#isClosing) return;
    if (at === this.#unread.length) {
      this.#unread = NOTHING;
      this.#partialAt = NEVER;
      return;
    }
    // A copy (slice of a Buffer would be a view): the rest may be small, and what it was cut from large.
    if (at > 0) this.#unread = new Uint8Array(this.#unread.subarray(at));
    const isHeld = this.#isWaitingTurn || this.#stalledAt !== NEVER;
    if (isHeld) this.#partialAt = NEVER;
    else if (at > 0 || this.#partialAt === NEVER) this.#partialAt = performance.now();
  }

  /** Writes the gathered answers; notes if the peer does not take them. */
  #flush(): void {
    if (this.#exchange.batched === 0) return;
    const answers = this.#exchange.takeBatch();
    if (this.#isClosing) return;
    const { limits, counters } = this.#exchange;
    this.#socket.write(answers, this.#onWritten);
    const unsent = this.#socket.writableLength;
    if (unsent > limits.maxUnsentOctets) {
      counters.stalled++;
      this.destroy();
    } else if (unsent > limits.pauseOctets) {
      this.#stalledAt = performance.now();
      // While we do not read, the rest of a message cannot come: its time starts anew.
      this.#partialAt = NEVER;
    }
  }

  /** Counts the connection with `octets`; who makes it too much for the server may be destroyed by that. */
  #countHeld(octets: number): void {
    const { limits, counters } = this.#exchange;
    const grown = octets - this.#held;
    this.#held = octets;
    counters.held += grown;
    if (grown > 0 && counters.held > limits.maxHeldOctets) this.#events.crowded();
  }

  #waitTurn(): void {
    this.#isWaitingTurn = true;
    setImmediate(() => {
      this.#isWaitingTurn = false;
      this.#answerUnread();
    });
  }
}
