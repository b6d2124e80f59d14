/** Fields that are sets of types or of services: NSEC, NSEC3, CSYNC, NXT and WKS. */
import { formatType, isMetaType, parseType } from '../wire/iana.ts';
import { formatIpv4, putIpv4 } from './addresstext.ts';
import { decodeTypeBitmap, encodeTypeBitmap } from './bitmap.ts';
import { type Field, skipRest } from './field.ts';
import type { FieldParser } from './fieldparser.ts';
import { decimalOf } from './fieldparser.ts';
import { PROTOCOLS, SERVICES } from './services.ts';

/** Consumes all remaining tokens as RR types; undefined (and a fault) if one is none. */
function takeTypes(parser: FieldParser): number[] | undefined {
  const types: number[] = [];
  while (parser.hasToken()) {
    const token = parser.take();
    const type = parseType(parser.tokens.text(token));
    if (type === undefined) {
      parser.failToken(token, 'an RR type');
      return undefined;
    }
    types.push(type);
  }
  return types;
}

function putAll(parser: FieldParser, octets: Uint8Array): void {
  for (const octet of octets) parser.put8(octet);
}

/** Types by mnemonic; those that only queries carry as TYPE123, because not every reader knows their names. */
function typeText(type: number): string {
  return isMetaType(type) ? `TYPE${type}` : formatType(type);
}

function bitmapField(least: number): Field {
  return {
    parse(parser) {
      const types = takeTypes(parser);
      if (types === undefined) return false;
      if (types.length < least) return parser.fail(`the ${parser.fieldName} are missing`);
      putAll(parser, encodeTypeBitmap(types));
      return true;
    },
    check(cursor) {
      const types = decodeTypeBitmap(cursor.octets, cursor.at, cursor.end);
      cursor.at = cursor.end;
      return types !== undefined && types.length >= least;
    },
    format(cursor) {
      const types = decodeTypeBitmap(cursor.octets, cursor.at, cursor.end) ?? [];
      cursor.at = cursor.end;
      return types.map(typeText).join(' ');
    },
  };
}

/** RFC 4034 §4.1.2. */
export const typeBitmap: Field = bitmapField(0);
/** NSEC has at least its own bit. */
export const typeBitmapFilled: Field = bitmapField(1);

const NXT_TYPES = 128;

/** Bits set in `octets[at, end)`, counted from the left. */
function bitsOf(octets: Uint8Array, at: number, end: number): number[] {
  const bits: number[] = [];
  for (let bit = 0; bit < (end - at) * 8; bit++) {
    if ((octets[at + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) bits.push(bit);
  }
  return bits;
}

function putBits(parser: FieldParser, bits: readonly number[]): void {
  let length = 0;
  for (const bit of bits) length = Math.max(length, (bit >> 3) + 1);
  const octets = new Uint8Array(length);
  for (const bit of bits) octets[bit >> 3]! |= 0x80 >> (bit & 7);
  putAll(parser, octets);
}

/** The flat bitmap of NXT: types 1 to 127, no zero octet at its end (RFC 2535 §5.2). */
export const nxtBitmap: Field = {
  parse(parser) {
    const types = takeTypes(parser);
    if (types === undefined) return false;
    if (types.some((type) => type === 0 || type >= NXT_TYPES)) {
      return parser.fail(`${parser.fieldName}: only types from 1 to 127 can be told`);
    }
    if (types.length === 0) return parser.fail(`the ${parser.fieldName} are missing`);
    putBits(parser, types);
    return true;
  },
  check(cursor) {
    const { octets, at } = cursor;
    const length = skipRest(cursor);
    // RFC 2535 §5.2: bit 0 would announce another format.
    return length > 0 && length <= 16 && (octets[at]! & 0x80) === 0 && octets[cursor.end - 1] !== 0;
  },
  format(cursor) {
    const { octets, at } = cursor;
    skipRest(cursor);
    return bitsOf(octets, at, cursor.end).map(typeText).join(' ');
  },
};

/** WKS: address, protocol, services (RFC 1035 §3.4.2). Services are written as port numbers. */
export const wellKnownServices: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const { tokens } = parser;
    if (!putIpv4(tokens.octets, tokens.starts[token]!, tokens.ends[token]!, parser.octets, parser.length)) {
      return parser.failToken(token, 'an IPv4 address');
    }
    parser.length += 4;
    const protocolToken = parser.take();
    if (protocolToken === -1) return false;
    const protocol = numberOrWord(parser, protocolToken, PROTOCOLS, 255);
    if (protocol === undefined) return parser.failToken(protocolToken, 'a protocol, such as tcp, udp or 6');
    parser.put8(protocol);
    const ports: number[] = [];
    while (parser.hasToken()) {
      const service = parser.take();
      const port = numberOrWord(parser, service, SERVICES, 65_535);
      if (port === undefined)
        return parser.failToken(service, 'a service or a port', 'write the port number');
      ports.push(port);
    }
    putBits(parser, ports);
    return true;
  },
  check(cursor) {
    const length = skipRest(cursor);
    // RFC 1035 says nothing of zero octets at the end; canonical is without.
    return length >= 5 && length <= 5 + 8192 && (length === 5 || cursor.octets[cursor.end - 1] !== 0);
  },
  format(cursor) {
    const { octets, at } = cursor;
    skipRest(cursor);
    const ports = bitsOf(octets, at + 5, cursor.end);
    return [formatIpv4(octets, at), octets[at + 4], ...ports].join(' ');
  },
};

function numberOrWord(
  parser: FieldParser,
  token: number,
  words: ReadonlyMap<string, number>,
  limit: number,
): number | undefined {
  const number = decimalOf(parser.tokens, token, limit);
  return number === -1 ? words.get(parser.tokens.text(token).toLowerCase()) : number;
}
