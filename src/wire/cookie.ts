/**
 * @hot DNS cookies (RFC 7873) as servers of one secret share them: version 1 of RFC 9018. A client that sends back the
 * server cookie that it was given has received it, so that its address is not forged.
 *
 *     client cookie (8 octets) | version (1) | reserved (3) | time (4) | SipHash-2-4 of all that and the address (8)
 *
 * Times are serial numbers (RFC 1982), so that the years 2038 and 2106 are like any other.
 */
import { sipHash24 } from '../base/siphash.ts';
import { getU32, setU32 } from './header.ts';
import type { Peer } from './peer.ts';

/** What the cookie of a query proves; `VALID` alone proves that its source is real. */
export const COOKIE_STATE = { NONE: 0, CLIENT_ONLY: 1, VALID: 2, BAD: 3 } as const;

export const SECRET_OCTETS = 16;
export const CLIENT_COOKIE_OCTETS = 8;
/** Client cookie and server cookie together. */
export const WHOLE_COOKIE_OCTETS = 24;
/** Of the server cookie (RFC 7873 §4): any server's, ours have 16 octets. */
const MIN_SERVER_OCTETS = 8;
const MAX_SERVER_OCTETS = 32;

const VERSION = 1;
const VERSION_OFFSET = 8;
const TIME_OFFSET = 12;
const HASH_OFFSET = 16;

/** RFC 9018 §4.3: accepted for an hour, or from five minutes ahead; made anew after half an hour. */
const MAX_AGE_S = 3_600;
const MAX_AHEAD_S = 300;
const RENEW_AFTER_S = 1_800;

/** True if a COOKIE option may have that length (RFC 7873 §5.2.2). */
export function isCookieLength(octets: number): boolean {
  if (octets === CLIENT_COOKIE_OCTETS) return true;
  const server = octets - CLIENT_COOKIE_OCTETS;
  return server >= MIN_SERVER_OCTETS && server <= MAX_SERVER_OCTETS;
}

/** Makes and judges cookies; one per thread. */
export class CookieMaker {
  #keys: readonly Int32Array[];
  readonly #words = new Int32Array(8);
  readonly #hash = new Int32Array(2);
  /** The cookie that goes into the response to what was judged last. */
  readonly cookie: Uint8Array = new Uint8Array(WHOLE_COOKIE_OCTETS);

  /** The first of `secrets` (16 octets each) makes cookies; those of the others are taken too. */
  constructor(secrets: readonly Uint8Array[]) {
    this.#keys = secrets.map(keyOf);
  }

  /** Makes and takes cookies by other secrets from now on. */
  setSecrets(secrets: readonly Uint8Array[]): void {
    this.#keys = secrets.map(keyOf);
  }

  /**
   * Judges the COOKIE option whose `octets` octets are at `at` of `message` and which has one of the lengths that it may
   * have. Returns one of COOKIE_STATE, never NONE; `cookie` is what goes into the response.
   */
  judge(message: Uint8Array, at: number, octets: number, peer: Peer, now: number): number {
    let state: number = octets === CLIENT_COOKIE_OCTETS ? COOKIE_STATE.CLIENT_ONLY : COOKIE_STATE.BAD;
    if (octets === WHOLE_COOKIE_OCTETS && message[at + VERSION_OFFSET] === VERSION) {
      const age = (now - getU32(message, at + TIME_OFFSET)) | 0;
      if (age <= MAX_AGE_S && age >= -MAX_AHEAD_S) {
        const key = this.#findKey(message, at, peer);
        if (key >= 0) state = COOKIE_STATE.VALID;
        // One that is young is sent back as it is.
        if (key === 0 && age >= 0 && age <= RENEW_AFTER_S) {
          for (let i = 0; i < WHOLE_COOKIE_OCTETS; i++) this.cookie[i] = message[at + i]!;
          return state;
        }
      }
    }
    this.#make(message, at, peer, now);
    return state;
  }

  /** Index of the secret that the cookie at `at` was made by, or -1. Takes as long wherever a cookie is wrong. */
  #findKey(message: Uint8Array, at: number, peer: Peer): number {
    this.#load(message, at, peer);
    for (let i = 0; i < this.#keys.length; i++) {
      this.#sip(this.#keys[i]!, peer);
      const low = this.#hash[0]! ^ wordAt(message, at + HASH_OFFSET);
      const high = this.#hash[1]! ^ wordAt(message, at + HASH_OFFSET + 4);
      if ((low | high) === 0) return i;
    }
    return -1;
  }

  #make(message: Uint8Array, at: number, peer: Peer, now: number): void {
    const { cookie } = this;
    for (let i = 0; i < CLIENT_COOKIE_OCTETS; i++) cookie[i] = message[at + i]!;
    setU32(cookie, VERSION_OFFSET, VERSION << 24);
    setU32(cookie, TIME_OFFSET, now);
    this.#load(cookie, 0, peer);
    this.#sip(this.#keys[0]!, peer);
    putWord(cookie, HASH_OFFSET, this.#hash[0]!);
    putWord(cookie, HASH_OFFSET + 4, this.#hash[1]!);
  }

  /** Loads what is hashed: the cookie up to its hash, then the address. */
  #load(octets: Uint8Array, at: number, peer: Peer): void {
    const words = this.#words;
    for (let i = 0; i < 4; i++) words[i] = wordAt(octets, at + 4 * i);
    const address = peer.octets;
    const count = peer.family === 4 ? 1 : 4;
    for (let i = 0; i < count; i++) words[4 + i] = wordAt(address, 4 * i);
  }

  #sip(key: Int32Array, peer: Peer): void {
    sipHash24(key, this.#words, peer.family === 4 ? 5 : 8, this.#hash);
  }
}

function keyOf(secret: Uint8Array): Int32Array {
  return Int32Array.from([0, 4, 8, 12], (at) => wordAt(secret, at));
}

/** Four octets, the least significant first. */
function wordAt(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}

function putWord(octets: Uint8Array, at: number, word: number): void {
  octets[at] = word;
  octets[at + 1] = word >>> 8;
  octets[at + 2] = word >>> 16;
  octets[at + 3] = word >>> 24;
}
