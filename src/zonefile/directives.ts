/** Directives of master files: `$ORIGIN`, `$INCLUDE` (RFC 1035 §5.1), `$TTL` (RFC 2308 §4), `$GENERATE` (BIND). */
import { nameFaultCode, nameFaultText, putName } from '../rdata/nametext.ts';
import { TOKEN, type Tokens } from '../rdata/tokens.ts';
import { MAX_NAME_OCTETS, type Name } from '../wire/name.ts';
import { fillTemplate, type GenerateRange, parseRange, parseTemplate, rangeCount } from './generate.ts';
import type { ZoneFileParser } from './parser.ts';
import { didYouMean } from './suggest.ts';

const DIRECTIVES = ['$ORIGIN', '$TTL', '$INCLUDE', '$GENERATE'] as const;

/** Runs the directive that is the first token. */
export function runDirective(parser: ZoneFileParser): void {
  const { tokens } = parser;
  tokens.next = 1;
  if (tokens.is(0, '$ttl')) setTtl(parser);
  else if (tokens.is(0, '$origin')) setOrigin(parser);
  else if (tokens.is(0, '$include')) include(parser);
  else if (tokens.is(0, '$generate')) generate(parser);
  else {
    const word = tokens.text(0);
    const fix = didYouMean(word, DIRECTIVES) ?? `known: ${DIRECTIVES.join(', ')}`;
    parser.failAt(0, { code: 'ZONE_UNKNOWN_DIRECTIVE', message: `'${word}' is not a directive`, fix });
  }
}

/** Tells how the directive is written, unless it has between `least` and `most` arguments. */
function hasArguments(parser: ZoneFileParser, least: number, most: number, form: string): boolean {
  const count = parser.tokens.count - 1;
  if (count >= least && count <= most) return true;
  const message = count < least ? 'the directive ends too early' : 'the directive has too much behind it';
  const token = count < least ? parser.tokens.count : most + 1;
  parser.failAt(token, { code: 'ZONE_SYNTAX', message, fix: form });
  return false;
}

/** The name that a token is, below the present origin; undefined and an error if it is none. */
function nameAt(parser: ZoneFileParser, token: number): Name | undefined {
  const { octets, starts, ends } = parser.tokens;
  const name = new Uint8Array(MAX_NAME_OCTETS);
  const length = putName(octets, starts[token]!, ends[token]!, parser.origin, name, 0, true);
  if (length >= 0) return name.slice(0, length);
  const message = `'${parser.tokens.text(token)}' has ${nameFaultText(length)}`;
  parser.failAt(token, { code: nameFaultCode(length), message });
  return undefined;
}

function setOrigin(parser: ZoneFileParser): void {
  if (!hasArguments(parser, 1, 1, '$ORIGIN example.com.')) return;
  parser.origin = nameAt(parser, 1) ?? parser.origin;
}

function setTtl(parser: ZoneFileParser): void {
  if (!hasArguments(parser, 1, 1, '$TTL 3600')) return;
  const ttl = parser.takeTtl(1);
  if (ttl !== -1) parser.defaultTtl = ttl;
}

// ---- $INCLUDE ----

function include(parser: ZoneFileParser): void {
  if (!hasArguments(parser, 1, 2, '$INCLUDE file [origin]')) return;
  const { tokens, options } = parser;
  const origin = tokens.count > 2 ? nameAt(parser, 2) : parser.origin;
  if (origin === undefined) return;
  const path = rawText(tokens, 1).replace(/\\(.)/gs, '$1');
  const found = options.include?.(path) ?? 'files cannot be included here';
  if (typeof found === 'string') {
    parser.failAt(1, { code: 'ZONE_INCLUDE', message: `${tokens.text(1)}: ${found}` });
    return;
  }
  parser.open(found, path, origin);
}

// ---- $GENERATE ----

const GENERATE_FORM = '$GENERATE 1-254 host-$ [TTL] [IN] TYPE RDATA';

/** The octets of a token, one character each, escapes unresolved. */
function rawText(tokens: Tokens, token: number): string {
  let text = '';
  for (let at = tokens.starts[token]!; at < tokens.ends[token]!; at++) {
    text += String.fromCharCode(tokens.octets[at]!);
  }
  return text;
}

/** What stands behind the owner. RDATA that is one quoted string is what is in the quotation marks, as in BIND. */
function rightSide(tokens: Tokens): string {
  const words: string[] = [];
  for (let token = 3; token < tokens.count; token++) {
    const isQuoted = (tokens.flags[token]! & TOKEN.QUOTED) !== 0;
    words.push(isQuoted ? `"${rawText(tokens, token)}"` : rawText(tokens, token));
  }
  const last = words.at(-1) as string;
  const isOneString = words.slice(0, -1).every((word) => !word.startsWith('"')) && last.startsWith('"');
  if (isOneString && isTypeLast(words)) words[words.length - 1] = last.slice(1, -1).replaceAll('\\"', '"');
  return words.join(' ');
}

/** True if only TTL, class and type stand in front of the last word. */
function isTypeLast(words: readonly string[]): boolean {
  return words.length <= 4 && words.slice(0, -2).every((word) => /^(?:\d.*|in|class1)$/i.test(word));
}

function generate(parser: ZoneFileParser): void {
  if (!hasArguments(parser, 4, Number.MAX_SAFE_INTEGER, GENERATE_FORM)) return;
  const { tokens } = parser;
  const range = parseRange(tokens.text(1));
  if (range === undefined) {
    const message = `'${tokens.text(1)}' is not a range`;
    parser.failAt(1, { code: 'ZONE_GENERATE', message, fix: 'start-stop or start-stop/step, as in 1-254' });
    return;
  }
  const owner = parseTemplate(rawText(tokens, 2));
  const rest = parseTemplate(rightSide(tokens));
  for (const [token, template] of [
    [2, owner],
    [3, rest],
  ] as const) {
    if (typeof template !== 'string') continue;
    parser.failAt(token, { code: 'ZONE_GENERATE', message: template });
    return;
  }
  if (!parser.allowGenerated(rangeCount(range))) return;
  fill(parser, range, owner as Template, rest as Template);
}

type Template = Exclude<ReturnType<typeof parseTemplate>, string>;

/** Makes the records; the first one that is wrong ends it, because the others are like it. */
function fill(parser: ZoneFileParser, range: GenerateRange, owner: Template, rest: Template): void {
  for (let number = range.start; number <= range.stop; number += range.step) {
    const left = fillTemplate(owner, number);
    const right = fillTemplate(rest, number);
    if (left === undefined || right === undefined) {
      const message = `the offset takes ${number} out of the numbers from 0 to 2147483647`;
      parser.failAt(1, { code: 'ZONE_GENERATE', message });
      break;
    }
    const text = `${left} ${right}`;
    const octets = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
    if (!parser.generated(octets)) break;
  }
  parser.endGenerate();
}
