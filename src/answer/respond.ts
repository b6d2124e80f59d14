/**
 * @hot One request in, one response out: the way of a query (DESIGN §3). Synchronous; used as it is by UDP, TCP, tests and
 * benches. Refusals come first, in the order in which they are found.
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { SigningBudget } from '../signer/budget.ts';
import { SignatureMaker } from '../signer/maker.ts';
import { SignatureCache } from '../signer/signaturecache.ts';
import { OnlineSigner } from '../signer/signer.ts';
import { Synthesizer } from '../signer/synthesized.ts';
import { Compressor } from '../wire/compress.ts';
import { COOKIE_STATE, CookieMaker } from '../wire/cookie.ts';
import { EDE, responseLimit } from '../wire/edns.ts';
import { OptRecord } from '../wire/edns-record.ts';
import { FLAG, HEADER, setCount, setFlags, setId } from '../wire/header.ts';
import { CLASS, RCODE } from '../wire/iana.ts';
import type { Peer } from '../wire/peer.ts';
import { DROP, parseQuery, Query } from '../wire/query.ts';
import { putBadKey } from '../wire/tsig.ts';
import { Writer } from '../wire/writer.ts';
import { Encoder } from './encode.ts';
import { IdentityRecords } from './identity.ts';
import { isChildNotification } from './notification.ts';
import { Plan, SECTION } from './plan.ts';
import { ANSWER_CLASS, NO_ZONE, type RateLimiter, VERDICT } from './ratelimit.ts';
import { explainFault, refuse } from './refusal.ts';
import { type ErrorReport, ReportReader } from './report.ts';
import { Resolver } from './resolve.ts';
import { RESPONDER_DEFAULTS } from './settings.ts';
import type { ZoneTable } from './zonetable.ts';

/** EDE text of a source that is sent to TCP: so many names were asked for that this thread signs no more this second. */
const OVER_BUDGET_TEXT = new TextEncoder().encode('signing budget spent');
const CANNOT_SIGN_TEXT = new TextEncoder().encode('cannot sign');
const FAULT_TEXT = new TextEncoder().encode('internal error');

/** One per thread. */
export class Responder {
  readonly #counters: Counters;
  readonly #query: Query;
  readonly #plan = new Plan();
  readonly #writer = new Writer(new Uint8Array(HEADER.OCTETS));
  readonly #compressor: Compressor;
  readonly #resolver: Resolver;
  readonly #signer: OnlineSigner;
  readonly #budget: SigningBudget;
  readonly #synthesizer: Synthesizer;
  readonly #encoder: Encoder;
  readonly #limiter: RateLimiter | null;
  readonly #cookies: CookieMaker;
  readonly #hasCookies: boolean;
  readonly #requiresCookie: boolean;
  readonly #opt: OptRecord;
  readonly #identity: IdentityRecords;
  /** Octets that the response may have, OPT included. */
  #limit = 0;
  /** Of what was written last: an answer that turns out too large gives way to another. */
  #rcode = 0;
  readonly #reports: ReportReader | null;
  /** The last error report that was sent to us as the agent (RFC 9567), for the shell to take. */
  lastReport: ErrorReport | null = null;
  readonly #takesNotify: boolean;
  /** The child that told of new CDS records last, for the shell to take. */
  lastNotified: Uint8Array | null = null;
  /** The last programmer error that `respond` caught, for the shell's log. */
  lastFault: unknown = null;

  /** `seed` is that of the zone images in `table`. */
  constructor(table: ZoneTable, counters: Counters, seed: number, options = RESPONDER_DEFAULTS) {
    this.#counters = counters;
    this.#limiter = options.limiter;
    this.#query = new Query(seed);
    this.#compressor = new Compressor(seed);
    this.#resolver = new Resolver(table, this.#plan, seed, options.isMinimal);
    const maker = new SignatureMaker(counters, options.quick ?? null);
    this.#signer = new OnlineSigner(counters, maker);
    this.#budget = new SigningBudget(options.synthesis.signaturesPerSecond);
    const cache = new SignatureCache(options.synthesis.cacheOctets);
    this.#synthesizer = new Synthesizer(counters, maker, this.#budget, cache, seed);
    this.#encoder = new Encoder(this.#writer, this.#compressor, this.#signer, this.#synthesizer);
    const { secrets, isRequired } = options.cookies;
    this.#cookies = new CookieMaker(secrets);
    this.#hasCookies = secrets.length > 0;
    this.#requiresCookie = isRequired;
    this.#takesNotify = options.takesNotify;
    this.#opt = new OptRecord(options.opt, this.#cookies);
    this.#identity = new IdentityRecords(options.identity);
    const agent = options.opt.reportAgent;
    this.#reports = agent === null ? null : new ReportReader(agent);
  }

  /** Lets go of zones that earlier answers came from: call when one is no longer served. */
  release(): void {
    this.#plan.release();
    this.#signer.release();
    this.#synthesizer.release();
  }

  /** Makes and takes cookies by other secrets from now on; cookies stay as known or unknown as they were. */
  setCookieSecrets(secrets: readonly Uint8Array[]): void {
    if (this.#hasCookies) this.#cookies.setSecrets(secrets);
  }

  /**
   * Answers the request in the first `octets` octets of `request`. Writes into `response`, which is borrowed for the
   * call; returns the octets written, or 0 if there shall be no answer.
   */
  respond(request: Uint8Array, octets: number, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const counters = this.#counters;
    counters.bump(COUNTER.QUERIES);
    let written: number;
    try {
      written = this.#respond(request, octets, peer, now, response);
    } catch (fault) {
      counters.bump(COUNTER.FAULTS);
      this.lastFault = fault;
      this.#opt.explain(EDE.OTHER, FAULT_TEXT);
      written = this.#sayError(request, peer, RCODE.SERVFAIL, now, response);
    }
    if (written > 0) this.#countResponse(this.#rcode);
    else counters.bump(COUNTER.DROPPED);
    return written;
  }

  #respond(request: Uint8Array, octets: number, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const query = this.#query;
    const opt = this.#opt;
    this.#budget.isBehind = peer.isBehind;
    this.#plan.reset();
    opt.reset();
    const fault = parseQuery(request, octets, query);
    if (fault === DROP) {
      if (octets >= HEADER.OCTETS) this.#counters.bump(COUNTER.REFLECTED_RESPONSE);
      return 0;
    }
    if (query.cookieAt > 0 && this.#hasCookies && !query.cookieFault) this.#judgeCookie(request, peer, now);
    if (fault === RCODE.NOTIMP && this.#takesNotify && isChildNotification(query)) {
      return this.#takeNotification(request, peer, now, response);
    }
    if (fault !== RCODE.NOERROR) {
      explainFault(fault, query, opt);
      return this.#sayError(request, peer, fault, now, response);
    }
    const demand = this.#demandCookie(peer);
    if (demand >= 0) return this.#sayError(request, peer, demand, now, response);
    const told = this.#identity.find(query);
    if (told >= 0) return this.#tellIdentity(request, peer, told, now, response);
    const refusal = refuse(query, opt);
    if (refusal !== RCODE.NOERROR) return this.#sayError(request, peer, refusal, now, response);
    if (query.dnssecOk) this.#counters.bump(COUNTER.DNSSEC_OK);
    this.#resolver.resolve(query.qname, query.qtype, query.dnssecOk, query.compactOk);
    if (this.#reports !== null && this.#plan.count > 0 && this.#reports.isReport(query)) {
      // RFC 9567 §9: a source that is not proven is asked over TCP, or nobody could tell who floods with reports.
      if (peer.transport === 'udp' && !this.#isProven) return this.#writeTruncated(request, peer, response);
      this.lastReport = this.#reports.read(query);
    }
    const limiter = this.#limiter;
    if (limiter === null) return this.#write(request, peer, now, response);
    return this.#writeLimited(limiter, request, octets, peer, now, response);
  }

  /** Whoever told shall hear that it was heard; who is not our child, that it came to the wrong place. */
  #takeNotification(request: Uint8Array, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const { qname } = this.#query;
    if (!this.#resolver.delegates(qname)) return this.#sayError(request, peer, RCODE.REFUSED, now, response);
    this.lastNotified = Uint8Array.from(qname.octets.subarray(0, qname.length));
    return this.#sayError(request, peer, RCODE.NOERROR, now, response);
  }

  #judgeCookie(request: Uint8Array, peer: Peer, now: UnixSeconds): void {
    const query = this.#query;
    const state = this.#cookies.judge(request, query.cookieAt, query.cookieOctets, peer, now);
    query.cookieState = state;
    if (state === COOKIE_STATE.VALID) this.#counters.bump(COUNTER.COOKIES_VALID);
    else if (state === COOKIE_STATE.BAD) this.#counters.bump(COUNTER.COOKIES_BAD);
  }

  /** The rcode of a response that is about the cookie alone, or -1 if the query is to be answered. */
  #demandCookie(peer: Peer): number {
    const { cookieState, questionIsWhole } = this.#query;
    if (!questionIsWhole) {
      if (cookieState === COOKIE_STATE.NONE) return RCODE.FORMERR;
      return cookieState === COOKIE_STATE.BAD ? RCODE.BADCOOKIE : RCODE.NOERROR;
    }
    // RFC 7873 §5.2.3: a connection proves as much.
    if (!this.#requiresCookie || peer.transport !== 'udp') return -1;
    return cookieState === COOKIE_STATE.NONE || cookieState === COOKIE_STATE.VALID ? -1 : RCODE.BADCOOKIE;
  }

  /** True if the source of the query is known not to be forged. */
  get #isProven(): boolean {
    return this.#query.cookieState === COOKIE_STATE.VALID;
  }

  /** Answers with the record `index` of class CHAOS. */
  #tellIdentity(
    request: Uint8Array,
    peer: Peer,
    index: number,
    now: UnixSeconds,
    response: Uint8Array,
  ): number {
    const limiter = this.#limiter;
    if (limiter !== null) {
      const verdict = limiter.judge(peer, this.#isProven, NO_ZONE, ANSWER_CLASS.POSITIVE, now);
      if (verdict === VERDICT.DROP) return 0;
      if (verdict === VERDICT.TRUNCATE) return this.#sendAway(request, peer, response);
    }
    const { counts } = this.#encoder;
    counts.fill(0);
    this.#begin(request, peer, response);
    this.#identity.put(this.#writer, index);
    counts[SECTION.ANSWER] = 1;
    return this.#finish(request, peer, response, RCODE.NOERROR, FLAG.AA);
  }

  /** Writes the planned answer unless it is over the rate limit: then it is neither encoded nor signed. */
  #writeLimited(
    limiter: RateLimiter,
    request: Uint8Array,
    octets: number,
    peer: Peer,
    now: UnixSeconds,
    response: Uint8Array,
  ): number {
    const plan = this.#plan;
    const zone = plan.count === 0 ? NO_ZONE : plan.zones[0]!.id;
    const verdict = limiter.judge(peer, this.#isProven, zone, answerClass(plan), now);
    if (verdict === VERDICT.DROP) return 0;
    if (verdict === VERDICT.TRUNCATE) {
      if (plan.count > 0) return this.#sendAway(request, peer, response);
      // An error has nothing to truncate (BIND: "leaked whole").
      this.#opt.beBrief();
    }
    const written = this.#write(request, peer, now, response);
    if (limiter.isAmplified(peer, this.#isProven, octets, written, now))
      return this.#sendAway(request, peer, response);
    return written;
  }

  /** Asks the source to prove itself: by the cookie that it is given (RFC 7873 §5.2.3), or over TCP if it knows none. */
  #sendAway(request: Uint8Array, peer: Peer, response: Uint8Array): number {
    this.#opt.beBrief();
    if (this.#query.cookieState === COOKIE_STATE.NONE) return this.#writeTruncated(request, peer, response);
    return this.#writeError(request, peer, RCODE.BADCOOKIE, response);
  }

  /** Says that the answer is to be had over TCP: header with TC, question and OPT alone, no larger than the query. */
  #writeTruncated(request: Uint8Array, peer: Peer, response: Uint8Array): number {
    this.#encoder.counts.fill(0);
    this.#begin(request, peer, response);
    const flags = (this.#plan.isAuthoritative ? FLAG.AA : 0) | FLAG.TC;
    return this.#finish(request, peer, response, this.#plan.rcode, flags);
  }

  /**
   * The signing budget is spent. Over UDP the source is sent to TCP, where it proves that it is there and where another
   * thread has a budget of its own; more than may be sent there, and who comes over TCP, get no answer.
   */
  #shed(request: Uint8Array, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    if (peer.transport === 'udp' && this.#budget.takeTruncation(now)) {
      this.#counters.bump(COUNTER.BUDGET_TRUNCATED);
      this.#opt.explain(EDE.OTHER, OVER_BUDGET_TEXT);
      return this.#writeTruncated(request, peer, response);
    }
    this.#counters.bump(COUNTER.BUDGET_DROPPED);
    return 0;
  }

  /** Writes the planned answer. */
  #write(request: Uint8Array, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const query = this.#query;
    const plan = this.#plan;
    const encoder = this.#encoder;
    if (plan.rcode === RCODE.REFUSED) this.#opt.explain(EDE.NOT_AUTHORITATIVE);
    this.#begin(request, peer, response);
    encoder.encode(plan, query.dnssecOk, now);
    if (encoder.isOverBudget) return this.#shed(request, peer, now, response);
    if (encoder.isUnsignable) {
      this.#opt.explain(EDE.RRSIGS_MISSING, CANNOT_SIGN_TEXT);
      return this.#writeError(request, peer, RCODE.SERVFAIL, response);
    }
    if (encoder.isTruncated) this.#counters.bump(COUNTER.TRUNCATED);
    // RFC 1035 §6.2: an answer for class ANY can never be authoritative.
    const isAuthoritative = plan.isAuthoritative && query.qclass !== CLASS.ANY;
    const flags = (isAuthoritative ? FLAG.AA : 0) | (encoder.isTruncated ? FLAG.TC : 0);
    return this.#finish(request, peer, response, plan.rcode, flags);
  }

  /** Answers with an error, unless errors to this source are over the rate limit. */
  #sayError(request: Uint8Array, peer: Peer, rcode: number, now: UnixSeconds, response: Uint8Array): number {
    const limiter = this.#limiter;
    if (limiter !== null) {
      const verdict = limiter.judge(peer, this.#isProven, NO_ZONE, ANSWER_CLASS.ERROR, now);
      if (verdict === VERDICT.DROP) return 0;
      if (verdict === VERDICT.TRUNCATE) this.#opt.beBrief();
    }
    return this.#writeError(request, peer, rcode, response);
  }

  /** Header, question and OPT alone. */
  #writeError(request: Uint8Array, peer: Peer, rcode: number, response: Uint8Array): number {
    this.#encoder.counts.fill(0);
    this.#begin(request, peer, response);
    return this.#finish(request, peer, response, rcode, 0);
  }

  /** Starts the message: room for the header, the question as it was asked, its case kept; OPT will have room. */
  #begin(request: Uint8Array, peer: Peer, response: Uint8Array): void {
    const query = this.#query;
    const writer = this.#writer;
    this.#limit = Math.min(responseLimit(query, peer.transport !== 'udp'), response.length);
    writer.attach(response, this.#limit - this.#opt.octetsFor(query, peer));
    writer.reserve(HEADER.OCTETS);
    const questionOctets = query.questionIsWhole ? query.questionOctets : 0;
    writer.putOctets(request, HEADER.OCTETS, questionOctets);
    this.#compressor.reset(writer, query.questionIsWhole ? query.qname : null);
  }

  #finish(request: Uint8Array, peer: Peer, response: Uint8Array, rcode: number, answerFlags: number): number {
    const query = this.#query;
    const { counts } = this.#encoder;
    const writer = this.#writer;
    let additional = counts[SECTION.ADDITIONAL]!;
    writer.limit = this.#limit;
    if (query.hasEdns) {
      additional++;
      const compactOk = this.#plan.isCompact && this.#plan.takesCompactRcode;
      this.#opt.put(writer, rcode, query, peer, compactOk);
    }
    // RFC 8945 §5.1: behind everything else.
    if (rcode === RCODE.NOTAUTH && putBadKey(writer, request, query.tsigAt)) additional++;
    const kept = (query.opcode << 11) | (query.recursionDesired ? FLAG.RD : 0);
    setId(response, query.id);
    setFlags(response, FLAG.QR | kept | answerFlags | (rcode & 0xf));
    setCount(response, HEADER.QDCOUNT, query.questionIsWhole ? 1 : 0);
    setCount(response, HEADER.ANCOUNT, counts[SECTION.ANSWER]!);
    setCount(response, HEADER.NSCOUNT, counts[SECTION.AUTHORITY]!);
    setCount(response, HEADER.ARCOUNT, additional);
    this.#rcode = rcode;
    return writer.position;
  }

  #countResponse(rcode: number): void {
    this.#counters.bump(COUNTER.RESPONSES);
    if (rcode === RCODE.NOERROR) return;
    if (rcode === RCODE.NXDOMAIN) this.#counters.bump(COUNTER.NXDOMAIN);
    else if (rcode === RCODE.REFUSED) this.#counters.bump(COUNTER.REFUSED);
    else if (rcode === RCODE.FORMERR) this.#counters.bump(COUNTER.FORMERR);
    else if (rcode === RCODE.NOTIMP) this.#counters.bump(COUNTER.NOTIMP);
    else if (rcode === RCODE.BADVERS) this.#counters.bump(COUNTER.BADVERS);
    else if (rcode === RCODE.SERVFAIL) this.#counters.bump(COUNTER.SERVFAIL);
    else if (rcode === RCODE.BADCOOKIE) this.#counters.bump(COUNTER.BADCOOKIE);
  }
}

/** The class under which a planned answer is counted, of ANSWER_CLASS. */
function answerClass(plan: Plan): number {
  if (plan.rcode === RCODE.NXDOMAIN || plan.isNxname) return ANSWER_CLASS.NXDOMAIN;
  if (plan.count === 0) return ANSWER_CLASS.ERROR;
  return plan.sections[0] === SECTION.ANSWER ? ANSWER_CLASS.POSITIVE : ANSWER_CLASS.NODATA;
}
