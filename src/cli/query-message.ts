/** A query as it is sent: header, one question, and EDNS as it was asked for. */
import { encode } from 'dns-packet';
import { flagsOf, HEADER, setFlags, setU16 } from '../wire/header.ts';
import { CLASS } from '../wire/iana.ts';
import type { Name } from '../wire/name.ts';
import { type EdnsOption, OPTION } from './query-edns.ts';

/** What every path takes unfragmented (DNS Flag Day 2020). */
export const UDP_PAYLOAD_OCTETS = 1232;
/** Queries over TLS are padded to a multiple of this (RFC 8467 §4.1). */
export const PADDING_BLOCK_OCTETS = 128;
const OPTION_HEAD_OCTETS = 4;

export interface Question {
  readonly name: Name;
  readonly type: number;
  /** IN if it is left out. */
  readonly class?: number;
}

/** The OPT record of a query. */
export interface QueryEdns {
  readonly version: number;
  readonly payload: number;
  /** EDNS_FLAG, or bits that nobody knows. */
  readonly flags: number;
  readonly options: readonly EdnsOption[];
  /** The message is padded to a multiple of so many octets; 0 for not. */
  readonly paddingBlock: number;
}

/** What is asked around the question. */
export interface QueryShape {
  readonly opcode: number;
  /** Of the header: RD, AD, CD. */
  readonly flags: number;
  /** Without one there is no OPT record. */
  readonly edns: QueryEdns | undefined;
}

/** A query message. The question is our own: dns-packet cannot write every label. */
export function encodeQuery(
  id: number,
  { name, type, class: number = CLASS.IN }: Question,
  shape: QueryShape,
): Buffer {
  const tail = new Uint8Array(4);
  setU16(tail, 0, type);
  setU16(tail, 2, number);
  const assemble = (options: readonly EdnsOption[]) => {
    const message = encode({
      type: 'query',
      id,
      flags: 0,
      questions: [{ type: 'A', name: '.' }],
      additionals: shape.edns === undefined ? [] : [optOf(shape.edns, options)],
    });
    setFlags(message, flagsOf(shape.opcode, 0) | shape.flags);
    const rootQuestionEnd = HEADER.OCTETS + 1 + tail.length;
    return Buffer.concat([message.subarray(0, HEADER.OCTETS), name, tail, message.subarray(rootQuestionEnd)]);
  };
  const { options = [], paddingBlock = 0 } = shape.edns ?? {};
  const message = assemble(options);
  if (paddingBlock === 0) return message;
  const octets = (paddingBlock - ((message.length + OPTION_HEAD_OCTETS) % paddingBlock)) % paddingBlock;
  return assemble([...options, { code: OPTION.PADDING, data: new Uint8Array(octets) }]);
}

function optOf({ payload, version, flags }: QueryEdns, options: readonly EdnsOption[]) {
  const written = options.map(({ code, data }) => ({ code, data: Buffer.from(data) }));
  return {
    ...{ type: 'OPT' as const, name: '.' as const, udpPayloadSize: payload, flags },
    ...{ extendedRcode: 0, ednsVersion: version, flag_do: false, options: written as never },
  };
}
