/**
 * The state of parsing the RDATA of one record from tokens: a cursor over them, the octets written so far, and the
 * first fault. Fields (rdata/field) read tokens with it and put octets. One instance serves a whole file.
 */
import { type DecodeInto, decodeBase16Into } from '../base/encoding.ts';
import { type Name, ROOT } from '../wire/name.ts';
import { escapeOctets, NAME_FAULT, nameFaultCode, nameFaultText, putName, unescaped } from './nametext.ts';
import { TOKEN, type Tokens } from './tokens.ts';

export const MAX_RDATA_OCTETS = 65_535;
export const MAX_STRING_OCTETS = 255;

/** What is wrong with a record; `token` is where (`tokens.count`: where a token is missing). */
export interface RecordFault {
  readonly code: string;
  readonly message: string;
  readonly token: number;
  readonly fix?: string;
}

/** Octets after `MAX_RDATA_OCTETS` are dropped but counted; `parseRdata` refuses such RDATA at its end. */
export class FieldParser {
  readonly tokens: Tokens;
  origin: Name = ROOT;
  /** Names of this type are written in lower case (RFC 4034 §6.2). */
  lower = false;
  /** What the field is called, for messages. */
  fieldName = '';
  readonly octets = new Uint8Array(MAX_RDATA_OCTETS + 1);
  length = 0;
  fault: RecordFault | undefined = undefined;
  #joined = new Uint8Array(1024);

  constructor(tokens: Tokens) {
    this.tokens = tokens;
  }

  hasToken(): boolean {
    return this.tokens.next < this.tokens.count;
  }

  /** Index of the token to be consumed, or -1 (and a fault) if there is none. */
  take(): number {
    if (this.tokens.next < this.tokens.count) return this.tokens.next++;
    this.fail(`the ${this.fieldName} is missing`, { token: this.tokens.count });
    return -1;
  }

  /** Notes a fault at a token (default: the one consumed last); the first one stays. Returns false. */
  fail(
    message: string,
    more: { readonly token?: number; readonly fix?: string; readonly code?: string } = {},
  ): false {
    const { token = Math.max(0, this.tokens.next - 1), fix, code = 'ZONE_BAD_RDATA' } = more;
    this.fault ??= { code, message, token, ...(fix === undefined ? {} : { fix }) };
    return false;
  }

  /** As `fail`: the token is not what the field wants. */
  failToken(token: number, wanted: string, fix?: string): false {
    const found = this.tokens.text(token);
    const message = `${this.fieldName}: '${found}' is not ${wanted}`;
    return this.fail(message, fix === undefined ? { token } : { token, fix });
  }

  put8(value: number): void {
    this.octets[this.length++] = value;
  }

  put16(value: number): void {
    this.octets[this.length++] = value >> 8;
    this.octets[this.length++] = value;
  }

  put32(value: number): void {
    this.put16(value >>> 16);
    this.put16(value & 0xffff);
  }

  /** Consumes a decimal number; -1 (and a fault) if it is none or above `limit` (at most 2^32 - 1). */
  takeNumber(limit: number): number {
    const token = this.take();
    if (token === -1) return -1;
    const value = decimalOf(this.tokens, token, limit);
    if (value === -1) this.failToken(token, `a number from 0 to ${limit}`);
    return value;
  }

  /** Consumes a short token as text, one character an octet; undefined (and a fault) if there is none. */
  takeWord(): string | undefined {
    const token = this.take();
    return token === -1 ? undefined : this.tokens.text(token);
  }

  /** Consumes a domain name. */
  name(lower: boolean = this.lower): boolean {
    const token = this.take();
    if (token === -1) return false;
    const { tokens } = this;
    if ((tokens.flags[token]! & TOKEN.QUOTED) !== 0) {
      return this.failToken(token, 'a name', 'write the name without quotation marks');
    }
    const start = tokens.starts[token]!;
    const room = this.length + 255 <= this.octets.length;
    const octets = room
      ? putName(tokens.octets, start, tokens.ends[token]!, this.origin, this.octets, this.length, lower)
      : NAME_FAULT.NAME_TOO_LONG;
    if (octets < 0) return this.#failName(token, octets);
    this.length += octets;
    return true;
  }

  #failName(token: number, fault: number): false {
    const message = `${this.fieldName}: '${this.tokens.text(token)}' has ${nameFaultText(fault)}`;
    return this.fail(message, { token, code: nameFaultCode(fault) });
  }

  /** Appends the octets of a token with its escapes resolved; returns their number, or -1 and a fault. */
  putUnescaped(token: number): number {
    const { octets: text, starts, ends, flags } = this.tokens;
    const start = starts[token]!;
    const end = ends[token]!;
    const from = this.length;
    if ((flags[token]! & TOKEN.ESCAPED) === 0) {
      for (let i = start; i < end; i++) this.octets[this.length++] = text[i]!;
      return end - start;
    }
    for (let i = start; i < end; i++) {
      let octet = text[i]!;
      if (octet === 92) {
        octet = unescaped(text, i + 1, end);
        if (octet < 0) {
          this.failToken(
            token,
            'well escaped',
            'write \\DDD with three digits up to 255, \\\\ for a backslash',
          );
          return -1;
        }
        i += escapeOctets(text, i + 1);
      }
      this.octets[this.length++] = octet;
    }
    return this.length - from;
  }

  /** Consumes a character string of at most 255 octets and appends it behind its length (RFC 1035 §3.3). */
  string(): boolean {
    const token = this.take();
    if (token === -1) return false;
    const lengthAt = this.length++;
    const octets = this.putUnescaped(token);
    if (octets < 0) return false;
    if (octets > MAX_STRING_OCTETS) {
      return this.fail(`${this.fieldName}: a string of ${octets} octets; 255 is the limit`, {
        token,
        fix: 'split it into several strings: "…" "…"',
      });
    }
    this.octets[lengthAt] = octets;
    return true;
  }

  /** Consumes all remaining tokens and appends what they decode to, joined; returns the octets or -1 and a fault. */
  decodeRest(decode: DecodeInto, what: string): number {
    const first = this.tokens.next;
    return first === this.tokens.count ? 0 : this.decode(first, this.tokens.count, decode, what);
  }

  /** Consumes the tokens `[first, last)` and appends what they decode to; returns the octets or -1 and a fault. */
  decode(first: number, last: number, decode: DecodeInto, what: string): number {
    const { tokens } = this;
    tokens.next = last;
    let text = tokens.octets;
    let start = tokens.starts[first]!;
    let end = tokens.ends[first]!;
    if (last - first > 1) {
      end = this.#join(first, last);
      start = 0;
      text = this.#joined;
    }
    const count = decode(text, start, end, this.octets, this.length);
    if (count >= 0) {
      this.length += count;
      return count;
    }
    const offset = -1 - count - start;
    this.#failDecode(first, last, offset, what);
    return -1;
  }

  #failDecode(first: number, last: number, offset: number, what: string): void {
    const { starts, ends } = this.tokens;
    let token = first;
    let rest = offset;
    while (token < last - 1 && rest >= ends[token]! - starts[token]!) {
      rest -= ends[token]! - starts[token]!;
      token++;
    }
    const isShort = token === last - 1 && rest >= ends[token]! - starts[token]!;
    const digits = what === 'hexadecimal' ? 'an odd number of digits' : 'incomplete';
    if (isShort) this.fail(`${this.fieldName}: the ${what} text ends too early (${digits})`, { token });
    else this.failToken(token, `${what} (character ${rest + 1})`);
  }

  #join(first: number, last: number): number {
    const { octets, starts, ends } = this.tokens;
    let length = 0;
    for (let token = first; token < last; token++) length += ends[token]! - starts[token]!;
    if (length > this.#joined.length) this.#joined = new Uint8Array(length * 2);
    let to = 0;
    for (let token = first; token < last; token++) {
      for (let i = starts[token]!; i < ends[token]!; i++) this.#joined[to++] = octets[i]!;
    }
    return to;
  }

  /** Consumes all remaining tokens as hexadecimal digits; returns the octets or -1 and a fault. */
  hexRest(): number {
    return this.decodeRest(decodeBase16Into, 'hexadecimal');
  }
}

/** The decimal number that a token is, or -1. */
export function decimalOf(tokens: Tokens, token: number, limit: number): number {
  const { octets } = tokens;
  const start = tokens.starts[token]!;
  const end = tokens.ends[token]!;
  if (start === end || end - start > 10) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = octets[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= limit ? value : -1;
}
