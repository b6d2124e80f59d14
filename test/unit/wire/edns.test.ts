import dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { EDE, OPT_OCTETS, putEde, putOpt, responseLimit } from '../../../src/wire/edns.ts';
import { HEADER, setCount } from '../../../src/wire/header.ts';
import { Query } from '../../../src/wire/query.ts';
import { Writer } from '../../../src/wire/writer.ts';
import { hex } from '../../support/wiretext.ts';

describe('responseLimit', () => {
  it.each([
    [false, 0, 512],
    [false, 4096, 512],
    [true, 0, 512],
    [true, 511, 512],
    [true, 513, 513],
    [true, 1232, 1232],
    [true, 1233, 1232],
    [true, 65_535, 1232],
  ])('EDNS %s with %i octets over UDP gives %i', (hasEdns, udpPayload, limit) => {
    const query = Object.assign(new Query(0), { hasEdns, udpPayload });
    expect(responseLimit(query, false)).toBe(limit);
    expect(responseLimit(query, true)).toBe(65_535);
  });
});

/** A writer behind a header, with room for `octets` more. */
function writerWith(octets: number): Writer {
  const writer = new Writer(new Uint8Array(HEADER.OCTETS + octets));
  writer.reserve(HEADER.OCTETS);
  setCount(writer.octets, HEADER.ARCOUNT, 1);
  return writer;
}

const written = (writer: Writer): Uint8Array => writer.octets.subarray(HEADER.OCTETS, writer.position);
const text = new TextEncoder().encode('no such key');

describe('putOpt', () => {
  it('writes version 0, 1232 octets, the upper bits of the rcode, DO as asked', () => {
    const writer = writerWith(100);
    expect(putOpt(writer, 16, true)).toBe(HEADER.OCTETS);
    expect(written(writer)).toEqual(hex('00 0029 04d0 01 00 8000 0000'));
    expect(writer.position).toBe(HEADER.OCTETS + OPT_OCTETS);
    const plain = writerWith(100);
    putOpt(plain, 3, false);
    expect(written(plain)).toEqual(hex('00 0029 04d0 00 00 0000 0000'));
  });

  it('overflows whole', () => {
    const writer = writerWith(OPT_OCTETS - 1);
    putOpt(writer, 0, false);
    expect(writer.isOverflowed).toBe(true);
  });
});

describe('putEde', () => {
  it('appends options that dns-packet reads', () => {
    const writer = writerWith(100);
    const optAt = putOpt(writer, 0, false);
    expect(putEde(writer, optAt, EDE.NOT_READY, text)).toBe(true);
    expect(putEde(writer, optAt, EDE.OTHER, new Uint8Array(0))).toBe(true);
    const decoded = dnsPacket.decode(Buffer.from(writer.octets.subarray(0, writer.position)));
    expect(decoded.additionals).toMatchObject([
      {
        type: 'OPT',
        options: [
          { code: 15, data: Buffer.concat([hex('000e'), text]) },
          { code: 15, data: Buffer.from(hex('0000')) },
        ],
      },
    ]);
  });

  it('leaves out the text first, then the option', () => {
    const short = writerWith(OPT_OCTETS + 6 + text.length - 1);
    expect(putEde(short, putOpt(short, 0, false), 14, text)).toBe(true);
    expect(written(short)).toEqual(hex('00 0029 04d0 00 00 0000 0006  000f 0002 000e'));
    const exact = writerWith(OPT_OCTETS + 6 + text.length);
    expect(putEde(exact, putOpt(exact, 0, false), 14, text)).toBe(true);
    expect(exact.position).toBe(exact.limit);
    const full = writerWith(OPT_OCTETS + 5);
    expect(putEde(full, putOpt(full, 0, false), 14, text)).toBe(false);
    expect(full.isOverflowed).toBe(false);
    expect(written(full)).toEqual(hex('00 0029 04d0 00 00 0000 0000'));
  });
});
