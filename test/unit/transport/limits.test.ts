import { describe, expect, it } from 'vitest';
import { AddressCounts } from '../../../src/transport/limits.ts';
import { formatListen, isWildcard } from '../../../src/transport/listen.ts';

describe('AddressCounts', () => {
  it('counts IPv4 by address, IPv6 by /64', () => {
    const counts = new AddressCounts();
    expect(counts.keyOf('192.0.2.1')).not.toBe(counts.keyOf('192.0.2.2'));
    expect(counts.keyOf('2001:db8::1')).toBe(counts.keyOf('2001:db8:0:0:ffff::2'));
    expect(counts.keyOf('2001:db8::1')).not.toBe(counts.keyOf('2001:db8:0:1::1'));
  });

  it('counts down to nothing', () => {
    const counts = new AddressCounts();
    counts.add('a');
    counts.add('a');
    counts.remove('a');
    expect(counts.get('a')).toBe(1);
    counts.remove('a');
    counts.remove('a');
    expect(counts.get('a')).toBe(0);
  });
});

describe('listen addresses', () => {
  it('knows wildcards and writes brackets', () => {
    expect(['0.0.0.0', '::', '0::0', '0:0:0:0:0:0:0:0'].every(isWildcard)).toBe(true);
    expect(['127.0.0.1', '::1', '0.0.0.1', '1::'].some(isWildcard)).toBe(false);
    expect(formatListen({ address: '::1', port: 53 })).toBe('[::1]:53');
    expect(formatListen({ address: '127.0.0.1', port: 53 })).toBe('127.0.0.1:53');
  });
});
