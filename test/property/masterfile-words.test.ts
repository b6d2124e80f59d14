/** How master files are cut into words, and words into names, times and types: against strings and patterns. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putName } from '../../src/rdata/nametext.ts';
import { TOKEN, Tokens } from '../../src/rdata/tokens.ts';
import { ttlOf } from '../../src/rdata/ttltext.ts';
import { parseType, RRTYPE } from '../../src/wire/iana.ts';
import { lowerName, parseName } from '../../src/wire/name.ts';
import { Lexer } from '../../src/zonefile/lexer.ts';
import { DEFAULT_LIMITS } from '../../src/zonefile/limits.ts';
import { typeOfWord } from '../../src/zonefile/typeword.ts';
import { arbitraryName, fewLetters, longName } from '../support/wiretext.ts';

/** Octets of a text, each character one, in the midst of others, so that reading beyond its ends would be seen. */
function embedded(text: string): { octets: Uint8Array; start: number; end: number } {
  const octets = Uint8Array.from(Buffer.from(`9${text}9s.`, 'latin1'));
  return { octets, start: 1, end: octets.length - 3 };
}

const joined = (pieces: readonly string[]) => pieces.join('');

describe('names in master files', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'B',
      '.',
      '.',
      '..',
      '\\.',
      '\\046',
      '\\255',
      '\\256',
      '\\25',
      '\\',
      '\\\\',
      '@',
      '\u00ff',
      '0',
    ),
    fc.constantFrom(62, 63, 64).map((count) => 'x'.repeat(count)),
    fc.constantFrom(62, 63, 64).map((count) => '\\065'.repeat(count)),
  );
  /** Names that fill 255 octets with their origin, and those that are an octet too long for it. */
  const filling = fc.tuple(longName(fewLetters), fc.integer({ min: -2, max: 1 })).map(([origin, by]) => {
    const octets = [1, 97, ...origin];
    const kept = Uint8Array.from(octets.slice(2));
    return { text: 'y'.repeat(Math.max(1, 255 - kept.length - 1 + by)), origin: kept };
  });
  const any = fc.record({
    text: fc.array(piece, { maxLength: 9 }).map(joined),
    origin: fc.oneof(arbitraryName(fewLetters, 3), longName(fewLetters)),
  });

  it('are those that parseName reads from strings', () => {
    const out = new Uint8Array(300);
    let good = 0;
    fc.assert(
      fc.property(fc.oneof(any, any, filling), fc.boolean(), fc.nat(20), ({ text, origin }, lower, at) => {
        const { octets, start, end } = embedded(text);
        out.fill(7);
        const count = putName(octets, start, end, origin, out, at, lower);
        const expected = parseName(text, origin);
        expect(count < 0, text).toBe(typeof expected === 'string');
        expect(out.subarray(0, at).every((octet) => octet === 7)).toBe(true);
        // A name that is too long is written up to the octets that a name can have.
        expect(out.subarray(at + Math.max(count, 256)).every((octet) => octet === 7)).toBe(true);
        if (typeof expected === 'string') return;
        good++;
        expect(out.subarray(at, at + count)).toEqual(lower ? lowerName(expected) : expected);
      }),
      { numRuns: 4_000 },
    );
    expect(good).toBeGreaterThan(100);
  });
});

describe('TTLs in master files', () => {
  const UNITS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3_600n, d: 86_400n, w: 604_800n };

  /** Numbers without bounds, by a pattern. */
  function slowTtl(text: string): number {
    const isPlain = /^[0-9]+$/.test(text);
    if (!isPlain && !/^(?:[0-9]+[smhdw])+$/i.test(text)) return -1;
    const parts = isPlain ? [`${text}s`] : text.match(/[0-9]+[a-z]/gi)!;
    const seconds = parts.reduce(
      (sum, part) => sum + BigInt(part.slice(0, -1)) * UNITS[part.slice(-1).toLowerCase()]!,
      0n,
    );
    return seconds < 2n ** 32n ? Number(seconds) : -1;
  }

  it('are the sum of their parts, up to 2^32 - 1', () => {
    const digits = fc.constantFrom(
      '0',
      '1',
      '59',
      '007',
      '3600',
      '7101',
      '49710',
      '4294967295',
      '4294967296',
      '99999999999999999999',
    );
    const piece = fc.oneof(digits, digits, fc.constantFrom('s', 'M', 'h', 'D', 'w', 'x', '-', ' ', '\u0080'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }).map(joined), (text) => {
        const { octets, start, end } = embedded(text);
        expect(ttlOf(octets, start, end), text).toBe(slowTtl(text));
      }),
      { numRuns: 4_000 },
    );
  });
});

describe('types in master files', () => {
  it('are told by up to four octets as by strings', () => {
    const known = fc.constantFrom(...Object.keys(RRTYPE));
    const letters = fc
      .array(fc.constantFrom(...'ANSMXTDYKPR', '\u0000', '-', '1', 'i', '\u00c1'), { maxLength: 5 })
      .map(joined);
    const padded = fc
      .tuple(known, fc.constantFrom('\u0000', ' ', 'X', ''))
      .map(([word, piece]) => piece + word);
    fc.assert(
      fc.property(fc.oneof(known, letters, padded), fc.boolean(), (word, isLower) => {
        const text = isLower ? word.toLowerCase() : word;
        const { octets, start, end } = embedded(text);
        const tokens = new Tokens();
        tokens.clear(octets);
        tokens.push(start, end, 0);
        const isMnemonic = /^[A-Z]/i.test(text) && text.length <= 4;
        expect(typeOfWord(tokens, 0), JSON.stringify(text)).toBe(
          (isMnemonic ? parseType(text) : undefined) ?? -1,
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

// ---- Words ----

interface Shape {
  readonly at: number;
  readonly line: number;
  readonly startsBlank: boolean;
  readonly tokens: readonly string[];
  readonly fault: string | undefined;
}

const LIMITS = { ...DEFAULT_LIMITS, tokenOctets: 9, recordOctets: 40 };

const marksOf = (isQuoted: boolean, isEscaped: boolean) =>
  `${isQuoted ? 'quoted ' : ''}${isEscaped ? 'escaped ' : ''}`;

/** Records by patterns, one word after the other. */
class SlowLexer {
  readonly text: string;
  at = 0;
  line = 1;

  constructor(text: string) {
    this.text = text;
  }

  all(): Shape[] {
    const found: Shape[] = [];
    while (this.at < this.text.length) {
      const shape = this.#record();
      if (shape.tokens.length > 0 || shape.fault !== undefined) found.push(shape);
    }
    return found;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    const match = sticky.exec(this.text);
    if (match !== null) this.at += match[0].length;
    return match;
  }

  #record(): Shape {
    const { at, line } = this;
    const startsBlank = /[ \t\r]/.test(this.text[at]!);
    const tokens: string[] = [];
    const words: string[] = [];
    let fault: string | undefined;
    let open: { at: number; line: number } | undefined;
    let depth = 0;
    let hasPairs = false;
    const shape = () => ({ at, line, startsBlank, tokens: fault === undefined ? tokens : [], fault });
    const fail = (what: string, where: number) => (fault ??= `${what} ${where}`);
    const push = (start: number, end: number, isQuoted: boolean, isPair = false) => {
      const word = this.text.slice(start, end);
      if (word.length > LIMITS.tokenOctets) fail('ZONE_LIMIT', start);
      if (end - at > LIMITS.recordOctets) fail('ZONE_LIMIT', start);
      if (fault !== undefined) return;
      tokens.push(`${marksOf(isQuoted, isPair || word.includes('\\'))}${start} ${word}`);
      words.push(word);
    };
    const unclosed = (): Shape => {
      fault = `ZONE_PARENTHESES ${open!.at}`;
      [this.at, this.line] = [open!.at, open!.line];
      this.#take(/[^\n]*/);
      if (this.#take(/\n/)) this.line++;
      return shape();
    };
    while (this.at < this.text.length) {
      const start = this.at;
      if (this.#take(/[ \t\r]+|;[^\n]*/)) continue;
      if (this.#take(/\n/)) {
        this.line++;
        if (depth === 0) return shape();
        if (this.at - at > LIMITS.recordOctets) return unclosed();
      } else if (this.#take(/\(/)) {
        if (depth++ === 0) open = { at: start, line: this.line };
      } else if (this.#take(/\)/)) {
        if (depth === 0) fail('ZONE_PARENTHESES', start);
        else depth--;
      } else if (this.#take(/"/)) {
        const inside = this.#take(/(?:\\[^\n]|[^"\\\n]|\\(?=\n|$))*/)![0];
        if (!this.#take(/"/)) fail('ZONE_QUOTES', start);
        push(start + 1, start + 1 + inside.length, true);
      } else {
        // The value of a service parameter may stand in quotation marks, which belong to the word and end it. A key has no
        // escapes, so that it does not matter whether the sign in front of them is one.
        const pair = hasPairs
          ? this.#take(/(?:\\[^\n=]|\\=(?!")|\\(?=\n|$)|[^ \t\r\n;()\\"=]|"|=(?!"))*\\?="/)
          : null;
        if (pair === null) this.#take(/(?:\\[^\n]|\\(?=\n|$)|[^ \t\r\n;()\\])+/);
        else {
          const quoteAt = this.at - 1;
          this.#take(/(?:\\[^\n]|[^"\\\n]|\\(?=\n|$))*/);
          if (!this.#take(/"/)) fail('ZONE_QUOTES', quoteAt);
        }
        push(start, this.at, false, pair !== null);
        const [, , , ...tooMany] = words;
        const last = words.at(-1) ?? '';
        const between = words.slice(startsBlank ? 0 : 1, -1);
        hasPairs ||=
          this.at - start <= 6 &&
          tooMany.length <= 1 &&
          words.length > (startsBlank ? 0 : 1) &&
          /^(?:svcb|https|type6[45])$/i.test(last) &&
          between.every((word) => /^[0-9]|^in$|^class1$/i.test(word));
      }
    }
    return depth > 0 ? unclosed() : shape();
  }
}

function shapesOf(text: string): Shape[] {
  const octets = Uint8Array.from(Buffer.from(text, 'latin1'));
  const lexer = new Lexer(octets, LIMITS);
  const tokens = new Tokens();
  const found: Shape[] = [];
  while (lexer.read(tokens)) {
    const { fault } = lexer;
    const words = Array.from({ length: fault === undefined ? tokens.count : 0 }, (_, i) => {
      const [start, end, flags] = [tokens.starts[i]!, tokens.ends[i]!, tokens.flags[i]!];
      const word = text.slice(start, end);
      const marks = marksOf((flags & TOKEN.QUOTED) !== 0, (flags & TOKEN.ESCAPED) !== 0);
      return `${marks}${start} ${word}`;
    });
    found.push({
      at: lexer.recordAt,
      line: lexer.recordLine,
      startsBlank: lexer.startsBlank,
      tokens: words,
      fault: fault === undefined ? undefined : `${fault.code} ${fault.offset}`,
    });
  }
  return found;
}

describe('the words of a master file', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ' ',
      ' ',
      '\n',
      '\t',
      '\r\n',
      '(',
      ')',
      '"',
      '"',
      ';',
      '\\',
      '\\"',
      '\\(',
      '=',
      '="',
      'a',
      'B1',
      '\u00ff',
    ),
    fc.constantFrom(
      'www',
      'IN',
      '60',
      'SVCB',
      'https ',
      'class1',
      'type65',
      'svcb 1 . ',
      '(\n',
      ')\n',
      'abcdefghi',
    ),
  );

  it('are those that patterns find, with their places, whatever is wrong before them', () => {
    const faults = new Set<string>();
    let good = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30, size: 'max' }).map(joined), (text) => {
        const expected = new SlowLexer(text).all();
        expect(shapesOf(text), JSON.stringify(text)).toEqual(expected);
        for (const { fault } of expected) {
          if (fault === undefined) good++;
          else faults.add(fault.split(' ')[0]!);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(faults).toEqual(new Set(['ZONE_LIMIT', 'ZONE_PARENTHESES', 'ZONE_QUOTES']));
    expect(good).toBeGreaterThan(100);
  });
});
