import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBase16,
  decodeBase32Hex,
  decodeBase64,
  decodeBase64Into,
  encodeBase16,
  encodeBase32Hex,
  encodeBase64,
} from '../../../src/base/encoding.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

// RFC 4648 §10; base32hex without its padding.
const VECTORS = [
  ['', '', '', ''],
  ['f', '66', 'CO', 'Zg=='],
  ['fo', '666F', 'CPNG', 'Zm8='],
  ['foo', '666F6F', 'CPNMU', 'Zm9v'],
  ['foob', '666F6F62', 'CPNMUOG', 'Zm9vYg=='],
  ['fooba', '666F6F6261', 'CPNMUOJ1', 'Zm9vYmE='],
  ['foobar', '666F6F626172', 'CPNMUOJ1E8', 'Zm9vYmFy'],
] as const;

describe('encodings', () => {
  it.each(VECTORS)('agree with RFC 4648 on %j', (text, base16, base32, base64) => {
    const octets = ascii(text);
    expect([encodeBase16(octets), encodeBase32Hex(octets), encodeBase64(octets)]).toEqual([
      base16,
      base32,
      base64,
    ]);
    expect(decodeBase16(base16.toLowerCase())).toEqual(octets);
    expect(decodeBase32Hex(base32.toLowerCase())).toEqual(octets);
    expect(decodeBase64(base64)).toEqual(octets);
  });

  it('agree with Node on any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(encodeBase64(octets)).toBe(Buffer.from(octets).toString('base64'));
        expect(encodeBase16(octets)).toBe(Buffer.from(octets).toString('hex').toUpperCase());
        expect(decodeBase32Hex(encodeBase32Hex(octets))).toEqual(octets);
        expect(decodeBase64(encodeBase64(octets))).toEqual(octets);
      }),
    );
  });

  it.each(['Zg', 'Zg=', 'Zg===', 'Zh==', 'Zm9=', 'Z', '=', 'Zg==Zg==', 'Zm 9v', 'Zm9v\u0100', 'Zm-_'])(
    'refuse the base64 %j',
    (text) => expect(decodeBase64(text)).toBeUndefined(),
  );
  it.each(['6', '6G', 'G6', '66 '])('refuse the base16 %j', (text) =>
    expect(decodeBase16(text)).toBeUndefined(),
  );
  it.each(['C', 'CP', 'CPNG====', 'W0', 'CPN'])('refuse the base32hex %j', (text) => {
    expect(decodeBase32Hex(text)).toBeUndefined();
  });

  it('tell where a fault is', () => {
    const out = new Uint8Array(8);
    expect(decodeBase64Into(ascii('..Zm!v'), 2, 6, out, 0)).toBe(-1 - 4);
    expect(decodeBase64Into(ascii('Zm8'), 0, 3, out, 0)).toBe(-1 - 3);
  });
});
