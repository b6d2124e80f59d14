/**
 * @hot Makes signatures over what is written into its scratch. Some are verified before they are served, with the key that
 * is published (DESIGN §3, self-check). Where the machine has a way to OpenSSL that costs less than `node:crypto`, keys that
 * sign often go that way.
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import { type KeyObject, signOctets } from '../dnssec/algorithm.ts';
import type { ZoneSigner } from './signer.ts';

/** Signs as `signOctets` does, for less; handed in by the shell, one for each thread. */
export interface QuickSigner {
  /** What is to be signed is written here: it does not move. */
  readonly message: Uint8Array;
  /**
   * The signature over the first `octets` octets of the message, which the next call overwrites; null if this key is not
   * signed with here, or not now.
   */
  sign(algorithm: number, key: KeyObject, octets: number): Uint8Array | null;
}

/** One of so many signatures on the query path is verified. */
const SAMPLE_EVERY = 100;
const INITIAL_OCTETS = 4096;

/** One per thread. */
export class SignatureMaker {
  readonly #counters: Counters;
  readonly #quick: QuickSigner | null;
  #untilSample = SAMPLE_EVERY;
  /** The scratch, but for an rrset that is too large for it. */
  readonly #home: Uint8Array;
  #scratch: Uint8Array;
  #words: Int32Array;

  constructor(counters: Counters, quick: QuickSigner | null = null) {
    this.#counters = counters;
    this.#quick = quick;
    this.#home = quick?.message ?? new Uint8Array(INITIAL_OCTETS);
    this.#scratch = this.#home;
    this.#words = wordsOf(this.#scratch);
  }

  /** Where what is to be signed is written. */
  get scratch(): Uint8Array {
    return this.#scratch;
  }

  /** The same in words, in the order of the machine. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Makes the scratch large enough for `octets` octets, and three more to fill up a word; what it holds is lost. */
  reserve(octets: number): void {
    const needed = octets + 3;
    if (needed <= this.#home.length) this.#use(this.#home);
    else if (needed > this.#scratch.length) this.#use(new Uint8Array((octets * 2 + 3) & ~3));
  }

  #use(scratch: Uint8Array): void {
    if (scratch === this.#scratch) return;
    this.#scratch = scratch;
    this.#words = wordsOf(scratch);
  }

  /**
   * The signature over the first `octets` octets of the scratch, which the next call may overwrite; null if it does not
   * verify: nothing may then be served. It is verified if `mustCheck`, and else if its turn has come.
   */
  make(signer: ZoneSigner, octets: number, mustCheck: boolean): Uint8Array | null {
    const quick = this.#quick;
    const isInPlace = quick !== null && quick.message === this.#scratch;
    const signature =
      (isInPlace ? quick.sign(signer.algorithm, signer.privateKey, octets) : null) ??
      signOctets(signer.algorithm, signer.privateKey, this.#scratch.subarray(0, octets));
    this.#counters.bump(COUNTER.SIGNATURES_MADE);
    if (!mustCheck && --this.#untilSample > 0) return signature;
    if (!mustCheck) this.#untilSample = SAMPLE_EVERY;
    this.#counters.bump(COUNTER.SIGNATURES_CHECKED);
    if (signer.verifies(this.#scratch.subarray(0, octets), signature)) return signature;
    this.#counters.bump(COUNTER.SIGNATURES_BAD);
    return null;
  }
}

function wordsOf(octets: Uint8Array): Int32Array {
  return new Int32Array(octets.buffer, octets.byteOffset, octets.length >> 2);
}
