/**
 * @hot EDNS0 (RFC 6891) as a responder writes it: how large a response may be, the OPT record, Extended DNS Errors
 * (RFC 8914) and other options. Reading OPT is part of wire/query; which option goes where is in wire/edns-record.
 */

import { EDNS_OPTION, RRTYPE } from './iana.ts';
import type { Query } from './query.ts';
import type { Writer } from './writer.ts';

/** Largest UDP response, and the payload size we announce: passes everywhere unfragmented (DNS Flag Day 2020). */
export const UDP_PAYLOAD_OCTETS = 1232;
/** What every requestor can take over UDP (RFC 1035 §4.2.1, RFC 6891 §6.2.3). */
export const MIN_UDP_PAYLOAD_OCTETS = 512;
/** What the two-octet length of a stream can say (RFC 1035 §4.2.2). */
export const STREAM_PAYLOAD_OCTETS = 65_535;

/** Octets of an OPT record without options: root, type, payload size, extended rcode, version, flags, RDLENGTH. */
export const OPT_OCTETS = 11;
const OPT_VERSION = 0;
const DO_FLAG = 0x8000;
const CO_FLAG = 0x4000;
const RDLENGTH_OFFSET = 9;
/** Code and length of an option. */
export const OPTION_HEADER_OCTETS = 4;

/** Extended DNS Error info-codes (RFC 8914 §4) that an authoritative server has a use for. */
export const EDE = {
  OTHER: 0,
  DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10,
  NOT_READY: 14,
  BLOCKED: 15,
  PROHIBITED: 18,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
  /** RFC 9824 §9.2. */
  INVALID_QUERY_TYPE: 30,
} as const;

/** Octets that a response to `query` may have, over UDP or a stream. */
export function responseLimit(query: Query, isStream: boolean): number {
  if (isStream) return STREAM_PAYLOAD_OCTETS;
  if (!query.hasEdns) return MIN_UDP_PAYLOAD_OCTETS;
  // RFC 6891 §6.2.3: values below 512 are taken as 512.
  return Math.max(MIN_UDP_PAYLOAD_OCTETS, Math.min(query.udpPayload, UDP_PAYLOAD_OCTETS));
}

/**
 * Puts an OPT record without options: the upper eight bits of `rcode`, version 0, DO as in the query (RFC 3225 §3), CO if
 * compact denial understood it (RFC 9824 §5.1). Returns its offset, for `putEde`. The caller counts it in ARCOUNT.
 */
export function putOpt(writer: Writer, rcode: number, dnssecOk: boolean, compactOk = false): number {
  const optAt = writer.position;
  writer.putU8(0);
  writer.putU16(RRTYPE.OPT);
  writer.putU16(UDP_PAYLOAD_OCTETS);
  writer.putU8(rcode >>> 4);
  writer.putU8(OPT_VERSION);
  writer.putU16((dnssecOk ? DO_FLAG : 0) | (compactOk ? CO_FLAG : 0));
  writer.putU16(0);
  return optAt;
}

/**
 * Appends an Extended DNS Error to the OPT record at `optAt`, which is the last record written. `text` is UTF-8 for
 * people, may be empty, and is left out first if there is no room; then the whole option is. True if it was put.
 */
export function putEde(writer: Writer, optAt: number, infoCode: number, text: Uint8Array): boolean {
  const room = optionRoom(writer) - 2;
  if (room < 0) return false;
  const textOctets = text.length <= room ? text.length : 0;
  writer.putU16(EDNS_OPTION.EDE);
  writer.putU16(2 + textOctets);
  writer.putU16(infoCode);
  writer.putOctets(text, 0, textOctets);
  growOpt(writer, optAt);
  return true;
}

/** Appends the option `code` to the OPT record at `optAt`, as above, or nothing if there is no room for all of `value`. */
export function putOption(writer: Writer, optAt: number, code: number, value: Uint8Array): boolean {
  if (optionRoom(writer) < value.length) return false;
  writer.putU16(code);
  writer.putU16(value.length);
  writer.putOctets(value, 0, value.length);
  growOpt(writer, optAt);
  return true;
}

/**
 * Appends the Padding option (RFC 7830) to the OPT record at `optAt`, as its last: the message grows to the next multiple of
 * `blockOctets` (RFC 8467 §4.1), or up to the limit of the writer.
 */
export function putPadding(writer: Writer, optAt: number, blockOctets: number): void {
  const room = optionRoom(writer);
  if (room < 0) return;
  const past = (writer.position + OPTION_HEADER_OCTETS) % blockOctets;
  const octets = Math.min(room, past === 0 ? 0 : blockOctets - past);
  writer.putU16(EDNS_OPTION.PADDING);
  writer.putU16(octets);
  const at = writer.reserve(octets);
  writer.octets.fill(0, at, at + octets);
  growOpt(writer, optAt);
}

/** Octets that the value of one more option may have; negative if there is no room for its header. */
function optionRoom(writer: Writer): number {
  return writer.isOverflowed ? -1 : writer.limit - writer.position - OPTION_HEADER_OCTETS;
}

/** Counts what was appended in RDLENGTH. */
function growOpt(writer: Writer, optAt: number): void {
  writer.patchU16(optAt + RDLENGTH_OFFSET, writer.position - (optAt + RDLENGTH_OFFSET + 2));
}
