/** NOTIFY(CDS) (RFC 9859 §4.2, RFC 1996): tells a parent that a child has new CDS or CDNSKEY records. */
import { FLAG, flagsOf, getFlags, HEADER, opcodeOf, setCount, setFlags, setU16 } from '../wire/header.ts';
import { CLASS, OPCODE, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';

/** The message; its id is left to the network. */
export function notifyFor(child: Name): Uint8Array {
  const message = new Uint8Array(HEADER.OCTETS + child.length + 4);
  setFlags(message, flagsOf(OPCODE.NOTIFY, RCODE.NOERROR) | FLAG.AA);
  setCount(message, HEADER.QDCOUNT, 1);
  message.set(child, HEADER.OCTETS);
  setU16(message, HEADER.OCTETS + child.length, RRTYPE.CDS);
  setU16(message, HEADER.OCTETS + child.length + 2, CLASS.IN);
  return message;
}

/** True if the octets answer a NOTIFY, whatever they say: then the parent has heard. */
export function isNotifyResponse(octets: Uint8Array): boolean {
  if (octets.length < HEADER.OCTETS) return false;
  const flags = getFlags(octets);
  return (flags & FLAG.QR) !== 0 && opcodeOf(flags) === OPCODE.NOTIFY;
}
