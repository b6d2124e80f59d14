/**
 * DNS messages as hexadecimal text with blanks and comments, and arbitrary names, for tests of wire/ and transport/.
 */
import fc from 'fast-check';
import type { Name } from '../../src/wire/name.ts';

/** Octets of hexadecimal digits; blanks and line ends are skipped, `# …` is a comment. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`not pairs of hexadecimal digits: ${digits}`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Parts of a query message; counts are those of what is given unless they are said. */
export interface QueryParts {
  readonly id?: number;
  readonly flags?: number;
  /** Wire octets of the question's name; no question if absent. */
  readonly qname?: Uint8Array;
  readonly qtype?: number;
  readonly qclass?: number;
  readonly counts?: readonly [qd: number, an: number, ns: number, ar: number];
  /** What stands behind the question. */
  readonly rest?: Uint8Array;
}

/** Builds a query from its parts, well formed or not. */
export function queryMessage(parts: QueryParts): Uint8Array {
  const { id = 0x1234, flags = 0x0100, qname, qtype = 1, qclass = 1, rest = new Uint8Array(0) } = parts;
  const counts = parts.counts ?? [qname === undefined ? 0 : 1, 0, 0, 0];
  const words = [id, flags, ...counts].flatMap((word) => [word >> 8, word & 255]);
  const tail = qname === undefined ? [] : [...qname, qtype >> 8, qtype & 255, qclass >> 8, qclass & 255];
  return Uint8Array.from([...words, ...tail, ...rest]);
}

/** An OPT record: payload size, version, flags, options as octets. */
export function optRecord(
  payload = 1232,
  version = 0,
  flags = 0,
  options: readonly number[] = [],
): Uint8Array {
  const length = options.length;
  return Uint8Array.from([
    ...[0, 0, 41, payload >> 8, payload & 255, 0, version, flags >> 8, flags & 255],
    ...[length >> 8, length & 255],
    ...options,
  ]);
}

/** Arbitrary names with labels of the octets that `octet` yields. */
export function arbitraryName(octet: fc.Arbitrary<number>, maxLabels = 8): fc.Arbitrary<Name> {
  const label = fc.array(octet, { minLength: 1, maxLength: 12 });
  return fc
    .array(label, { maxLength: maxLabels })
    .map((labels) => Uint8Array.from([...labels.flatMap((octets) => [octets.length, ...octets]), 0]));
}

/**
 * Names as long as names can be, 252 to 255 octets: labels of one octet up to 63, and the octets that `octet` yields again
 * and again.
 */
export function longName(octet: fc.Arbitrary<number>): fc.Arbitrary<Name> {
  const lengths = fc.array(fc.oneof(fc.constantFrom(1, 62, 63), fc.integer({ min: 1, max: 63 })), {
    minLength: 1,
    maxLength: 6,
  });
  const pattern = fc.array(octet, { minLength: 1, maxLength: 7 });
  return fc.tuple(lengths, pattern, fc.nat(2)).map(([wanted, octets, spare]) => {
    const name: number[] = [];
    for (let i = 0, room = 254 - spare; room >= 2; room = 254 - spare - name.length, i++) {
      const length = Math.min(wanted[i % wanted.length]!, room - 1);
      name.push(length, ...Array.from({ length }, (_, at) => octets[(name.length + at) % octets.length]!));
    }
    return Uint8Array.from([...name, 0]);
  });
}

/** Octets of ASCII letters, of both cases, few of them, so that names share suffixes. */
export const fewLetters: fc.Arbitrary<number> = fc.constantFrom(...Buffer.from('abcABC'));
