/**
 * @hot The signature table: for one zone image and one key, a slot for each rrset, in memory that all threads share.
 * Memory of slots that nobody touched is never committed by the system.
 *
 * ```
 *   slot = state word │ signature (64 or 96 octets)
 *   state = 0 empty │ 1 being written │ else ready: the signature's inception
 * ```
 * A slot is written by the thread that wins it; a thread that loses serves the copy it made itself. A reader copies,
 * then looks at the state again: if it changed meanwhile, the copy is void.
 */
import { findAlgorithm } from '../dnssec/algorithm.ts';

const EMPTY = 0;
const WRITING = 1;

/** Words of a slot for signatures of the given length in octets. */
function slotWords(signatureOctets: number): number {
  return 1 + (signatureOctets >> 2);
}

/** Octets of a table for `slots` rrsets and keys of `algorithm`. */
export function slotTableOctets(slots: number, algorithm: number): number {
  return slots * slotWords(signatureLength(algorithm)) * 4;
}

/** Octets of a signature. */
export function signatureLength(algorithm: number): number {
  return findAlgorithm(algorithm)?.signatureOctets ?? 0;
}

/** A view of one table. */
export class SlotTable {
  readonly signatureOctets: number;
  readonly #states: Int32Array;
  readonly #octets: Uint8Array;
  readonly #words: number;

  constructor(buffer: SharedArrayBuffer, algorithm: number) {
    this.signatureOctets = signatureLength(algorithm);
    this.#words = slotWords(this.signatureOctets);
    this.#states = new Int32Array(buffer);
    this.#octets = new Uint8Array(buffer);
  }

  /** The inception of the signature in the slot, or 0 if there is none to read. */
  inception(slot: number): number {
    const state = Atomics.load(this.#states, slot * this.#words);
    return state === EMPTY || state === WRITING ? 0 : state >>> 0;
  }

  /** Copies the signature to `out`; false if the slot no longer holds the one with this inception. */
  read(slot: number, inception: number, out: Uint8Array, offset: number): boolean {
    const word = slot * this.#words;
    const from = (word + 1) * 4;
    for (let i = 0; i < this.signatureOctets; i++) out[offset + i] = this.#octets[from + i]!;
    return Atomics.load(this.#states, word) >>> 0 === inception;
  }

  /** Stores a signature unless another thread is writing the slot; false if it was not stored. */
  write(slot: number, inception: number, signature: Uint8Array, offset: number): boolean {
    const word = slot * this.#words;
    const state = Atomics.load(this.#states, word);
    if (state === WRITING) return false;
    if (Atomics.compareExchange(this.#states, word, state, WRITING) !== state) return false;
    const to = (word + 1) * 4;
    for (let i = 0; i < this.signatureOctets; i++) this.#octets[to + i] = signature[offset + i]!;
    Atomics.store(this.#states, word, inception | 0);
    return true;
  }

  /** Empties slots that a thread left half written when it died. Call while no thread writes. */
  clearUnfinished(): void {
    for (let word = 0; word < this.#states.length; word += this.#words) {
      if (this.#states[word] === WRITING) Atomics.store(this.#states, word, EMPTY);
    }
  }
}
