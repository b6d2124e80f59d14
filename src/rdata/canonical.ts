/**
 * Canonical RDATA (RFC 4034 §6.2): checks octets that did not come through our text parser (`\#` of RFC 3597) and
 * lowers their names where that section says so. Names must not be compressed.
 */
import { findCodec } from './codec.ts';

/**
 * A canonical copy of the RDATA `octets[offset, offset + length)`, or undefined if it is malformed. RDATA of unknown
 * types is copied as it is.
 */
export function canonicalRdata(
  type: number,
  octets: Uint8Array,
  offset: number,
  length: number,
): Uint8Array | undefined {
  const copy = octets.slice(offset, offset + length);
  const codec = findCodec(type);
  if (codec === undefined) return copy;
  const cursor = { octets: copy, start: 0, at: 0, end: length, lower: codec.lowersNames };
  for (const field of codec.fields) if (!field.check(cursor)) return undefined;
  return cursor.at === length ? copy : undefined;
}
