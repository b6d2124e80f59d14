/** What the wire codec is made of, against plain twins: numbers, the writer, names, their order and their hashes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flagsOf, getU16, getU32, opcodeOf, rcodeOf, setU16, setU32 } from '../../src/wire/header.ts';
import {
  compareCanonical,
  equalNames,
  isAtOrBelow,
  labelCount,
  lowerName,
  type Name,
  nameOctets,
} from '../../src/wire/name.ts';
import { hashLowerLabel, hashName } from '../../src/wire/namehash.ts';
import { SearchName } from '../../src/wire/searchname.ts';
import { NOT_ROLLED_BACK, Writer } from '../../src/wire/writer.ts';
import * as slow from '../support/validator-name.ts';
import { arbitraryName, fewLetters, longName } from '../support/wiretext.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const octet = fc.nat(255);
/** Octets around the capitals, and letters in both cases. */
const nearLetters = fc.constantFrom(...Buffer.from('aAzZ@[`{'), 0, 255);
const name = fc.oneof(
  arbitraryName(nearLetters, 5),
  arbitraryName(octet, 3),
  longName(nearLetters),
  longName(octet),
);

describe('numbers in a message', () => {
  it('are those of a DataView', () => {
    fc.assert(
      fc.property(u16, u32, fc.nat(3), octet, (short, long, at, filler) => {
        const octets = new Uint8Array(12).fill(filler);
        const expected = new DataView(new Uint8Array(12).fill(filler).buffer);
        setU16(octets, at, short);
        expected.setUint16(at, short);
        setU32(octets, at + 3, long);
        expected.setUint32(at + 3, long);
        expect(octets).toEqual(new Uint8Array(expected.buffer));
        expect([getU16(octets, at), getU32(octets, at + 3)]).toEqual([
          expected.getUint16(at),
          expected.getUint32(at + 3),
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('and flags are the digits of a binary number', () => {
    const digits = (flags: number) => flags.toString(2).padStart(16, '0');
    for (let flags = 0; flags <= 0xffff; flags++) {
      const opcode = Number.parseInt(digits(flags).slice(1, 5), 2);
      const rcode = Number.parseInt(digits(flags).slice(12), 2);
      if (opcodeOf(flags) !== opcode || rcodeOf(flags) !== rcode) expect.fail(digits(flags));
      if (flagsOf(opcode, rcode) !== (flags & 0x780f)) expect.fail(digits(flags));
    }
  });
});

/** A message as a list of octets. */
class PlainWriter {
  readonly octets: number[] = [];
  readonly limit: number;
  isOverflowed = false;
  lowest = NOT_ROLLED_BACK;

  constructor(limit: number) {
    this.limit = limit;
  }

  put(octets: readonly number[]): void {
    this.isOverflowed ||= this.octets.length + octets.length > this.limit;
    if (!this.isOverflowed) this.octets.push(...octets);
  }

  rollback(mark: number): void {
    this.octets.length = mark;
    this.isOverflowed = false;
    this.lowest = Math.min(this.lowest, mark);
  }
}

const SOURCE = Uint8Array.from({ length: 400 }, (_, i) => i * 7);
const BUFFER_OCTETS = 300;
const UNTOUCHED = 0xee;

describe('Writer', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: octet }),
    fc.record({ kind: fc.constant('u16' as const), value: u16 }),
    fc.record({ kind: fc.constant('u32' as const), value: u32 }),
    fc.record({
      kind: fc.constant('octets' as const),
      value: fc.oneof(fc.nat(20), fc.integer({ min: 120, max: 140 })),
    }),
    fc.record({ kind: fc.constant('reserve' as const), value: fc.nat(12) }),
    fc.record({ kind: fc.constant('patch' as const), value: u16 }),
    fc.record({ kind: fc.constant('rollback' as const), value: fc.nat(8) }),
  );

  it('holds what a list of octets holds, and touches nothing behind its limit', () => {
    const limit = fc.integer({ min: 0, max: BUFFER_OCTETS - 8 });
    fc.assert(
      fc.property(limit, fc.array(step, { maxLength: 40, size: 'max' }), (limit, steps) => {
        const writer = new Writer(new Uint8Array(1));
        writer.attach(new Uint8Array(BUFFER_OCTETS).fill(UNTOUCHED), limit);
        const twin = new PlainWriter(limit);
        const marks = [0];
        for (const { kind, value } of steps) {
          if (!writer.isOverflowed) marks.push(writer.mark());
          if (kind === 'u8') {
            writer.putU8(value);
            twin.put([value]);
          } else if (kind === 'u16') {
            writer.putU16(value);
            twin.put([value >> 8, value & 255]);
          } else if (kind === 'u32') {
            writer.putU32(value);
            twin.put([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
          } else if (kind === 'octets') {
            writer.putOctets(SOURCE, 5, value);
            twin.put([...SOURCE.subarray(5, 5 + value)]);
          } else if (kind === 'reserve') {
            const at = twin.octets.length;
            twin.put(new Array<number>(value).fill(0));
            expect(writer.reserve(value)).toBe(twin.isOverflowed ? -1 : at);
            if (!twin.isOverflowed) writer.octets.fill(0, at, at + value);
          } else if (kind === 'patch' && twin.octets.length >= 2) {
            const at = value % (twin.octets.length - 1);
            writer.patchU16(at, value);
            twin.octets.splice(at, 2, value >> 8, value & 255);
          } else if (kind === 'rollback') {
            const mark = marks[Math.max(0, marks.length - 1 - value)]!;
            marks.length = marks.indexOf(mark) + 1;
            writer.rollback(mark);
            twin.rollback(mark);
          }
          const { position, isOverflowed, lowest } = writer;
          expect({ position, isOverflowed, lowest }).toEqual({
            position: twin.octets.length,
            isOverflowed: twin.isOverflowed,
            lowest: twin.lowest,
          });
        }
        expect([...writer.octets.subarray(0, writer.position)]).toEqual(twin.octets);
        expect(writer.octets.subarray(limit).every((other) => other === UNTOUCHED)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('names', () => {
  /** Names near to one another: the same, in other letters, with a label more or less, or one octet changed. */
  const pair = name.chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.oneof(
        name,
        fc.constant(
          one.map((value, at) => (at % 2 === 1 && value >= 97 && value <= 122 ? value - 32 : value)),
        ),
        fc.constant(one[0] === 0 ? one : one.slice(one[0]! + 1)),
        fc.tuple(fc.nat(254), octet).map(([at, value]) => withOctet(one, at, value)),
      ),
    ),
  );

  it('are equal, ordered and below one another as strings of their labels from the root are', () => {
    fc.assert(
      fc.property(pair, fc.nat(3), fc.nat(3), ([one, other], before, behind) => {
        const [a, b] = [slow.nameAt(one, 0).name, slow.nameAt(other, 0).name];
        const [left, right] = [shifted(one, before), shifted(other, behind)];
        expect(equalNames(left, before, right, behind)).toBe(a === b);
        expect(Math.sign(compareCanonical(left, before, right, behind))).toBe(a === b ? 0 : a < b ? -1 : 1);
        expect(isAtOrBelow(one, other)).toBe(slow.isAtOrBelow(a, b));
        expect(labelCount(left, before)).toBe(slow.labelCount(a));
        expect(nameOctets(left, before)).toBe(slow.nameOctets(a));
        expect(lowerName(one)).toEqual(Uint8Array.from(slow.nameToWire(a)));
      }),
      { numRuns: 1_200 },
    );
  });
});

/** The name with one octet of a label replaced, if that is where `at` points. */
function withOctet(name: Name, at: number, value: number): Name {
  const changed = name.slice();
  for (let label = 0; name[label] !== 0; label += name[label]! + 1) {
    if (at > label && at <= label + name[label]!) changed[at] = value;
  }
  return changed;
}

function shifted(name: Name, by: number): Uint8Array {
  return Uint8Array.from([...new Array<number>(by).fill(63), ...name, 63]);
}

// ---- Hashes ----

const WORD = 2n ** 32n;

/** The hash of a name in integers without bounds: its labels in lower case, from the right, in words of four octets. */
function slowHash(name: Name, seed: number): number {
  const labels: number[][] = [];
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) {
    labels.unshift([...lowerName(name.slice(at, at + name[at]! + 1))]);
  }
  let hash = BigInt(seed >>> 0);
  for (const label of labels) {
    while (label.length % 4 !== 0) label.push(0);
    for (let at = 0; at < label.length; at += 4) {
      const word = Buffer.from(label).readUInt32LE(at);
      let mixed = ((hash ^ BigInt(word)) * 0x9e37_79b1n) % WORD;
      mixed = ((mixed ^ (mixed >> 15n)) * 0x85eb_ca77n) % WORD;
      hash = mixed ^ (mixed >> 13n);
    }
  }
  return Number(BigInt.asIntN(32, hash));
}

describe('hashes of names', () => {
  it('are those of the definition in large integers, of each suffix, whichever routine makes them', () => {
    const search = new SearchName();
    fc.assert(
      fc.property(name, u32, fc.nat(3), (name, seed, before) => {
        const source = shifted(name, before);
        expect(hashName(source, before, seed)).toBe(slowHash(name, seed));
        search.load(source, before, seed);
        expect([search.length, search.labels]).toEqual([name.length, labelCount(name)]);
        expect(search.octets.subarray(0, search.length)).toEqual(lowerName(name));
        let at = 0;
        for (let label = 0; label <= search.labels; label++) {
          expect(search.labelAt[label]).toBe(at);
          expect(search.suffixHash[label]).toBe(slowHash(name.slice(at), seed));
          at += name[at]! + 1;
        }
        if (name[0] !== 0) {
          const rest = search.suffixHash[1]!;
          expect(hashLowerLabel(rest, lowerName(name), 0)).toBe(search.suffixHash[0]);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('of names of few letters are the same in any case', () => {
    fc.assert(
      fc.property(arbitraryName(fewLetters), u32, (name, seed) => {
        const upper = name.map((value) => (value >= 97 && value <= 122 ? value - 32 : value));
        expect(hashName(upper, 0, seed)).toBe(hashName(lowerName(name), 0, seed));
      }),
    );
  });
});
