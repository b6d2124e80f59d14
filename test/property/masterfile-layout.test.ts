/** Records laid out in a master file in any way that RFC 1035 §5.1 allows are read as the list of records that they are. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readMasterFile } from '../support/masterfile.ts';

const ZONE = ['example', 'com'];
const MAX_TTL = 2 ** 31 - 1;

/** Labels, the leftmost first, of octets as characters. */
type Labels = readonly string[];

const escaped = (labels: Labels) =>
  labels
    .map((label) =>
      label.replace(/[^a-zA-Z0-9-]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`),
    )
    .join('.');
const absolute = (labels: Labels) => `${escaped(labels)}.`;
const wireHex = (labels: Labels) =>
  `${labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]).toString('hex')).join('')}00`;
const lower = (labels: Labels) => labels.map((label) => label.toLowerCase());

const label = fc.oneof(
  fc.constantFrom('a', 'b', 'WWW', 'x-1'),
  fc.string({
    unit: fc.constantFrom('A', '.', '"', ';', '(', '\\', ' ', '\u00ff', '\u0000', '@', '$'),
    minLength: 1,
    maxLength: 4,
  }),
  fc.constantFrom(62, 63).map((octets) => 'L'.repeat(octets)),
);
const labelsBelow = fc.array(label, { maxLength: 3 });
const owner = labelsBelow.map((labels) => [...labels, ...ZONE]);

/** A word of RDATA as it may be written, and the whole in hexadecimal digits. */
interface Data {
  readonly type: number;
  readonly mnemonic: string;
  readonly words: readonly Word[];
  readonly hex: string;
}
type Word = { readonly text: string } | { readonly name: Labels };

const u16 = (value: number) => value.toString(16).padStart(4, '0');
const characters = fc.uint8Array({ maxLength: 12 });
const data: fc.Arbitrary<Data> = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => ({
    type: 1,
    mnemonic: 'A',
    words: [{ text: octets.join('.') }],
    hex: Buffer.from(octets).toString('hex'),
  })),
  owner.map((name) => ({ type: 2, mnemonic: 'Ns', words: [{ name }], hex: wireHex(lower(name)) })),
  fc.tuple(fc.nat(0xffff), owner).map(([preference, name]) => ({
    type: 15,
    mnemonic: 'MX',
    words: [{ text: `${preference}` }, { name }],
    hex: u16(preference) + wireHex(lower(name)),
  })),
  fc.array(characters, { minLength: 1, maxLength: 3 }).map((strings) => ({
    type: 16,
    mnemonic: 'TXT',
    words: strings.map((octets) => ({ text: quoted(octets) })),
    hex: strings.map((octets) => Buffer.from([octets.length, ...octets]).toString('hex')).join(''),
  })),
  fc.uint8Array({ maxLength: 20 }).map((octets) => {
    const hex = Buffer.from(octets).toString('hex');
    const words = [
      { text: '\\#' },
      { text: `${octets.length}` },
      ...(hex.match(/.{1,8}/g) ?? []).map((text) => ({ text })),
    ];
    return { type: 65_280, mnemonic: 'type65280', words, hex };
  }),
);

function quoted(octets: Uint8Array): string {
  const inside = [...octets].map((octet) =>
    octet >= 32 && octet < 127 && octet !== 34 && octet !== 92
      ? String.fromCharCode(octet)
      : `\\${String(octet).padStart(3, '0')}`,
  );
  return `"${inside.join('')}"`;
}

interface Layout {
  readonly ownerForm: 'absolute' | 'relative' | 'again';
  /** TTL and class: neither, either or both, in any order. */
  readonly head: string;
  readonly ttl: number;
  readonly hasUnits: boolean;
  readonly isOpaque: boolean;
  readonly isRelative: boolean;
  readonly breaks: readonly string[];
  readonly hasParentheses: boolean;
  readonly end: string;
  readonly directive: string;
}

const layout: fc.Arbitrary<Layout> = fc.record({
  ownerForm: fc.constantFrom<Layout['ownerForm']>('absolute', 'relative', 'again'),
  head: fc.constantFrom('', 'ttl', 'class', 'ttl class', 'class ttl'),
  ttl: fc.oneof(fc.nat(MAX_TTL), fc.constantFrom(0, 60, 3_600, 90_061, MAX_TTL)),
  hasUnits: fc.boolean(),
  isOpaque: fc.boolean(),
  isRelative: fc.boolean(),
  breaks: fc.array(fc.constantFrom(' ', '\t', ' \r\n\t', ' ; a "comment" ) \n', '\n'), {
    minLength: 1,
    maxLength: 4,
  }),
  hasParentheses: fc.boolean(),
  end: fc.constantFrom('\n', '\r\n', ' ; end (\n', '\n\n;\n'),
  directive: fc.constantFrom('', '', '', 'ttl', 'origin', 'zone'),
});
const item = fc.record({ owner, data, layout });

function withUnits(seconds: number): string {
  let rest = seconds;
  const parts: string[] = [];
  for (const [unit, length] of [
    ['w', 604_800],
    ['D', 86_400],
    ['h', 3_600],
    ['M', 60],
    ['s', 1],
  ] as const) {
    if (rest >= length) parts.push(`${Math.floor(rest / length)}${unit}`);
    rest %= length;
  }
  return parts.join('') || '0';
}

/** Writes items and keeps the list of what they are. */
class Writer {
  text = '$TTL 300\n';
  readonly expected: string[] = [];
  #defaultTtl = 300;
  #origin: Labels = ZONE;
  #last: Labels | undefined;

  add({ owner, data, layout }: { owner: Labels; data: Data; layout: Layout }): void {
    if (layout.directive === 'ttl') {
      this.#defaultTtl = layout.ttl;
      this.text += `$ttl ${layout.ttl}${layout.end}`;
    } else if (layout.directive !== '') {
      this.#origin = layout.directive === 'zone' ? ZONE : owner;
      this.text += `$ORIGIN ${absolute(this.#origin)}${layout.end}`;
    }
    const isAgain = layout.ownerForm === 'again' && this.#last !== undefined;
    const shown = isAgain ? this.#last! : owner;
    this.#last = shown;
    const first = isAgain ? ' ' : layout.ownerForm === 'absolute' ? absolute(owner) : this.#named(owner);
    const ttl = layout.hasUnits ? withUnits(layout.ttl) : `${layout.ttl}`;
    const head = layout.head.replace('ttl', ttl).replace('class', 'iN');
    const type = layout.isOpaque ? `TYPE${data.type}` : data.mnemonic;
    const isHex = layout.isOpaque && data.type !== 65_280;
    const opaque = [`\\#`, `${data.hex.length / 2}`, data.hex].filter((word) => word !== '');
    const words = isHex
      ? opaque
      : data.words.map((word) =>
          'text' in word ? word.text : layout.isRelative ? this.#named(word.name) : absolute(word.name),
        );
    this.text += `${[first, head, type].filter((word) => word !== '').join(' ')} ${spread(words, layout)}${layout.end}`;
    const seconds = layout.head.includes('ttl') ? layout.ttl : this.#defaultTtl;
    this.expected.push(`${wireHex(lower(shown))} ${seconds} ${data.type} ${data.hex}`);
  }

  /** The name as it is written below the origin; whole if it is not there. */
  #named(name: Labels): string {
    const surplus = name.length - this.#origin.length;
    const isBelow = surplus >= 0 && this.#origin.every((label, i) => name[surplus + i] === label);
    if (!isBelow) return absolute(name);
    return surplus === 0 ? '@' : escaped(name.slice(0, surplus));
  }
}

/** Words with blanks between them, or anything that is one within parentheses. */
function spread(words: readonly string[], { hasParentheses, breaks }: Layout): string {
  if (!hasParentheses) return words.join(' ');
  const text = words.map((word, i) => word + breaks[i % breaks.length]).join('');
  return `(${breaks[0]}${text})`;
}

const octetsOf = (labels: Labels) => labels.reduce((sum, one) => sum + one.length + 1, 1);

it('is read as the list of records that it is, in whatever way it is laid out', () => {
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 12, size: 'max' }), (items) => {
      const writer = new Writer();
      const isTooLong = ({ owner, data }: (typeof items)[number]) =>
        [owner, ...data.words.flatMap((word) => ('name' in word ? [word.name] : []))].some(
          (name) => octetsOf(name) > 255,
        );
      for (const one of items) if (!isTooLong(one)) writer.add(one);
      const { records, diagnostics } = readMasterFile(writer.text, `${ZONE.join('.')}.`);
      expect(diagnostics, writer.text).toEqual([]);
      const read = records.map(
        ({ owner, ttl, type, rdata }) =>
          `${wireHex(labelsOf(owner))} ${ttl} ${type} ${Buffer.from(rdata).toString('hex')}`,
      );
      expect(read, writer.text).toEqual(writer.expected);
    }),
    { numRuns: 400 },
  );
});

it('is told of owners outside of the zone, by labels and not by octets', () => {
  const inside = `${String.fromCharCode(7)}example${String.fromCharCode(3)}com`;
  const labels = fc.array(fc.constantFrom('a', 'EXAMPLE', 'example', 'com', 'Com', inside, `a${inside}`), {
    minLength: 1,
    maxLength: 4,
  });
  let outside = 0;
  fc.assert(
    fc.property(labels, (owner) => {
      const isInside = lower(owner).slice(-2).join('|') === ZONE.join('|') && owner.length >= 2;
      if (!isInside) outside++;
      const { diagnostics } = readMasterFile(`${absolute(owner)} 1 A 192.0.2.1\n`, `${ZONE.join('.')}.`);
      expect(
        diagnostics.map(({ code }) => code),
        absolute(owner),
      ).toEqual(isInside ? [] : ['ZONE_OUT_OF_ZONE']);
    }),
    { numRuns: 400 },
  );
  expect(outside).toBeGreaterThan(10);
});

/** Labels of a name as it is printed. */
function labelsOf(text: string): Labels {
  const labels: string[] = [];
  let label = '';
  for (const [piece] of text.matchAll(/\\\d{3}|\\.|[^\\]/gs)) {
    if (piece === '.') {
      labels.push(label);
      label = '';
    } else if (/^\\\d/.test(piece)) label += String.fromCharCode(Number(piece.slice(1)));
    else label += piece.slice(-1);
  }
  return labels;
}
