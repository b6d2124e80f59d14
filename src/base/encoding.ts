/**
 * Base16, base32hex and base64 (RFC 4648 §8, §7, §4), strict: no blanks, no wrong padding, no bits that are lost.
 * Decoders work on ASCII octets, as master files hold them, and tell where a fault is.
 */

const NO_DIGIT = 255;

function digitsOf(alphabet: string, foldsCase: boolean): Uint8Array {
  const digits = new Uint8Array(256).fill(NO_DIGIT);
  for (let value = 0; value < alphabet.length; value++) {
    digits[alphabet.charCodeAt(value)] = value;
    if (foldsCase) digits[alphabet.toLowerCase().charCodeAt(value)] = value;
  }
  return digits;
}

const HEX = '0123456789ABCDEF';
const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const HEX_DIGIT = digitsOf(HEX, true);
const BASE32HEX_DIGIT = digitsOf(BASE32HEX, true);
const BASE64_DIGIT = digitsOf(BASE64, false);

const PADDING = 61;

/** Value of a hexadecimal digit, or 255. */
export function hexDigit(octet: number): number {
  return HEX_DIGIT[octet]!;
}

/** Upper-case hexadecimal digits of `octets[start, end)`. */
export function encodeBase16(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = '';
  for (let at = start; at < end; at++) text += HEX[octets[at]! >> 4]! + HEX[octets[at]! & 15]!;
  return text;
}

/** Base32hex without padding, upper case (RFC 5155 §3.3 writes hashed owners so). */
export function encodeBase32Hex(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = '';
  let bits = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    bits = ((bits & 31) << 8) | octets[at]!;
    for (count += 8; count >= 5; count -= 5) text += BASE32HEX[(bits >> (count - 5)) & 31];
  }
  return count > 0 ? text + BASE32HEX[(bits << (5 - count)) & 31] : text;
}

/** Base64 with padding. */
export function encodeBase64(octets: Uint8Array, start = 0, end = octets.length): string {
  let text = '';
  for (let at = start; at < end; at += 3) {
    const second = at + 1 < end ? octets[at + 1]! : 0;
    const third = at + 2 < end ? octets[at + 2]! : 0;
    const bits = (octets[at]! << 16) | (second << 8) | third;
    text += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]!;
    text += at + 1 < end ? BASE64[(bits >> 6) & 63]! : '=';
    text += at + 2 < end ? BASE64[bits & 63]! : '=';
  }
  return text;
}

/**
 * The decoders `decode…Into` read `text[start, end)` and write to `out` from `outAt`; what does not fit is dropped
 * but counted. They return the number of octets, or -1 - offset if the octet of `text` at `offset` is wrong
 * (`offset === end`: the text is too short).
 */
export type DecodeInto = (
  text: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
) => number;

/** Base16, digits of either case. */
export const decodeBase16Into: DecodeInto = (text, start, end, out, outAt) => {
  let at = start;
  let to = outAt;
  for (; at + 1 < end; at += 2) {
    const high = HEX_DIGIT[text[at]!]!;
    const low = HEX_DIGIT[text[at + 1]!]!;
    if (high === NO_DIGIT) return -1 - at;
    if (low === NO_DIGIT) return -2 - at;
    out[to++] = (high << 4) | low;
  }
  if (at < end) return HEX_DIGIT[text[at]!] === NO_DIGIT ? -1 - at : -1 - end;
  return to - outAt;
};

/** Base32hex of either case, without padding; the bits left over are 0. */
export const decodeBase32HexInto: DecodeInto = (text, start, end, out, outAt) => {
  let to = outAt;
  let bits = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    const digit = BASE32HEX_DIGIT[text[at]!]!;
    if (digit === NO_DIGIT) return -1 - at;
    bits = ((bits & 255) << 5) | digit;
    count += 5;
    if (count >= 8) {
      count -= 8;
      out[to++] = bits >> count;
    }
  }
  if (count >= 5) return -1 - end;
  return (bits & ((1 << count) - 1)) === 0 ? to - outAt : -end;
};

/** Base64 with padding; the bits left over are 0. */
export const decodeBase64Into: DecodeInto = (text, start, end, out, outAt) => {
  let to = outAt;
  let bits = 0;
  let count = 0;
  let at = start;
  for (; at < end && text[at] !== PADDING; at++) {
    const digit = BASE64_DIGIT[text[at]!]!;
    if (digit === NO_DIGIT) return -1 - at;
    bits = ((bits & 255) << 6) | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out[to++] = bits >> count;
    }
  }
  if (count === 6 || (bits & ((1 << count) - 1)) !== 0) return -1 - (at === end ? end : at);
  const padding = count / 2;
  for (let missing = padding; missing > 0; missing--, at++) {
    if (at === end) return -1 - end;
    if (text[at] !== PADDING) return -1 - at;
  }
  return at === end ? to - outAt : -1 - at;
};

function decodeText(text: string, into: DecodeInto): Uint8Array | undefined {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return undefined;
    octets[i] = code;
  }
  const out = new Uint8Array(text.length);
  const count = into(octets, 0, octets.length, out, 0);
  return count < 0 ? undefined : out.slice(0, count);
}

/** Octets of hexadecimal digits, or undefined. */
export function decodeBase16(text: string): Uint8Array | undefined {
  return decodeText(text, decodeBase16Into);
}

/** Octets of base32hex without padding, or undefined. */
export function decodeBase32Hex(text: string): Uint8Array | undefined {
  return decodeText(text, decodeBase32HexInto);
}

/** Octets of padded base64, or undefined. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return decodeText(text, decodeBase64Into);
}
