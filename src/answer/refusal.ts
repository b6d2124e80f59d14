/**
 * @hot Why a query is not answered, as an rcode, and as an Extended DNS Error (RFC 8914) for whoever looks into it.
 */
import { EDE } from '../wire/edns.ts';
import type { OptRecord } from '../wire/edns-record.ts';
import { CLASS, isMetaType, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Query } from '../wire/query.ts';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

const COOKIE_LENGTH_TEXT = text('COOKIE length');
const NO_KEY_TEXT = text('TSIG key unknown');
const OPCODE_TEXT = text('opcode');
const CLASS_TEXT = text('class');
const TRANSFER_TEXT = text('zone transfer');

/** Explains the rcode that `parseQuery` found. */
export function explainFault(rcode: number, query: Query, opt: OptRecord): void {
  if (rcode === RCODE.NOTIMP) opt.explain(EDE.NOT_SUPPORTED, OPCODE_TEXT);
  else if (rcode === RCODE.NOTAUTH) opt.explain(EDE.OTHER, NO_KEY_TEXT);
  else if (query.cookieFault) opt.explain(EDE.OTHER, COOKIE_LENGTH_TEXT);
}

/** What a well-formed query is refused for before any zone is looked at; NOERROR if for nothing. */
export function refuse(query: Query, opt: OptRecord): number {
  if (query.qclass !== CLASS.IN && query.qclass !== CLASS.ANY) {
    if (query.qclass === CLASS.CH) opt.explain(EDE.NOT_AUTHORITATIVE);
    else opt.explain(EDE.NOT_SUPPORTED, CLASS_TEXT);
    return RCODE.REFUSED;
  }
  if (query.qtype === RRTYPE.AXFR || query.qtype === RRTYPE.IXFR) {
    opt.explain(EDE.PROHIBITED, TRANSFER_TEXT);
    return RCODE.REFUSED;
  }
  if (isMetaType(query.qtype) && query.qtype !== RRTYPE.ANY) {
    opt.explain(EDE.INVALID_QUERY_TYPE);
    return RCODE.FORMERR;
  }
  return RCODE.NOERROR;
}
