import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/wire/peer.ts';
import { isInPrefix, type Prefix, parsePrefix } from '../../../src/wire/prefix.ts';

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (typeof prefix === 'string') throw new Error(`${text} ${prefix}`);
  return prefix;
}

function contains(prefix: string, address: string): boolean {
  const octets = new Uint8Array(16);
  const family = parseAddress(address, octets) === 4 ? 4 : 6;
  return isInPrefix(prefixOf(prefix), family, octets);
}

describe('parsePrefix', () => {
  it('takes an address as the prefix of all its bits', () => {
    expect(prefixOf('192.0.2.1')).toEqual({ family: 4, octets: Uint8Array.of(192, 0, 2, 1), bits: 32 });
    expect(prefixOf('2001:db8::1').bits).toBe(128);
  });

  it.each([
    ['', 'is no address prefix, write 192.0.2.0/24 or 2001:db8::/32'],
    ['example.com', 'is no address prefix, write 192.0.2.0/24 or 2001:db8::/32'],
    ['192.0.2.0/24/1', 'is no address prefix, write 192.0.2.0/24 or 2001:db8::/32'],
    ['192.0.2.0/33', 'has no prefix length of 0 to 32'],
    ['2001:db8::/129', 'has no prefix length of 0 to 128'],
    ['192.0.2.0/', 'has no prefix length of 0 to 32'],
    ['192.0.2.1/24', 'has bits set behind the first 24'],
    ['2001:db8::/31', undefined],
    ['2001:db9::/31', 'has bits set behind the first 31'],
    ['0.0.0.0/0', undefined],
  ])('judges "%s"', (text, fault) => {
    const prefix = parsePrefix(text);
    expect(typeof prefix === 'string' ? prefix : undefined).toBe(fault);
  });
});

describe('isInPrefix', () => {
  it('compares the bits of the prefix and no more', () => {
    expect(contains('192.0.2.0/24', '192.0.2.255')).toBe(true);
    expect(contains('192.0.2.0/24', '192.0.3.0')).toBe(false);
    expect(contains('192.0.2.128/25', '192.0.2.127')).toBe(false);
    expect(contains('2001:db8::/33', '2001:db8:7fff::')).toBe(true);
    expect(contains('2001:db8::/33', '2001:db8:8000::')).toBe(false);
  });

  it('keeps the families apart', () => {
    expect(contains('0.0.0.0/0', '::')).toBe(false);
    expect(contains('::/0', '0.0.0.0')).toBe(false);
    expect(contains('::/0', '2001:db8::1')).toBe(true);
  });

  it('agrees with comparing binary texts', () => {
    const octets = fc.uint8Array({ minLength: 4, maxLength: 4 });
    const binary = (address: Uint8Array) => [...address].map((o) => o.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (a, b, bits) => {
        const expected = binary(a).slice(0, bits) === binary(b).slice(0, bits);
        expect(isInPrefix({ family: 4, octets: a, bits }, 4, b)).toBe(expected);
      }),
    );
  });
});
