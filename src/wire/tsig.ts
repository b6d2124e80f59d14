/** @hot The TSIG record (RFC 8945 §4.2) of a response to a query whose key is not known: here no key is. */
import { getU16 } from './header.ts';
import { RRTYPE } from './iana.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from './name.ts';
import type { Writer } from './writer.ts';

const BADKEY = 17;
const CLASS_ANY = 255;
/** Type, class, TTL and RDLENGTH behind the owner. */
const TAIL_OCTETS = 10;
/** Behind the algorithm: time signed and fudge; then length of the MAC. */
const TIMES_OCTETS = 8;
/** Length of the MAC, original ID, error, length of other data. */
const REST_OCTETS = 8;

/**
 * Puts the record that RFC 8945 §5.3.2 wants: key and algorithm of the query's TSIG, which stands at `tsigAt` of
 * `request`, its times and its original ID, no MAC, the error BADKEY. False, and nothing is put, if that cannot be read
 * or does not fit.
 */
export function putBadKey(writer: Writer, request: Uint8Array, tsigAt: number): boolean {
  const tailAt = plainNameEnd(request, tsigAt, request.length);
  if (tailAt < 0 || tailAt + TAIL_OCTETS > request.length) return false;
  const rdataAt = tailAt + TAIL_OCTETS;
  const end = rdataAt + getU16(request, tailAt + 8);
  if (end > request.length) return false;
  const timesAt = plainNameEnd(request, rdataAt, end);
  if (timesAt < 0 || timesAt + TIMES_OCTETS + 2 > end) return false;
  const originalIdAt = timesAt + TIMES_OCTETS + 2 + getU16(request, timesAt + TIMES_OCTETS);
  if (originalIdAt + 6 > end) return false;
  const rdataOctets = timesAt - rdataAt + TIMES_OCTETS + REST_OCTETS;
  if (writer.position + (rdataAt - tsigAt) + rdataOctets > writer.limit) return false;
  writer.putOctets(request, tsigAt, tailAt - tsigAt);
  writer.putU16(RRTYPE.TSIG);
  writer.putU16(CLASS_ANY);
  writer.putU32(0);
  writer.putU16(rdataOctets);
  writer.putOctets(request, rdataAt, timesAt + TIMES_OCTETS - rdataAt);
  writer.putU16(0);
  writer.putU16(getU16(request, originalIdAt));
  writer.putU16(BADKEY);
  writer.putU16(0);
  return true;
}

/** Offset behind the name at `start`, or -1 if it is malformed, compressed or goes beyond `end`. */
function plainNameEnd(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end && at - start < MAX_NAME_OCTETS; at += octets[at]! + 1) {
    if (octets[at] === 0) return at + 1;
    if (octets[at]! > MAX_LABEL_OCTETS) return -1;
  }
  return -1;
}
