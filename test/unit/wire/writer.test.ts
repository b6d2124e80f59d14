import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/base/assert.ts';
import { NOT_ROLLED_BACK, Writer } from '../../../src/wire/writer.ts';
import { hex } from '../../support/wiretext.ts';

describe('Writer', () => {
  it('puts numbers in network order', () => {
    const writer = new Writer(new Uint8Array(7));
    writer.putU8(0xff);
    writer.putU16(0x0102);
    writer.putU32(0xfffefdfc);
    expect(writer.octets).toEqual(hex('ff 0102 fffefdfc'));
    expect(writer.position).toBe(7);
    expect(writer.isOverflowed).toBe(false);
    writer.patchU16(1, 0xabcd);
    expect(writer.octets).toEqual(hex('ff abcd fffefdfc'));
  });

  it('copies runs of every length from any place', () => {
    const source = Uint8Array.from({ length: 300 }, (_, i) => i * 7);
    for (let count = 0; count <= 200; count++) {
      const writer = new Writer(new Uint8Array(260));
      writer.putU8(1);
      writer.putOctets(source, 3, count);
      expect(writer.octets.subarray(1, 1 + count)).toEqual(source.subarray(3, 3 + count));
      expect(writer.octets.subarray(1 + count).some((octet) => octet !== 0)).toBe(false);
    }
  });

  it.each<[string, (writer: Writer) => void]>([
    ['putU8', (writer) => writer.putU8(1)],
    ['putU16', (writer) => writer.putU16(1)],
    ['putU32', (writer) => writer.putU32(1)],
    ['putOctets', (writer) => writer.putOctets(new Uint8Array(4).fill(9), 0, 4)],
    ['reserve', (writer) => writer.reserve(1)],
  ])('%s beyond the limit writes nothing and is remembered', (_name, put) => {
    const writer = new Writer(new Uint8Array(8));
    writer.attach(writer.octets, 3);
    writer.putU16(0xaaaa);
    writer.putU8(0xbb);
    put(writer);
    writer.putOctets(new Uint8Array(0), 0, 0);
    expect(writer.isOverflowed).toBe(true);
    expect(writer.position).toBe(3);
    expect(writer.octets).toEqual(hex('aaaabb 0000000000'));
  });

  it('takes back a unit that overflowed and goes on', () => {
    const writer = new Writer(new Uint8Array(6));
    writer.putU32(1);
    const mark = writer.mark();
    writer.putU16(2);
    writer.putU8(3);
    expect(writer.isOverflowed).toBe(true);
    writer.rollback(mark);
    expect(writer.isOverflowed).toBe(false);
    expect(writer.lowest).toBe(4);
    writer.putU16(7);
    expect(writer.octets).toEqual(hex('00000001 0007'));
  });

  it('starts anew when attached, within the buffer only', () => {
    const writer = new Writer(new Uint8Array(1));
    writer.putU16(1);
    writer.rollback(0);
    writer.attach(new Uint8Array(9), 9);
    expect(writer).toMatchObject({ position: 0, limit: 9, isOverflowed: false, lowest: NOT_ROLLED_BACK });
    expect(() => writer.attach(new Uint8Array(9), 10)).toThrow(AssertionError);
  });
});
