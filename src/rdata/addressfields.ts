/** Fields that are network addresses: A, AAAA, APL, A6, NSAP and ATMA. */
import { decodeBase16Into, encodeBase16, hexDigit } from '../base/encoding.ts';
import { formatName, nameOctets } from '../wire/name.ts';
import { formatIpv4, formatIpv6, putIpv4, putIpv6 } from './addresstext.ts';
import { checkName, type Field, skip, skipRest } from './field.ts';
import type { FieldParser } from './fieldparser.ts';

const IPV6_OCTETS = 16;

export const ipv4: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const { octets, starts, ends } = parser.tokens;
    if (!putIpv4(octets, starts[token]!, ends[token]!, parser.octets, parser.length)) {
      return parser.failToken(
        token,
        'an IPv4 address',
        'write four numbers up to 255, without leading zeros',
      );
    }
    parser.length += 4;
    return true;
  },
  check: (cursor) => skip(cursor, 4),
  format(cursor) {
    cursor.at += 4;
    return formatIpv4(cursor.octets, cursor.at - 4);
  },
};

export const ipv6: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const { octets, starts, ends } = parser.tokens;
    if (!putIpv6(octets, starts[token]!, ends[token]!, parser.octets, parser.length)) {
      return parser.failToken(token, 'an IPv6 address');
    }
    parser.length += IPV6_OCTETS;
    return true;
  },
  check: (cursor) => skip(cursor, IPV6_OCTETS),
  format(cursor) {
    cursor.at += IPV6_OCTETS;
    return formatIpv6(cursor.octets, cursor.at - IPV6_OCTETS);
  },
};

// ---- APL (RFC 3123) ----

const APL_PREFIX_BITS: Readonly<Record<number, number>> = { 1: 32, 2: 128 };
const NEGATED = 0x80;

/** Appends one `[!]family:address/prefix`; false if the token is none. */
function putPrefix(parser: FieldParser, token: number): boolean {
  const parts = /^(!?)([12]):([0-9a-f:.]+)\/(\d{1,3})$/i.exec(parser.tokens.text(token));
  if (parts === null) return false;
  const [, negation, familyText, , prefixText] = parts as unknown as [string, string, string, string, string];
  const family = Number(familyText);
  const bits = APL_PREFIX_BITS[family] as number;
  const prefix = Number(prefixText);
  const start = parser.tokens.starts[token]! + negation.length + 2;
  const end = parser.tokens.ends[token]! - prefixText.length - 1;
  const address = new Uint8Array(IPV6_OCTETS);
  const put = family === 1 ? putIpv4 : putIpv6;
  if (prefix > bits || !put(parser.tokens.octets, start, end, address, 0)) return false;
  let octets = bits / 8;
  while (octets > 0 && address[octets - 1] === 0) octets--; // RFC 3123 §4: zero octets at the end are left out
  parser.put16(family);
  parser.put8(prefix);
  parser.put8(octets | (negation === '' ? 0 : NEGATED));
  for (let i = 0; i < octets; i++) parser.put8(address[i]!);
  return true;
}

/** Address prefixes up to the end of the RDATA, possibly none. */
export const addressPrefixes: Field = {
  parse(parser) {
    while (parser.hasToken()) {
      const token = parser.take();
      if (!putPrefix(parser, token)) {
        return parser.failToken(token, 'an address prefix, such as 1:192.0.2.0/24 or !2:2001:db8::/32');
      }
    }
    return true;
  },
  check(cursor) {
    const { octets } = cursor;
    while (cursor.at < cursor.end) {
      const at = cursor.at;
      if (!skip(cursor, 4)) return false;
      const bits = octets[at] === 0 ? APL_PREFIX_BITS[octets[at + 1]!] : undefined;
      const length = octets[at + 3]! & 0x7f;
      if (bits === undefined || octets[at + 2]! > bits || length > bits / 8 || !skip(cursor, length))
        return false;
      if (length > 0 && octets[cursor.at - 1] === 0) return false;
    }
    return true;
  },
  format(cursor) {
    const { octets } = cursor;
    const texts: string[] = [];
    while (cursor.at < cursor.end) {
      const at = cursor.at;
      const family = octets[at + 1]!;
      const length = octets[at + 3]! & 0x7f;
      const address = new Uint8Array(IPV6_OCTETS);
      address.set(octets.subarray(at + 4, at + 4 + length));
      const text = family === 1 ? formatIpv4(address, 0) : formatIpv6(address, 0);
      texts.push(`${(octets[at + 3]! & NEGATED) === 0 ? '' : '!'}${family}:${text}/${octets[at + 2]}`);
      cursor.at += 4 + length;
    }
    return texts.join(' ');
  },
};

// ---- A6 (RFC 2874 §3.1) ----

/** True if the `bits` bits at `at` are all zero. */
function areZero(octets: Uint8Array, at: number, bits: number): boolean {
  for (let i = 0; i < bits >> 3; i++) if (octets[at + i] !== 0) return false;
  return (bits & 7) === 0 || octets[at + (bits >> 3)]! >> (8 - (bits & 7)) === 0;
}

/** Prefix length, address suffix unless that is 128, prefix name unless that is 0. */
export const a6: Field = {
  parse(parser) {
    const prefix = parser.takeNumber(128);
    if (prefix === -1) return false;
    parser.put8(prefix);
    if (prefix < 128) {
      const token = parser.take();
      if (token === -1) return false;
      const { octets, starts, ends } = parser.tokens;
      const address = new Uint8Array(IPV6_OCTETS);
      if (!putIpv6(octets, starts[token]!, ends[token]!, address, 0)) {
        return parser.failToken(token, 'an IPv6 address');
      }
      if (!areZero(address, 0, prefix)) {
        return parser.failToken(token, `zero in its first ${prefix} bits`);
      }
      for (let i = prefix >> 3; i < IPV6_OCTETS; i++) parser.put8(address[i]!);
    }
    return prefix === 0 || parser.name();
  },
  check(cursor) {
    const prefix = cursor.octets[cursor.at]!;
    const from = cursor.at + 1;
    if (cursor.at === cursor.end || prefix > 128 || !skip(cursor, 17 - (prefix >> 3))) return false;
    return areZero(cursor.octets, from, prefix & 7) && (prefix === 0 || checkName(cursor));
  },
  format(cursor) {
    const { octets } = cursor;
    const prefix = octets[cursor.at]!;
    const texts = [String(prefix)];
    const suffix = IPV6_OCTETS - (prefix >> 3);
    if (prefix < 128) {
      const address = new Uint8Array(IPV6_OCTETS);
      address.set(octets.subarray(cursor.at + 1, cursor.at + 1 + suffix), IPV6_OCTETS - suffix);
      texts.push(formatIpv6(address, 0));
    }
    cursor.at += 1 + suffix;
    if (prefix > 0) {
      texts.push(formatName(octets, cursor.at));
      cursor.at += nameOctets(octets, cursor.at);
    }
    return texts.join(' ');
  },
};

// ---- NSAP (RFC 1706 §5) and ATMA (ATM Forum AF-DANS-0152) ----

/** Appends hexadecimal digits, dots between octets being ignored; the octets, or -1. */
function putDottedHex(parser: FieldParser, start: number, end: number): number {
  const text = parser.tokens.octets.subarray(start, end).filter((octet) => octet !== 46);
  const octets = decodeBase16Into(text, 0, text.length, parser.octets, parser.length);
  if (octets > 0) parser.length += octets;
  return octets > 0 ? octets : -1;
}

/** `0x` and hexadecimal digits. */
export const nsap: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const start = parser.tokens.starts[token]!;
    const { octets, ends } = parser.tokens;
    const isMarked = octets[start] === 48 && (octets[start + 1]! | 32) === 120;
    if (!isMarked || putDottedHex(parser, start + 2, ends[token]!) === -1) {
      return parser.failToken(token, 'an NSAP address (0x and hexadecimal digits)');
    }
    return true;
  },
  check: (cursor) => skipRest(cursor) > 0,
  format(cursor) {
    const from = cursor.at;
    skipRest(cursor);
    return `0x${encodeBase16(cursor.octets, from, cursor.end)}`;
  },
};

const ATM_AESA = 0;
const ATM_E164 = 1;

/** `+` and digits (E.164), or hexadecimal digits (AESA). */
export const atmAddress: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const { octets, starts, ends } = parser.tokens;
    const start = starts[token]!;
    const isE164 = octets[start] === 43;
    parser.put8(isE164 ? ATM_E164 : ATM_AESA);
    if (!isE164) {
      return (
        putDottedHex(parser, start, ends[token]!) > 0 ||
        parser.failToken(token, 'an ATM address (+ and digits, or hexadecimal digits)')
      );
    }
    for (let at = start + 1; at < ends[token]!; at++) {
      const digit = octets[at]!;
      if (digit === 46) continue;
      if (digit > 57 || hexDigit(digit) > 9) return parser.failToken(token, 'an E.164 number');
      parser.put8(digit);
    }
    return ends[token]! - start > 1 || parser.failToken(token, 'an E.164 number');
  },
  check(cursor) {
    const { octets, at } = cursor;
    if (skipRest(cursor) < 2) return false;
    if (octets[at] !== ATM_E164) return octets[at] === ATM_AESA;
    for (let i = at + 1; i < cursor.end; i++) if (octets[i]! < 48 || octets[i]! > 57) return false;
    return true;
  },
  format(cursor) {
    const { octets, at } = cursor;
    skipRest(cursor);
    if (octets[at] === ATM_AESA) return encodeBase16(octets, at + 1, cursor.end);
    let text = '+';
    for (let i = at + 1; i < cursor.end; i++) text += String.fromCharCode(octets[i]!);
    return text;
  },
};
