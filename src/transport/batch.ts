/**
 * @hot The memory of one batch: what `recvmmsg` fills, and where answers are written and made ready for `sendmmsg`
 * (transport/outgoing). Slot i holds one datagram and its response.
 *
 * ```
 *   receive headers │ send headers │ receive iovecs │ send iovecs │ names │ control │ requests │ responses
 *   header i ─▶ name i, iovec i, control i        (struct mmsghdr, 64 octets: msghdr 56, msg_len)
 *   iovec  i ─▶ request i                         (struct iovec, 16 octets)
 * ```
 * A response goes to the name and with the control message of its request: the control message of a wildcard socket says
 * which local address was asked, and lets the response leave from it (RFC 1122 §4.1.3.5).
 */
import type { Libc, Pointer } from './libc.ts';

/** Sizes of structures, and the room that each slot has for a socket address and for control messages. */
export const OCTETS = { HEADER: 64, IOVEC: 16, NAME: 32, CONTROL: 64 } as const;
/** Offsets in struct mmsghdr. */
export const MSGHDR = {
  NAME: 0,
  NAMELEN: 8,
  IOV: 16,
  IOVLEN: 24,
  CONTROL: 32,
  CONTROLLEN: 40,
  FLAGS: 48,
  LEN: 56,
} as const;
/** Offset of the length in struct iovec. */
export const IOV_LEN = 8;
/** Largest socket address here: sockaddr_in6. */
const LONGEST_NAME = 28;

export class Batch {
  readonly size: number;
  /** Where the memory begins; it does not move. */
  readonly address: Pointer;
  readonly receiveHeaders: Pointer;
  /** Views of the requests and responses, by slot. */
  readonly requests: readonly Uint8Array[];
  readonly responses: readonly Uint8Array[];
  /** All of the memory. */
  readonly octets: Uint8Array;
  readonly u32: Uint32Array;
  /** Offsets of the parts in the memory. */
  readonly sendHeadersAt: number;
  readonly sendIovecsAt: number;
  readonly namesAt: number;
  readonly controlAt: number;
  readonly responsesAt: number;
  readonly #receiveAt: number;

  constructor(libc: Libc, size: number, requestOctets: number, responseOctets: number) {
    this.size = size;
    let total = 0;
    const take = (octets: number): number => {
      const at = total;
      total += (octets + 63) & ~63;
      return at;
    };
    this.#receiveAt = take(size * OCTETS.HEADER);
    this.sendHeadersAt = take(size * OCTETS.HEADER);
    const receiveIovecsAt = take(size * OCTETS.IOVEC);
    this.sendIovecsAt = take(size * OCTETS.IOVEC);
    this.namesAt = take(size * OCTETS.NAME);
    this.controlAt = take(size * OCTETS.CONTROL);
    const requestsAt = take(size * requestOctets);
    this.responsesAt = take(size * responseOctets);
    const { address, buffer } = libc.map(total);
    this.address = address;
    this.octets = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.receiveHeaders = address + BigInt(this.#receiveAt);
    const views = (at: number, octets: number) =>
      Array.from({ length: size }, (_, i) => new Uint8Array(buffer, at + i * octets, octets));
    this.requests = views(requestsAt, requestOctets);
    this.responses = views(this.responsesAt, responseOctets);
    this.#link(receiveIovecsAt, requestsAt, requestOctets);
  }

  /** Writes the pointers of the receive headers. */
  #link(iovecsAt: number, dataAt: number, dataOctets: number): void {
    const view = new DataView(this.octets.buffer);
    const point = (at: number, to: number) => view.setBigUint64(at, this.address + BigInt(to), true);
    for (let i = 0; i < this.size; i++) {
      const header = this.#receiveAt + i * OCTETS.HEADER;
      const iovec = iovecsAt + i * OCTETS.IOVEC;
      point(header + MSGHDR.NAME, this.nameAt(i));
      point(header + MSGHDR.IOV, iovec);
      view.setBigUint64(header + MSGHDR.IOVLEN, 1n, true);
      point(header + MSGHDR.CONTROL, this.controlOf(i));
      point(iovec, dataAt + i * dataOctets);
      view.setBigUint64(iovec + IOV_LEN, BigInt(dataOctets), true);
    }
  }

  /** Readies the first `count` slots to receive; `wantsControl` for sockets that tell the local address. */
  prepare(count: number, wantsControl: boolean): void {
    for (let i = 0; i < count; i++) {
      const header = (this.#receiveAt + i * OCTETS.HEADER) >> 2;
      this.u32[header + (MSGHDR.NAMELEN >> 2)] = LONGEST_NAME;
      this.u32[header + (MSGHDR.CONTROLLEN >> 2)] = wantsControl ? OCTETS.CONTROL : 0;
      this.u32[header + (MSGHDR.FLAGS >> 2)] = 0;
    }
  }

  /** Octets of the datagram in slot `i`. */
  received(i: number): number {
    return this.#received(i, MSGHDR.LEN);
  }

  /** Octets of the peer's socket address. */
  nameOctets(i: number): number {
    return this.#received(i, MSGHDR.NAMELEN);
  }

  /** Octets of control messages that came with the datagram. */
  controlOctets(i: number): number {
    return this.#received(i, MSGHDR.CONTROLLEN);
  }

  #received(i: number, field: number): number {
    return this.u32[(this.#receiveAt + i * OCTETS.HEADER + field) >> 2]!;
  }

  /** Offset in `octets` of the peer's socket address: family, port, then the address (at +4 IPv4, +8 IPv6). */
  nameAt(i: number): number {
    return this.namesAt + i * OCTETS.NAME;
  }

  /** Offset in `octets` of the control messages of slot `i`. */
  controlOf(i: number): number {
    return this.controlAt + i * OCTETS.CONTROL;
  }

  /**
   * Makes the control message that arrived one to send: IPv4's `ipi_spec_dst` is the local address already; the
   * interface is left to routing, but for link-local IPv6, which means nothing without it.
   */
  leaveFromAsked(i: number): void {
    if (this.controlOctets(i) === 0) return;
    const at = this.controlOf(i);
    const isIpv4 = this.octets[at + 8] === 0;
    const indexAt = isIpv4 ? at + 16 : at + 32;
    const isLinkLocal = !isIpv4 && this.octets[at + 16] === 0xfe && (this.octets[at + 17]! & 0xc0) === 0x80;
    if (!isLinkLocal) this.u32[indexAt >> 2] = 0;
  }
}
