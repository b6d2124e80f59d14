/**
 * ECDSA by OpenSSL itself, which is in Node's process already: `node:crypto` makes a context, an operation and a buffer
 * for each signature, of whose 27 µs that is a quarter. Here a key that signs often keeps its context, and what is
 * signed and the signature lie in memory that does not move. It is the same routine of the same library, with the same
 * nonces.
 *
 *     few     signatures so far: `node:crypto` makes them, as keys of most zones sign little
 *     ready   its context is there: a signature of it was verified by `node:crypto`
 *     never   it could not be loaded so, or signed wrongly
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { getAlgorithm } from '../dnssec/algorithm.ts';
import type { QuickSigner } from '../signer/maker.ts';
import { type Libc, loadLibc, type Pointer } from '../transport/libc.ts';
import { ALGORITHM } from '../wire/iana.ts';

/** Keys whose contexts are kept: some 3 KiB each. */
const MAX_KEYS = 1_024;
/** To load a key and verify what it signs costs as much as is spared by this many signatures. */
const FEW = 32;

const MESSAGE_OCTETS = 65_536;
/** Behind the message: a digest, a signature in DER, its length, a key. */
const DIGEST = MESSAGE_OCTETS;
const DER = DIGEST + 64;
const DER_OCTETS = 128;
const LENGTH = DER + DER_OCTETS;
const KEY_POINTER = LENGTH + 8;
const KEY = KEY_POINTER + 8;
const KEY_OCTETS = 4_096;
const MEMORY_OCTETS = KEY + KEY_OCTETS;

/** OpenSSL's calls. Pointers are addresses; functions that return an int return 1 if all is well. */
interface Calls {
  d2i_AutoPrivateKey(key: null, octets: Pointer, length: number): unknown;
  EVP_PKEY_CTX_new(key: unknown, engine: null): unknown;
  EVP_PKEY_sign_init(context: unknown): number;
  EVP_PKEY_sign(
    context: Pointer,
    signature: Pointer,
    length: Pointer,
    digest: Pointer,
    octets: number,
  ): number;
  EVP_PKEY_CTX_free(context: unknown): void;
  EVP_PKEY_free(key: unknown): void;
  ERR_clear_error(): void;
  SHA256(octets: Pointer, count: number, digest: Pointer): unknown;
  SHA384(octets: Pointer, count: number, digest: Pointer): unknown;
}

interface Seat {
  /** It signed since it was last looked at. */
  isUsed: boolean;
  /** Signatures that it made elsewhere; it comes here when they are not few any more. */
  uses: number;
  state: 'few' | 'ready' | 'never';
  key: unknown;
  context: unknown;
  contextAt: Pointer;
}

/** The quick way to sign, or undefined where Node's OpenSSL or the C library cannot be called. */
export function openQuickSigner(maxKeys: number = MAX_KEYS): QuickSigner | undefined {
  const libc = loadLibc();
  if (typeof libc === 'string') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    return new OpensslSigner(bindCalls(koffi), koffi, libc.map(MEMORY_OCTETS), maxKeys);
  } catch {
    // This Node keeps its OpenSSL to itself.
    return undefined;
  }
}

function bindCalls(koffi: typeof import('koffi')): Calls {
  const library = koffi.load(null);
  return {
    d2i_AutoPrivateKey: library.func('void* d2i_AutoPrivateKey(void*, void*, long)'),
    EVP_PKEY_CTX_new: library.func('void* EVP_PKEY_CTX_new(void*, void*)'),
    EVP_PKEY_sign_init: library.func('int EVP_PKEY_sign_init(void*)'),
    EVP_PKEY_sign: library.func('int EVP_PKEY_sign(void*, void*, void*, void*, size_t)'),
    EVP_PKEY_CTX_free: library.func('void EVP_PKEY_CTX_free(void*)'),
    EVP_PKEY_free: library.func('void EVP_PKEY_free(void*)'),
    ERR_clear_error: library.func('void ERR_clear_error()'),
    SHA256: library.func('void* SHA256(void*, size_t, void*)'),
    SHA384: library.func('void* SHA384(void*, size_t, void*)'),
  };
}

class OpensslSigner implements QuickSigner {
  readonly message: Uint8Array;
  readonly #calls: Calls;
  readonly #addressOf: (pointer: unknown) => Pointer;
  readonly #octets: Uint8Array;
  readonly #length: BigUint64Array;
  readonly #at: {
    readonly message: Pointer;
    readonly digest: Pointer;
    readonly der: Pointer;
    readonly length: Pointer;
  };
  readonly #keyAt: Pointer;
  readonly #keyPointerAt: Pointer;
  /** For signatures of 64 and of 96 octets. */
  readonly #short = new Uint8Array(64);
  readonly #long = new Uint8Array(96);
  /** The oldest first. */
  readonly #seats = new Map<KeyObject, Seat>();
  readonly #maxKeys: number;

  constructor(
    calls: Calls,
    { address: addressOf }: Pick<typeof import('koffi'), 'address'>,
    { address, buffer }: ReturnType<Libc['map']>,
    maxKeys: number,
  ) {
    this.#calls = calls;
    this.#addressOf = addressOf;
    this.#octets = new Uint8Array(buffer);
    this.message = this.#octets.subarray(0, MESSAGE_OCTETS);
    this.#length = new BigUint64Array(buffer, LENGTH, 1);
    const at = (offset: number): Pointer => address + BigInt(offset);
    this.#at = { message: at(0), digest: at(DIGEST), der: at(DER), length: at(LENGTH) };
    this.#keyAt = at(KEY);
    this.#keyPointerAt = at(KEY_POINTER);
    this.#maxKeys = maxKeys;
  }

  sign(algorithm: number, key: KeyObject, octets: number): Uint8Array | null {
    if (algorithm === ALGORITHM.ED25519) return null;
    const seat = this.#seats.get(key) ?? this.#seat(key);
    seat.isUsed = true;
    if (seat.state === 'few' && ++seat.uses > FEW) this.#load(algorithm, key, seat, octets);
    return seat.state === 'ready' ? this.#sign(algorithm, seat.contextAt, octets) : null;
  }

  /** A seat for a key that has none; of those that have, the oldest goes that did not sign while it was. */
  #seat(key: KeyObject): Seat {
    if (this.#seats.size >= this.#maxKeys) this.#makeRoom();
    const seat: Seat = { isUsed: true, uses: 0, state: 'few', key: null, context: null, contextAt: 0n };
    this.#seats.set(key, seat);
    return seat;
  }

  #makeRoom(): void {
    for (const [key, seat] of this.#seats) {
      this.#seats.delete(key);
      if (!seat.isUsed) {
        this.#free(seat);
        return;
      }
      // It comes last again; when the loop is back at it, it was not used.
      seat.isUsed = false;
      this.#seats.set(key, seat);
    }
  }

  #sign(algorithm: number, context: Pointer, octets: number): Uint8Array | null {
    const { message, digest, der, length } = this.#at;
    const isShort = algorithm === ALGORITHM.ECDSAP256SHA256;
    if (isShort) this.#calls.SHA256(message, octets, digest);
    else this.#calls.SHA384(message, octets, digest);
    this.#length[0] = BigInt(DER_OCTETS);
    if (this.#calls.EVP_PKEY_sign(context, der, length, digest, isShort ? 32 : 48) !== 1) {
      this.#calls.ERR_clear_error();
      return null;
    }
    const signature = isShort ? this.#short : this.#long;
    return readSignature(this.#octets, DER, signature) ? signature : null;
  }

  /** Loads the key, and has its first signature, over what lies in the message, verified elsewhere. */
  #load(algorithm: number, key: KeyObject, seat: Seat, octets: number): void {
    const calls = this.#calls;
    seat.state = 'never';
    const text = key.export({ type: 'pkcs8', format: 'der' });
    if (text.length > KEY_OCTETS) return;
    this.#octets.set(text, KEY);
    new BigUint64Array(this.#octets.buffer, KEY_POINTER, 1)[0] = this.#keyAt;
    seat.key = calls.d2i_AutoPrivateKey(null, this.#keyPointerAt, text.length);
    // The only copies that are not OpenSSL's.
    this.#octets.fill(0, KEY, KEY + text.length);
    text.fill(0);
    seat.context = seat.key === null ? null : calls.EVP_PKEY_CTX_new(seat.key, null);
    if (seat.context === null || calls.EVP_PKEY_sign_init(seat.context) !== 1) {
      calls.ERR_clear_error();
      return;
    }
    seat.contextAt = this.#addressOf(seat.context);
    const signature = this.#sign(algorithm, seat.contextAt, octets);
    const published = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' } as const;
    const message = this.message.subarray(0, octets);
    const isGood = signature !== null && verify(getAlgorithm(algorithm).hash, message, published, signature);
    if (isGood) seat.state = 'ready';
  }

  #free({ context, key }: Seat): void {
    if (context !== null) this.#calls.EVP_PKEY_CTX_free(context);
    if (key !== null) this.#calls.EVP_PKEY_free(key);
  }
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Reads ECDSA-Sig-Value (RFC 3279 §2.2.3) as r ‖ s, each padded to half of `out`; false if it is none. */
export function readSignature(octets: Uint8Array, from: number, out: Uint8Array): boolean {
  const half = out.length >> 1;
  let at = from + 2;
  if (octets[from] !== SEQUENCE) return false;
  for (let start = 0; start < out.length; start += half) {
    const isInteger = octets[at] === INTEGER;
    let count = octets[at + 1]!;
    at += 2;
    // A leading zero says that the number is positive.
    while (count > half && octets[at] === 0) {
      at++;
      count--;
    }
    if (!isInteger || count > half) return false;
    for (let i = 0; i < half - count; i++) out[start + i] = 0;
    for (let i = 0; i < count; i++) out[start + half - count + i] = octets[at + i]!;
    at += count;
  }
  return true;
}
