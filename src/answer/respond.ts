/**
 * @hot One request in, one response out: the way of a query (DESIGN §3). Synchronous; used as it is by UDP, TCP, tests and
 * benches. Refusals come first, in the order in which they are found.
 */
import { COUNTER, type Counters } from '../base/counters.ts';
import type { UnixSeconds } from '../base/time.ts';
import { SigningBudget } from '../signer/budget.ts';
import { DEFAULT_CACHE_OCTETS, SignatureCache } from '../signer/signaturecache.ts';
import { OnlineSigner } from '../signer/signer.ts';
import { Synthesizer } from '../signer/synthesized.ts';
import { Compressor } from '../wire/compress.ts';
import { EDE, OPT_OCTETS, putEde, putOpt, responseLimit } from '../wire/edns.ts';
import { FLAG, HEADER, setCount, setFlags, setId } from '../wire/header.ts';
import { CLASS, isMetaType, OPCODE, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Peer } from '../wire/peer.ts';
import { DROP, parseQuery, Query } from '../wire/query.ts';
import { Writer } from '../wire/writer.ts';
import { Encoder } from './encode.ts';
import { Plan, SECTION } from './plan.ts';
import { ANSWER_CLASS, NO_ZONE, type RateLimiter, VERDICT } from './ratelimit.ts';
import { Resolver } from './resolve.ts';
import type { ZoneTable } from './zonetable.ts';

const NO_EDE = -1;
/** The source of a query may be forged. */
const NO_PROOF = false;
const NO_TEXT = new Uint8Array(0);
/** EDE text of a source that is sent to TCP: so many names were asked for that this thread signs no more this second. */
const OVER_BUDGET_TEXT = new TextEncoder().encode('signing budget spent');

/** How a responder answers, beyond the zones. */
export interface ResponderOptions {
  /** Null: UDP is answered at any rate. */
  readonly limiter: RateLimiter | null;
  /** Leave out addresses that an answer does not need. */
  readonly isMinimal: boolean;
  /** Of names that exist only because somebody asks. */
  readonly synthesis: {
    /** A bound (signer/budget); 0: none. */
    readonly signaturesPerSecond: number;
    /** Of signatures that are kept (signer/signaturecache). */
    readonly cacheOctets: number;
  };
}

export const RESPONDER_DEFAULTS: ResponderOptions = {
  limiter: null,
  isMinimal: false,
  synthesis: { signaturesPerSecond: 0, cacheOctets: DEFAULT_CACHE_OCTETS },
};

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
  /** The last programmer error that `respond` caught, for the shell's log. */
  lastFault: unknown = null;

  /** `seed` is that of the zone images in `table`. */
  constructor(table: ZoneTable, counters: Counters, seed: number, options = RESPONDER_DEFAULTS) {
    this.#counters = counters;
    this.#limiter = options.limiter;
    this.#query = new Query(seed);
    this.#compressor = new Compressor(seed);
    this.#resolver = new Resolver(table, this.#plan, seed, options.isMinimal);
    this.#signer = new OnlineSigner(counters);
    this.#budget = new SigningBudget(options.synthesis.signaturesPerSecond);
    const cache = new SignatureCache(options.synthesis.cacheOctets);
    this.#synthesizer = new Synthesizer(counters, this.#budget, cache, seed);
    this.#encoder = new Encoder(this.#writer, this.#compressor, this.#signer, this.#synthesizer);
  }

  /** Lets go of zones that earlier answers came from: call when one is no longer served. */
  release(): void {
    this.#plan.release();
    this.#signer.release();
    this.#synthesizer.release();
  }

  /**
   * Answers the request in the first `octets` octets of `request`. Writes into `response`, which is borrowed for the
   * call; returns the octets written, or 0 if there shall be no answer.
   */
  respond(request: Uint8Array, octets: number, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const counters = this.#counters;
    counters.bump(COUNTER.QUERIES);
    try {
      const written = this.#respond(request, octets, peer, now, response);
      counters.bump(written > 0 ? COUNTER.RESPONSES : COUNTER.DROPPED);
      return written;
    } catch (fault) {
      counters.bump(COUNTER.FAULTS);
      this.lastFault = fault;
      return this.#sayError(request, peer, RCODE.SERVFAIL, now, response);
    }
  }

  #respond(request: Uint8Array, octets: number, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const query = this.#query;
    this.#plan.reset();
    const fault = parseQuery(request, octets, query);
    if (fault === DROP) {
      if (octets >= HEADER.OCTETS) this.#counters.bump(COUNTER.REFLECTED_RESPONSE);
      return 0;
    }
    if (fault !== RCODE.NOERROR) return this.#sayError(request, peer, fault, now, response);
    const refusal = refuse(query);
    if (refusal !== RCODE.NOERROR) return this.#sayError(request, peer, refusal, now, response);
    if (isMetaType(query.qtype) && query.qtype !== RRTYPE.ANY) {
      return this.#sayError(request, peer, RCODE.FORMERR, now, response, EDE.INVALID_QUERY_TYPE);
    }
    if (query.dnssecOk) this.#counters.bump(COUNTER.DNSSEC_OK);
    this.#resolver.resolve(query.qname, query.qtype, query.dnssecOk, query.compactOk);
    const limiter = this.#limiter;
    if (limiter === null) return this.#write(request, peer, now, response);
    return this.#writeLimited(limiter, request, octets, peer, now, response);
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
    const verdict = limiter.judge(peer, NO_PROOF, zone, answerClass(plan), now);
    if (verdict === VERDICT.DROP) return 0;
    // An error has nothing to truncate (BIND: "leaked whole").
    if (verdict === VERDICT.TRUNCATE && plan.count > 0) return this.#writeTruncated(request, response);
    const written = this.#write(request, peer, now, response);
    if (limiter.isAmplified(peer, NO_PROOF, octets, written, now))
      return this.#writeTruncated(request, response);
    return written;
  }

  /** Says that the answer is to be had over TCP: header with TC, question and OPT alone, no larger than the query. */
  #writeTruncated(request: Uint8Array, response: Uint8Array, ede = NO_EDE, text = NO_TEXT): number {
    this.#encoder.counts.fill(0);
    this.#begin(request, response, response.length);
    const flags = (this.#plan.isAuthoritative ? FLAG.AA : 0) | FLAG.TC;
    return this.#finish(response, this.#plan.rcode, flags, response.length, ede, text);
  }

  /**
   * The signing budget is spent. Over UDP the source is sent to TCP, where it proves that it is there and where another
   * thread has a budget of its own; more than may be sent there, and who comes over TCP, get no answer.
   */
  #shed(request: Uint8Array, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    if (peer.transport === 'udp' && this.#budget.takeTruncation(now)) {
      this.#counters.bump(COUNTER.BUDGET_TRUNCATED);
      return this.#writeTruncated(request, response, EDE.OTHER, OVER_BUDGET_TEXT);
    }
    this.#counters.bump(COUNTER.BUDGET_DROPPED);
    return 0;
  }

  /** Writes the planned answer. */
  #write(request: Uint8Array, peer: Peer, now: UnixSeconds, response: Uint8Array): number {
    const query = this.#query;
    const plan = this.#plan;
    const encoder = this.#encoder;
    const limit = Math.min(responseLimit(query, peer.transport !== 'udp'), response.length);
    this.#begin(request, response, limit - (query.hasEdns ? OPT_OCTETS : 0));
    encoder.encode(plan, query.dnssecOk, now);
    if (encoder.isOverBudget) return this.#shed(request, peer, now, response);
    if (encoder.isUnsignable) return this.#writeError(request, RCODE.SERVFAIL, response);
    if (encoder.isTruncated) this.#counters.bump(COUNTER.TRUNCATED);
    const flags = (plan.isAuthoritative ? FLAG.AA : 0) | (encoder.isTruncated ? FLAG.TC : 0);
    return this.#finish(response, plan.rcode, flags, limit);
  }

  /** Answers with an error, unless errors to this source are over the rate limit. */
  #sayError(
    request: Uint8Array,
    peer: Peer,
    rcode: number,
    now: UnixSeconds,
    response: Uint8Array,
    ede = NO_EDE,
  ): number {
    const limiter = this.#limiter;
    if (limiter !== null) {
      const verdict = limiter.judge(peer, NO_PROOF, NO_ZONE, ANSWER_CLASS.ERROR, now);
      if (verdict === VERDICT.DROP) return 0;
    }
    return this.#writeError(request, rcode, response, ede);
  }

  /** Header, question and OPT alone; `ede` is an Extended DNS Error (RFC 8914), or NO_EDE. */
  #writeError(request: Uint8Array, rcode: number, response: Uint8Array, ede = NO_EDE): number {
    this.#encoder.counts.fill(0);
    this.#begin(request, response, response.length);
    return this.#finish(response, rcode, 0, response.length, ede);
  }

  /** Starts the message: room for the header, and the question as it was asked, its case kept. */
  #begin(request: Uint8Array, response: Uint8Array, limit: number): void {
    const query = this.#query;
    const writer = this.#writer;
    writer.attach(response, limit);
    writer.reserve(HEADER.OCTETS);
    const questionOctets = query.questionIsWhole ? query.questionOctets : 0;
    writer.putOctets(request, HEADER.OCTETS, questionOctets);
    this.#compressor.reset(writer, query.questionIsWhole ? query.qname : null);
  }

  #finish(
    response: Uint8Array,
    rcode: number,
    answerFlags: number,
    limit: number,
    ede = NO_EDE,
    text = NO_TEXT,
  ): number {
    const query = this.#query;
    const { counts } = this.#encoder;
    const writer = this.#writer;
    writer.limit = limit;
    if (query.hasEdns) {
      const optAt = putOpt(
        writer,
        rcode,
        query.dnssecOk,
        this.#plan.isCompact && this.#plan.takesCompactRcode,
      );
      if (ede !== NO_EDE) putEde(writer, optAt, ede, text);
    }
    const kept = (query.opcode << 11) | (query.recursionDesired ? FLAG.RD : 0);
    setId(response, query.id);
    setFlags(response, FLAG.QR | kept | answerFlags | (rcode & 0xf));
    setCount(response, HEADER.QDCOUNT, query.questionIsWhole ? 1 : 0);
    setCount(response, HEADER.ANCOUNT, counts[SECTION.ANSWER]!);
    setCount(response, HEADER.NSCOUNT, counts[SECTION.AUTHORITY]!);
    setCount(response, HEADER.ARCOUNT, counts[SECTION.ADDITIONAL]! + (query.hasEdns ? 1 : 0));
    this.#countRcode(rcode);
    return writer.position;
  }

  #countRcode(rcode: number): void {
    if (rcode === RCODE.NOERROR) return;
    if (rcode === RCODE.NXDOMAIN) this.#counters.bump(COUNTER.NXDOMAIN);
    else if (rcode === RCODE.REFUSED) this.#counters.bump(COUNTER.REFUSED);
    else if (rcode === RCODE.FORMERR) this.#counters.bump(COUNTER.FORMERR);
    else if (rcode === RCODE.NOTIMP) this.#counters.bump(COUNTER.NOTIMP);
    else if (rcode === RCODE.BADVERS) this.#counters.bump(COUNTER.BADVERS);
    else if (rcode === RCODE.SERVFAIL) this.#counters.bump(COUNTER.SERVFAIL);
  }
}

/** The class under which a planned answer is counted, of ANSWER_CLASS. */
function answerClass(plan: Plan): number {
  if (plan.rcode === RCODE.NXDOMAIN || plan.isNxname) return ANSWER_CLASS.NXDOMAIN;
  if (plan.count === 0) return ANSWER_CLASS.ERROR;
  return plan.sections[0] === SECTION.ANSWER ? ANSWER_CLASS.POSITIVE : ANSWER_CLASS.NODATA;
}

/** What a well-formed query is refused for before any zone is looked at; NOERROR if for nothing. */
function refuse(query: Query): number {
  if (query.opcode !== OPCODE.QUERY) return RCODE.NOTIMP;
  if (query.qclass !== CLASS.IN && query.qclass !== CLASS.ANY) return RCODE.REFUSED;
  if (query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR) return RCODE.REFUSED;
  return RCODE.NOERROR;
}
