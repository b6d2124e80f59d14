/**
 * Server cookies as RFC 9018 §4 builds them, with SipHash-2-4 written from its definition in 64-bit integers of the
 * language: slow and plain, so that it can judge what is fast.
 */

const MASK = (1n << 64n) - 1n;

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK;
}

/** Four words, mixed in place. */
class SipState {
  readonly #v: [bigint, bigint, bigint, bigint];

  constructor(k0: bigint, k1: bigint) {
    this.#v = [
      k0 ^ 0x736f6d6570736575n,
      k1 ^ 0x646f72616e646f6dn,
      k0 ^ 0x6c7967656e657261n,
      k1 ^ 0x7465646279746573n,
    ];
  }

  rounds(count: number): void {
    const v = this.#v;
    for (let round = 0; round < count; round++) {
      v[0] = (v[0] + v[1]) & MASK;
      v[1] = rotate(v[1], 13n) ^ v[0];
      v[0] = rotate(v[0], 32n);
      v[2] = (v[2] + v[3]) & MASK;
      v[3] = rotate(v[3], 16n) ^ v[2];
      v[0] = (v[0] + v[3]) & MASK;
      v[3] = rotate(v[3], 21n) ^ v[0];
      v[2] = (v[2] + v[1]) & MASK;
      v[1] = rotate(v[1], 17n) ^ v[2];
      v[2] = rotate(v[2], 32n);
    }
  }

  compress(word: bigint): void {
    this.#v[3] ^= word;
    this.rounds(2);
    this.#v[0] ^= word;
  }

  finish(): bigint {
    this.#v[2] ^= 0xffn;
    this.rounds(4);
    return this.#v.reduce((sum, word) => sum ^ word, 0n);
  }
}

/** SipHash-2-4 of `octets` under a key of 16 octets; 8 octets, least significant first. */
export function sipHash24(key: Uint8Array, octets: Uint8Array): Uint8Array {
  const word = (from: Buffer, at: number) => from.readBigUInt64LE(at);
  const keyBuffer = Buffer.from(key);
  const state = new SipState(word(keyBuffer, 0), word(keyBuffer, 8));
  const padded = Buffer.alloc((octets.length & ~7) + 8);
  padded.set(octets);
  padded[padded.length - 1] = octets.length & 255;
  for (let at = 0; at < padded.length; at += 8) state.compress(word(padded, at));
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(state.finish());
  return new Uint8Array(out);
}

/**
 * Client cookie and server cookie, 24 octets: version 1, three reserved octets, the time (seconds), and the hash over
 * client cookie, those and the client's address (4 or 16 octets). The reserved octets are 0 unless `reserved` says.
 */
export function wholeCookie(
  secret: Uint8Array,
  client: Uint8Array,
  address: Uint8Array,
  time: number,
  reserved = 0,
): Uint8Array {
  const head = Uint8Array.of(1, reserved, reserved, reserved, time >>> 24, time >>> 16, time >>> 8, time);
  const hash = sipHash24(secret, Uint8Array.from([...client, ...head, ...address]));
  return Uint8Array.from([...client, ...head, ...hash]);
}
