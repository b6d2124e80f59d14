/**
 * @hot One query, parsed in place into a reused object of numbers (RFC 1035 §4.1, EDNS: RFC 6891). Nothing is allocated or
 * thrown, whatever the octets are: the outcome is a number. Every octet is looked at most twice; names are bounded, and
 * pointers outside the question are skipped, never followed.
 *
 * What it does not do: judge the class or the type of the question, or the cookie (wire/cookie), or answer.
 */
import { COOKIE_STATE, isCookieLength } from './cookie.ts';
import { FLAG, getCount, getFlags, getId, getU16, HEADER, opcodeOf } from './header.ts';
import { EDNS_OPTION, OPCODE, RCODE, RRTYPE } from './iana.ts';
import { LOWER, MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from './name.ts';
import { SearchName } from './searchname.ts';

/** Not to be answered at all: too short for a header, or itself an answer. */
export const DROP = -1;

const FAULT = -1;
/** Type and class behind the question's name. */
const QUESTION_TAIL_OCTETS = 4;
/** Type, class, TTL and RDLENGTH behind a record's owner. */
const RECORD_TAIL_OCTETS = 10;
const EDNS_OPTION_HEADER_OCTETS = 4;
/** The two top bits of a length octet that is a pointer (RFC 1035 §4.1.4). */
const POINTER_BITS = 0xc0;
/** Flags of the OPT record: DO (RFC 3225), CO (compact denial ok, RFC 9824 §5.1). */
const DO_FLAG = 0x8000;
const CO_FLAG = 0x4000;

/** What one query says; valid from `parseQuery` until the next. */
export class Query {
  /** Seed of the hashes in `qname`. */
  readonly seed: number;
  /** The question's name in lower case; in its own case it stays in the message, at offset 12. */
  readonly qname: SearchName = new SearchName();
  id = 0;
  opcode = 0;
  isTruncated = false;
  recursionDesired = false;
  authenticData = false;
  checkingDisabled = false;
  /** True if there is exactly one question and it could be read: it may be copied into the response. */
  questionIsWhole = false;
  /** Octets of the question section, which starts at offset 12; 0 unless `questionIsWhole`. */
  questionOctets = 0;
  qtype = 0;
  qclass = 0;
  /** True if a readable OPT was found: the response has one too (RFC 6891 §7). */
  hasEdns = false;
  /** True if an OPT is broken, misplaced or one too many. */
  ednsFault = false;
  ednsVersion = 0;
  /** Requestor's UDP payload size in octets as sent; the rule is `responseLimit` in wire/edns. */
  udpPayload = 0;
  dnssecOk = false;
  compactOk = false;
  /** Where the value of the first COOKIE option is (RFC 7873), and its octets; 0 if there is none. */
  cookieAt = 0;
  cookieOctets = 0;
  /** True if that option has a length that no cookie has. */
  cookieFault = false;
  /** What the cookie proves, of COOKIE_STATE: NONE until the responder has judged it. */
  cookieState: number = COOKIE_STATE.NONE;
  /** Options that ask for something: NSID (RFC 5001), edns-tcp-keepalive (RFC 7828), Padding (RFC 7830). */
  wantsNsid = false;
  wantsKeepalive = false;
  wantsPadding = false;
  /** Offset of the TSIG record (RFC 8945), or 0. */
  tsigAt = 0;

  constructor(seed: number) {
    this.seed = seed | 0;
  }

  reset(id: number, flags: number): void {
    this.id = id;
    this.opcode = opcodeOf(flags);
    this.isTruncated = (flags & FLAG.TC) !== 0;
    this.recursionDesired = (flags & FLAG.RD) !== 0;
    this.authenticData = (flags & FLAG.AD) !== 0;
    this.checkingDisabled = (flags & FLAG.CD) !== 0;
    this.questionIsWhole = false;
    this.questionOctets = 0;
    this.qtype = 0;
    this.qclass = 0;
    this.hasEdns = false;
    this.ednsFault = false;
    this.ednsVersion = 0;
    this.udpPayload = 0;
    this.dnssecOk = false;
    this.compactOk = false;
    this.cookieAt = 0;
    this.cookieOctets = 0;
    this.cookieFault = false;
    this.cookieState = COOKIE_STATE.NONE;
    this.wantsNsid = false;
    this.wantsKeepalive = false;
    this.wantsPadding = false;
    this.tsigAt = 0;
  }
}

/**
 * Parses the message in the first `octetCount` octets into `query`. Returns NOERROR to go on, the rcode to answer
 * with, or DROP. All fields are valid then, but those of the question only if `questionIsWhole`: with NOERROR and no
 * question, only a cookie is asked for (RFC 7873 §5.4).
 */
export function parseQuery(octets: Uint8Array, octetCount: number, query: Query): number {
  if (octetCount < HEADER.OCTETS) return DROP;
  const flags = getFlags(octets);
  // Never an answer to an answer: two servers would talk for ever.
  if ((flags & FLAG.QR) !== 0) return DROP;
  query.reset(getId(octets), flags);
  const isWellFormed = parseSections(octets, octetCount, query);
  // What another opcode makes of its sections is unknown here, so NOTIMP goes before FORMERR.
  const isQuery = query.opcode === OPCODE.QUERY;
  // RFC 7873 §5.2.2: so does a cookie that is too short or too long.
  if (isQuery && (!isWellFormed || query.cookieFault)) return RCODE.FORMERR;
  // RFC 6891 §6.1.3: before anything that the message asks for, the opcode included.
  if (query.ednsVersion > 0) return RCODE.BADVERS;
  if (!isQuery) return RCODE.NOTIMP;
  // RFC 8945 §5.2.1: every key is unknown here, which is NOTAUTH. BIND 9.18 and Knot 3.2 without keys say so too.
  if (query.tsigAt > 0) return RCODE.NOTAUTH;
  return RCODE.NOERROR;
}

function parseSections(octets: Uint8Array, end: number, query: Query): boolean {
  // RFC 9619: a query has one question at most.
  const questions = getCount(octets, HEADER.QDCOUNT);
  if (questions > 1) return false;
  let at = questions === 1 ? parseQuestion(octets, end, query) : HEADER.OCTETS;
  if (at === FAULT) return false;
  const answers = getCount(octets, HEADER.ANCOUNT);
  const authorities = getCount(octets, HEADER.NSCOUNT);
  if (query.opcode === OPCODE.QUERY) {
    // RFC 1995 §3: an IXFR query carries the client's SOA in its authority section.
    if (answers > 0 || authorities > (query.qtype === RRTYPE.IXFR ? 1 : 0)) return false;
  }
  const additionals = getCount(octets, HEADER.ARCOUNT);
  const records = answers + authorities + additionals;
  for (let i = 0; i < records; i++) {
    const isAdditional = i >= answers + authorities;
    at = parseRecord(octets, at, end, query, isAdditional);
    if (at === FAULT) return false;
  }
  // RFC 7873 §5.4: without a question, only a cookie can be asked for.
  return at === end && (questions === 1 || query.cookieAt > 0);
}

/** Reads name, type and class; returns the offset behind them or FAULT. A pointer is a fault: to what would it point? */
function parseQuestion(octets: Uint8Array, end: number, query: Query): number {
  const { qname } = query;
  const into = qname.octets;
  let at: number = HEADER.OCTETS;
  let labels = 0;
  for (;;) {
    if (at >= end) return FAULT;
    const length = octets[at]!;
    if (length === 0) break;
    if (length > MAX_LABEL_OCTETS) return FAULT;
    const stop = at + length + 1;
    // One octet of the name must remain for the root.
    if (stop - HEADER.OCTETS >= MAX_NAME_OCTETS || stop > end) return FAULT;
    qname.labelAt[labels++] = at - HEADER.OCTETS;
    into[at - HEADER.OCTETS] = length;
    for (at++; at < stop; at++) into[at - HEADER.OCTETS] = LOWER[octets[at]!]!;
  }
  if (at + 1 + QUESTION_TAIL_OCTETS > end) return FAULT;
  into[at - HEADER.OCTETS] = 0;
  qname.finish(at - HEADER.OCTETS, labels, query.seed);
  query.qtype = getU16(octets, at + 1);
  query.qclass = getU16(octets, at + 3);
  query.questionOctets = at + 1 + QUESTION_TAIL_OCTETS - HEADER.OCTETS;
  query.questionIsWhole = true;
  return at + 1 + QUESTION_TAIL_OCTETS;
}

/** Steps over one record and notes OPT and TSIG; returns the offset behind it or FAULT. */
function parseRecord(
  octets: Uint8Array,
  start: number,
  end: number,
  query: Query,
  isAdditional: boolean,
): number {
  // RFC 8945 §5.1: TSIG is the last record.
  if (query.tsigAt > 0) return FAULT;
  const at = skipName(octets, start, end);
  if (at === FAULT || at + RECORD_TAIL_OCTETS > end) return FAULT;
  const rdataAt = at + RECORD_TAIL_OCTETS;
  const next = rdataAt + getU16(octets, at + 8);
  if (next > end) return FAULT;
  const type = getU16(octets, at);
  if (type === RRTYPE.OPT) {
    const isRoot = at === start + 1;
    if (!isAdditional || !isRoot || query.hasEdns || !parseOpt(octets, at, next, query)) {
      query.ednsFault = true;
      return FAULT;
    }
  } else if (type === RRTYPE.TSIG) {
    if (!isAdditional) return FAULT;
    query.tsigAt = start;
  }
  // SIG(0) (RFC 2931) is stepped over like any other record: the query is taken as unsigned, as BIND and Knot do.
  return next;
}

/** Reads OPT (RFC 6891 §6.1.2), whose fields start at `at` and whose options end at `end`. */
function parseOpt(octets: Uint8Array, at: number, end: number, query: Query): boolean {
  const version = octets[at + 5]!;
  // Only version 0 is known to have options of this form.
  if (version === 0 && !parseOptions(octets, at + RECORD_TAIL_OCTETS, end, query)) return false;
  const flags = getU16(octets, at + 6);
  query.hasEdns = true;
  query.ednsVersion = version;
  query.udpPayload = getU16(octets, at + 2);
  query.dnssecOk = (flags & DO_FLAG) !== 0;
  query.compactOk = (flags & CO_FLAG) !== 0;
  return true;
}

/** Notes the options that a server has something to say to; all others are ignored (RFC 6891 §6.1.2). */
function parseOptions(octets: Uint8Array, start: number, end: number, query: Query): boolean {
  let at = start;
  while (at + EDNS_OPTION_HEADER_OCTETS <= end) {
    const code = getU16(octets, at);
    const length = getU16(octets, at + 2);
    at += EDNS_OPTION_HEADER_OCTETS;
    if (at + length > end) return false;
    if (code === EDNS_OPTION.COOKIE) {
      // RFC 7873 §5.2: only the first one counts.
      if (query.cookieAt === 0) {
        query.cookieAt = at;
        query.cookieOctets = length;
        query.cookieFault = !isCookieLength(length);
      }
    } else if (code === EDNS_OPTION.NSID) query.wantsNsid = true;
    else if (code === EDNS_OPTION.KEEPALIVE) query.wantsKeepalive = true;
    else if (code === EDNS_OPTION.PADDING) query.wantsPadding = true;
    at += length;
  }
  return at === end;
}

/** Offset behind the name at `start`, which may end in a pointer, or FAULT. */
function skipName(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const length = octets[at]!;
    if (length === 0) return at + 1;
    if ((length & POINTER_BITS) === POINTER_BITS) {
      // A pointer leads backwards (RFC 1035 §4.1.4: to a prior occurrence), behind the header.
      if (at + 2 > end) return FAULT;
      const target = getU16(octets, at) & 0x3fff;
      return target < start && target >= HEADER.OCTETS ? at + 2 : FAULT;
    }
    if (length > MAX_LABEL_OCTETS) return FAULT;
    at += length + 1;
    if (at - start >= MAX_NAME_OCTETS) return FAULT;
  }
  return FAULT;
}
