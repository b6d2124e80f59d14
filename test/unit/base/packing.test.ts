/** Packed values: what is taken is what was put, and in one way only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Form,
  instant,
  list,
  nullable,
  number,
  octets,
  oneOf,
  optional,
  pack,
  packingOf,
  record,
  shared,
  text,
  unpack,
} from '../../../src/base/packing.ts';
import type { UnixSeconds } from '../../../src/base/time.ts';

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

function expectSame<T>(form: Form<T>, value: T): void {
  const packed = pack(form, value);
  expect(unpack(form, packed)).toEqual(value);
  expect(pack(form, unpack(form, packed))).toBe(packed);
}

describe('packed values', () => {
  it('come back as they were: numbers and instants of any size', () => {
    const whole = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }));
    fc.assert(fc.property(fc.array(whole), (values) => expectSame(list(number), values)));
    const instants = fc.array(fc.integer({ min: -(2 ** 33), max: 2 ** 40 }) as fc.Arbitrary<UnixSeconds>);
    fc.assert(
      fc.property(instants, (values) => expectSame(list(nullable(instant)), [null, ...values, null])),
    );
  });

  it('come back as they were: texts of any kind, again and again', () => {
    const texts = fc.oneof(
      fc.uuid(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', UUID, UUID.toUpperCase(), UUID.slice(1), '00ff', '00f', '00FF', '\u0000', '\ud800'),
    );
    fc.assert(
      fc.property(fc.array(texts), (values) => expectSame(list(text), [...values, ...values.toReversed()])),
    );
  });

  it('come back as they were: octets, however many', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 10_000 }), (value) => expectSame(octets, value)));
  });

  it('are short where they can be', () => {
    expect(pack(list(text), [UUID, UUID, UUID])).toHaveLength(1 + (1 + 1 + 16) + 1 + 1);
    const at = 1_795_521_600 as UnixSeconds;
    const near = (at + 60) as UnixSeconds;
    expect(pack(list(instant), [at, near]).length - pack(list(instant), [at]).length).toBe(1);
  });

  it('leave out fields that are not there', () => {
    const form = record<{ a: number; b?: number | undefined }>({ a: number, b: optional(number) });
    expect(Object.keys(unpack(form, pack(form, { a: 1 })))).toEqual(['a']);
    expectSame(form, { a: 1, b: 2 });
  });

  it('share texts up to a number of them, and hold the others themselves', () => {
    const form = list(shared<string>(2));
    expectSame(form, ['one', 'two', 'three', 'one', 'three']);
    const few = pack(form, ['one', 'two']);
    expect(few).toHaveLength(3);
    expect(unpack(form, few), 'whoever was first').toEqual(['one', 'two']);
  });

  it('are put by a shape that tells one form from another', () => {
    const shapes = [
      ...[number, instant, text, octets, list(number), nullable(number), optional(number)],
      ...[oneOf(['a', 'b']), oneOf(['b', 'a']), shared<string>(2)],
      ...[record<{ a: number }>({ a: number }), record<{ b: number }>({ b: number })],
      record<{ a: string }>({ a: text }),
    ].map((form) => packingOf(form as Form<unknown>));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('are put as they were by earlier versions, or their number is another one', () => {
    const at = 1_795_521_600 as UnixSeconds;
    const form = record<object & { a: unknown; b: unknown; c: unknown; d: unknown; e: unknown }>({
      a: list(text) as Form<unknown>,
      b: list(instant) as Form<unknown>,
      c: octets as Form<unknown>,
      d: nullable(oneOf(['x', 'y'])) as Form<unknown>,
      e: optional(number) as Form<unknown>,
    });
    const value = { a: [UUID, 'ab', 'ü', UUID], b: [at, at - 1], c: Uint8Array.of(1, 255), d: 'y', e: 300 };
    expect(packingOf(form)).toBe('1 {a:[text],b:[instant],c:octets,d:(x|y)|null,e:number|undefined}');
    expect(Buffer.from(pack(form, value), 'latin1').toString('hex')).toBe(
      '0402100f8fad5bd9cb469fa16570867728950e0101ab0001fc01030280f1abb00d010201ff010101ac02',
    );
  });

  it('are of the values that the form knows, and whole', () => {
    expect(() => pack(oneOf(['a', 'b']), 'c')).toThrow(/whole/);
    expect(() => pack(number, 0.5)).toThrow(/whole/);
    const packed = pack(list(text), [UUID]);
    expect(() => unpack(list(text), `${packed}x`)).toThrow(/whole/);
    expect(() => unpack(number, '')).toThrow(/within/);
  });
});
