/** Writer and Compressor: what dns-packet and a slow decompressor read is what was put, rollbacks included. */
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Compressor } from '../../src/wire/compress.ts';
import { HEADER, setCount } from '../../src/wire/header.ts';
import { equalNames, formatName, lowerName, type Name, nameOf } from '../../src/wire/name.ts';
import { SearchName } from '../../src/wire/searchname.ts';
import { Writer } from '../../src/wire/writer.ts';
import { arbitraryName, fewLetters, longName } from '../support/wiretext.ts';

const SEED = 77;
const anyOctet = fc.nat(255);

/** Starts a message with a question, as encode does. */
function start(writer: Writer, compressor: Compressor, qname: Name, buffer: Uint8Array, limit: number): void {
  writer.attach(buffer, limit);
  for (let i = 0; i < 6; i++) writer.putU16(0);
  writer.putOctets(qname, 0, qname.length);
  writer.putU16(1);
  writer.putU16(1);
  const question = new SearchName();
  question.load(qname, 0, SEED);
  compressor.reset(writer, question);
  setCount(buffer, HEADER.QDCOUNT, 1);
}

/** Decompresses the name at `start`, following pointers backwards only. */
function readName(message: Uint8Array, start: number): Name {
  const octets: number[] = [];
  let at = start;
  for (;;) {
    const length = message[at]!;
    if (length === 0) return Uint8Array.from([...octets, 0]);
    if (length >= 0xc0) {
      const target = (length - 0xc0) * 256 + message[at + 1]!;
      expect(target).toBeLessThan(at);
      expect(target).toBeGreaterThanOrEqual(12);
      at = target;
      continue;
    }
    octets.push(...message.subarray(at, at + length + 1));
    at += length + 1;
  }
}

describe('Compressor', () => {
  it('keeps every name that was put, through rollbacks and overflows', () => {
    const writer = new Writer(new Uint8Array(4096));
    const compressor = new Compressor(SEED);
    const step = fc.record({
      name: fc.oneof(arbitraryName(fewLetters, 5), arbitraryName(anyOctet, 3)),
      isCompressible: fc.constantFrom(true, true, true, false),
      kind: fc.constantFrom('put', 'put', 'put', 'put and roll back', 'roll back two'),
      padding: fc.nat(3),
    });
    fc.assert(
      fc.property(
        arbitraryName(fewLetters, 4),
        fc.array(step, { maxLength: 40, size: 'max' }),
        (qname, steps) => {
          const buffer = new Uint8Array(700);
          start(writer, compressor, qname, buffer, 500);
          const kept: { at: number; name: Name }[] = [];
          for (const { name, isCompressible, kind, padding } of steps) {
            const mark = writer.mark();
            for (let i = 0; i < padding; i++) writer.putU8(i);
            const at = writer.position;
            compressor.putName(writer, name, 0, isCompressible);
            if (writer.isOverflowed || kind === 'put and roll back') writer.rollback(mark);
            else kept.push({ at, name });
            if (kind === 'roll back two') {
              const last = kept.splice(-2)[0];
              if (last !== undefined) writer.rollback(last.at);
            }
          }
          for (const { at, name } of kept) expect(equalNames(readName(buffer, at), 0, name, 0)).toBe(true);
          expect(buffer.subarray(500).every((octet) => octet === 0)).toBe(true);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('makes names as short as a slow twin does', () => {
    const writer = new Writer(new Uint8Array(4096));
    const compressor = new Compressor(SEED);
    fc.assert(
      fc.property(
        arbitraryName(fewLetters, 4),
        fc.array(arbitraryName(fewLetters, 5), { maxLength: 30, size: 'max' }),
        (qname, names) => {
          start(writer, compressor, qname, new Uint8Array(4096), 4096);
          const known = new Set(suffixes(qname));
          for (const name of names) {
            const before = writer.position;
            compressor.putName(writer, name, 0, true);
            const all = suffixes(name);
            const hit = all.findIndex((suffix) => known.has(suffix));
            const expected =
              hit < 0 ? name.length : name.length - Buffer.from(all[hit]!, 'latin1').length + 2;
            expect(writer.position - before).toBe(expected);
            for (const suffix of all) known.add(suffix);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('points to names in front of octet 0x4000 alone, whole, as a slow twin does', () => {
    const writer = new Writer(new Uint8Array(4096));
    const compressor = new Compressor(SEED);
    const buffer = new Uint8Array(0x4400);
    const name = fc
      .array(fc.constantFrom('a', 'b', 'cc'), { maxLength: 3 })
      .map((labels) => nameOf(`${labels.join('.')}.`));
    const names = fc.array(name, { maxLength: 30, size: 'max' });
    fc.assert(
      fc.property(
        arbitraryName(fewLetters, 2),
        names,
        fc.integer({ min: -60, max: 4 }),
        (qname, names, from) => {
          buffer.fill(0);
          start(writer, compressor, qname, buffer, buffer.length);
          writer.reserve(0x4000 + from - writer.position);
          const known = new Set(suffixes(qname));
          for (const name of names) {
            const before = writer.position;
            compressor.putName(writer, name, 0, true);
            const all = suffixes(name);
            const hit = all.findIndex((suffix) => known.has(suffix));
            const rest = hit < 0 ? 1 : Buffer.from(all[hit]!, 'latin1').length;
            const expected = hit < 0 ? name.length : name.length - rest + 2;
            expect(writer.position - before).toBe(expected);
            expect(equalNames(readName(buffer, before), 0, name, 0)).toBe(true);
            // A pointer to a name needs pointers to all suffixes that stand there first.
            const fresh = hit < 0 ? all : all.slice(0, hit);
            const last = before + (name.length - Buffer.from(fresh.at(-1) ?? '', 'latin1').length);
            if (last < 0x4000) for (const suffix of fresh) known.add(suffix);
          }
        },
      ),
      { numRuns: 800 },
    );
  });

  it('keeps names of 255 octets, and messages that are just too small for them', () => {
    const writer = new Writer(new Uint8Array(4096));
    const compressor = new Compressor(SEED);
    const names = fc.array(longName(fewLetters), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(longName(fewLetters), names, fc.integer({ min: -2, max: 2 }), (qname, names, spare) => {
        const buffer = new Uint8Array(4096);
        for (const isLimited of [false, true]) {
          const limit = isLimited ? writer.position + spare : buffer.length;
          buffer.fill(0);
          start(writer, compressor, qname, buffer, limit);
          const at = names.map((name) => {
            const before = writer.position;
            compressor.putName(writer, name, 0, true);
            return before;
          });
          expect(writer.isOverflowed).toBe(isLimited && spare < 0);
          if (writer.isOverflowed) return;
          for (const [i, name] of names.entries())
            expect(equalNames(readName(buffer, at[i]!), 0, name, 0)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('writes messages that dns-packet reads', () => {
    const writer = new Writer(new Uint8Array(4096));
    const compressor = new Compressor(SEED);
    const letters = fc.constantFrom(...Buffer.from('xyz'));
    fc.assert(
      fc.property(
        arbitraryName(letters, 4),
        fc.array(fc.tuple(arbitraryName(letters, 5), arbitraryName(letters, 5)), { maxLength: 20 }),
        (qname, records) => {
          const buffer = new Uint8Array(4096);
          start(writer, compressor, qname, buffer, 4096);
          for (const [owner, target] of records) putNs(writer, compressor, owner, target);
          setCount(buffer, HEADER.ANCOUNT, records.length);
          const decoded = dnsPacket.decode(Buffer.from(buffer.subarray(0, writer.position)));
          const text = (name: Name): string => formatName(name).replace(/(?<=.)\.$/, '');
          expect(decoded.answers).toMatchObject(
            records.map(([owner, target]) => ({
              name: text(owner),
              type: 'NS',
              ttl: 60,
              data: text(target),
            })),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

function putNs(writer: Writer, compressor: Compressor, owner: Name, target: Name): void {
  compressor.putName(writer, owner, 0, true);
  writer.putU16(2);
  writer.putU16(1);
  writer.putU32(60);
  const lengthAt = writer.position;
  writer.putU16(0);
  compressor.putName(writer, target, 0, true);
  writer.patchU16(lengthAt, writer.position - lengthAt - 2);
}

/** The suffixes of a name but the root, longest first, in lower case, as strings of octets. */
function suffixes(name: Name): string[] {
  const lower = lowerName(name);
  const all: string[] = [];
  for (let at = 0; lower[at] !== 0; at += lower[at]! + 1) {
    all.push(Buffer.from(lower.subarray(at)).toString('latin1'));
  }
  return all;
}
