/** Writes records as lines of a master file: `owner TTL IN TYPE rdata`, separated by tabs. */
import { formatRdata } from '../rdata/text.ts';
import { formatType } from '../wire/iana.ts';
import { formatName } from '../wire/name.ts';

/**
 * One record as a line without line end: the owner at `ownerOffset` of `owner`, the TTL in seconds, and the RDATA
 * `rdata[offset, offset + length)`. Reading the line gives the same record.
 */
export function formatRecord(
  owner: Uint8Array,
  ownerOffset: number,
  ttl: number,
  type: number,
  rdata: Uint8Array,
  offset: number,
  length: number,
): string {
  const text = formatRdata(type, rdata, offset, length);
  return `${formatName(owner, ownerOffset)}\t${ttl}\tIN\t${formatType(type)}\t${text}`;
}
