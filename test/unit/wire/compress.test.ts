import { describe, expect, it } from 'vitest';
import { Compressor } from '../../../src/wire/compress.ts';
import { nameOf } from '../../../src/wire/name.ts';
import { hashName } from '../../../src/wire/namehash.ts';
import { SearchName } from '../../../src/wire/searchname.ts';
import { Writer } from '../../../src/wire/writer.ts';
import { hex } from '../../support/wiretext.ts';

const SEED = 3;

/** A message with a header of zeros and a question; `put` returns the octets that a name became. */
function message(question: string | null, size = 65_535) {
  const writer = new Writer(new Uint8Array(size));
  const compressor = new Compressor(SEED);
  writer.reserve(12);
  let qname: SearchName | null = null;
  if (question !== null) {
    qname = new SearchName();
    qname.load(nameOf(question), 0, SEED);
    writer.putOctets(nameOf(question), 0, qname.length);
  }
  compressor.reset(writer, qname);
  const put = (text: string, isCompressible = true): Uint8Array => {
    const start = writer.position;
    compressor.putName(writer, nameOf(text), 0, isCompressible);
    return writer.octets.slice(start, writer.position);
  };
  return { writer, compressor, put };
}

describe('Compressor', () => {
  it('points to the question and its suffixes, whatever their case', () => {
    const { put } = message('wWw.eXample.CoM.');
    expect(put('www.example.com.')).toEqual(hex('c00c'));
    expect(put('WWW.EXAMPLE.COM.')).toEqual(hex('c00c'));
    expect(put('example.com.')).toEqual(hex('c010'));
    expect(put('com.')).toEqual(hex('c018'));
    expect(put('.')).toEqual(hex('00'));
    expect(put('a.com.')).toEqual(hex('0161 c018'));
  });

  it('points to names that were put, and to what was new in them', () => {
    const { writer, put } = message(null);
    const first = writer.position;
    expect(put('a.b.example.')).toEqual(hex('0161 0162 076578616d706c65 00'));
    const second = writer.position;
    expect(put('c.b.example.')).toEqual(hex(`0163 c00${(first + 2).toString(16)}`));
    expect(put('c.b.example.')).toEqual(hex(`c0${second.toString(16)}`));
  });

  it('tells labels with dots and lengths apart', () => {
    const { put } = message('a\\.b.c.');
    expect(put('a.b.c.')).toEqual(hex('0161 0162 c010'));
    expect(put('b.c.')).toEqual(hex('c015'));
  });

  it('copies what may not be compressed, and does not point to it', () => {
    const { put } = message('example.');
    expect(put('a.example.', false)).toEqual(hex('0161 076578616d706c65 00'));
    expect(put('a.example.')).toEqual(hex('0161 c00c'));
  });

  it('points to nothing that was taken back', () => {
    const { writer, put } = message('example.');
    const mark = writer.mark();
    put('a.b.example.');
    writer.rollback(mark);
    writer.putOctets(new Uint8Array(40).fill(7), 0, 40);
    expect(put('a.b.example.')).toEqual(hex('0161 0162 c00c'));
    const at = writer.position - 6;
    expect(put('b.example.')).toEqual(hex(`c0${(at + 2).toString(16)}`));
  });

  it('is not fooled by octets that look like a name that was taken back', () => {
    const { writer, put } = message('example.');
    const mark = writer.mark();
    put('a.example.');
    writer.rollback(mark);
    expect(put('a.other.', false)).toEqual(hex('0161 056f74686572 00'));
    expect(put('a.example.')).toEqual(hex('0161 c00c'));
  });

  it('tells names apart that share a hash', () => {
    const byHash = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let i = 0; pair === undefined && i < 1_000_000; i++) {
      // Long labels: those of one round cannot collide.
      const text = `${(Math.imul(i, 0x9e37_79b1) >>> 0).toString(36)}-${(i * 7_919).toString(36)}.`;
      const hash = hashName(nameOf(text), 0, SEED);
      const twin = byHash.get(hash);
      if (twin !== undefined) pair = [twin, text];
      byHash.set(hash, text);
    }
    const [one, other] = pair!;
    const { put } = message(`a.${one}`);
    expect(put(other).length).toBe(other.length + 1);
    expect(put(`a.${other}`).subarray(0, 2)).toEqual(hex('0161'));
    expect(put(`a.${other}`).length).toBe(2);
  });

  it('enters nothing of a name that did not fit', () => {
    const { writer, put } = message('example.', 30);
    const mark = writer.mark();
    put('a-long-label.example.');
    expect(writer.isOverflowed).toBe(true);
    writer.rollback(mark);
    expect(put('a.example.')).toEqual(hex('0161 c00c'));
  });

  it('points only to the first 16,383 octets', () => {
    const { writer, put } = message(null);
    writer.reserve(0x3ffd - writer.position);
    expect(put('a.b.c.')).toEqual(hex('0161 0162 0163 00'));
    // b and c lie too far behind; a would need them.
    expect(put('a.b.c.')).toEqual(hex('0161 0162 0163 00'));
    const near = message(null);
    near.writer.reserve(0x3fff - near.writer.position);
    near.put('a.');
    expect(near.put('a.')).toEqual(hex('ffff'));
    const far = message(null);
    far.writer.reserve(0x4000 - far.writer.position);
    far.put('a.');
    expect(far.put('a.')).toEqual(hex('0161 00'));
  });

  it('goes on without pointers when its table is full', () => {
    const { put } = message('example.');
    for (let i = 0; i < 3_000; i++) {
      const octets = put(`n${i}.example.`);
      expect(octets.subarray(-2)).toEqual(hex('c00c'));
    }
    expect(put('n0.example.').length).toBe(2);
    expect(put('n2999.example.').length).toBe(8);
  });

  it('forgets the message before', () => {
    const { writer, compressor, put } = message('example.');
    put('a.example.');
    writer.attach(writer.octets, 100);
    writer.reserve(12);
    compressor.reset(writer, null);
    expect(put('a.example.')).toEqual(hex('0161 076578616d706c65 00'));
  });
});
