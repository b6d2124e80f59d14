/**
 * @hot NOTIFY of a child that has new CDS records (RFC 9859 §4): a hint to the parent, told from other messages here. What
 * it leads to is for the shell; it is answered at once.
 */
import { CLASS, OPCODE, RRTYPE } from '../wire/iana.ts';
import type { Query } from '../wire/query.ts';

/** True if the message tells of new CDS or CDNSKEY records: CDS stands for both. */
export function isChildNotification({ opcode, questionIsWhole, qtype, qclass }: Query): boolean {
  return opcode === OPCODE.NOTIFY && questionIsWhole && qtype === RRTYPE.CDS && qclass === CLASS.IN;
}
