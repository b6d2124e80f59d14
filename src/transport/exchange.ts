/**
 * What all connections of a stream server share: the responder, its buffers, the batch of answers under way. Answers to
 * queries that came together leave together, in one write.
 */
import type { Peer, Respond } from '../wire/peer.ts';
import type { StreamCounters, StreamLimits } from './limits.ts';

/** Octets in front of each message (RFC 1035 §4.2.2). */
export const LENGTH_OCTETS = 2;
const MAX_MESSAGE_OCTETS = 65_535;
/** In the place of a length: the responder threw. */
const FAULT = -1;
/** Answers gather up to here before they are written. */
const BATCH_OCTETS = 2 * (MAX_MESSAGE_OCTETS + LENGTH_OCTETS);

/** One per stream server; used by one connection at a time, within one turn of the event loop. */
export class Exchange {
  readonly limits: StreamLimits;
  readonly counters: StreamCounters;
  readonly #respond: Respond;
  readonly #request = new Uint8Array(MAX_MESSAGE_OCTETS);
  readonly #response = new Uint8Array(MAX_MESSAGE_OCTETS);
  readonly #batch = new Uint8Array(BATCH_OCTETS);
  #batched = 0;

  constructor(respond: Respond, limits: StreamLimits, counters: StreamCounters) {
    this.#respond = respond;
    this.limits = limits;
    this.counters = counters;
  }

  /** Octets of answers in the batch. */
  get batched(): number {
    return this.#batched;
  }

  /** False if the batch might not hold one more answer: `takeBatch` first. */
  get hasRoom(): boolean {
    return this.#batched + LENGTH_OCTETS + MAX_MESSAGE_OCTETS <= BATCH_OCTETS;
  }

  /** Answers the message of `octets` octets at `offset` of `source` into the batch. False if the responder threw. */
  answer(source: Uint8Array, offset: number, octets: number, peer: Peer): boolean {
    this.counters.queries++;
    this.#request.set(source.subarray(offset, offset + octets));
    let written = 0;
    try {
      written = this.#respond(this.#request, octets, peer, this.#response);
    } catch {
      // The connection is lost, the process is not; the responder has kept the error for the log.
      written = FAULT;
    }
    if (written < 0 || written > MAX_MESSAGE_OCTETS) {
      this.counters.faults++;
      return false;
    }
    if (written === 0) return true;
    this.counters.answers++;
    this.#batch[this.#batched] = written >>> 8;
    this.#batch[this.#batched + 1] = written;
    this.#batch.set(this.#response.subarray(0, written), this.#batched + LENGTH_OCTETS);
    this.#batched += LENGTH_OCTETS + written;
    return true;
  }

  /** The gathered answers as a copy, which a socket may keep. The batch is empty then. */
  takeBatch(): Buffer {
    const taken = Buffer.from(this.#batch.subarray(0, this.#batched));
    this.#batched = 0;
    return taken;
  }
}
