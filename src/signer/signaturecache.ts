/**
 * @hot Signatures of names that exist only because somebody asked, kept by one thread in memory of a fixed size. What was
 * asked for twice stays longer than what was not, so that a flood of random names passes through without taking the
 * place of names that people mistype or that a wildcard answers for.
 *
 * ```
 *   set = 4 entries          entry = hash │ last use │ words, used again │ signature │ what it signs
 * ```
 * A signature is found by all the octets that it signs and by its key, never by a hash alone. One that is too long for an
 * entry is not kept. Memory that no entry has used yet is not committed by the system.
 */
import { MAX_SIGNATURE_OCTETS } from '../dnssec/algorithm.ts';

const WAYS = 4;
const HASH = 0;
const LAST_USE = 1;
/** Words of what is signed, and twice that plus one when it was used again; 0 in an empty entry. */
const SHAPE = 2;
const SIGNATURE = 3;
const SIGNED = SIGNATURE + MAX_SIGNATURE_OCTETS / 4;
const ENTRY_WORDS = 80;
const MAX_SIGNED_WORDS = ENTRY_WORDS - SIGNED;
const ENTRY_OCTETS = ENTRY_WORDS * 4;
const SET_OCTETS = WAYS * ENTRY_OCTETS;

/** "It is not there." */
export const NO_ENTRY = -1;

/** What a thread's cache takes at most, in octets: some 26,000 signatures. */
export const DEFAULT_CACHE_OCTETS = 8 * 1024 * 1024;

/** One per thread; its memory is taken when the first signature is kept. */
export class SignatureCache {
  readonly #octetLimit: number;
  #words = new Int32Array(0);
  #octets = new Uint8Array(0);
  #sets = 0;
  #uses = 0;

  /** Holds at most `octetLimit` octets; with less than one set's it keeps nothing. */
  constructor(octetLimit: number) {
    this.#octetLimit = octetLimit;
  }

  /** The entry whose signature signs the first `count` words of `signed`, which have this hash, or NO_ENTRY. */
  find(hash: number, signed: Int32Array, count: number): number {
    if (this.#sets === 0) return NO_ENTRY;
    const words = this.#words;
    const set = this.#setOf(hash);
    for (let way = 0; way < WAYS; way++) {
      const at = set + way * ENTRY_WORDS;
      if (words[at + HASH] !== hash || words[at + SHAPE]! >> 1 !== count) continue;
      if (!this.#holds(at + SIGNED, signed, count)) continue;
      words[at + LAST_USE] = ++this.#uses;
      words[at + SHAPE]! |= 1;
      return at;
    }
    return NO_ENTRY;
  }

  /** Copies the signature of an entry that `find` gave, `count` octets, to `offset` of `out`. */
  read(entry: number, out: Uint8Array, offset: number, count: number): void {
    const from = (entry + SIGNATURE) * 4;
    for (let i = 0; i < count; i++) out[offset + i] = this.#octets[from + i]!;
  }

  /** Keeps a signature under what it signs, which `find` did not find. */
  store(hash: number, signed: Int32Array, count: number, signature: Uint8Array): void {
    if (count > MAX_SIGNED_WORDS) return;
    if (this.#sets === 0 && !this.#open()) return;
    const words = this.#words;
    const at = this.#victimIn(this.#setOf(hash));
    words[at + HASH] = hash;
    words[at + LAST_USE] = ++this.#uses;
    words[at + SHAPE] = count << 1;
    for (let i = 0; i < count; i++) words[at + SIGNED + i] = signed[i]!;
    const to = (at + SIGNATURE) * 4;
    for (let i = 0; i < signature.length; i++) this.#octets[to + i] = signature[i]!;
  }

  #open(): boolean {
    const sets = Math.floor(this.#octetLimit / SET_OCTETS);
    if (sets === 0) return false;
    this.#words = new Int32Array((sets * SET_OCTETS) / 4);
    this.#octets = new Uint8Array(this.#words.buffer);
    this.#sets = sets;
    return true;
  }

  #setOf(hash: number): number {
    return ((hash >>> 0) % this.#sets) * WAYS * ENTRY_WORDS;
  }

  #holds(at: number, signed: Int32Array, count: number): boolean {
    const words = this.#words;
    for (let i = 0; i < count; i++) if (words[at + i] !== signed[i]) return false;
    return true;
  }

  /** The entry of a set that goes: an empty one, else the one used longest ago of those that were used once, else of all. */
  #victimIn(set: number): number {
    const words = this.#words;
    let once = NO_ENTRY;
    let oldest = set;
    for (let way = 0; way < WAYS; way++) {
      const at = set + way * ENTRY_WORDS;
      const shape = words[at + SHAPE]!;
      if (shape === 0) return at;
      if (this.#age(at) > this.#age(oldest)) oldest = at;
      if ((shape & 1) === 0 && (once === NO_ENTRY || this.#age(at) > this.#age(once))) once = at;
    }
    if (once !== NO_ENTRY) return once;
    // All were used again: from now on they have to be used once more.
    for (let way = 0; way < WAYS; way++) words[set + way * ENTRY_WORDS + SHAPE]! &= ~1;
    return oldest;
  }

  /** Uses of the cache since an entry was used last, modulo 2³². */
  #age(at: number): number {
    return (this.#uses - this.#words[at + LAST_USE]!) >>> 0;
  }
}
