/**
 * @hot The answers of one batch on their way out: messages for `sendmmsg`. Answers of one length to one peer are one message
 * that the kernel cuts apart (UDP_SEGMENT, Linux 4.18), so that it looks up the route and passes the network stack once
 * for all of them. Who asks so much from one port is a front end or a proxy; others get a message for each answer.
 *
 * ```
 *   slot     0    1    2    3        answers of 90, 90, 120 and 90 octets; those of 0, 1 and 3 to one peer
 *   message 0 ─▶ name 0, iovecs of 0, 1, 3, control 0: what came with the request, then UDP_SEGMENT 90
 *   message 1 ─▶ name 2, iovec  of 2,       control 2: what came with the request
 * ```
 */
import { assert } from '../base/assert.ts';
import { type Batch, IOV_LEN, MSGHDR, OCTETS } from './batch.ts';
import { type Pointer, SOL, UDP_SEGMENT } from './libc.ts';

/** Any path takes such datagrams whole (RFC 8200 §5): 1280 octets less the headers of IPv6 and UDP. */
const MAX_PART_OCTETS = 1232;
/** The kernel's bounds for one message: UDP_MAX_SEGMENTS, and the length of an IP packet, less some headers. */
const MAX_PARTS = 64;
const MAX_MESSAGE_OCTETS = 65_000;
/** struct cmsghdr, then the length of the parts in 16 bits; padded to the second length. */
const SEGMENT_CMSG = { LENGTH: 18, SPACE: 24 } as const;

/** Slots of the table of messages: a power of two, twice the largest batch. */
const TABLE_SLOTS = 256;
const MULTIPLIER = 0x9e37_79b1;
const NONE = -1;

export class Outgoing {
  /** Messages so far. */
  count = 0;
  readonly #batch: Batch;
  readonly #u32: Uint32Array;
  /** Message + 1, by a hash of its peer and length; 0: free. */
  readonly #table = new Uint8Array(TABLE_SLOTS);
  /** By slot: octets of its answer, and the slot that comes next in the same message. */
  readonly #lengths: Uint32Array;
  readonly #next: Int16Array;
  /** By message. */
  readonly #first: Int16Array;
  readonly #last: Int16Array;
  readonly #parts: Uint32Array;
  /** Pointers of all slots in two halves: names, iovecs, control, responses. */
  readonly #names: Uint32Array;
  readonly #iovecs: Uint32Array;
  readonly #control: Uint32Array;
  readonly #responses: Uint32Array;

  constructor(batch: Batch) {
    const { size, address } = batch;
    assert(size <= TABLE_SLOTS / 2, 'the table has twice as many slots as there can be messages');
    this.#batch = batch;
    this.#u32 = batch.u32;
    this.#lengths = new Uint32Array(size);
    this.#next = new Int16Array(size);
    this.#first = new Int16Array(size);
    this.#last = new Int16Array(size);
    this.#parts = new Uint32Array(size);
    const pointers = (at: number, stride: number): Uint32Array => {
      const wide = BigUint64Array.from({ length: size }, (_, i) => address + BigInt(at + i * stride));
      return new Uint32Array(wide.buffer);
    };
    this.#names = pointers(batch.namesAt, OCTETS.NAME);
    this.#iovecs = pointers(batch.sendIovecsAt, OCTETS.IOVEC);
    this.#control = pointers(batch.controlAt, OCTETS.CONTROL);
    this.#responses = pointers(batch.responsesAt, batch.responses[0]!.length);
  }

  /** Begins a batch. */
  begin(): void {
    this.count = 0;
    this.#table.fill(0);
  }

  /** Adds the answer in `slot`; with `mayShare` it may go in one message with others. */
  add(slot: number, length: number, mayShare: boolean): void {
    this.#batch.leaveFromAsked(slot);
    this.#lengths[slot] = length;
    this.#next[slot] = NONE;
    if (mayShare && length <= MAX_PART_OCTETS) this.#join(slot, length);
    else this.#open(slot);
  }

  /** Answers in a message. */
  partsOf(message: number): number {
    return this.#parts[message]!;
  }

  /** Pointer to the header of a message. */
  headerOf(message: number): Pointer {
    const { address, sendHeadersAt } = this.#batch;
    return address + BigInt(sendHeadersAt + message * OCTETS.HEADER);
  }

  /** Writes the headers of all messages: before they are sent. */
  arrange(): void {
    let iovec = 0;
    for (let message = 0; message < this.count; message++) {
      this.#putHeader(message, iovec);
      for (let slot = this.#first[message]!; slot !== NONE; slot = this.#next[slot]!) {
        this.#putIovec(iovec++, slot);
      }
    }
  }

  /** Begins anew with the answers of the messages from `from` on, each on its own: the kernel did not take them together. */
  takeApart(from: number): void {
    for (let message = from; message < this.count - 1; message++) {
      this.#next[this.#last[message]!] = this.#first[message + 1]!;
    }
    let slot = this.#first[from]!;
    this.count = 0;
    while (slot !== NONE) {
      const next = this.#next[slot]!;
      this.#next[slot] = NONE;
      this.#open(slot);
      slot = next;
    }
  }

  #open(slot: number): void {
    const message = this.count++;
    this.#first[message] = slot;
    this.#last[message] = slot;
    this.#parts[message] = 1;
  }

  #join(slot: number, length: number): void {
    let at = this.#hash(slot, length);
    for (; this.#table[at] !== 0; at = (at + 1) & (TABLE_SLOTS - 1)) {
      const message = this.#table[at]! - 1;
      const first = this.#first[message]!;
      if (this.#lengths[first] !== length || !this.#goAlike(first, slot)) continue;
      const parts = this.#parts[message]! + 1;
      if (parts > MAX_PARTS || parts * length > MAX_MESSAGE_OCTETS) break;
      this.#next[this.#last[message]!] = slot;
      this.#last[message] = slot;
      this.#parts[message] = parts;
      return;
    }
    this.#open(slot);
    this.#table[at] = this.count;
  }

  #hash(slot: number, length: number): number {
    const batch = this.#batch;
    const at = batch.nameAt(slot) >> 2;
    const words = batch.nameOctets(slot) >> 2;
    let hash = length;
    for (let i = 0; i < words; i++) hash = Math.imul(hash ^ this.#u32[at + i]!, MULTIPLIER);
    return hash >>> 24;
  }

  /** True if two answers go to one address and port, and from one address of ours. */
  #goAlike(a: number, b: number): boolean {
    const batch = this.#batch;
    const nameOctets = batch.nameOctets(a);
    const controlOctets = batch.controlOctets(a);
    if (nameOctets !== batch.nameOctets(b) || controlOctets !== batch.controlOctets(b)) return false;
    return (
      this.#areEqual(batch.nameAt(a), batch.nameAt(b), nameOctets) &&
      this.#areEqual(batch.controlOf(a), batch.controlOf(b), controlOctets)
    );
  }

  #areEqual(a: number, b: number, octets: number): boolean {
    const u32 = this.#u32;
    for (let i = 0; i < octets; i += 4) {
      if (u32[(a + i) >> 2] !== u32[(b + i) >> 2]) return false;
    }
    return true;
  }

  #putHeader(message: number, iovec: number): void {
    const u32 = this.#u32;
    const batch = this.#batch;
    const first = this.#first[message]!;
    const parts = this.#parts[message]!;
    const at = (batch.sendHeadersAt + message * OCTETS.HEADER) >> 2;
    let controlOctets = batch.controlOctets(first);
    if (parts > 1) {
      this.#putSegmentLength(batch.controlOf(first) + controlOctets, this.#lengths[first]!);
      controlOctets += SEGMENT_CMSG.SPACE;
    }
    this.#putPointer(at + (MSGHDR.NAME >> 2), this.#names, first);
    u32[at + (MSGHDR.NAMELEN >> 2)] = batch.nameOctets(first);
    this.#putPointer(at + (MSGHDR.IOV >> 2), this.#iovecs, iovec);
    u32[at + (MSGHDR.IOVLEN >> 2)] = parts;
    this.#putPointer(at + (MSGHDR.CONTROL >> 2), this.#control, first);
    u32[at + (MSGHDR.CONTROLLEN >> 2)] = controlOctets;
  }

  #putIovec(iovec: number, slot: number): void {
    const at = (this.#batch.sendIovecsAt + iovec * OCTETS.IOVEC) >> 2;
    this.#putPointer(at, this.#responses, slot);
    this.#u32[at + (IOV_LEN >> 2)] = this.#lengths[slot]!;
  }

  #putPointer(at: number, pointers: Uint32Array, i: number): void {
    this.#u32[at] = pointers[2 * i]!;
    this.#u32[at + 1] = pointers[2 * i + 1]!;
  }

  /** The control message that says how long the parts of a message are. */
  #putSegmentLength(offset: number, length: number): void {
    const u32 = this.#u32;
    const at = offset >> 2;
    u32[at] = SEGMENT_CMSG.LENGTH;
    u32[at + 1] = 0;
    u32[at + 2] = SOL.UDP;
    u32[at + 3] = UDP_SEGMENT;
    u32[at + 4] = length;
    u32[at + 5] = 0;
  }
}
