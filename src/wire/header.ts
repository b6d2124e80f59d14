/**
 * @hot The header of a DNS message (RFC 1035 §4.1.1, flag bits AD and CD: RFC 4035 §3.1.6, §3.2.2), read and
 * written in place.
 *
 * ```
 *    0   1                             │ 15 14 13 12 11 10 9 8 7 6  5  4  3 2 1 0   bits of FLAGS
 *   ┌───────┬───────┬─────────┐        │ QR └─opcode──┘ AA TC RD RA Z AD CD └rcode─┘
 * 0 │  ID   │ FLAGS │ QDCOUNT │ 5      │
 * 6 │ANCOUNT│NSCOUNT│ ARCOUNT │ 11     │
 *   └───────┴───────┴─────────┘        │
 * ```
 * Offsets count from the start of the message; a message that does not start its buffer adds its own offset.
 */

/** Offsets of the header's fields, two octets each, and the header's size. */
export const HEADER = {
  ID: 0,
  FLAGS: 2,
  QDCOUNT: 4,
  ANCOUNT: 6,
  NSCOUNT: 8,
  ARCOUNT: 10,
  OCTETS: 12,
} as const;

/** Bits of the flags word. */
export const FLAG = {
  /** The message is a response. */
  QR: 0x8000,
  /** Authoritative answer. */
  AA: 0x0400,
  /** Truncated. */
  TC: 0x0200,
  /** Recursion desired: copied into the response. */
  RD: 0x0100,
  /** Recursion available: never set here. */
  RA: 0x0080,
  /** Authentic data. */
  AD: 0x0020,
  /** Checking disabled: copied into the response. */
  CD: 0x0010,
} as const;

const OPCODE_SHIFT = 11;
const OPCODE_MASK = 0x0f;
const RCODE_MASK = 0x0f;

/** The 16-bit number at `offset`, in network order. */
export function getU16(octets: Uint8Array, offset: number): number {
  return (octets[offset]! << 8) | octets[offset + 1]!;
}

/** Writes a 16-bit number at `offset`, in network order. */
export function setU16(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 8;
  octets[offset + 1] = value;
}

/** The 32-bit number at `offset`, unsigned, in network order. */
export function getU32(octets: Uint8Array, offset: number): number {
  return ((getU16(octets, offset) << 16) | getU16(octets, offset + 2)) >>> 0;
}

/** Writes a 32-bit number at `offset`, in network order. */
export function setU32(octets: Uint8Array, offset: number, value: number): void {
  setU16(octets, offset, value >>> 16);
  setU16(octets, offset + 2, value);
}

export function getId(octets: Uint8Array, message = 0): number {
  return getU16(octets, message + HEADER.ID);
}

export function setId(octets: Uint8Array, id: number, message = 0): void {
  setU16(octets, message + HEADER.ID, id);
}

/** The flags word: test it with FLAG, take it apart with `opcodeOf` and `rcodeOf`. */
export function getFlags(octets: Uint8Array, message = 0): number {
  return getU16(octets, message + HEADER.FLAGS);
}

export function setFlags(octets: Uint8Array, flags: number, message = 0): void {
  setU16(octets, message + HEADER.FLAGS, flags);
}

/** One of the four counts: `field` is HEADER.QDCOUNT to HEADER.ARCOUNT. */
export function getCount(octets: Uint8Array, field: number, message = 0): number {
  return getU16(octets, message + field);
}

export function setCount(octets: Uint8Array, field: number, count: number, message = 0): void {
  setU16(octets, message + field, count);
}

/** Opcode in a flags word. */
export function opcodeOf(flags: number): number {
  return (flags >>> OPCODE_SHIFT) & OPCODE_MASK;
}

/** Lower four bits of the rcode, in a flags word; the rest is in OPT (RFC 6891 §6.1.3). */
export function rcodeOf(flags: number): number {
  return flags & RCODE_MASK;
}

/** Flags word of `opcode` and the lower four bits of `rcode`; add FLAG bits with `|`. */
export function flagsOf(opcode: number, rcode: number): number {
  return ((opcode & OPCODE_MASK) << OPCODE_SHIFT) | (rcode & RCODE_MASK);
}
