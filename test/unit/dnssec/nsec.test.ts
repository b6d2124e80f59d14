import { describe, expect, it } from 'vitest';
import { nsecRdata } from '../../../src/dnssec/nsec.ts';
import { nameOf } from '../../../src/wire/name.ts';

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe('NSEC', () => {
  it('is that of RFC 4034 §4.3: host.example.com., A MX RRSIG NSEC TYPE1234', () => {
    const expected = `04686f7374076578616d706c6503636f6d000006400100000003041b${'00'.repeat(26)}20`;
    expect(hex(nsecRdata(nameOf('host.example.com.'), [1, 15, 46, 47, 1234]))).toBe(expected);
    expect(hex(nsecRdata(nameOf('host.example.com.'), [1234, 47, 1, 46, 15, 1]))).toBe(expected);
  });

  it('has a next name in lower case', () => {
    expect(nsecRdata(nameOf('A.B.'), [47])).toEqual(nsecRdata(nameOf('a.b.'), [47]));
  });
});
