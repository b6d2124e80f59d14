/**
 * @hot The OPT record of one response: which options are in it. What was asked for is made room for before the answer is
 * written; what was not asked for, errors (RFC 8914) and where to report them (RFC 9567), takes the room that is left.
 */
import { COOKIE_STATE, type CookieMaker, WHOLE_COOKIE_OCTETS } from './cookie.ts';
import { OPT_OCTETS, OPTION_HEADER_OCTETS, putEde, putOpt, putOption, putPadding } from './edns.ts';
import { setU16 } from './header.ts';
import { EDNS_OPTION } from './iana.ts';
import type { Peer } from './peer.ts';
import type { Query } from './query.ts';
import type { Writer } from './writer.ts';

/** What a server tells of itself in OPT records. Plain data. */
export interface OptSettings {
  /** Name Server Identifier (RFC 5001); null: nobody is told. */
  readonly nsid: Uint8Array | null;
  /** Name of the agent that failures are reported to (RFC 9567), in wire form; null: none. */
  readonly reportAgent: Uint8Array | null;
  /** How long a connection may be idle, in units of 100 ms (RFC 7828); 0: nobody is told. */
  readonly keepalive: number;
}

export const SILENT_OPT: OptSettings = { nsid: null, reportAgent: null, keepalive: 0 };

/** Recommended for responses (RFC 8467 §4.1). */
const PADDING_BLOCK_OCTETS = 468;
const NO_EDE = -1;
const NO_TEXT = new Uint8Array(0);

/** One per thread; `reset` it for each query. */
export class OptRecord {
  readonly #nsid: Uint8Array | null;
  readonly #reportAgent: Uint8Array | null;
  readonly #keepalive: Uint8Array | null;
  readonly #cookies: CookieMaker;
  #ede = NO_EDE;
  #edeText: Uint8Array = NO_TEXT;
  #isBrief = false;

  /** `cookies` has judged the cookie of the query when an OPT record is written. */
  constructor({ nsid, reportAgent, keepalive }: OptSettings, cookies: CookieMaker) {
    this.#nsid = nsid;
    this.#reportAgent = reportAgent;
    this.#keepalive = keepalive === 0 ? null : new Uint8Array(2);
    if (this.#keepalive !== null) setU16(this.#keepalive, 0, Math.min(keepalive, 0xffff));
    this.#cookies = cookies;
  }

  reset(): void {
    this.#ede = NO_EDE;
    this.#edeText = NO_TEXT;
    this.#isBrief = false;
  }

  /** Leaves out what was not asked for: a source that may be flooded by us gets no more than it sends. */
  beBrief(): void {
    this.#isBrief = true;
  }

  /** Says why the response is no better: `infoCode` is of EDE, `text` a few words for people. The last one counts. */
  explain(infoCode: number, text: Uint8Array = NO_TEXT): void {
    this.#ede = infoCode;
    this.#edeText = text;
  }

  /** Octets that must be left for the record; 0 if the response has none. */
  octetsFor(query: Query, peer: Peer): number {
    if (!query.hasEdns) return 0;
    let octets = OPT_OCTETS;
    if (query.cookieState !== COOKIE_STATE.NONE) octets += OPTION_HEADER_OCTETS + WHOLE_COOKIE_OCTETS;
    if (query.wantsNsid && this.#nsid !== null) octets += OPTION_HEADER_OCTETS + this.#nsid.length;
    const keepalive = this.#keepaliveFor(query, peer);
    if (keepalive !== null) octets += OPTION_HEADER_OCTETS + keepalive.length;
    return octets;
  }

  /** Puts the record with the upper bits of `rcode`; `compactOk` is CO (RFC 9824). The caller counts it. */
  put(writer: Writer, rcode: number, query: Query, peer: Peer, compactOk: boolean): void {
    const optAt = putOpt(writer, rcode, query.dnssecOk, compactOk);
    if (query.cookieState !== COOKIE_STATE.NONE)
      putOption(writer, optAt, EDNS_OPTION.COOKIE, this.#cookies.cookie);
    if (query.wantsNsid && this.#nsid !== null) putOption(writer, optAt, EDNS_OPTION.NSID, this.#nsid);
    const keepalive = this.#keepaliveFor(query, peer);
    if (keepalive !== null) putOption(writer, optAt, EDNS_OPTION.KEEPALIVE, keepalive);
    if (!this.#isBrief) this.#putUnasked(writer, optAt);
    // RFC 7830 §6: never where others read along. RFC 8467 §4: it is the last option.
    if (query.wantsPadding && peer.transport === 'tls') putPadding(writer, optAt, PADDING_BLOCK_OCTETS);
  }

  #putUnasked(writer: Writer, optAt: number): void {
    if (this.#ede !== NO_EDE) putEde(writer, optAt, this.#ede, this.#edeText);
    if (this.#reportAgent !== null) putOption(writer, optAt, EDNS_OPTION.REPORT_CHANNEL, this.#reportAgent);
  }

  /** RFC 7828 §3.2.2: only over a connection, and only if asked for. */
  #keepaliveFor(query: Query, peer: Peer): Uint8Array | null {
    return query.wantsKeepalive && peer.transport !== 'udp' ? this.#keepalive : null;
  }
}
