/**
 * The independent validator's decoder: strict about bounds, pointers and where names may be compressed (RFC 3597 §4).
 * Names inside of RDATA are uncompressed and in lower case, as they are signed (RFC 4034 §6.2).
 */
import { isTooLong, Malformed, type Name, nameOfLabels, nameToWire } from './validator-name.ts';

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  CDS: 59,
  CDNSKEY: 60,
  SVCB: 64,
  HTTPS: 65,
  NXNAME: 128,
  ANY: 255,
} as const;

export interface WireRecord {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdata: Buffer;
}

export interface WireMessage {
  readonly id: number;
  readonly flags: number;
  /** With the upper bits of OPT. */
  readonly rcode: number;
  readonly question: { readonly name: Name; readonly type: number; readonly class: number };
  readonly answer: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
  /** Without OPT. */
  readonly additional: readonly WireRecord[];
  /** Flags of OPT: DO and CO; undefined without OPT. */
  readonly ednsFlags: number | undefined;
}

export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RA: 0x0080, AD: 0x0020 } as const;
export const EDNS_FLAG = { DO: 0x8000, CO: 0x4000 } as const;

/** Octets in front of the names of RDATA, how many names, and whether they may be compressed. */
interface Layout {
  readonly before: number;
  readonly names: number;
  readonly compressible: boolean;
}

const LAYOUTS = new Map<number, Layout>([
  [TYPE.NS, { before: 0, names: 1, compressible: true }],
  [TYPE.CNAME, { before: 0, names: 1, compressible: true }],
  [TYPE.SOA, { before: 0, names: 2, compressible: true }],
  [TYPE.PTR, { before: 0, names: 1, compressible: true }],
  [TYPE.MX, { before: 2, names: 1, compressible: true }],
  [TYPE.SRV, { before: 6, names: 1, compressible: false }],
  [TYPE.DNAME, { before: 0, names: 1, compressible: false }],
]);

class Cursor {
  at = 0;
  readonly #octets: Buffer;

  constructor(octets: Uint8Array) {
    this.#octets = Buffer.from(octets);
  }

  get isAtEnd(): boolean {
    return this.at === this.#octets.length;
  }

  u16(): number {
    this.at += 2;
    return this.#octets.readUInt16BE(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.#octets.readUInt32BE(this.at - 4);
  }

  take(count: number): Buffer {
    if (this.at + count > this.#octets.length) throw new Malformed(`${count} octets behind the end`);
    this.at += count;
    return this.#octets.subarray(this.at - count, this.at);
  }

  name(mayPoint: boolean): Name {
    const labels: string[] = [];
    let from = this.at;
    let end = -1;
    for (;;) {
      const length = this.#octets.readUInt8(from);
      if (length >= 0xc0) {
        if (!mayPoint) throw new Malformed('a compressed name where none may be');
        const target = this.#octets.readUInt16BE(from) & 0x3fff;
        if (target >= from) throw new Malformed('a compression pointer that does not point back');
        if (end < 0) end = from + 2;
        from = target;
        continue;
      }
      if (length > 63) throw new Malformed(`a label of type ${length >> 6}`);
      if (length === 0) break;
      labels.push(this.#octets.toString('latin1', from + 1, from + 1 + length));
      from += 1 + length;
    }
    this.at = end < 0 ? from + 1 : end;
    const name = nameOfLabels(labels);
    if (isTooLong(name)) throw new Malformed('a name over 255 octets');
    return name;
  }

  rdata(type: number): Buffer {
    const length = this.u16();
    const end = this.at + length;
    const layout = LAYOUTS.get(type);
    if (layout === undefined) return this.take(length);
    const parts = [this.take(layout.before)];
    for (let i = 0; i < layout.names; i++) parts.push(nameToWire(this.name(layout.compressible)));
    if (this.at > end) throw new Malformed('a name goes beyond its RDATA');
    parts.push(this.take(end - this.at));
    return Buffer.concat(parts);
  }

  record(): WireRecord {
    const owner = this.name(true);
    const type = this.u16();
    return { owner, type, class: this.u16(), ttl: this.u32(), rdata: this.rdata(type) };
  }
}

/** Decodes a response with one question; throws if it is malformed or has octets behind its last record. */
export function decodeMessage(octets: Uint8Array): WireMessage {
  const cursor = new Cursor(octets);
  const [id, flags] = [cursor.u16(), cursor.u16()];
  const counts = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()] as const;
  if (counts[0] !== 1) throw new Malformed(`${counts[0]} questions`);
  const question = { name: cursor.name(true), type: cursor.u16(), class: cursor.u16() };
  const section = (count: number): WireRecord[] => Array.from({ length: count }, () => cursor.record());
  const [answer, authority, all] = [section(counts[1]), section(counts[2]), section(counts[3])];
  if (!cursor.isAtEnd) throw new Malformed('octets behind the last record');
  const opts = all.filter(({ type }) => type === TYPE.OPT);
  if (opts.length > 1) throw new Malformed('more than one OPT');
  const opt = opts[0];
  const rcode = (flags & 15) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4);
  const additional = all.filter(({ type }) => type !== TYPE.OPT);
  const ednsFlags = opt === undefined ? undefined : opt.ttl & 0xffff;
  return { id, flags, rcode, question, answer, authority, additional, ednsFlags };
}

/** Types of an NSEC or NSEC3 bitmap, ascending; throws if it is not in the one form it may have (RFC 4034 §4.1.2). */
export function typesOfBitmap(bitmap: Buffer): number[] {
  const types: number[] = [];
  let last = -1;
  for (let at = 0; at < bitmap.length; ) {
    const [window, length] = [bitmap.readUInt8(at), bitmap.readUInt8(at + 1)];
    const bits = bitmap.subarray(at + 2, at + 2 + length);
    if (window <= last || length < 1 || length > 32 || bits.length < length || bits.at(-1) === 0)
      throw new Malformed('a malformed type bitmap');
    bits.forEach((octet, index) => {
      for (let bit = 0; bit < 8; bit++)
        if ((octet & (0x80 >> bit)) !== 0) types.push(window * 256 + index * 8 + bit);
    });
    last = window;
    at += 2 + length;
  }
  return types;
}
