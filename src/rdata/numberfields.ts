/** Fields that are numbers: plain, with mnemonics, durations, instants, and the 48- and 64-bit ones in hexadecimal. */
import { hexDigit } from '../base/encoding.ts';
import { formatType, isMetaType, parseType } from '../wire/iana.ts';
import { type Field, readNumber, skip, type WireCursor } from './field.ts';
import { decimalOf, type FieldParser } from './fieldparser.ts';
import {
  CERTIFICATE_TYPES,
  DIGEST_TYPES,
  DSYNC_SCHEMES,
  KEY_FLAGS,
  KEY_PROTOCOLS,
  type Mnemonics,
  mnemonicValue,
  SECURITY_ALGORITHMS,
} from './mnemonics.ts';
import { parseTimestamp } from './timestamp.ts';
import { ttlOf } from './ttltext.ts';

const MAX_U32 = 0xffff_ffff;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

function put(parser: FieldParser, octets: number, value: number): void {
  if (octets === 4) parser.put32(value);
  else if (octets === 2) parser.put16(value);
  else parser.put8(value);
}

function plainField(octets: 1 | 2 | 4): Field {
  const limit = 256 ** octets - 1;
  return {
    parse(parser) {
      const value = parser.takeNumber(limit);
      if (value === -1) return false;
      put(parser, octets, value);
      return true;
    },
    check: (cursor) => skip(cursor, octets),
    format: (cursor) => String(readNumber(cursor, octets)),
  };
}

export const u8: Field = plainField(1);
export const u16: Field = plainField(2);
export const u32: Field = plainField(4);

/** A decimal number of 64 bits (IPN). */
export const u64: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const text = parser.tokens.text(token);
    const value = /^\d{1,20}$/.test(text) ? BigInt(text) : MAX_U64 + 1n;
    if (value > MAX_U64) return parser.failToken(token, `a number from 0 to ${MAX_U64}`);
    parser.put32(Number(value >> 32n));
    parser.put32(Number(value & 0xffff_ffffn));
    return true;
  },
  check: (cursor) => skip(cursor, 8),
  format: (cursor) => String((BigInt(readNumber(cursor, 4)) << 32n) | BigInt(readNumber(cursor, 4))),
};

/** A number, or a word of a table; written as a number unless `written` gives words. */
function wordField(octets: 1 | 2, table: Mnemonics, written: ReadonlyMap<number, string> = new Map()): Field {
  const limit = 256 ** octets - 1;
  return {
    parse(parser) {
      const token = parser.take();
      if (token === -1) return false;
      const number = decimalOf(parser.tokens, token, limit);
      const value = number === -1 ? mnemonicValue(table, parser.tokens.text(token)) : number;
      if (value === undefined) {
        return parser.failToken(token, `a number from 0 to ${limit} or a known mnemonic`);
      }
      put(parser, octets, value);
      return true;
    },
    check: (cursor) => skip(cursor, octets),
    format(cursor) {
      const value = readNumber(cursor, octets);
      return written.get(value) ?? String(value);
    },
  };
}

function words(table: Mnemonics): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([word, value]) => [value, word]));
}

export const algorithm: Field = wordField(1, SECURITY_ALGORITHMS);
export const digestType: Field = wordField(1, DIGEST_TYPES);
export const keyProtocol: Field = wordField(1, KEY_PROTOCOLS);
export const certificateType: Field = wordField(2, CERTIFICATE_TYPES, words(CERTIFICATE_TYPES));
export const dsyncScheme: Field = wordField(1, DSYNC_SCHEMES, words(DSYNC_SCHEMES));

/** KEY and DNSKEY flags: a number, or words joined by `|`. */
export const keyFlags: Field = {
  ...u16,
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const number = decimalOf(parser.tokens, token, 0xffff);
    let flags = Math.max(number, 0);
    for (const word of number === -1 ? parser.tokens.text(token).split('|') : []) {
      const value = mnemonicValue(KEY_FLAGS, word);
      if (value === undefined) return parser.failToken(token, 'a number from 0 to 65535 or key flags');
      flags |= value;
    }
    parser.put16(flags);
    return true;
  },
};

/** A duration in seconds; text may have units (`1h30m`), as BIND reads the SOA fields. */
export const duration: Field = {
  ...u32,
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const { octets, starts, ends } = parser.tokens;
    const seconds = ttlOf(octets, starts[token]!, ends[token]!);
    if (seconds === -1) {
      return parser.failToken(token, `a duration from 0 to ${MAX_U32} s, such as 3600 or 1h30m`);
    }
    parser.put32(seconds);
    return true;
  },
};

/** An RR type by mnemonic or TYPE123. */
export const rrtype: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const type = parseType(parser.tokens.text(token)) ?? decimalOf(parser.tokens, token, 0xffff);
    if (type === -1) return parser.failToken(token, 'an RR type');
    parser.put16(type);
    return true;
  },
  check: (cursor) => skip(cursor, 2),
  format(cursor) {
    const type = readNumber(cursor, 2);
    return isMetaType(type) ? `TYPE${type}` : formatType(type);
  },
};

/** An instant of RRSIG: `YYYYMMDDHHmmSS` in UTC, or seconds since 1970 modulo 2^32 (RFC 4034 §3.2). */
export const timestamp: Field = {
  parse(parser) {
    const token = parser.take();
    if (token === -1) return false;
    const seconds = parseTimestamp(parser.tokens.text(token));
    if (seconds === undefined) return parser.failToken(token, 'a time, such as 20261231235959');
    parser.put32(seconds);
    return true;
  },
  check: (cursor) => skip(cursor, 4),
  /** Instants outside of 1970–2106 cannot be told apart in 32 bits; those are meant. */
  format(cursor) {
    const seconds = readNumber(cursor, 4);
    return new Date(seconds * 1000).toISOString().replace(/[-:T]|\.000Z$/g, '');
  },
};

/** `count` groups of hexadecimal digits of `width` octets, joined: EUI-48, EUI-64, NID and L64. */
function groupField(shape: { count: number; width: 1 | 2; joint: '-' | ':' }, what: string): Field {
  const { count, width, joint } = shape;
  const jointCode = joint.charCodeAt(0);
  const isFixed = width === 1;
  return {
    parse(parser) {
      const token = parser.take();
      if (token === -1) return false;
      const { octets, starts, ends } = parser.tokens;
      let at = starts[token]!;
      const end = ends[token]!;
      for (let group = 0; group < count; group++) {
        if (group > 0 && octets[at++] !== jointCode) return parser.failToken(token, what);
        let value = 0;
        let digits = 0;
        for (; at < end && digits < 2 * width && hexDigit(octets[at]!) !== 255; digits++) {
          value = (value << 4) | hexDigit(octets[at++]!);
        }
        if (digits === 0 || (isFixed && digits < 2)) return parser.failToken(token, what);
        put(parser, width, value);
      }
      return at === end || parser.failToken(token, what);
    },
    check: (cursor) => skip(cursor, count * width),
    format(cursor: WireCursor) {
      const groups = Array.from({ length: count }, () => readNumber(cursor, width));
      return groups.map((value) => value.toString(16).padStart(2 * width, '0')).join(joint);
    },
  };
}

export const eui48: Field = groupField(
  { count: 6, width: 1, joint: '-' },
  'an EUI-48 (six octets: 00-11-22-33-44-55)',
);
export const eui64: Field = groupField(
  { count: 8, width: 1, joint: '-' },
  'an EUI-64 (eight octets: 00-11-22-33-44-55-66-77)',
);
/** RFC 6742 §2.1.2 and §2.3.2: four groups of up to four digits. */
export const locator64: Field = groupField(
  { count: 4, width: 2, joint: ':' },
  'a 64-bit value (four groups: 2001:db8:1140:1000)',
);
