/** Fields in which one octet decides the form of what follows: IPSECKEY, AMTRELAY and HIP. */
import { decodeBase16Into, decodeBase64Into, encodeBase16, encodeBase64 } from '../base/encoding.ts';
import { ipv4, ipv6 } from './addressfields.ts';
import { base64, base64Optional } from './blobfields.ts';
import { type Field, readNumber, skip, skipRest, type WireCursor } from './field.ts';
import type { FieldParser } from './fieldparser.ts';
import { name } from './namefields.ts';
import { algorithm } from './numberfields.ts';

/** Gateway and relay types (RFC 4025 §2.3, RFC 8777 §4.2.3). */
const GATEWAY = { NONE: 0, IPV4: 1, IPV6: 2, NAME: 3 } as const;

/** No gateway: no octets, written as the root. */
const noGateway: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    return parser.tokens.is(token, '.') || parser.failToken(token, "'.' (type 0 has none)");
  },
  check: () => true,
  format: () => '.',
};

function gatewayField(type: number): Field | undefined {
  switch (type) {
    case GATEWAY.NONE:
      return noGateway;
    case GATEWAY.IPV4:
      return ipv4;
    case GATEWAY.IPV6:
      return ipv6;
    case GATEWAY.NAME:
      return name;
    default:
      return undefined;
  }
}

/** Precedence, gateway type, algorithm, gateway, key; algorithm 0 means that there is no key (RFC 4025 §2.4). */
export const ipsecKey: Field = {
  parse(parser) {
    const precedence = parser.takeNumber(255);
    const type = precedence === -1 ? -1 : parser.takeNumber(GATEWAY.NAME);
    const keyAlgorithm = type === -1 ? -1 : parser.takeNumber(255);
    if (keyAlgorithm === -1) return false;
    parser.put8(precedence);
    parser.put8(type);
    parser.put8(keyAlgorithm);
    const key = keyAlgorithm === 0 ? base64Optional : base64;
    return (gatewayField(type) as Field).parse(parser) && key.parse(parser);
  },
  check(cursor) {
    const { octets, at } = cursor;
    if (!skip(cursor, 3)) return false;
    const gateway = gatewayField(octets[at + 1]!);
    const key = octets[at + 2] === 0 ? base64Optional : base64;
    return gateway?.check(cursor) === true && key.check(cursor);
  },
  format(cursor) {
    const { octets, at } = cursor;
    cursor.at += 3;
    const gateway = (gatewayField(octets[at + 1]!) as Field).format(cursor);
    const key = base64Optional.format(cursor);
    return `${octets[at]} ${octets[at + 1]} ${octets[at + 2]} ${gateway}${key === '' ? '' : ` ${key}`}`;
  },
};

const DISCOVERY = 0x80;

/** Precedence, discovery bit, relay type, relay (RFC 8777 §4); relays of other types are opaque and have no text. */
export const amtRelay: Field = {
  parse(parser) {
    const precedence = parser.takeNumber(255);
    const discovery = precedence === -1 ? -1 : parser.takeNumber(1);
    const type = discovery === -1 ? -1 : parser.takeNumber(GATEWAY.NAME);
    if (type === -1) return false;
    parser.put8(precedence);
    parser.put8(type | (discovery === 1 ? DISCOVERY : 0));
    return (gatewayField(type) as Field).parse(parser);
  },
  check(cursor) {
    const at = cursor.at;
    if (!skip(cursor, 2)) return false;
    const relay = gatewayField(cursor.octets[at + 1]! & ~DISCOVERY);
    return relay === undefined ? skipRest(cursor) > 0 : relay.check(cursor);
  },
  format(cursor) {
    const precedence = readNumber(cursor, 1);
    const octet = readNumber(cursor, 1);
    const type = octet & ~DISCOVERY;
    const relay = gatewayField(type);
    return relay && `${precedence} ${octet >> 7} ${type} ${relay.format(cursor)}`;
  },
};

/** Consumes one token of at least one octet; returns its octets or -1 and a fault. */
function putOne(parser: FieldParser, decode: typeof decodeBase16Into, what: string): number {
  const token = parser.take();
  if (token === -1) return -1;
  const octets = parser.decode(token, token + 1, decode, what);
  if (octets === 0) parser.failToken(token, what);
  return octets === 0 ? -1 : octets;
}

/** HIT length, algorithm, key length, HIT, key (RFC 8005 §5); the rendezvous servers are a field of their own. */
export const hostIdentity: Field = {
  parse(parser) {
    const at = parser.length;
    parser.put8(0);
    if (!algorithm.parse(parser)) return false;
    parser.put16(0);
    const hit = putOne(parser, decodeBase16Into, 'hexadecimal');
    const key = hit === -1 ? -1 : putOne(parser, decodeBase64Into, 'base64');
    if (key === -1) return false;
    if (hit > 255) return parser.fail(`a host identity tag of ${hit} octets; 255 is the limit`);
    parser.octets[at] = hit;
    parser.octets[at + 2] = key >> 8;
    parser.octets[at + 3] = key;
    return true;
  },
  check(cursor: WireCursor) {
    const { octets, at } = cursor;
    if (!skip(cursor, 4)) return false;
    const key = (octets[at + 2]! << 8) | octets[at + 3]!;
    return octets[at] !== 0 && key !== 0 && skip(cursor, octets[at]! + key);
  },
  format(cursor) {
    const { octets } = cursor;
    const hit = readNumber(cursor, 1);
    const keyAlgorithm = readNumber(cursor, 1);
    const key = readNumber(cursor, 2);
    const from = cursor.at;
    cursor.at += hit + key;
    return `${keyAlgorithm} ${encodeBase16(octets, from, from + hit)} ${encodeBase64(octets, from + hit, cursor.at)}`;
  },
};
