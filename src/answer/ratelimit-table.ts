/**
 * @hot Accounts of the rate limit in memory of a fixed size, which all data threads share. An account belongs to one
 * source, zone and class of answers; it is compared whole, so no two ever share a balance.
 *
 * ```
 *   header (64 octets)   key of the hash
 *   set 0                account  account  account  account      the hash of a key says the set,
 *   set 1                account  …                              it lies in one of the set's four places
 *
 *   account (8 words)    high  low  zone  kind  last  balance  limited  told
 *                        ╰────── key ───────╯   │     │        │        ╰ second of the last report
 *                                               │     │        ╰ answers that were over the limit
 *                                               │     ╰ answers that may go out at once; below 0: debt
 *                                               ╰ second of the last answer
 * ```
 *
 * **When a set is full** the account that was silent longest makes room, among equals the one that may still take most.
 * A newcomer thus always has its full rate: a crowd of sources costs nobody an answer, at worst it has a debt forgiven.
 *
 * **Threads** read and write the words without locks. What two of them do to one account in the same instant may be
 * counted once; that lets an answer through and never holds one back for long.
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import { halfSipHash } from '../base/halfsiphash.ts';

const WORDS = 8;
const ACCOUNT_OCTETS = WORDS * 4;
const WAYS = 4;
const SET_WORDS = WORDS * WAYS;
const HEADER_OCTETS = 64;
const HEADER_WORDS = HEADER_OCTETS / 4;
const KEY_WORDS = 4;

/** Offsets of an account's words. */
const AT = { HIGH: 0, LOW: 1, ZONE: 2, KIND: 3, LAST: 4, BALANCE: 5, LIMITED: 6, TOLD: 7 } as const;

/** "There is no such account." */
export const NO_ACCOUNT = -1;

export class AccountTable {
  readonly #counters: Counters;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #key0: number;
  readonly #key1: number;
  /** The key that is looked for. */
  readonly #wanted = new Int32Array(KEY_WORDS);

  /** Opens memory that `makeTableMemory` made. */
  constructor(memory: SharedArrayBuffer, counters: Counters) {
    this.#counters = counters;
    this.#words = new Int32Array(memory);
    this.#mask = (memory.byteLength - HEADER_OCTETS) / (ACCOUNT_OCTETS * WAYS) - 1;
    this.#key0 = this.#words[0]!;
    this.#key1 = this.#words[1]!;
  }

  get capacity(): number {
    return (this.#mask + 1) * WAYS;
  }

  /**
   * The account of a key, opened with the balance `rate` if it is not there. `kind` is not 0. Good until the next call
   * of this or another thread's: use it at once.
   */
  open(high: number, low: number, zone: number, kind: number, rate: number, now: number): number {
    const set = this.#setOf(high, low, zone, kind);
    const found = this.#findIn(set);
    if (found !== NO_ACCOUNT) return found;
    const words = this.#words;
    const at = this.#roomIn(set, now);
    if (words[at + AT.BALANCE]! < 0) this.#counters.bump(COUNTER.RATE_FORGIVEN);
    words[at + AT.HIGH] = high;
    words[at + AT.LOW] = low;
    words[at + AT.ZONE] = zone;
    words[at + AT.KIND] = kind;
    words[at + AT.LAST] = now;
    words[at + AT.BALANCE] = rate;
    words[at + AT.LIMITED] = 0;
    words[at + AT.TOLD] = 0;
    return at;
  }

  /** The account of a key, or NO_ACCOUNT. */
  find(high: number, low: number, zone: number, kind: number): number {
    return this.#findIn(this.#setOf(high, low, zone, kind));
  }

  /**
   * Takes one answer from an account that earns `rate` answers a second, has one second's at most, and owes `maxDebt` at
   * most. Returns its balance then: below 0 the answer is over the limit.
   */
  charge(account: number, rate: number, maxDebt: number, now: number): number {
    const words = this.#words;
    const elapsed = (now - words[account + AT.LAST]!) | 0;
    let balance = words[account + AT.BALANCE]!;
    if (elapsed !== 0) {
      words[account + AT.LAST] = now;
      // A clock that was set back forgives: nobody shall wait for its old time to come again.
      balance = elapsed < 0 ? rate : Math.min(rate, balance + elapsed * rate);
    }
    balance = Math.max(balance - 1, -maxDebt);
    words[account + AT.BALANCE] = balance;
    return balance;
  }

  /** Notes that an account did something at `now`. */
  touch(account: number, now: number): void {
    this.#words[account + AT.LAST] = now;
  }

  /** Seconds since the account's last answer; negative if the clock was set back. */
  silence(account: number, now: number): number {
    return (now - this.#words[account + AT.LAST]!) | 0;
  }

  /** Counts an answer over the limit; returns how many there were. */
  countLimited(account: number): number {
    return ++this.#words[account + AT.LIMITED]!;
  }

  /** True once in `interval` seconds for each account. */
  mayTell(account: number, interval: number, now: number): boolean {
    const words = this.#words;
    const told = words[account + AT.TOLD]!;
    const since = (now - told) | 0;
    if (told !== 0 && since >= 0 && since < interval) return false;
    words[account + AT.TOLD] = now;
    return true;
  }

  #setOf(high: number, low: number, zone: number, kind: number): number {
    const wanted = this.#wanted;
    wanted[0] = high;
    wanted[1] = low;
    wanted[2] = zone;
    wanted[3] = kind;
    const hash = halfSipHash(this.#key0, this.#key1, wanted, KEY_WORDS);
    return HEADER_WORDS + (hash & this.#mask) * SET_WORDS;
  }

  /** Where in the set the wanted key is, or NO_ACCOUNT. */
  #findIn(set: number): number {
    const words = this.#words;
    const wanted = this.#wanted;
    for (let at = set; at < set + SET_WORDS; at += WORDS) {
      const isIt =
        words[at + AT.HIGH] === wanted[AT.HIGH] &&
        words[at + AT.LOW] === wanted[AT.LOW] &&
        words[at + AT.ZONE] === wanted[AT.ZONE] &&
        words[at + AT.KIND] === wanted[AT.KIND];
      if (isIt) return at;
    }
    return NO_ACCOUNT;
  }

  /** The place for a newcomer: a free one, else that of the account that shall make room. */
  #roomIn(set: number, now: number): number {
    const words = this.#words;
    let room = set;
    for (let at = set; at < set + SET_WORDS; at += WORDS) {
      if (words[at + AT.KIND] === 0) return at;
      const longer = this.silence(at, now) - this.silence(room, now);
      if (longer > 0 || (longer === 0 && words[at + AT.BALANCE]! > words[room + AT.BALANCE]!)) room = at;
    }
    return room;
  }
}

/**
 * Memory for at least `accounts` accounts, rounded up to a power of two and at least one set: 32 octets each. `key` is
 * 8 random octets.
 */
export function makeTableMemory(accounts: number, key: Uint8Array): SharedArrayBuffer {
  const sets = 2 ** Math.ceil(Math.log2(Math.max(1, accounts / WAYS)));
  const memory = new SharedArrayBuffer(HEADER_OCTETS + sets * WAYS * ACCOUNT_OCTETS);
  new Uint8Array(memory).set(key.subarray(0, 8));
  return memory;
}
