/**
 * A proxy that listens for IPv4 and IPv6 on one socket may name its clients by mapped addresses (`::ffff:192.0.2.7`). Over
 * UDP these were dropped as nobody's, over TCP all of them counted as one address.
 */
import { expect, it } from 'vitest';
import { ProxyHeader } from '../../src/transport/proxy-header.ts';
import { Peer } from '../../src/wire/peer.ts';
import { proxyHeader } from '../support/proxy-headers.ts';

it.each([
  ['::ffff:192.0.2.7', 4, '192.0.2.7'],
  ['::fffe:192.0.2.7', 6, '::fffe:c000:207'],
  ['192.0.2.7', 4, '192.0.2.7'],
])('takes %s for an address of IPv%i', (named, family, address) => {
  const message = Buffer.concat([proxyHeader(named, 4711, 2), Buffer.from('query')]);
  const peer = new Peer();
  expect(new ProxyHeader().strip(message, message.length, peer, 'udp')).toBe(5);
  expect([peer.family, peer.address, peer.port]).toEqual([family, address, 4711]);
  expect(message.subarray(0, 5).toString()).toBe('query');
});
