/**
 * Domain names as wire octets (RFC 1035 §3.1): labels of 1–63 octets, each behind its length, ended by the root's
 * zero octet, at most 255 octets in all. A name here is never compressed. Any octet may stand in a label.
 *
 * Names are told apart without regard to ASCII case (RFC 4343); names in zone data are kept in lower case, so that
 * equal names are equal octets. Text exists only at the edges: `parseName` and `formatName`.
 *
 * Canonical order is that of RFC 4034 §6.1: by labels from the right, each compared as lower-case octets.
 */

/** Uncompressed wire octets of one name, root label included. */
export type Name = Uint8Array;

export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;
/** Labels of a name without the root: 127 one-octet labels fill 255 octets. */
export const MAX_LABELS = 127;

export const ROOT: Name = Uint8Array.of(0);

/** `.` */
const DOT = 46;

/** Octet → its ASCII lower-case octet. Rebuild: identity but for 65–90, which map to 97–122. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 65 && octet <= 90 ? octet + 32 : octet,
);

/** Octets that `name` takes in `buffer` from `offset`, root included. The name must be well formed. */
export function nameOctets(buffer: Uint8Array, offset: number): number {
  let at = offset;
  for (let length = buffer[at]!; length !== 0; length = buffer[at]!) at += length + 1;
  return at + 1 - offset;
}

/** Labels without the root: 2 for `example.com.`, 0 for the root. */
export function labelCount(buffer: Uint8Array, offset = 0): number {
  let count = 0;
  for (let at = offset; buffer[at] !== 0; at += buffer[at]! + 1) count++;
  return count;
}

/** Equality of two well-formed names without regard to ASCII case. */
export function equalNames(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  // Lengths are below 65, so that lowering them changes nothing.
  for (let i = 0; ; ) {
    const length = a[aOffset + i]!;
    if (length !== b[bOffset + i]) return false;
    if (length === 0) return true;
    for (const end = ++i + length; i < end; i++) {
      if (LOWER[a[aOffset + i]!] !== LOWER[b[bOffset + i]!]) return false;
    }
  }
}

/** The name in lower case, as a copy. */
export function lowerName(name: Name): Name {
  const lower = name.slice();
  for (let i = 0; i < lower.length; i++) lower[i] = LOWER[lower[i]!]!;
  return lower;
}

const labelsA = new Uint16Array(MAX_LABELS + 1);
const labelsB = new Uint16Array(MAX_LABELS + 1);

function collectLabels(buffer: Uint8Array, offset: number, into: Uint16Array): number {
  let count = 0;
  for (let at = offset; buffer[at] !== 0; at += buffer[at]! + 1) into[count++] = at - offset;
  return count;
}

/**
 * Canonical order of two well-formed names (RFC 4034 §6.1): negative if `a` comes first, 0 if equal.
 * Leaf routine on primitives; its module scratch is not held across calls.
 */
export function compareCanonical(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  let i = collectLabels(a, aOffset, labelsA);
  let j = collectLabels(b, bOffset, labelsB);
  while (i > 0 && j > 0) {
    const order = compareLabels(a, aOffset + labelsA[--i]!, b, bOffset + labelsB[--j]!);
    if (order !== 0) return order;
  }
  return i - j;
}

/** Compares two labels (at their length octets) as lower-case octet strings, the shorter first on a tie. */
function compareLabels(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  const aLength = a[aOffset]!;
  const bLength = b[bOffset]!;
  const shared = Math.min(aLength, bLength);
  for (let k = 1; k <= shared; k++) {
    const order = LOWER[a[aOffset + k]!]! - LOWER[b[bOffset + k]!]!;
    if (order !== 0) return order;
  }
  return aLength - bLength;
}

/** True if `name` is `ancestor` or below it. Both well formed. */
export function isAtOrBelow(name: Name, ancestor: Name): boolean {
  const surplus = labelCount(name) - labelCount(ancestor);
  return surplus >= 0 && equalNames(name, suffixOffset(name, surplus), ancestor, 0);
}

/** Offset of the suffix of `name` that remains when `labels` labels are taken off its front. */
export function suffixOffset(name: Name, labels: number): number {
  let at = 0;
  for (let i = 0; i < labels; i++) at += name[at]! + 1;
  return at;
}

/** The name without its first label, as a view; the root has no parent and is returned itself. */
export function parentName(name: Name): Name {
  return name[0] === 0 ? name : name.subarray(name[0]! + 1);
}

/** `*.` in front of `name`, or undefined if that would be too long. */
export function wildcardOf(name: Name): Name | undefined {
  return concatLabel(Uint8Array.of(42), name);
}

/** `label` in front of `name`, or undefined if the result would break a length limit. */
export function concatLabel(label: Uint8Array, name: Name): Name | undefined {
  if (label.length === 0 || label.length > MAX_LABEL_OCTETS) return undefined;
  if (label.length + 1 + name.length > MAX_NAME_OCTETS) return undefined;
  const joined = new Uint8Array(label.length + 1 + name.length);
  joined[0] = label.length;
  joined.set(label, 1);
  joined.set(name, label.length + 1);
  return joined;
}

/** Why a text is not a name. */
export type NameFault =
  | 'empty'
  | 'empty label'
  | 'label over 63 octets'
  | 'name over 255 octets'
  | 'bad escape';

/** Of the name that is parsed; what is beyond the longest name is not kept. */
const parsed = new Uint8Array(MAX_NAME_OCTETS);

/**
 * Parses presentation form (RFC 1035 §5.1, `\X` and `\DDD`); a name without a final dot is taken below `origin`, `@`
 * is the origin itself. The case of letters is kept. Returns the name or what is wrong.
 */
export function parseName(text: string, origin: Name = ROOT): Name | NameFault {
  if (text === '@') return origin;
  if (text === '.') return ROOT;
  if (text === '') return 'empty';
  let lengthAt = 0;
  let end = 1;
  let endedByDot = false;
  for (let i = 0; i < text.length; i++) {
    let octet = text.charCodeAt(i);
    endedByDot = false;
    if (octet === DOT) {
      if (end === lengthAt + 1) return 'empty label';
      parsed[lengthAt] = end - lengthAt - 1;
      lengthAt = end++;
      endedByDot = true;
      continue;
    }
    if (octet === 92) {
      const digits = /^[0-9]{3}/.exec(text.slice(i + 1, i + 4));
      if (digits !== null) {
        octet = Number(digits[0]);
        i += 3;
      } else {
        if (i + 1 >= text.length || /[0-9]/.test(text[i + 1]!)) return 'bad escape';
        octet = text.charCodeAt(++i);
      }
    }
    if (octet > 255) return 'bad escape';
    parsed[end++] = octet;
    if (end - lengthAt - 1 > MAX_LABEL_OCTETS) return 'label over 63 octets';
  }
  parsed[lengthAt] = end - lengthAt - 1;
  const tail = endedByDot ? 0 : origin.length;
  if (end + tail > MAX_NAME_OCTETS) return 'name over 255 octets';
  if (tail > 0) parsed.set(origin, end);
  return parsed.slice(0, end + tail);
}

/** As `parseName`, for names known to be good; throws on a fault. For constants and tests. */
export function nameOf(text: string): Name {
  const name = parseName(text);
  if (typeof name === 'string') throw new TypeError(`not a domain name (${name}): ${text}`);
  return name;
}

const ESCAPED = new Set([...'."\\;()@$'].map((character) => character.charCodeAt(0)));

/** Presentation form with a final dot; `\X` for the specials, `\DDD` for what is not printable ASCII. */
export function formatName(buffer: Uint8Array, offset = 0): string {
  if (buffer[offset] === 0) return '.';
  let end = 0;
  for (let at = offset; buffer[at] !== 0; at += buffer[at]! + 1) {
    for (let i = at + 1; i <= at + buffer[at]!; i++) {
      const octet = buffer[i]!;
      if (IS_PLAIN[octet] === 1) formatted[end++] = octet;
      else end += formatted.write(formatOctet(octet), end, 'latin1');
    }
    formatted[end++] = DOT;
  }
  return formatted.toString('latin1', 0, end);
}

/** Each octet takes four characters at most. One string is made of it: put together by additions it would keep all parts. */
const formatted = Buffer.alloc(MAX_NAME_OCTETS * 4);
/** 1 for octets that stand for themselves. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, octet) => (formatOctet(octet).length === 1 ? 1 : 0));

function formatOctet(octet: number): string {
  if (octet <= 32 || octet >= 127) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return ESCAPED.has(octet) ? `\\${character}` : character;
}
