/**
 * The records of one zone between the parser and the image: flat columns, no object per record, because a zone may
 * have a million of them. Records stand in the order in which they were added; owners and RDATA are octets in one
 * heap, uncompressed and canonical (RFC 4034 §6.2: names in lower case where that section says so).
 */

const NO_OWNER = -1;
const MIN_RECORDS = 16;
const MIN_HEAP_OCTETS = 1 << 9;
/** A line of a large zone file is hardly ever shorter. */
const OCTETS_A_RECORD = 24;
/** What is worth keeping for the next zone. */
const MOST_SMALL_RECORDS = 512;
const MOST_SMALL_OCTETS = 16 << 10;

/** Where parsers put records. Octets are copied; the arguments may be scratch buffers. */
export interface RecordSink {
  /**
   * Adds one record of class IN. `owner` is an uncompressed lower-case name at `ownerOffset`; RDATA is canonical;
   * `file` and `line` say where it was written, for diagnostics (`file` counts as registered with `addFile`).
   */
  add(
    owner: Uint8Array,
    ownerOffset: number,
    type: number,
    ttl: number,
    rdata: Uint8Array,
    rdataOffset: number,
    rdataOctets: number,
    file: number,
    line: number,
  ): void;
  /** Registers a file name for diagnostics; returns its number. */
  addFile(file: string): number;
}

/** Growing columns of records; see the header of this file. */
export class ZoneRecords implements RecordSink {
  count = 0;
  readonly files: string[] = [];
  heap: Uint8Array<ArrayBuffer>;
  heapOctets = 0;
  /** Heap offset of the owner; equal consecutive owners share it. */
  ownerAt: Uint32Array;
  types: Uint16Array;
  ttls: Uint32Array;
  rdataAt: Uint32Array;
  rdataOctets: Uint16Array;
  fileNumbers: Uint16Array;
  lines: Uint32Array;
  #lastOwnerAt = NO_OWNER;

  /**
   * `textOctets` is the size of the file that will be read, if it is known: columns that need not grow are not copied,
   * and what they do not use of new memory is never committed by the system.
   */
  constructor(textOctets = 0) {
    const records = Math.max(MIN_RECORDS, Math.ceil(textOctets / OCTETS_A_RECORD));
    this.heap = new Uint8Array(Math.max(MIN_HEAP_OCTETS, textOctets));
    this.ownerAt = new Uint32Array(records);
    this.types = new Uint16Array(records);
    this.ttls = new Uint32Array(records);
    this.rdataAt = new Uint32Array(records);
    this.rdataOctets = new Uint16Array(records);
    this.fileNumbers = new Uint16Array(records);
    this.lines = new Uint32Array(records);
  }

  /** Room for a small zone: to make it anew for each would cost more than to fill it. */
  get isSmall(): boolean {
    return this.types.length <= MOST_SMALL_RECORDS && this.heap.length <= MOST_SMALL_OCTETS;
  }

  /** Forgets all records, but keeps the room that they took. */
  clear(): void {
    this.count = 0;
    this.files.length = 0;
    this.heapOctets = 0;
    this.#lastOwnerAt = NO_OWNER;
  }

  addFile(file: string): number {
    return this.files.push(file) - 1;
  }

  add(
    owner: Uint8Array,
    ownerOffset: number,
    type: number,
    ttl: number,
    rdata: Uint8Array,
    rdataOffset: number,
    rdataOctets: number,
    file: number,
    line: number,
  ): void {
    if (this.count === this.types.length) this.#growColumns();
    const record = this.count++;
    this.ownerAt[record] = this.#owner(owner, ownerOffset);
    this.types[record] = type;
    this.ttls[record] = ttl;
    this.rdataAt[record] = this.#put(rdata, rdataOffset, rdataOctets);
    this.rdataOctets[record] = rdataOctets;
    this.fileNumbers[record] = file;
    this.lines[record] = line;
  }

  /** Drops every record for which `isDropped` says so; returns how many went. */
  drop(isDropped: (record: number) => boolean): number {
    let kept = 0;
    for (let record = 0; record < this.count; record++) {
      if (isDropped(record)) continue;
      if (kept !== record) this.#moveRecord(record, kept);
      kept++;
    }
    const dropped = this.count - kept;
    this.count = kept;
    return dropped;
  }

  #moveRecord(from: number, to: number): void {
    this.ownerAt[to] = this.ownerAt[from]!;
    this.types[to] = this.types[from]!;
    this.ttls[to] = this.ttls[from]!;
    this.rdataAt[to] = this.rdataAt[from]!;
    this.rdataOctets[to] = this.rdataOctets[from]!;
    this.fileNumbers[to] = this.fileNumbers[from]!;
    this.lines[to] = this.lines[from]!;
  }

  #owner(owner: Uint8Array, offset: number): number {
    const last = this.#lastOwnerAt;
    let octets = 0;
    let same = last !== NO_OWNER;
    for (;;) {
      const length = owner[offset + octets]!;
      for (const end = octets + length; octets <= end; octets++) {
        if (same && this.heap[last + octets] !== owner[offset + octets]) same = false;
      }
      if (length === 0) break;
    }
    if (!same) this.#lastOwnerAt = this.#put(owner, offset, octets);
    return this.#lastOwnerAt;
  }

  #put(octets: Uint8Array, offset: number, length: number): number {
    const at = this.heapOctets;
    if (at + length > this.heap.length) {
      const grown = new Uint8Array(Math.max(this.heap.length * 2, at + length));
      grown.set(this.heap);
      this.heap = grown;
    }
    for (let i = 0; i < length; i++) this.heap[at + i] = octets[offset + i]!;
    this.heapOctets = at + length;
    return at;
  }

  #growColumns(): void {
    const size = this.types.length * 2;
    this.ownerAt = grown(this.ownerAt, new Uint32Array(size));
    this.types = grown(this.types, new Uint16Array(size));
    this.ttls = grown(this.ttls, new Uint32Array(size));
    this.rdataAt = grown(this.rdataAt, new Uint32Array(size));
    this.rdataOctets = grown(this.rdataOctets, new Uint16Array(size));
    this.fileNumbers = grown(this.fileNumbers, new Uint16Array(size));
    this.lines = grown(this.lines, new Uint32Array(size));
  }
}

function grown<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
