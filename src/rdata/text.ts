/** RDATA in presentation form: `formatRdata` writes it, `parseRdata` reads it from the tokens of a record. */
import { encodeBase16 } from '../base/encoding.ts';
import { formatType } from '../wire/iana.ts';
import { canonicalRdata } from './canonical.ts';
import { findCodec } from './codec.ts';
import { type FieldParser, MAX_RDATA_OCTETS } from './fieldparser.ts';
import { TOKEN } from './tokens.ts';

/**
 * Writes RDATA as one line. RDATA of unknown types, and malformed RDATA of known ones, is written as `\# 4 C0000201`
 * (RFC 3597 §5).
 */
export function formatRdata(type: number, octets: Uint8Array, offset: number, length: number): string {
  const codec = findCodec(type);
  const canonical = codec && canonicalRdata(type, octets, offset, length);
  if (codec === undefined || canonical === undefined) return formatOpaque(octets, offset, length);
  // The octets themselves are written, not the copy: names keep their case.
  const cursor = { octets, start: offset, at: offset, end: offset + length, lower: false };
  const texts: string[] = [];
  for (const field of codec.fields) {
    const text = field.format(cursor);
    if (text === undefined) return formatOpaque(octets, offset, length);
    if (text !== '') texts.push(text);
  }
  return texts.join(' ');
}

function formatOpaque(octets: Uint8Array, offset: number, length: number): string {
  return length === 0 ? '\\# 0' : `\\# ${length} ${encodeBase16(octets, offset, offset + length)}`;
}

/**
 * Parses the RDATA of a record from the tokens that `parser` has left, all of them. On success the canonical RDATA is
 * `parser.octets[0, parser.length)`; else it returns false and `parser.fault` says why.
 */
export function parseRdata(parser: FieldParser, type: number): boolean {
  parser.length = 0;
  parser.fault = undefined;
  const { tokens } = parser;
  if (tokens.next < tokens.count && isOpaqueMark(parser)) return parseOpaque(parser, type);
  const codec = findCodec(type);
  if (codec === undefined) {
    return parser.fail(`RDATA of ${formatType(type)} has no text form of its own`, {
      token: tokens.next,
      fix: 'write \\# LENGTH HEX (RFC 3597)',
    });
  }
  parser.lower = codec.lowersNames;
  const { fields, names } = codec;
  for (let i = 0; i < fields.length; i++) {
    parser.fieldName = names[i]!;
    if (!fields[i]!.parse(parser)) return false;
  }
  if (tokens.next < tokens.count) {
    const fix = 'a comment starts with ; and text with blanks needs quotation marks';
    return parser.fail(`'${tokens.text(tokens.next)}' is too much`, { token: tokens.next, fix });
  }
  return isShort(parser);
}

function isShort(parser: FieldParser): boolean {
  if (parser.length <= MAX_RDATA_OCTETS) return true;
  return parser.fail(`RDATA of ${parser.length} octets; ${MAX_RDATA_OCTETS} is the limit`);
}

function isOpaqueMark({ tokens }: FieldParser): boolean {
  const { next, flags, starts, ends, octets } = tokens;
  const start = starts[next]!;
  return flags[next] === TOKEN.ESCAPED && ends[next]! - start === 2 && octets[start + 1] === 35;
}

/** RFC 3597 §5: `\# LENGTH HEX…`; RDATA of known types must be well formed. */
function parseOpaque(parser: FieldParser, type: number): boolean {
  const { tokens } = parser;
  const markToken = tokens.next++;
  parser.fieldName = 'RDATA length';
  const length = parser.takeNumber(MAX_RDATA_OCTETS);
  if (length === -1) return false;
  parser.fieldName = 'RDATA';
  const octets = parser.hexRest();
  if (octets === -1) return false;
  if (octets !== length) {
    return parser.fail(`RDATA has ${octets} octets, but its length is given as ${length}`, {
      token: markToken + 1,
    });
  }
  const canonical = canonicalRdata(type, parser.octets, 0, length);
  if (canonical === undefined) {
    return parser.fail(`these octets are no RDATA of ${formatType(type)}`, { token: markToken });
  }
  for (let i = 0; i < length; i++) parser.octets[i] = canonical[i]!;
  return true;
}
