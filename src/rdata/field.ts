/**
 * A field of RDATA: how it is written, how it is laid out, what of it is canonical. Every record type is a row of
 * fields (rdata/descriptor); a field knows nothing of the type around it but the octets in front of it.
 */
import { LOWER, MAX_NAME_OCTETS } from '../wire/name.ts';
import type { FieldParser } from './fieldparser.ts';

/** A position in RDATA octets; `end` is where the RDATA ends. */
export interface WireCursor {
  readonly octets: Uint8Array;
  /** Where the RDATA begins. */
  readonly start: number;
  at: number;
  readonly end: number;
  /** Names of this type are lower-cased by `check`. */
  readonly lower: boolean;
}

export interface Field {
  /** Consumes tokens and appends octets; false (and a fault) if the text is wrong. */
  parse(parser: FieldParser): boolean;
  /** Steps over the field; false if it is malformed. Lowers names in place where `cursor.lower` says so. */
  check(cursor: WireCursor): boolean;
  /** Steps over a field that `check` has accepted and returns its text: empty if there is nothing to write,
   * undefined if only the form of RFC 3597 can write it.
   */
  format(cursor: WireCursor): string | undefined;
}

/** Steps over `octets` octets; false if there are fewer. */
export function skip(cursor: WireCursor, octets: number): boolean {
  if (cursor.at + octets > cursor.end) return false;
  cursor.at += octets;
  return true;
}

/** Steps over the rest; returns how many octets it has. */
export function skipRest(cursor: WireCursor): number {
  const octets = cursor.end - cursor.at;
  cursor.at = cursor.end;
  return octets;
}

/** Reads an unsigned number of 1, 2 or 4 octets in network order. */
export function readNumber(cursor: WireCursor, octets: number): number {
  let value = 0;
  for (let i = 0; i < octets; i++) value = value * 256 + cursor.octets[cursor.at++]!;
  return value;
}

/** Steps over an uncompressed name, lowering it if asked; false if it is malformed or runs out of the RDATA. */
export function checkName(cursor: WireCursor, lower = cursor.lower): boolean {
  const { octets, end } = cursor;
  const from = cursor.at;
  for (let at = from; at < end; ) {
    const length = octets[at]!;
    if (length > 63) return false;
    const next = at + 1 + length;
    if (next > end || next - from > MAX_NAME_OCTETS) return false;
    if (length === 0) {
      cursor.at = next;
      return true;
    }
    if (lower) for (let i = at + 1; i < next; i++) octets[i] = LOWER[octets[i]!]!;
    at = next;
  }
  return false;
}
