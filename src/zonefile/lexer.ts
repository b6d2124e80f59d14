/**
 * Cuts a master file into logical records (RFC 1035 §5.1): the tokens of a line, or of several lines if parentheses
 * join them. Comments and line ends vanish here. Every octet is looked at once, but for those behind a parenthesis
 * that is never closed: they are read again as lines of their own.
 *
 * @hot once an octet
 */
import { TOKEN, type Tokens } from '../rdata/tokens.ts';
import type { ZoneFileLimits } from './limits.ts';

const KIND = {
  ORDINARY: 0,
  BLANK: 1,
  NEWLINE: 2,
  COMMENT: 3,
  OPEN: 4,
  CLOSE: 5,
  QUOTE: 6,
  BACKSLASH: 7,
} as const;

const NEWLINE = 10;
const EQUALS = 61;

/** Types whose RDATA has `key="value"`. */
const PAIR_TYPES = ['svcb', 'https', 'type64', 'type65'] as const;
const MAX_PAIR_TYPE_OCTETS = 6;
/** Owner, TTL, class, type. */
const MAX_TYPE_TOKENS = 4;

/** Octet → KIND. A carriage return is a blank, so that CRLF ends a line. */
const KIND_OF = new Uint8Array(256);
for (const [characters, kind] of [
  [' \t\r', KIND.BLANK],
  ['\n', KIND.NEWLINE],
  [';', KIND.COMMENT],
  ['(', KIND.OPEN],
  [')', KIND.CLOSE],
  ['"', KIND.QUOTE],
  ['\\', KIND.BACKSLASH],
] as const) {
  for (const character of characters) KIND_OF[character.charCodeAt(0)] = kind;
}

/** What is wrong with the shape of a record. */
export interface ShapeFault {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
  readonly fix?: string;
}

/** Reads one file. Its state is where the next record begins. */
export class Lexer {
  readonly octets: Uint8Array;
  /** Where the record begins that was read last, and its line, counted from 1. */
  recordAt = 0;
  recordLine = 1;
  /** The record begins with a blank: it has the owner of the one before. */
  startsBlank = false;
  fault: ShapeFault | undefined = undefined;
  #at: number;
  #line = 1;
  #depth = 0;
  #hasPairs = false;
  #openAt = 0;
  #openLine = 0;
  readonly #limits: ZoneFileLimits;

  constructor(octets: Uint8Array, limits: ZoneFileLimits) {
    this.octets = octets;
    this.#limits = limits;
    const hasByteOrderMark = octets[0] === 0xef && octets[1] === 0xbb && octets[2] === 0xbf;
    this.#at = hasByteOrderMark ? 3 : 0;
  }

  /**
   * Reads the next record that has tokens; false at the end of the file. If `fault` is set, the record is not to be
   * used. In records of type SVCB and HTTPS `key="a b"` is one token, quotation marks included (RFC 9460 §2.1).
   */
  read(tokens: Tokens): boolean {
    const { octets } = this;
    const end = octets.length;
    this.#begin(tokens);
    while (this.#at < end) {
      switch (KIND_OF[octets[this.#at]!]) {
        case KIND.BLANK:
          this.#at++;
          break;
        case KIND.NEWLINE:
          this.#at++;
          this.#line++;
          if (this.#depth > 0) {
            if (this.#at - this.recordAt > this.#limits.recordOctets) return this.#unclosed();
          } else if (tokens.count > 0 || this.fault !== undefined) return true;
          else this.#begin(tokens);
          break;
        case KIND.COMMENT:
          this.#skipLine();
          break;
        case KIND.OPEN:
          if (this.#depth++ === 0) {
            this.#openAt = this.#at;
            this.#openLine = this.#line;
          }
          this.#at++;
          break;
        case KIND.CLOSE:
          if (this.#depth === 0)
            this.#fail('ZONE_PARENTHESES', 'a parenthesis that was not opened', this.#at);
          else this.#depth--;
          this.#at++;
          break;
        case KIND.QUOTE:
          this.#quoted(tokens);
          break;
        default:
          this.#word(tokens);
      }
    }
    if (this.#depth > 0) return this.#unclosed();
    return tokens.count > 0 || this.fault !== undefined;
  }

  #begin(tokens: Tokens): void {
    tokens.clear(this.octets);
    this.fault = undefined;
    this.#depth = 0;
    this.#hasPairs = false;
    this.recordAt = this.#at;
    this.recordLine = this.#line;
    this.startsBlank = KIND_OF[this.octets[this.#at]!] === KIND.BLANK && this.#at < this.octets.length;
  }

  #fail(code: string, message: string, offset: number, fix?: string): void {
    this.fault ??= fix === undefined ? { code, message, offset } : { code, message, offset, fix };
  }

  /** The parenthesis that is not closed is told, and reading goes on behind its line. */
  #unclosed(): true {
    this.fault = {
      code: 'ZONE_PARENTHESES',
      message: 'this parenthesis is not closed',
      offset: this.#openAt,
      fix: 'add the ) at the end of the record',
    };
    this.#at = this.#openAt;
    this.#line = this.#openLine;
    this.#depth = 0;
    this.#skipLine();
    if (this.#at < this.octets.length) {
      this.#at++;
      this.#line++;
    }
    return true;
  }

  /** To the line end, which is not consumed. */
  #skipLine(): void {
    const lineEnd = this.octets.indexOf(NEWLINE, this.#at);
    this.#at = lineEnd === -1 ? this.octets.length : lineEnd;
  }

  #push(tokens: Tokens, start: number, end: number, flags: number): void {
    if (end - start > this.#limits.tokenOctets) {
      this.#fail('ZONE_LIMIT', `a token of more than ${this.#limits.tokenOctets} octets`, start);
    }
    if (end - this.recordAt > this.#limits.recordOctets) {
      this.#fail('ZONE_LIMIT', `a record of more than ${this.#limits.recordOctets} octets`, start);
    }
    if (this.fault === undefined) tokens.push(start, end, flags);
  }

  #word(tokens: Tokens): void {
    const { octets } = this;
    const end = octets.length;
    const start = this.#at;
    let at = start;
    let flags = 0;
    for (; at < end; at++) {
      const kind = KIND_OF[octets[at]!];
      if (kind === KIND.ORDINARY) continue;
      if (kind === KIND.BACKSLASH) {
        flags = TOKEN.ESCAPED;
        if (octets[at + 1] !== NEWLINE && at + 1 < end) at++;
        continue;
      }
      if (kind !== KIND.QUOTE) break;
      if (this.#hasPairs && octets[at - 1] === EQUALS) {
        at = this.#closingQuote(at + 1);
        flags = TOKEN.ESCAPED;
        if (octets[at] !== NEWLINE && at < end) at++;
        break;
      }
    }
    this.#at = at;
    this.#push(tokens, start, at, flags);
    if (at - start <= MAX_PAIR_TYPE_OCTETS && tokens.count <= MAX_TYPE_TOKENS)
      this.#hasPairs ||= this.#isPairType(tokens);
  }

  /** True if the last token is the type of the record, and one whose RDATA has pairs. */
  #isPairType(tokens: Tokens): boolean {
    const last = tokens.count - 1;
    const first = this.startsBlank ? 0 : 1;
    if (last < first || !PAIR_TYPES.some((word) => tokens.is(last, word))) return false;
    for (let token = first; token < last; token++) {
      const octet = tokens.octets[tokens.starts[token]!]!;
      const isTtl = octet >= 48 && octet <= 57;
      if (!isTtl && !tokens.is(token, 'in') && !tokens.is(token, 'class1')) return false;
    }
    return true;
  }

  #quoted(tokens: Tokens): void {
    const start = this.#at + 1;
    const close = this.#closingQuote(start);
    const flags = this.#hasBackslash(start, close) ? TOKEN.QUOTED | TOKEN.ESCAPED : TOKEN.QUOTED;
    this.#at = close < this.octets.length && this.octets[close] !== NEWLINE ? close + 1 : close;
    this.#push(tokens, start, close, flags);
  }

  #hasBackslash(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (KIND_OF[this.octets[at]!] === KIND.BACKSLASH) return true;
    return false;
  }

  /** Where the quotation mark is that closes; a fault if the line ends before. */
  #closingQuote(from: number): number {
    const { octets } = this;
    const end = octets.length;
    for (let at = from; at < end; at++) {
      const kind = KIND_OF[octets[at]!];
      if (kind === KIND.QUOTE) return at;
      if (kind === KIND.NEWLINE) return this.#unclosedQuote(from, at);
      if (kind === KIND.BACKSLASH && octets[at + 1] !== NEWLINE) at++;
    }
    return this.#unclosedQuote(from, end);
  }

  #unclosedQuote(from: number, at: number): number {
    const fix = 'add the closing quotation mark; a string ends on the line on which it begins';
    this.#fail('ZONE_QUOTES', 'this quotation mark is not closed on its line', from - 1, fix);
    return at;
  }
}
