/** Fast routines against slow, obvious twins; readers against any octets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixSeconds } from '../../src/base/time.ts';
import { verifyOctets } from '../../src/dnssec/algorithm.ts';
import { keyTag, readDnskey } from '../../src/dnssec/dnskey.ts';
import { verifyOctetsSecond } from '../../src/dnssec/keypair.ts';
import {
  buildBlock,
  isWithinValidity,
  type RrsigFields,
  readRrsig,
  rrsigRdata,
  signedOctetsBound,
  signedOctetsLength,
  sortRdata,
  verifyRRset,
  writeSignedOctets,
} from '../../src/dnssec/rrsig.ts';
import { parseKeyFileName, parsePrivateFile, parsePublicFile } from '../../src/store/keyfile.ts';
import { parseState, StateError } from '../../src/store/state.ts';
import { zoneStem } from '../../src/store/stem.ts';
import { lowerName, type Name, nameOf } from '../../src/wire/name.ts';

const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
const labels = fc.array(label, { maxLength: 3 });
const nameFrom = (parts: readonly Uint8Array[]): Name =>
  Uint8Array.from([...parts.flatMap((part) => [part.length, ...part]), 0]);
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u16 = fc.integer({ min: 0, max: 65_535 });

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const be = (value: number, octets: number) => value.toString(16).padStart(octets * 2, '0');

/** RFC 4034 §3.1.8.1 with strings of hex digits. */
function slowSignedOctets(
  fields: RrsigFields,
  owner: readonly Uint8Array[],
  rdatas: readonly Uint8Array[],
): string {
  const signer = hex(lowerName(fields.signerName));
  const shown =
    fields.labels < owner.length ? [Uint8Array.of(42), ...owner.slice(owner.length - fields.labels)] : owner;
  const name = hex(lowerName(nameFrom(shown)));
  const head = [
    be(fields.typeCovered, 2),
    be(fields.algorithm, 1),
    be(fields.labels, 1),
    be(fields.originalTtl, 4),
    be(fields.expiration, 4),
    be(fields.inception, 4),
    be(fields.keyTag, 2),
    signer,
  ].join('');
  const sorted = [...new Set(rdatas.map(hex))].sort();
  return (
    head +
    sorted
      .map((rdata) =>
        [
          name,
          be(fields.typeCovered, 2),
          '0001',
          be(fields.originalTtl, 4),
          be(rdata.length / 2, 2),
          rdata,
        ].join(''),
      )
      .join('')
  );
}

const fieldsArbitrary = fc.record({
  typeCovered: u16,
  algorithm: fc.constantFrom(13, 14, 15),
  labels: fc.integer({ min: 0, max: 3 }),
  originalTtl: u32,
  expiration: u32.map(unixSeconds),
  inception: u32.map(unixSeconds),
  keyTag: u16,
  signerName: labels.map(nameFrom),
});

describe('signed octets', () => {
  it('are those of the slow twin, at any place in any buffer', () => {
    const rdatas = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 });
    const place = fc.nat({ max: 50 });
    fc.assert(
      fc.property(fieldsArbitrary, labels, rdatas, place, (fields, owner, list, at) => {
        const name = nameFrom(owner);
        const block = buildBlock(list);
        const buffer = new Uint8Array(at + name.length + block.length + 3);
        buffer.set(name, at);
        buffer.set(block, at + name.length);
        const args = [fields, buffer, at, buffer, at + name.length, block.length] as const;
        const length = signedOctetsLength(...args);
        const scratch = new Uint8Array(signedOctetsBound(fields, name.length, block.length));
        expect(length).toBeLessThanOrEqual(scratch.length);
        expect(writeSignedOctets(scratch, ...args)).toBe(length);
        expect(hex(scratch.subarray(0, length))).toBe(slowSignedOctets(fields, owner, list));
      }),
      { numRuns: 500 },
    );
  });

  it('sort RDATA as strings of octets', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 4 })), (list) => {
        expect(sortRdata(list).map(hex)).toEqual([...new Set(list.map(hex))].sort());
      }),
    );
  });
});

describe('RRSIG and DNSKEY', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fieldsArbitrary, fc.uint8Array({ maxLength: 96 }), (fields, signature) => {
        const signerName = lowerName(fields.signerName);
        expect(readRrsig(rrsigRdata(fields, signature))).toEqual({ ...fields, signerName, signature });
      }),
    );
  });

  it('of any octets are read or refused, never thrown at', () => {
    const any = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(any, any, any, (rrsig, dnskey, rdata) => {
        readRrsig(rrsig);
        readDnskey(dnskey);
        expect(keyTag(dnskey)).toBeLessThan(65_536);
        const signed = { owner: nameOf('a.'), type: 1, rdatas: [rdata], rrsig, dnskey, apex: nameOf('a.') };
        expect(verifyRRset(signed, unixSeconds(0))).toBeTypeOf('string');
        for (const algorithm of [13, 14, 15]) {
          expect(verifyOctets(algorithm, dnskey, rdata, rrsig)).toBe(false);
          expect(verifyOctetsSecond(algorithm, dnskey, rdata, rrsig)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of the right length but of any octets are verified alike by both implementations', () => {
    const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    for (const [algorithm, keyOctets, signatureOctets] of [
      [13, 64, 64],
      [14, 96, 96],
      [15, 32, 64],
    ] as const) {
      fc.assert(
        fc.property(octets(keyOctets), octets(signatureOctets), octets(20), (key, signature, message) => {
          expect(verifyOctets(algorithm, key, message, signature)).toBe(false);
          expect(verifyOctetsSecond(algorithm, key, message, signature)).toBe(false);
        }),
        { numRuns: 60 },
      );
    }
  });

  it('are valid from inception to expiration, around any turn of the 32-bit clock', () => {
    const span = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(u32, span, fieldsArbitrary, (start, length, fields) => {
        const at = (offset: number) => unixSeconds((start + offset) % 2 ** 32);
        const window = { ...fields, inception: at(0), expiration: at(length) };
        expect(isWithinValidity(window, at(0))).toBe(true);
        expect(isWithinValidity(window, at(Math.floor(length / 2)))).toBe(true);
        expect(isWithinValidity(window, at(length))).toBe(true);
        expect(isWithinValidity(window, at(2 ** 32 - 1))).toBe(false);
        if (length < 2 ** 31 - 2) expect(isWithinValidity(window, at(length + 1))).toBe(false);
      }),
    );
  });
});

describe('files of operators', () => {
  it('of any text are read or refused with a reason', () => {
    const lines = fc.array(
      fc.oneof(
        fc.string(),
        fc.constantFrom(
          '\n',
          'example.com. ',
          'IN ',
          'DNSKEY ',
          '257 3 13 ',
          'Algorithm: 13\n',
          'PrivateKey: ',
          'AAAA',
          'Private-key-format: v1.3\n',
        ),
      ),
    );
    fc.assert(
      fc.property(lines, (parts) => {
        const text = parts.join('');
        const origin = nameOf('example.com.');
        expect(['string', 'object']).toContain(typeof parsePublicFile(text, origin));
        expect(['string', 'object']).toContain(typeof parsePrivateFile(text));
        parseKeyFileName(text);
        try {
          parseState(Buffer.from(text), origin);
        } catch (error) {
          expect(error).toBeInstanceOf(StateError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('stems', () => {
  it('are safe file names, equal only for equal names', () => {
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const [one, two] = [nameFrom(a), nameFrom(b)];
        expect(zoneStem(one)).toMatch(/^[a-z0-9_.%A-F-]{1,200}$/);
        expect(zoneStem(one)).not.toMatch(/^\.|\.\.|\//);
        expect(zoneStem(one) === zoneStem(two)).toBe(hex(lowerName(one)) === hex(lowerName(two)));
        expect(zoneStem(lowerName(one))).toBe(zoneStem(one));
      }),
    );
  });
});
