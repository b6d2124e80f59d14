/**
 * @hot The signature table: for one zone image and one key, a slot for each rrset, in memory that all threads share.
 * Of a large table, memory of slots that nobody touched is never committed by the system; small ones lie together.
 *
 * ```
 *   slot = state word │ signature (64 or 96 octets)
 *   state = 0 empty │ 1 being written │ else ready: the signature's inception
 *   signature: its octets in words, the first one on top, for a word of shared memory costs no more than an octet
 * ```
 * A slot is written by the thread that wins it; a thread that loses serves the copy it made itself. A reader copies,
 * then looks at the state again: if it changed meanwhile, the copy is void. A slot whose writer died stays as it is: until
 * the next table, threads make that signature for each answer.
 */
import { findAlgorithm } from '../dnssec/algorithm.ts';
import type { ImageMemory } from '../zone/image.ts';

/** Where a table lies: as images do, in memory of its own or in a pack (zone/imagepack). */
export type TableMemory = ImageMemory;

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

/** The words of memory that tables share: one view for all of them. */
const packedWords = new WeakMap<SharedArrayBuffer, Int32Array>();

function wordsOf(memory: SharedArrayBuffer): Int32Array {
  let words = packedWords.get(memory);
  if (words === undefined) {
    words = new Int32Array(memory);
    packedWords.set(memory, words);
  }
  return words;
}

/** A view of one table. */
export class SlotTable {
  readonly signatureOctets: number;
  readonly #memory: Int32Array;
  /** The word at which it begins. */
  readonly #base: number;
  readonly #slotWords: number;

  constructor(table: TableMemory, algorithm: number) {
    const isAlone = table instanceof SharedArrayBuffer;
    this.signatureOctets = signatureLength(algorithm);
    this.#slotWords = slotWords(this.signatureOctets);
    this.#memory = isAlone ? new Int32Array(table) : wordsOf(table.memory);
    this.#base = isAlone ? 0 : table.at >> 2;
  }

  /** The inception of the signature in the slot, or 0 if there is none to read. */
  inception(slot: number): number {
    const state = Atomics.load(this.#memory, this.#base + slot * this.#slotWords);
    return state === EMPTY || state === WRITING ? 0 : state >>> 0;
  }

  /** Copies the signature to `out`; false if the slot no longer holds the one with this inception. */
  read(slot: number, inception: number, out: Uint8Array, offset: number): boolean {
    const word = this.#base + slot * this.#slotWords;
    const end = offset + this.signatureOctets;
    for (let at = offset, from = word + 1; at < end; at += 4, from++) {
      const octets = this.#memory[from]!;
      out[at] = octets >>> 24;
      out[at + 1] = octets >>> 16;
      out[at + 2] = octets >>> 8;
      out[at + 3] = octets;
    }
    return Atomics.load(this.#memory, word) >>> 0 === inception;
  }

  /** Stores a signature unless another thread is writing the slot; false if it was not stored. */
  write(slot: number, inception: number, signature: Uint8Array, offset: number): boolean {
    const word = this.#base + slot * this.#slotWords;
    const state = Atomics.load(this.#memory, word);
    if (state === WRITING) return false;
    if (Atomics.compareExchange(this.#memory, word, state, WRITING) !== state) return false;
    const end = offset + this.signatureOctets;
    for (let at = offset, to = word + 1; at < end; at += 4, to++) {
      this.#memory[to] =
        (signature[at]! << 24) | (signature[at + 1]! << 16) | (signature[at + 2]! << 8) | signature[at + 3]!;
    }
    Atomics.store(this.#memory, word, inception | 0);
    return true;
  }
}
