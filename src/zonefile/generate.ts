/**
 * `$GENERATE start-stop[/step] owner [TTL] [class] type rdata` as BIND has it: `$` stands for the number,
 * `${offset,width,base}` for a changed one, `$$` and `\$` for a dollar sign. Base: d decimal, o octal, x and X
 * hexadecimal, n and N nibbles in reverse order with dots. `width` counts characters, the dots of nibbles included.
 */

const MAX_NUMBER = 2 ** 31 - 1;
const MAX_WIDTH = 255;

/** The numbers from `start` to `stop` in steps. */
export interface GenerateRange {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** Parses `1-254` or `0-255/16`; undefined if it is neither. */
export function parseRange(text: string): GenerateRange | undefined {
  const match = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(text);
  if (match === null) return undefined;
  const [start, stop, step] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)] as const;
  const isGood = start <= stop && stop <= MAX_NUMBER && step >= 1 && step <= MAX_NUMBER;
  return isGood ? { start, stop, step } : undefined;
}

/** How many numbers a range has. */
export function rangeCount({ start, stop, step }: GenerateRange): number {
  return Math.floor((stop - start) / step) + 1;
}

/** Part of a template: literal text, or how the number is written. */
type Part = string | { readonly offset: number; readonly width: number; readonly base: string };

/** Parses a template, one character an octet; a string says what is wrong. */
export function parseTemplate(text: string): readonly Part[] | string {
  const parts: Part[] = [];
  let literal = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\') {
      literal += text.slice(at, at + 2); // the escape is resolved when the record is parsed
      at++;
      continue;
    }
    if (character !== '$') {
      literal += character;
      continue;
    }
    if (text[at + 1] === '$') {
      literal += '\\$';
      at++;
      continue;
    }
    parts.push(literal);
    literal = '';
    if (text[at + 1] !== '{') {
      parts.push({ offset: 0, width: 0, base: 'd' });
      continue;
    }
    const close = text.indexOf('}', at);
    const match = /^\{(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(
      text.slice(at + 1, Math.max(close, at + 1)),
    );
    if (match === null) return `'${text.slice(at, at + 24)}' is not \${offset[,width[,d|o|x|X|n|N]]}`;
    const width = Number(match[2] ?? 0);
    if (width > MAX_WIDTH) return `a width of ${width}; ${MAX_WIDTH} is the limit`;
    parts.push({ offset: Number(match[1]), width, base: match[3] ?? 'd' });
    at = close;
  }
  parts.push(literal);
  return parts;
}

function formatNumber(value: number, width: number, base: string): string {
  switch (base) {
    case 'n':
      return nibbles(value, width);
    case 'N':
      return nibbles(value, width).toUpperCase();
    case 'o':
      return value.toString(8).padStart(width, '0');
    case 'x':
      return value.toString(16).padStart(width, '0');
    case 'X':
      return value.toString(16).toUpperCase().padStart(width, '0');
    default:
      return String(value).padStart(width, '0');
  }
}

/** Hexadecimal digits, the last first, with dots between, at least `width` characters. */
function nibbles(value: number, width: number): string {
  let text = '';
  let rest = value;
  do {
    text += (rest & 15).toString(16);
    rest >>>= 4;
    if (rest !== 0 || text.length < width) text += '.';
  } while (rest !== 0 || text.length < width);
  return text;
}

/** The text of a template for one number; undefined if an offset makes it negative or too large. */
export function fillTemplate(parts: readonly Part[], number: number): string | undefined {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = number + part.offset;
    if (value < 0 || value > MAX_NUMBER) return undefined;
    text += formatNumber(value, part.width, part.base);
  }
  return text;
}
