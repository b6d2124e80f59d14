/** Fields that are opaque octets, written in base64, hexadecimal or base32hex. */
import {
  decodeBase16Into,
  decodeBase32HexInto,
  decodeBase64Into,
  encodeBase16,
  encodeBase32Hex,
  encodeBase64,
} from '../base/encoding.ts';
import { type Field, skip, skipRest, type WireCursor } from './field.ts';
import type { FieldParser } from './fieldparser.ts';

function formatRest(cursor: WireCursor, encode: typeof encodeBase64): string {
  const from = cursor.at;
  skipRest(cursor);
  return encode(cursor.octets, from, cursor.end);
}

function missing(parser: FieldParser): false {
  return parser.fail(`the ${parser.fieldName} is missing`, { token: parser.tokens.count });
}

/** Base64 over all remaining tokens, at least one octet. */
export const base64: Field = {
  parse(parser) {
    const octets = parser.decodeRest(decodeBase64Into, 'base64');
    return octets > 0 || (octets === 0 && missing(parser));
  },
  check: (cursor) => skipRest(cursor) > 0,
  format: (cursor) => formatRest(cursor, encodeBase64),
};

/** Base64 over all remaining tokens, possibly none. */
export const base64Optional: Field = {
  parse: (parser) => parser.decodeRest(decodeBase64Into, 'base64') >= 0,
  check: (cursor) => skipRest(cursor) >= 0,
  format: (cursor) => formatRest(cursor, encodeBase64),
};

/** Octets of flags, protocol and algorithm in front of a KEY's key. */
const KEY_PREFIX_OCTETS = 4;
/** RFC 2535 §3.1.2: both bits set means that there is no key. */
const NO_KEY = 0xc0;

/** Key of KEY: absent if the flags say NOKEY, else at least one octet. */
export const keyOrNone: Field = {
  parse(parser) {
    const isNone = (parser.octets[parser.length - KEY_PREFIX_OCTETS]! & NO_KEY) === NO_KEY;
    return isNone ? base64Optional.parse(parser) : base64.parse(parser);
  },
  check(cursor) {
    const isNone = (cursor.octets[cursor.at - KEY_PREFIX_OCTETS]! & NO_KEY) === NO_KEY;
    return skipRest(cursor) > 0 || isNone;
  },
  format: (cursor) => formatRest(cursor, encodeBase64),
};

/** Base64 over all remaining tokens, or `-` for none (DOA data). */
export const base64OrDash: Field = {
  parse(parser) {
    if (parser.tokens.next === parser.tokens.count - 1 && parser.tokens.is(parser.tokens.next, '-')) {
      parser.tokens.next++;
      return true;
    }
    return base64.parse(parser);
  },
  check: (cursor) => skipRest(cursor) >= 0,
  format: (cursor) => formatRest(cursor, encodeBase64) || '-',
};

/** Hexadecimal digits over all remaining tokens, at least one octet. */
export const hex: Field = {
  parse(parser) {
    const octets = parser.hexRest();
    return octets > 0 || (octets === 0 && missing(parser));
  },
  check: (cursor) => skipRest(cursor) > 0,
  format: (cursor) => formatRest(cursor, encodeBase16),
};

/** Hexadecimal digits whose number is fixed by the octet in front, for the values in `lengths`; else `least`. */
function sizedHex(lengths: ReadonlyMap<number, number>, least: number): Field {
  const isGood = (selector: number, octets: number): boolean => {
    const fixed = lengths.get(selector);
    return fixed === undefined ? octets >= least : octets === fixed;
  };
  return {
    parse(parser) {
      const selector = parser.octets[parser.length - 1]!;
      const first = parser.tokens.next;
      const octets = parser.hexRest();
      if (octets < 0 || (octets > 0 && isGood(selector, octets))) return octets >= 0;
      if (octets === 0) return missing(parser);
      const wanted = lengths.get(selector) ?? `at least ${least}`;
      return parser.fail(`${parser.fieldName}: ${octets} octets; ${wanted} are needed for type ${selector}`, {
        token: first,
      });
    },
    check(cursor) {
      const selector = cursor.octets[cursor.at - 1]!;
      const octets = skipRest(cursor);
      return octets > 0 && isGood(selector, octets);
    },
    format: (cursor) => formatRest(cursor, encodeBase16),
  };
}

const SHA1 = 20;
const SHA256 = 32;
const SHA384 = 48;
const SHA512 = 64;

/** DS digest behind its type (RFC 4034 §5.1.4, 4509, 5933, 6605). */
export const dsDigest: Field = sizedHex(
  new Map([
    [1, SHA1],
    [2, SHA256],
    [3, SHA256],
    [4, SHA384],
  ]),
  1,
);
/** SSHFP fingerprint behind its type (RFC 4255 §3.1.2, 6594). */
export const fingerprint: Field = sizedHex(
  new Map([
    [1, SHA1],
    [2, SHA256],
  ]),
  1,
);
/** ZONEMD digest behind its hash algorithm (RFC 8976 §2.2.4: never under 12 octets). */
export const zoneDigest: Field = sizedHex(
  new Map([
    [1, SHA384],
    [2, SHA512],
  ]),
  12,
);

/** One token of octets behind their length in one octet. */
function countedField(decode: typeof decodeBase16Into, encode: typeof encodeBase16, what: string): Field {
  return {
    parse(parser) {
      const token = parser.take();
      if (token === -1) return false;
      const lengthAt = parser.length++;
      const octets = parser.decode(token, token + 1, decode, what);
      if (octets < 0) return false;
      if (octets === 0 || octets > 255) return parser.failToken(token, 'of 1 to 255 octets');
      parser.octets[lengthAt] = octets;
      return true;
    },
    check: (cursor) => cursor.at < cursor.end && skip(cursor, 1 + cursor.octets[cursor.at]!),
    format(cursor) {
      const from = cursor.at + 1;
      cursor.at = from + cursor.octets[cursor.at]!;
      return encode(cursor.octets, from, cursor.at);
    },
  };
}

const countedHex = countedField(decodeBase16Into, encodeBase16, 'hexadecimal');
const countedBase32 = countedField(decodeBase32HexInto, encodeBase32Hex, 'base32hex');

/** NSEC3 salt: hexadecimal, `-` for none (RFC 5155 §3.3). */
export const salt: Field = {
  ...countedHex,
  parse(parser) {
    if (!parser.hasToken() || !parser.tokens.is(parser.tokens.next, '-')) return countedHex.parse(parser);
    parser.tokens.next++;
    parser.put8(0);
    return true;
  },
  format: (cursor) => countedHex.format(cursor) || '-',
};

/** NSEC3 next hashed owner: base32hex without padding, at least one octet (RFC 5155 §3.3). */
export const nextHash: Field = {
  ...countedBase32,
  check: (cursor) => cursor.octets[cursor.at] !== 0 && countedBase32.check(cursor),
};
