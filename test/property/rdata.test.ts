/** Properties of RDATA: whatever octets are accepted come back from their text; whatever is not is never served. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTypeBitmap, encodeTypeBitmap } from '../../src/rdata/bitmap.ts';
import { canonicalRdata } from '../../src/rdata/canonical.ts';
import { describedTypes } from '../../src/rdata/descriptor.ts';
import { formatRdata } from '../../src/rdata/text.ts';
import { formatType } from '../../src/wire/iana.ts';
import { opaqueText, readMasterFile } from '../support/masterfile.ts';

const SAMPLES = readMasterFile(
  readFileSync(new URL('../golden/zonefile/all-types.zone', import.meta.url)),
  'types.example.',
).records;

/** The octets with some of them replaced, some cut off or some added. */
function mutated(octets: Uint8Array): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(
    fc.tuple(fc.nat(Math.max(octets.length - 1, 0)), fc.integer({ min: 0, max: 255 })),
    {
      maxLength: 3,
    },
  );
  return fc
    .tuple(changes, fc.nat(octets.length), fc.uint8Array({ maxLength: 3 }), fc.boolean())
    .map(([replacements, cut, tail, isCut]) => {
      const copy = octets.slice();
      for (const [at, value] of replacements) if (at < copy.length) copy[at] = value;
      return Uint8Array.from([...(isCut ? copy.subarray(0, cut) : copy), ...tail]);
    });
}

/** Reads one record of `type`; its RDATA, or undefined and the errors. */
function parsed(type: number, text: string): { rdata: Uint8Array | undefined; errors: readonly string[] } {
  const { records, diagnostics } = readMasterFile(`x 0 IN TYPE${type} ${text}\n`, '.');
  return { rdata: records[0]?.rdata, errors: diagnostics.map(({ message }) => message) };
}

function expectRoundTrip(type: number, octets: Uint8Array): void {
  const canonical = canonicalRdata(type, octets, 0, octets.length);
  const opaque = parsed(type, `\\# ${octets.length} ${Buffer.from(octets).toString('hex')}`);
  expect(opaque.rdata).toEqual(canonical); // both refuse, or both agree
  const text = formatRdata(type, octets, 0, octets.length);
  if (canonical === undefined) {
    expect(text).toMatch(/^\\# \d/);
    return;
  }
  expect(canonicalRdata(type, canonical, 0, canonical.length)).toEqual(canonical);
  const { rdata, errors } = parsed(type, text);
  expect(errors).toEqual([]);
  expect(rdata).toEqual(canonical);
  const again = formatRdata(type, canonical, 0, canonical.length);
  expect(formatRdata(type, rdata as Uint8Array, 0, canonical.length)).toBe(again);
}

describe('RDATA', () => {
  it.each(SAMPLES.map((sample) => [opaqueText(sample).slice(0, 70), sample] as const))(
    'comes back from its text when mutated: %s',
    (_, { type, rdata }) => {
      fc.assert(
        fc.property(mutated(rdata), (octets) => expectRoundTrip(type, octets)),
        { numRuns: 40 },
      );
    },
  );

  it.each(describedTypes().map((type) => [formatType(type), type] as const))(
    'of any octets is refused or comes back: %s',
    (_, type) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => expectRoundTrip(type, octets)),
        { numRuns: 60 },
      );
    },
  );
});

describe('type bitmaps', () => {
  it('give back the set of types', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 65_535 })), (types) => {
        const sorted = [...new Set(types)].sort((a, b) => a - b);
        expect(decodeTypeBitmap(encodeTypeBitmap(types))).toEqual(sorted);
      }),
    );
  });
  it('are the only octets for their set', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const types = decodeTypeBitmap(octets);
        if (types !== undefined) expect(encodeTypeBitmap(types)).toEqual(octets);
      }),
    );
  });
});
