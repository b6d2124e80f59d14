import { describe, expect, it } from 'vitest';
import { formatAddress, Peer, parseAddress } from '../../../src/wire/peer.ts';
import { hex } from '../../support/wiretext.ts';

const ADDRESSES: readonly [text: string, octets: string][] = [
  ['192.0.2.1', 'c0000201'],
  ['255.255.255.255', 'ffffffff'],
  ['::', '00000000 00000000 00000000 00000000'],
  ['::1', '00000000 00000000 00000000 00000001'],
  ['1::', '00010000 00000000 00000000 00000000'],
  ['2001:db8::8:800:200c:417a', '20010db8 00000000 00080800 200c417a'],
  ['2001:db8:0:1:1:1:1:1', '20010db8 00000001 00010001 00010001'],
  // RFC 5952 §4.2.3: the longest run, the first of equals.
  ['2001:0:0:1::1', '20010000 00000001 00000000 00000001'],
  ['2001:db8::1:0:0:1', '20010db8 00000000 00010000 00000001'],
];

describe('addresses', () => {
  it.each(ADDRESSES)('%s is written and read', (text, octets) => {
    const into = new Uint8Array(16).fill(255);
    const count = parseAddress(text, into);
    expect(into.subarray(0, count)).toEqual(hex(octets));
    expect(into.subarray(count).some((octet) => octet !== 0)).toBe(false);
    expect(formatAddress(count === 4 ? 4 : 6, into)).toBe(text);
  });

  it.each([
    ['fe80::1%eth0', 'fe800000 00000000 00000000 00000001'],
    ['::ffff:192.0.2.1', '00000000 00000000 0000ffff c0000201'],
    ['2001:DB8:0:0:0:0:0:1', '20010db8 00000000 00000000 00000001'],
  ])('%s is read', (text, octets) => {
    const into = new Uint8Array(16);
    expect(parseAddress(text, into)).toBe(16);
    expect(into).toEqual(hex(octets));
  });

  it.each([
    ...[
      '',
      '1.2.3',
      '1.2.3.256',
      '1.2.3.4.5',
      '1.2.3.04',
      'localhost',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
    ],
    ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', '12345::', '1.2.3.4::', '::1.2.3', 'g::'],
  ])('%j is no address', (text) => {
    expect(parseAddress(text, new Uint8Array(16))).toBe(0);
  });
});

describe('Peer', () => {
  it('gives both forms of its address, however it was filled in', () => {
    const peer = new Peer();
    peer.setText('udp', 6, '2001:db8::1', 53);
    expect(peer.octets).toEqual(hex('20010db8 00000000 00000000 00000001'));
    peer.setOctets('tcp', 4, hex('ff 7f000002'), 1, 99);
    expect(peer).toMatchObject({ transport: 'tcp', family: 4, port: 99, address: '127.0.0.2' });
    expect(peer.octets.subarray(0, 4)).toEqual(hex('7f000002'));
    peer.setText('udp', 4, '127.0.0.3', 1);
    expect(peer.address).toBe('127.0.0.3');
    expect(peer.octets.subarray(0, 4)).toEqual(hex('7f000003'));
  });
});
