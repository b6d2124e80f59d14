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
  COUNT: 16,
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
