/** The TSIG record of a response when the key is not known (RFC 8945 §5.3.2), whatever the query's own record is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameOf } from '../../../src/wire/name.ts';
import { putBadKey } from '../../../src/wire/tsig.ts';
import { Writer } from '../../../src/wire/writer.ts';

const OWNER = nameOf('key.example.');
const ALGORITHM = nameOf('hmac-sha256.');
const TIMES = Uint8Array.of(0, 0, 0x6a, 0xfb, 1, 2, 1, 44);

/** A TSIG record behind `before` octets of something else. */
function record(mac: number, before = 3): { request: Uint8Array; tsigAt: number } {
  const rest = [0, mac, ...new Uint8Array(mac).fill(0xee), 0x12, 0x34, 0, 0, 0, 0];
  const rdata = Buffer.concat([ALGORITHM, TIMES, Buffer.from(rest)]);
  const tail = Buffer.from([0, 250, 0, 255, 0, 0, 0, 0, rdata.length >> 8, rdata.length & 255]);
  const request = Buffer.concat([new Uint8Array(before), OWNER, tail, rdata]);
  return { request: Uint8Array.from(request), tsigAt: before };
}

function put(request: Uint8Array, tsigAt: number, limit = 512): Uint8Array | undefined {
  const writer = new Writer(new Uint8Array(512));
  writer.attach(writer.octets, limit);
  const isPut = putBadKey(writer, request, tsigAt);
  if (!isPut) expect(writer.position, 'nothing is put').toBe(0);
  return isPut ? writer.octets.slice(0, writer.position) : undefined;
}

describe('putBadKey', () => {
  it.each([0, 16, 32])(
    'takes key, algorithm, times and original ID of a record with a MAC of %i octets',
    (mac) => {
      const { request, tsigAt } = record(mac);
      const rdata = [...ALGORITHM, ...TIMES, 0, 0, 0x12, 0x34, 0, 17, 0, 0];
      const wanted = [...OWNER, 0, 250, 0, 255, 0, 0, 0, 0, 0, rdata.length, ...rdata];
      expect([...put(request, tsigAt)!]).toEqual(wanted);
    },
  );

  it('puts nothing where it does not fit', () => {
    const { request, tsigAt } = record(32);
    const octets = put(request, tsigAt)!.length;
    expect(put(request, tsigAt, octets)).toHaveLength(octets);
    expect(put(request, tsigAt, octets - 1)).toBeUndefined();
  });

  it('puts nothing for a record that is cut off anywhere, and never reads beyond it', () => {
    const { request, tsigAt } = record(16);
    for (let octets = tsigAt; octets < request.length; octets++) {
      expect(put(request.slice(0, octets), tsigAt)).toBeUndefined();
    }
  });

  it('takes any octets for a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 400 }), fc.nat(420), (octets, at) => {
        put(octets, at);
      }),
      { numRuns: 2_000 },
    );
  });
});
