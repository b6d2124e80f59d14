/** Fields that are character strings (RFC 1035 §3.3): at most 255 octets of any value behind their length. */
import { type Field, skip, skipRest, type WireCursor } from './field.ts';

const QUOTE = 34;
const BACKSLASH = 92;

/** Octets as a quoted string: `\"`, `\\` and `\DDD` for what is not printable ASCII. */
export function quoted(octets: Uint8Array, start: number, end: number): string {
  let text = '"';
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    if (octet === QUOTE || octet === BACKSLASH) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 32 || octet > 126) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return `${text}"`;
}

function checkString(cursor: WireCursor): boolean {
  return cursor.at < cursor.end && skip(cursor, 1 + cursor.octets[cursor.at]!);
}

function formatString(cursor: WireCursor): string {
  const from = cursor.at + 1;
  cursor.at = from + cursor.octets[cursor.at]!;
  return quoted(cursor.octets, from, cursor.at);
}

export const string: Field = {
  parse: (parser) => parser.string(),
  check: checkString,
  format: formatString,
};

/** At least one string, up to the end of the RDATA (TXT and its likes). */
export const strings: Field = {
  parse(parser) {
    do {
      if (!parser.string()) return false;
    } while (parser.hasToken());
    return true;
  },
  check(cursor) {
    do {
      if (!checkString(cursor)) return false;
    } while (cursor.at < cursor.end);
    return true;
  },
  format(cursor) {
    const texts: string[] = [];
    while (cursor.at < cursor.end) texts.push(formatString(cursor));
    return texts.join(' ');
  },
};

/** A last string that may be absent (ISDN sub-address, RFC 1183 §3.2). */
export const optionalString: Field = {
  parse: (parser) => !parser.hasToken() || parser.string(),
  check: (cursor) => cursor.at === cursor.end || checkString(cursor),
  format: (cursor) => (cursor.at === cursor.end ? '' : formatString(cursor)),
};

/** A string whose characters must all pass `accepts` and which has at least `least` of them. */
function restrictedString(least: number, accepts: (octet: number) => boolean, what: string): Field {
  const isGood = (octets: Uint8Array, from: number, to: number): boolean => {
    for (let at = from; at < to; at++) if (!accepts(octets[at]!)) return false;
    return to - from >= least;
  };
  return {
    parse(parser) {
      const from = parser.length + 1;
      if (!parser.string()) return false;
      return isGood(parser.octets, from, parser.length) || parser.failToken(parser.tokens.next - 1, what);
    },
    check(cursor) {
      const from = cursor.at + 1;
      return checkString(cursor) && isGood(cursor.octets, from, cursor.at);
    },
    format: formatString,
  };
}

function isDigit(octet: number): boolean {
  return octet >= 48 && octet <= 57;
}

function isLetter(octet: number): boolean {
  return (octet | 32) >= 97 && (octet | 32) <= 122;
}

/** X25 address: at least four digits (RFC 1183 §3.1). */
export const digits: Field = restrictedString(4, isDigit, 'an X.121 address (at least four digits)');

/** CAA property tag: letters and digits (RFC 8659 §4.1); written without quotation marks. */
export const propertyTag: Field = {
  ...restrictedString(
    1,
    (octet) => isDigit(octet) || isLetter(octet),
    'a property tag (letters and digits, such as issue)',
  ),
  format: (cursor) => formatString(cursor).slice(1, -1),
};

function longString(least: number): Field {
  return {
    parse(parser) {
      const token = parser.take();
      if (token === -1) return false;
      const octets = parser.putUnescaped(token);
      return octets >= least || (octets >= 0 && parser.fail(`the ${parser.fieldName} is empty`, { token }));
    },
    check: (cursor) => skipRest(cursor) >= least,
    format(cursor) {
      const from = cursor.at;
      skipRest(cursor);
      return quoted(cursor.octets, from, cursor.end);
    },
  };
}

/** The rest of the RDATA as one string without length: CAA value. */
export const restString: Field = longString(0);
/** The same with at least one octet: URI target (RFC 7553 §4.4). */
export const restStringFilled: Field = longString(1);
