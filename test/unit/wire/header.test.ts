import { describe, expect, it } from 'vitest';
import {
  FLAG,
  flagsOf,
  getCount,
  getFlags,
  getId,
  getU32,
  HEADER,
  opcodeOf,
  rcodeOf,
  setCount,
  setFlags,
  setId,
  setU32,
} from '../../../src/wire/header.ts';
import { hex } from '../../support/wiretext.ts';

describe('header', () => {
  it('reads and writes every field in its place', () => {
    const octets = hex('ffff beef a533 0001 0002 0003 fffe');
    expect(getId(octets, 2)).toBe(0xbeef);
    expect(getFlags(octets, 2)).toBe(0xa533);
    expect([4, 6, 8, 10].map((field) => getCount(octets, field, 2))).toEqual([1, 2, 3, 0xfffe]);
    const copy = new Uint8Array(12);
    setId(copy, 0xbeef);
    setFlags(copy, 0xa533);
    setCount(copy, HEADER.QDCOUNT, 1);
    setCount(copy, HEADER.ANCOUNT, 2);
    setCount(copy, HEADER.NSCOUNT, 3);
    setCount(copy, HEADER.ARCOUNT, 0xfffe);
    expect(copy).toEqual(octets.subarray(2));
  });

  it('takes the flags word apart and puts it together', () => {
    const flags = 0x8000 | (4 << 11) | FLAG.AA | FLAG.RD | 3;
    expect(opcodeOf(flags)).toBe(4);
    expect(rcodeOf(flags)).toBe(3);
    expect(flagsOf(4, 3) | FLAG.QR | FLAG.AA | FLAG.RD).toBe(flags);
    expect(flagsOf(0, 16)).toBe(0);
    const all = Object.values(FLAG).reduce((sum, bit) => sum | bit, flagsOf(15, 15));
    // All but Z (RFC 1035 §4.1.1: reserved).
    expect(all).toBe(0xffff & ~0x0040);
  });

  it('keeps 32 bits unsigned', () => {
    const octets = new Uint8Array(5);
    setU32(octets, 1, 0xfedc_ba98);
    expect(octets).toEqual(hex('00 fedcba98'));
    expect(getU32(octets, 1)).toBe(0xfedc_ba98);
  });
});
