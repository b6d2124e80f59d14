/**
 * Domain names in master files, from octets to octets (RFC 1035 §5.1): no string is made. The twin for strings is
 * `parseName` of wire/name.
 *
 * @hot once or twice a record
 */
import { LOWER, MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from '../wire/name.ts';

/** Why octets are not a name; all are negative, so that they differ from a length. */
export const NAME_FAULT = {
  EMPTY: -1,
  EMPTY_LABEL: -2,
  LABEL_TOO_LONG: -3,
  NAME_TOO_LONG: -4,
  BAD_ESCAPE: -5,
} as const;

const NAME_FAULT_TEXT: Readonly<Record<number, string>> = {
  [NAME_FAULT.EMPTY]: 'an empty name',
  [NAME_FAULT.EMPTY_LABEL]: 'an empty label (two dots in a row, or one in front)',
  [NAME_FAULT.LABEL_TOO_LONG]: 'a label of more than 63 octets',
  [NAME_FAULT.NAME_TOO_LONG]: 'a name of more than 255 octets',
  [NAME_FAULT.BAD_ESCAPE]: 'a bad escape (write \\DDD with three digits up to 255, or \\ and one character)',
};

/** What is wrong, for a message. */
export function nameFaultText(fault: number): string {
  return NAME_FAULT_TEXT[fault] ?? 'not a name';
}

/** The stable code of what is wrong. */
export function nameFaultCode(fault: number): string {
  if (fault === NAME_FAULT.LABEL_TOO_LONG) return 'ZONE_LABEL_TOO_LONG';
  return fault === NAME_FAULT.NAME_TOO_LONG ? 'ZONE_NAME_TOO_LONG' : 'ZONE_BAD_NAME';
}

const DOT = 46;
const BACKSLASH = 92;
const AT_SIGN = 64;

/**
 * Writes the name in `text[start, end)` to `out` from `at`, in lower case if `lower`. A name without a final dot is
 * taken below `origin`; `@` is the origin itself. Returns the octets written or a NAME_FAULT. `out` has room for 255.
 */
export function putName(
  text: Uint8Array,
  start: number,
  end: number,
  origin: Name,
  out: Uint8Array,
  at: number,
  lower: boolean,
): number {
  if (end - start === 1) {
    if (text[start] === AT_SIGN) return putOrigin(origin, out, at, at, lower);
    if (text[start] === DOT) {
      out[at] = 0;
      return 1;
    }
  }
  if (start === end) return NAME_FAULT.EMPTY;
  let lengthAt = at;
  let to = at + 1;
  for (let i = start; i < end; i++) {
    let octet = text[i]!;
    if (octet === DOT) {
      const length = to - lengthAt - 1;
      if (length === 0) return NAME_FAULT.EMPTY_LABEL;
      if (length > MAX_LABEL_OCTETS) return NAME_FAULT.LABEL_TOO_LONG;
      out[lengthAt] = length;
      lengthAt = to++;
      continue;
    }
    if (octet === BACKSLASH) {
      octet = unescaped(text, i + 1, end);
      if (octet < 0) return NAME_FAULT.BAD_ESCAPE;
      i += escapeOctets(text, i + 1);
    }
    if (to - at >= MAX_NAME_OCTETS) return tooLong(to - lengthAt - 1);
    out[to++] = lower ? LOWER[octet]! : octet;
  }
  const length = to - lengthAt - 1;
  if (length > MAX_LABEL_OCTETS) return NAME_FAULT.LABEL_TOO_LONG;
  out[lengthAt] = length;
  if (length === 0) return to - at > MAX_NAME_OCTETS ? NAME_FAULT.NAME_TOO_LONG : to - at;
  return putOrigin(origin, out, at, to, lower);
}

/** A label that never ends is told as such. */
function tooLong(labelOctets: number): number {
  return labelOctets >= MAX_LABEL_OCTETS ? NAME_FAULT.LABEL_TOO_LONG : NAME_FAULT.NAME_TOO_LONG;
}

function putOrigin(origin: Name, out: Uint8Array, at: number, to: number, lower: boolean): number {
  const octets = to - at + origin.length;
  if (octets > MAX_NAME_OCTETS) return NAME_FAULT.NAME_TOO_LONG;
  for (let i = 0; i < origin.length; i++) out[to + i] = lower ? LOWER[origin[i]!]! : origin[i]!;
  return octets;
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 48 && octet <= 57;
}

/** The octet that an escape stands for, `at` being behind the backslash; -1 if it is none. */
export function unescaped(text: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  if (!isDigit(text[at])) return text[at]!;
  if (at + 3 > end || !isDigit(text[at + 1]) || !isDigit(text[at + 2])) return -1;
  const value = (text[at]! - 48) * 100 + (text[at + 1]! - 48) * 10 + (text[at + 2]! - 48);
  return value <= 255 ? value : -1;
}

/** Octets behind the backslash of a good escape: 3 for `\DDD`, else 1. */
export function escapeOctets(text: Uint8Array, at: number): number {
  return isDigit(text[at]) ? 3 : 1;
}
