/** Properties of the master file parser: no text makes it throw or stall, and what it prints it reads. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, type Name } from '../../src/wire/name.ts';
import { readMasterFile, wireLines } from '../support/masterfile.ts';
import { arbitraryName } from '../support/wiretext.ts';

const octet = fc.integer({ min: 0, max: 255 });
const GOLDEN = readFileSync(new URL('../golden/zonefile/all-types.zone', import.meta.url));

/** Pieces that master files are made of, good and bad, to be strewn together. */
const pieces = fc.constantFrom(
  ...[
    '@',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '(',
    ')',
    '"',
    ';',
    '\\',
    '\\#',
    '$',
    '${0,',
    '}',
    ',',
    '=',
    '.',
    '..',
    '\\300',
  ],
  ...[
    'IN',
    'CH',
    'A',
    'AAAA',
    'TXT',
    'SOA',
    'SVCB',
    'HTTPS',
    'LOC',
    'APL',
    'NSEC',
    'CAA',
    'TYPE65280',
    'TYPE1',
  ],
  ...['$TTL', '$ORIGIN', '$INCLUDE', '$GENERATE', '1-3', '0', '1h', '4294967296', '192.0.2.1', '2001:db8::'],
  ...['alpn=', 'key1="', 'AQID', '00', 'example.com.', 'www', '\u00ff', '\u0000'],
);

describe('the master file parser', () => {
  it('never throws on any octets, and tells places in the text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        for (const { line, column } of readMasterFile(octets).diagnostics) {
          expect(line).toBeGreaterThanOrEqual(0);
          expect(column).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('never throws on strewn pieces of master files, and what it reads of them it prints and reads', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const { records } = readMasterFile(parts.join(parts.length % 2 === 0 ? ' ' : ''));
        const again = readMasterFile(records.map(({ text }) => text).join('\n'));
        expect(again.diagnostics).toEqual([]);
        expect(wireLines(again.records)).toEqual(wireLines(records));
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws on the golden file with octets changed, and goes on behind the damage', () => {
    const change = fc.tuple(fc.nat(GOLDEN.length - 1), octet);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = Uint8Array.from(GOLDEN);
        for (const [at, value] of changes) damaged[at] = value;
        const { records } = readMasterFile(damaged, 'types.example.');
        const again = readMasterFile(records.map(({ text }) => text).join('\n'), 'types.example.');
        expect(again.diagnostics).toEqual([]);
        expect(wireLines(again.records)).toEqual(wireLines(records));
      }),
      { numRuns: 60 },
    );
  });

  it('gives back owners and names of any octets', () => {
    fc.assert(
      fc.property(arbitraryName(octet), arbitraryName(octet), (owner: Name, target: Name) => {
        const text = `${formatName(owner)} 1 SVCB 0 ${formatName(target)}`;
        const { records, diagnostics } = readMasterFile(text, '.');
        expect(diagnostics).toEqual([]);
        expect(records[0]?.rdata.subarray(2)).toEqual(target);
        const lowered = owner.map((value) => (value >= 65 && value <= 90 ? value + 32 : value));
        expect(records[0]?.owner).toBe(formatName(lowered));
      }),
    );
  });
});
