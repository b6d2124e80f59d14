/** NOTIFY(CDS) (RFC 9859 §4.2, RFC 1996): tells a parent that a child has new CDS or CDNSKEY records. */
import { FLAG, flagsOf, getFlags, HEADER, opcodeOf, setCount, setFlags, setU16 } from '../wire/header.ts';
import { CLASS, EDNS_OPTION, OPCODE, RCODE, RRTYPE } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';

const UDP_PAYLOAD_OCTETS = 1232;

/**
 * The message; its id is left to the network. `agent` is where the parent may report why it does not follow (RFC 9859 §4.3,
 * RFC 9567): a name at or below that of a name server of the child; null: nowhere.
 */
export function notifyFor(child: Name, agent: Name | null = null): Uint8Array {
  const message = plainNotify(child);
  if (agent === null) return message;
  setCount(message, HEADER.ARCOUNT, 1);
  const head = new Uint8Array(15);
  setU16(head, 1, RRTYPE.OPT);
  setU16(head, 3, UDP_PAYLOAD_OCTETS);
  setU16(head, 9, 4 + agent.length);
  setU16(head, 11, EDNS_OPTION.REPORT_CHANNEL);
  setU16(head, 13, agent.length);
  return Buffer.concat([message, head, agent]);
}

function plainNotify(child: Name): Uint8Array {
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
