/**
 * Counters that the core bumps and the shell reads. Each thread writes a block of its own in shared memory; readers
 * sum the blocks. A counter is a double: exact to 2^53, and never torn on the machines that Node runs on.
 */

/** What is counted, as index into a block. */
export const COUNTER = {
  QUERIES: 0,
  RESPONSES: 1,
  /** Requests that get no answer: too short, answers, bad source. */
  DROPPED: 2,
  FORMERR: 3,
  NXDOMAIN: 4,
  REFUSED: 5,
  NOTIMP: 6,
  BADVERS: 7,
  SERVFAIL: 8,
  TRUNCATED: 9,
  DNSSEC_OK: 10,
  /** Signatures read from their slots. */
  SIGNATURES_REUSED: 11,
  /** Signatures made on the query path. */
  SIGNATURES_MADE: 12,
  /** Signatures verified before they were served. */
  SIGNATURES_CHECKED: 13,
  /** Signatures that did not verify and were not served: an alarm. */
  SIGNATURES_BAD: 14,
  /** Programmer errors caught in `respond`. */
  FAULTS: 15,
  /** Datagrams without an answer: from a port that no resolver asks from (`transport/reflection`). */
  REFLECTED_PORT: 16,
  /** From an address that is nobody's: unspecified, multicast, broadcast. */
  REFLECTED_ADDRESS: 17,
  /** From our own address and port. */
  REFLECTED_SELF: 18,
  /** Messages without an answer because they are one themselves (QR). */
  REFLECTED_RESPONSE: 19,
  /** Answers over the rate limit, also if it is only logged. */
  RATE_LIMITED: 20,
  /** Of those: sent as TC without records, errors whole. */
  RATE_TRUNCATED: 21,
  /** Of those: not sent. */
  RATE_DROPPED: 22,
  /** Answers sent as TC because they were too large for a source that is flooded. */
  AMPLIFICATION_CUT: 23,
  /** Accounts of the rate limit that were forgotten while in debt: their table is too small. */
  RATE_FORGIVEN: 24,
  /** Signatures for names that exist only because somebody asked, read from the thread's cache. */
  SYNTHESIZED_REUSED: 25,
  /** Of SIGNATURES_MADE: those for such names. */
  SYNTHESIZED_MADE: 26,
  /** Answers sent as TC because the signing budget was spent. */
  BUDGET_TRUNCATED: 27,
  /** Answers not sent because the signing budget was spent. */
  BUDGET_DROPPED: 28,
  /** Datagrams and connections of listed proxies that were dropped: their PROXY header was malformed. */
  BAD_PROXY_HEADERS: 29,
  /** Queries with a server cookie that we, or others with our secret, made for this client (RFC 7873). */
  COOKIES_VALID: 30,
  /** Queries with another server cookie. */
  COOKIES_BAD: 31,
  /** Responses that demand a cookie. */
  BADCOOKIE: 32,
  COUNT: 33,
} as const;

export type CounterIndex = (typeof COUNTER)[Exclude<keyof typeof COUNTER, 'COUNT'>];

/** One thread's block. */
export class Counters {
  readonly values: Float64Array;

  /** Over `buffer` (`COUNTER.COUNT * 8` octets), or over fresh shared memory. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(COUNTER.COUNT * 8)) {
    this.values = new Float64Array(buffer);
  }

  bump(counter: CounterIndex): void {
    this.values[counter]!++;
  }

  get(counter: CounterIndex): number {
    return this.values[counter]!;
  }
}
