/**
 * @hot Response rate limiting (RRL): a server that answers whoever seems to ask is a weapon against those whose address
 * is forged. Answers over UDP are counted for each source prefix, zone and class of answer; what is over the limit is
 * dropped, or sent empty with TC, upon which a real resolver asks over TCP. TCP and a valid cookie (RFC 7873) prove the
 * source, and are not limited.
 *
 * Like BIND's, an account earns its rate each second, never has more than one second's, and sinks into debt while it is
 * asked for more: a flood is limited as a whole until it ends, and for up to `windowS` seconds then.
 *
 * What it does not do: limit queries. The work of an answer over the limit is saved, but not its parsing.
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import type { AddressFamily, Peer } from '../wire/peer.ts';
import { isInPrefix, type Prefix } from '../wire/prefix.ts';
import { AccountTable, NO_ACCOUNT } from './ratelimit-table.ts';

/** Classes of answers that have accounts of their own. */
export const ANSWER_CLASS = { POSITIVE: 0, NODATA: 1, NXDOMAIN: 2, ERROR: 3 } as const;

/** Answers that belong to no zone. */
export const NO_ZONE = 0;

/** What becomes of an answer. */
export const VERDICT = { ANSWER: 0, TRUNCATE: 1, DROP: 2 } as const;

/** Plain data. Rates are answers a second, 0: no limit. */
export interface RateLimitSettings {
  /** Counts and reports, but answers. */
  readonly isLogOnly: boolean;
  /** By ANSWER_CLASS, for each source prefix and zone; errors for each source prefix. */
  readonly rates: readonly [positive: number, nodata: number, nxdomain: number, error: number];
  /** NXDOMAIN of one zone, to all sources together. */
  readonly zoneNxdomainRate: number;
  /** Seconds in which the deepest debt is paid. */
  readonly windowS: number;
  /** Of so many answers over the limit one is sent with TC; 0: none. */
  readonly slip: number;
  /** Bits of an address that make a source: 1 to 32, 1 to 64. */
  readonly ipv4Bits: number;
  readonly ipv6Bits: number;
  /** An answer to a source that is flooded is at most so many times as large as its query. */
  readonly amplification: number;
  /** Sources without a limit. */
  readonly allow: readonly Prefix[];
}

/** Who went over which limit; what `takeReport` returns. */
export interface RateLimitReport {
  readonly family: AddressFamily;
  /** The source prefix: 4 or 16 octets, and its bits; no bits: all sources. */
  readonly octets: Uint8Array;
  readonly bits: number;
  /** NO_ZONE or the id of the zone. */
  readonly zone: number;
  readonly answerClass: number;
}

/** Kinds of accounts; 0 marks a free place. Those of classes and floods come twice: the second is IPv6's. */
const KIND_CLASS = 1;
const KIND_FLOOD = KIND_CLASS + 2 * 4;
const KIND_ZONE = KIND_FLOOD + 2;

/** An account is reported once in so many seconds. */
const REPORT_INTERVAL_S = 60;

/** One per thread; all open the same memory. */
export class RateLimiter {
  readonly #settings: RateLimitSettings;
  readonly #counters: Counters;
  readonly #table: AccountTable;
  readonly #ipv4Mask: number;
  readonly #ipv6HighMask: number;
  readonly #ipv6LowMask: number;
  /** The source of the last answer. */
  #high = 0;
  #low = 0;
  #isIpv6 = 0;
  #report: RateLimitReport | null = null;

  /** `memory` is of `makeTableMemory`. */
  constructor(settings: RateLimitSettings, memory: SharedArrayBuffer, counters: Counters) {
    this.#settings = settings;
    this.#counters = counters;
    this.#table = new AccountTable(memory, counters);
    this.#ipv4Mask = maskOf(settings.ipv4Bits);
    this.#ipv6HighMask = maskOf(Math.min(32, settings.ipv6Bits));
    this.#ipv6LowMask = maskOf(Math.max(0, settings.ipv6Bits - 32));
  }

  /**
   * Counts an answer of `answerClass` to `peer` from the zone `zone`, and says what shall become of it. `isProven`: a
   * valid cookie came with the query.
   */
  judge(peer: Peer, isProven: boolean, zone: number, answerClass: number, now: number): number {
    if (isProven || peer.transport !== 'udp') return VERDICT.ANSWER;
    const settings = this.#settings;
    const rate = settings.rates[answerClass]!;
    if (rate > 0) {
      this.#loadSource(peer);
      const kind = KIND_CLASS + 2 * answerClass + this.#isIpv6;
      const account = this.#table.open(this.#high, this.#low, zone, kind, rate, now);
      if (this.#table.charge(account, rate, rate * settings.windowS, now) < 0) {
        return this.#limit(peer, account, zone, answerClass, now);
      }
    }
    if (answerClass !== ANSWER_CLASS.NXDOMAIN || settings.zoneNxdomainRate === 0) return VERDICT.ANSWER;
    return this.#judgeZone(peer, zone, now);
  }

  /** True if an answer of `octets` to a query of `queryOctets` is too large for its source, which is flooded. */
  isAmplified(peer: Peer, isProven: boolean, queryOctets: number, octets: number, now: number): boolean {
    const { amplification, windowS, isLogOnly } = this.#settings;
    if (octets <= amplification * queryOctets || isProven || peer.transport !== 'udp') return false;
    this.#loadSource(peer);
    const account = this.#table.find(this.#high, this.#low, NO_ZONE, KIND_FLOOD + this.#isIpv6);
    if (account === NO_ACCOUNT) return false;
    const silence = this.#table.silence(account, now);
    if (silence < 0 || silence > windowS || isLogOnly || this.#isAllowed(peer)) return false;
    this.#counters.bump(COUNTER.AMPLIFICATION_CUT);
    return true;
  }

  /** Who went over a limit and was not told of within the last minute, or null; it is told once. */
  takeReport(): RateLimitReport | null {
    const report = this.#report;
    this.#report = null;
    return report;
  }

  /** An answer over the limit of its source. */
  #limit(peer: Peer, account: number, zone: number, answerClass: number, now: number): number {
    const { slip, isLogOnly } = this.#settings;
    if (this.#isAllowed(peer)) return VERDICT.ANSWER;
    const table = this.#table;
    const counters = this.#counters;
    counters.bump(COUNTER.RATE_LIMITED);
    const limited = table.countLimited(account);
    if (table.mayTell(account, REPORT_INTERVAL_S, now)) this.#tell(peer, zone, answerClass);
    if (isLogOnly) return VERDICT.ANSWER;
    const flood = table.open(this.#high, this.#low, NO_ZONE, KIND_FLOOD + this.#isIpv6, 0, now);
    table.touch(flood, now);
    if (slip === 0 || limited % slip !== 0) {
      counters.bump(COUNTER.RATE_DROPPED);
      return VERDICT.DROP;
    }
    counters.bump(COUNTER.RATE_TRUNCATED);
    return VERDICT.TRUNCATE;
  }

  /**
   * Random names come through many resolvers, none of which does wrong: what is over the limit of the zone is never
   * dropped, its askers are sent to TCP.
   */
  #judgeZone(peer: Peer, zone: number, now: number): number {
    const { zoneNxdomainRate, windowS, isLogOnly } = this.#settings;
    const table = this.#table;
    const account = table.open(0, 0, zone, KIND_ZONE, zoneNxdomainRate, now);
    if (table.charge(account, zoneNxdomainRate, zoneNxdomainRate * windowS, now) >= 0) return VERDICT.ANSWER;
    if (this.#isAllowed(peer)) return VERDICT.ANSWER;
    this.#counters.bump(COUNTER.RATE_LIMITED);
    if (table.mayTell(account, REPORT_INTERVAL_S, now)) {
      this.#report = {
        family: 4,
        octets: new Uint8Array(4),
        bits: 0,
        zone,
        answerClass: ANSWER_CLASS.NXDOMAIN,
      };
    }
    if (isLogOnly) return VERDICT.ANSWER;
    this.#counters.bump(COUNTER.RATE_TRUNCATED);
    return VERDICT.TRUNCATE;
  }

  #loadSource(peer: Peer): void {
    const { octets } = peer;
    const high = (octets[0]! << 24) | (octets[1]! << 16) | (octets[2]! << 8) | octets[3]!;
    if (peer.family === 4) {
      this.#isIpv6 = 0;
      this.#high = high & this.#ipv4Mask;
      this.#low = 0;
      return;
    }
    const low = (octets[4]! << 24) | (octets[5]! << 16) | (octets[6]! << 8) | octets[7]!;
    this.#isIpv6 = 1;
    this.#high = high & this.#ipv6HighMask;
    this.#low = low & this.#ipv6LowMask;
  }

  #isAllowed(peer: Peer): boolean {
    const { allow } = this.#settings;
    for (let i = 0; i < allow.length; i++) {
      if (isInPrefix(allow[i]!, peer.family, peer.octets)) return true;
    }
    return false;
  }

  /** Keeps who went over the limit for the shell: seldom, so it may allocate. */
  #tell({ family }: Peer, zone: number, answerClass: number): void {
    const { ipv4Bits, ipv6Bits } = this.#settings;
    const octets = new Uint8Array(family === 4 ? 4 : 16);
    const view = new DataView(octets.buffer);
    view.setInt32(0, this.#high);
    if (family === 6) view.setInt32(4, this.#low);
    this.#report = { family, octets, bits: family === 4 ? ipv4Bits : ipv6Bits, zone, answerClass };
  }
}

/** The first `bits` of 32 bits. */
function maskOf(bits: number): number {
  return bits === 0 ? 0 : -1 << (32 - bits);
}
