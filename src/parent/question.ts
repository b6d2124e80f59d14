/** The queries of looks at the parent: RD=0, DO=1 (ROLLOVER 3.4), the id left to the network. */
import { DNSSEC_OK, encode } from 'dns-packet';
import { HEADER, setU16 } from '../wire/header.ts';
import { CLASS } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';

const UDP_PAYLOAD_OCTETS = 1232;

/** A query message. The question is put in by us: dns-packet cannot write every label. */
export function questionFor(name: Name, type: number): Uint8Array {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD_OCTETS, flags: DNSSEC_OK } as const;
  const message = encode({
    type: 'query',
    id: 0,
    questions: [{ type: 'A', name: '.' }],
    additionals: [{ ...opt, extendedRcode: 0, ednsVersion: 0, flag_do: true, options: [] }],
  });
  const tail = new Uint8Array(4);
  setU16(tail, 0, type);
  setU16(tail, 2, CLASS.IN);
  const rootQuestionEnd = HEADER.OCTETS + 1 + tail.length;
  return Buffer.concat([message.subarray(0, HEADER.OCTETS), name, tail, message.subarray(rootQuestionEnd)]);
}
