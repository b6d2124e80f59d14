/**
 * IPv4 and IPv6 addresses as text: dotted quads and RFC 4291 §2.2 in, RFC 5952 out. From octets to octets.
 *
 * @hot once a record of type A or AAAA
 */
import { hexDigit } from '../base/encoding.ts';

const DOT = 46;
const COLON = 58;
const IPV6_OCTETS = 16;

/** Writes the four octets of the dotted quad `text[start, end)`; false if it is none (no leading zeros). */
export function putIpv4(text: Uint8Array, start: number, end: number, out: Uint8Array, at: number): boolean {
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = start; i < end; i++) {
    const octet = text[i]!;
    if (octet === DOT) {
      if (digits === 0 || part === 3) return false;
      out[at + part++] = value;
      value = 0;
      digits = 0;
      continue;
    }
    if (octet < 48 || octet > 57 || (digits > 0 && value === 0)) return false;
    value = value * 10 + octet - 48;
    digits++;
    if (value > 255) return false;
  }
  if (part !== 3 || digits === 0) return false;
  out[at + 3] = value;
  return true;
}

/** Writes the sixteen octets of the IPv6 address `text[start, end)`; false if it is none. */
export function putIpv6(text: Uint8Array, start: number, end: number, out: Uint8Array, at: number): boolean {
  let to = 0;
  let gapAt = -1;
  let i = start;
  if (text[i] === COLON) {
    if (text[i + 1] !== COLON || end - start < 2) return false;
    i++;
  }
  while (i < end) {
    if (text[i] === COLON) {
      if (gapAt !== -1) return false;
      gapAt = to;
      i++;
      continue;
    }
    if (to === IPV6_OCTETS) return false;
    const groupAt = i;
    let value = 0;
    for (; i < end && hexDigit(text[i]!) !== 255; i++) {
      value = (value << 4) | hexDigit(text[i]!);
      if (i - groupAt === 4) return false;
    }
    if (i === groupAt) return false;
    if (text[i] === DOT && i < end) {
      if (to > 12 || !putIpv4(text, groupAt, end, out, at + to)) return false;
      to += 4;
      i = end;
      break;
    }
    out[at + to] = value >> 8;
    out[at + to + 1] = value & 255;
    to += 2;
    if (i === end) break;
    if (text[i] !== COLON || i + 1 === end) return false;
    i++;
  }
  if (gapAt === -1) return to === IPV6_OCTETS;
  if (to === IPV6_OCTETS) return false;
  out.copyWithin(at + IPV6_OCTETS - (to - gapAt), at + gapAt, at + to);
  out.fill(0, at + gapAt, at + IPV6_OCTETS - (to - gapAt));
  return true;
}

/** Dotted quad of the four octets at `at`. */
export function formatIpv4(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

/** Text of RFC 5952 of the sixteen octets at `at`: lower case, the longest run of zero groups as `::`. */
export function formatIpv6(octets: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => (octets[at + 2 * i]! << 8) | octets[at + 2 * i + 1]!);
  let runAt = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > runLength) {
      runAt = i;
      runLength = length;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (runAt === 0 && (runLength === 6 || (runLength === 5 && groups[5] === 0xffff))) {
    return `::${runLength === 5 ? 'ffff:' : ''}${formatIpv4(octets, at + 12)}`; // RFC 5952 §5
  }
  if (runAt === -1) return hex.join(':');
  return `${hex.slice(0, runAt).join(':')}::${hex.slice(runAt + runLength).join(':')}`;
}
