/** Type bitmaps of NSEC, NSEC3 and CSYNC (RFC 4034 §4.1.2): windows of 256 types, as many octets as needed. */

const WINDOW_TYPES = 256;
const MAX_WINDOW_OCTETS = 32;

/** Encodes a set of types, given in any order and any number of times. */
export function encodeTypeBitmap(types: readonly number[]): Uint8Array {
  const sorted = [...types].sort((a, b) => a - b);
  const octets: number[] = [];
  for (let i = 0; i < sorted.length; ) {
    const window = Math.floor(sorted[i]! / WINDOW_TYPES);
    const bits: number[] = [];
    for (; i < sorted.length && Math.floor(sorted[i]! / WINDOW_TYPES) === window; i++) {
      const bit = sorted[i]! % WINDOW_TYPES;
      while (bits.length <= bit >> 3) bits.push(0);
      bits[bit >> 3]! |= 0x80 >> (bit & 7);
    }
    octets.push(window, bits.length, ...bits);
  }
  return Uint8Array.from(octets);
}

/** Types of a bitmap, ascending; undefined if it is malformed. */
export function decodeTypeBitmap(
  octets: Uint8Array,
  start = 0,
  end: number = octets.length,
): number[] | undefined {
  const types: number[] = [];
  let lastWindow = -1;
  for (let at = start; at < end; ) {
    if (at + 2 > end) return undefined;
    const window = octets[at]!;
    const length = octets[at + 1]!;
    const from = at + 2;
    if (window <= lastWindow || length === 0 || length > MAX_WINDOW_OCTETS) return undefined;
    if (from + length > end || octets[from + length - 1] === 0) return undefined;
    for (let bit = 0; bit < length * 8; bit++) {
      if ((octets[from + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) types.push(window * WINDOW_TYPES + bit);
    }
    lastWindow = window;
    at = from + length;
  }
  return types;
}
