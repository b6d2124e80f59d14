/**
 * @hot The memory of one batch: what `recvmmsg` fills and `sendmmsg` takes. Slot i holds one datagram and its response;
 * pointers are written once, only lengths change.
 *
 * ```
 *   receive headers │ send headers │ receive iovecs │ send iovecs │ names │ control │ requests │ responses
 *   header i ─▶ name i, iovec i, control i        (struct mmsghdr, 64 octets: msghdr 56, msg_len)
 *   iovec  i ─▶ request i or response i           (struct iovec, 16 octets)
 * ```
 * A response goes to the name and with the control message of its request, so both headers share them: the control
 * message of a wildcard socket says which local address was asked, and lets the response leave from it (RFC 1122 §4.1.3.5).
 */
import type { Libc, Pointer } from './libc.ts';

const HEADER_OCTETS = 64;
const IOVEC_OCTETS = 16;
/** Largest socket address here: sockaddr_in6. */
const NAME_OCTETS = 28;
const NAME_STRIDE = 32;
/** CMSG_SPACE of the larger of in_pktinfo and in6_pktinfo. */
const CONTROL_OCTETS = 64;

/** Offsets in struct mmsghdr. */
const MSG = {
  NAME: 0,
  NAMELEN: 8,
  IOV: 16,
  IOVLEN: 24,
  CONTROL: 32,
  CONTROLLEN: 40,
  FLAGS: 48,
  LEN: 56,
} as const;
const IOV_LEN = 8;

export class Batch {
  readonly size: number;
  readonly receiveHeaders: Pointer;
  readonly sendHeaders: Pointer;
  /** Views of the requests and responses, by slot. */
  readonly requests: readonly Uint8Array[];
  readonly responses: readonly Uint8Array[];
  /** All names and control messages. */
  readonly octets: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #receiveAt: number;
  readonly #sendAt: number;
  readonly #sendIovAt: number;
  readonly #namesAt: number;
  readonly #controlAt: number;

  constructor(libc: Libc, size: number, requestOctets: number, responseOctets: number) {
    this.size = size;
    let total = 0;
    const take = (octets: number): number => {
      const at = total;
      total += (octets + 63) & ~63;
      return at;
    };
    this.#receiveAt = take(size * HEADER_OCTETS);
    this.#sendAt = take(size * HEADER_OCTETS);
    const receiveIovAt = take(size * IOVEC_OCTETS);
    this.#sendIovAt = take(size * IOVEC_OCTETS);
    this.#namesAt = take(size * NAME_STRIDE);
    this.#controlAt = take(size * CONTROL_OCTETS);
    const requestsAt = take(size * requestOctets);
    const responsesAt = take(size * responseOctets);
    const { address, buffer } = libc.map(total);
    this.octets = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.receiveHeaders = address + BigInt(this.#receiveAt);
    this.sendHeaders = address + BigInt(this.#sendAt);
    const views = (at: number, octets: number) =>
      Array.from({ length: size }, (_, i) => new Uint8Array(buffer, at + i * octets, octets));
    this.requests = views(requestsAt, requestOctets);
    this.responses = views(responsesAt, responseOctets);
    this.#link(address, this.#receiveAt, receiveIovAt, requestsAt, requestOctets);
    this.#link(address, this.#sendAt, this.#sendIovAt, responsesAt, responseOctets);
  }

  /** Writes the pointers of one row of headers. */
  #link(base: Pointer, headersAt: number, iovAt: number, dataAt: number, dataOctets: number): void {
    const view = new DataView(this.octets.buffer);
    const point = (at: number, to: number) => view.setBigUint64(at, base + BigInt(to), true);
    for (let i = 0; i < this.size; i++) {
      const header = headersAt + i * HEADER_OCTETS;
      const iov = iovAt + i * IOVEC_OCTETS;
      point(header + MSG.NAME, this.#namesAt + i * NAME_STRIDE);
      point(header + MSG.IOV, iov);
      view.setBigUint64(header + MSG.IOVLEN, 1n, true);
      point(header + MSG.CONTROL, this.#controlAt + i * CONTROL_OCTETS);
      point(iov, dataAt + i * dataOctets);
      view.setBigUint64(iov + IOV_LEN, BigInt(dataOctets), true);
    }
  }

  /** Readies the first `count` slots to receive; `wantsControl` for sockets that tell the local address. */
  prepare(count: number, wantsControl: boolean): void {
    for (let i = 0; i < count; i++) {
      const header = (this.#receiveAt + i * HEADER_OCTETS) >> 2;
      this.#u32[header + (MSG.NAMELEN >> 2)] = NAME_OCTETS;
      this.#u32[header + (MSG.CONTROLLEN >> 2)] = wantsControl ? CONTROL_OCTETS : 0;
      this.#u32[header + (MSG.FLAGS >> 2)] = 0;
    }
  }

  /** Octets of the datagram in slot `i`. */
  received(i: number): number {
    return this.#u32[(this.#receiveAt + i * HEADER_OCTETS + MSG.LEN) >> 2]!;
  }

  /** Offset in `octets` of the peer's socket address: family, port, then the address (at +4 IPv4, +8 IPv6). */
  nameAt(i: number): number {
    return this.#namesAt + i * NAME_STRIDE;
  }

  /** Readies slot `i` to be sent with `length` octets, to where its request came from and from where it came to. */
  setResponse(i: number, length: number): void {
    const from = (this.#receiveAt + i * HEADER_OCTETS) >> 2;
    const to = (this.#sendAt + i * HEADER_OCTETS) >> 2;
    const controlOctets = this.#u32[from + (MSG.CONTROLLEN >> 2)]!;
    this.#u32[to + (MSG.NAMELEN >> 2)] = this.#u32[from + (MSG.NAMELEN >> 2)]!;
    this.#u32[to + (MSG.CONTROLLEN >> 2)] = controlOctets;
    this.#u32[(this.#sendIovAt + i * IOVEC_OCTETS + IOV_LEN) >> 2] = length;
    if (controlOctets > 0) this.#leaveFromAsked(i);
  }

  /**
   * Makes the control message that arrived one to send: IPv4's `ipi_spec_dst` is the local address already; the
   * interface is left to routing, but for link-local IPv6, which means nothing without it.
   */
  #leaveFromAsked(i: number): void {
    const at = this.#controlAt + i * CONTROL_OCTETS;
    const isIpv4 = this.octets[at + 8] === 0;
    const indexAt = isIpv4 ? at + 16 : at + 32;
    const isLinkLocal = !isIpv4 && this.octets[at + 16] === 0xfe && (this.octets[at + 17]! & 0xc0) === 0x80;
    if (!isLinkLocal) this.#u32[indexAt >> 2] = 0;
  }

  /** Pointer to the send header of slot `i`. */
  sendHeader(i: number): Pointer {
    return i === 0 ? this.sendHeaders : this.sendHeaders + BigInt(i * HEADER_OCTETS);
  }
}
