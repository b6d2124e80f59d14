/**
 * Whole DNS messages, read as a client reads them: header, question, records with their RDATA uncompressed. For
 * messages of others, of which nothing may be believed; the server's hot path has codecs of its own.
 */
import { getCount, getFlags, getId, getU16, getU32, HEADER } from './header.ts';
import { RRTYPE } from './iana.ts';
import { MAX_NAME_OCTETS, type Name } from './name.ts';

export interface MessageQuestion {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface MessageRecord {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  /** In seconds, as sent; in OPT it holds something else. */
  readonly ttl: number;
  /** Without compression of names. */
  readonly rdata: Uint8Array;
}

export interface Message {
  readonly id: number;
  /** The flags word: see FLAG, `opcodeOf`, `rcodeOf`. */
  readonly flags: number;
  readonly questions: readonly MessageQuestion[];
  readonly answer: readonly MessageRecord[];
  readonly authority: readonly MessageRecord[];
  readonly additional: readonly MessageRecord[];
}

/**
 * Types whose RDATA may hold compressed names (RFC 3597 §4): `n` a name, `s` a character string, a digit so many
 * octets. What follows the layout is copied.
 */
const COMPRESSED: Readonly<Record<number, string>> = {
  [RRTYPE.NS]: 'n',
  [RRTYPE.MD]: 'n',
  [RRTYPE.MF]: 'n',
  [RRTYPE.CNAME]: 'n',
  [RRTYPE.SOA]: 'nn',
  [RRTYPE.MB]: 'n',
  [RRTYPE.MG]: 'n',
  [RRTYPE.MR]: 'n',
  [RRTYPE.PTR]: 'n',
  [RRTYPE.MINFO]: 'nn',
  [RRTYPE.MX]: '2n',
  [RRTYPE.RP]: 'nn',
  [RRTYPE.AFSDB]: '2n',
  [RRTYPE.RT]: '2n',
  [RRTYPE.SIG]: '99n',
  [RRTYPE.PX]: '2nn',
  [RRTYPE.NXT]: 'n',
  [RRTYPE.SRV]: '6n',
  [RRTYPE.NAPTR]: '4sssn',
  [RRTYPE.KX]: '2n',
  [RRTYPE.DNAME]: 'n',
};

/** Something is not where the message says that it is. */
class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** Reads a message; a string says what is wrong with it. */
export function readMessage(octets: Uint8Array): Message | string {
  if (octets.length < HEADER.OCTETS) return 'it is shorter than a header';
  try {
    const reader = new MessageReader(octets);
    const questions = Array.from({ length: getCount(octets, HEADER.QDCOUNT) }, () => reader.question());
    const section = (field: number) => Array.from({ length: getCount(octets, field) }, () => reader.record());
    const answer = section(HEADER.ANCOUNT);
    const authority = section(HEADER.NSCOUNT);
    const additional = section(HEADER.ARCOUNT);
    if (reader.at !== octets.length) return `${octets.length - reader.at} octets follow its last record`;
    return { id: getId(octets), flags: getFlags(octets), questions, answer, authority, additional };
  } catch (error) {
    if (error instanceof MalformedError) return error.message;
    throw error;
  }
}

class MessageReader {
  readonly #octets: Uint8Array;
  at: number = HEADER.OCTETS;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  question(): MessageQuestion {
    const name = this.#name();
    const at = this.#take(4);
    return { name, type: getU16(this.#octets, at), class: getU16(this.#octets, at + 2) };
  }

  record(): MessageRecord {
    const octets = this.#octets;
    const owner = this.#name();
    const at = this.#take(10);
    const type = getU16(octets, at);
    const length = getU16(octets, at + 8);
    const end = this.at + length;
    if (end > octets.length) throw new MalformedError('a record is cut off');
    const rdata = this.#rdata(type, end);
    return { owner, type, class: getU16(octets, at + 2), ttl: getU32(octets, at + 4), rdata };
  }

  #rdata(type: number, end: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const part of COMPRESSED[type] ?? '') {
      // Empty RDATA is something in updates, and malformed RDATA is for others to tell.
      if (this.at >= end) break;
      if (part === 'n') parts.push(this.#name());
      else parts.push(this.#copy(part === 's' ? 1 + this.#octets[this.at]! : Number(part), end));
    }
    if (this.at > end) throw new MalformedError('a name goes beyond its record');
    parts.push(this.#copy(end - this.at, end));
    return Uint8Array.from(Buffer.concat(parts));
  }

  #copy(count: number, end: number): Uint8Array {
    const from = this.at;
    this.at = Math.min(from + count, end);
    return this.#octets.subarray(from, this.at);
  }

  #take(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.#octets.length) throw new MalformedError('it is cut off');
    return from;
  }

  /** Pointers lead to an earlier place only, so that following them ends (RFC 1035 §4.1.4). */
  #name(): Name {
    const octets = this.#octets;
    const parts: number[] = [];
    let at = this.at;
    let limit = at;
    let after: number | undefined;
    for (;;) {
      const length = octets[at];
      if (length === undefined) throw new MalformedError('a name is cut off');
      if (length >= 0xc0) {
        if (at + 1 >= octets.length) throw new MalformedError('a name is cut off');
        after ??= at + 2;
        const target = getU16(octets, at) & 0x3fff;
        if (target >= limit) throw new MalformedError('a compression pointer does not lead back');
        [at, limit] = [target, target];
        continue;
      }
      if (length > 63) throw new MalformedError('a label has a type that is not defined');
      if (at + length >= octets.length) throw new MalformedError('a name is cut off');
      for (let i = at; i <= at + length; i++) parts.push(octets[i]!);
      if (parts.length > MAX_NAME_OCTETS) throw new MalformedError('a name has over 255 octets');
      at += length + 1;
      if (length === 0) break;
    }
    this.at = after ?? at;
    return Uint8Array.from(parts);
  }
}
