import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { COUNTER, Counters } from '../../../src/base/counters.ts';
import { ReflectionFilter } from '../../../src/transport/reflection.ts';
import { Peer } from '../../../src/wire/peer.ts';

const { REFLECTED_PORT, REFLECTED_ADDRESS, REFLECTED_SELF } = COUNTER;

/** The reason why a datagram is dropped, or undefined. */
function reason(
  address: string,
  port: number,
  listen: readonly string[] = ['127.0.0.1'],
): number | undefined {
  const counters = new Counters();
  const filter = new ReflectionFilter(counters);
  filter.listensOn(listen.map((own) => ({ address: own, port: 5300 })));
  const peer = new Peer();
  peer.setText('udp', address.includes(':') ? 6 : 4, address, port);
  const isDropped = filter.isReflection(peer);
  expect(counters.get(COUNTER.DROPPED)).toBe(isDropped ? 1 : 0);
  const reasons = [REFLECTED_PORT, REFLECTED_ADDRESS, REFLECTED_SELF].filter((of) => counters.get(of) > 0);
  expect(reasons).toHaveLength(isDropped ? 1 : 0);
  return reasons[0];
}

describe('ReflectionFilter', () => {
  it('drops what comes from ports that answer anything', () => {
    for (const port of [0, 7, 11, 13, 17, 19, 37, 69, 123, 464]) {
      expect(reason('192.0.2.1', port), `${port}`).toBe(REFLECTED_PORT);
      expect(reason('2001:db8::1', port), `${port}`).toBe(REFLECTED_PORT);
    }
  });

  it('answers resolvers, on port 53 too', () => {
    for (const port of [53, 1024, 40_000, 65_535])
      expect(reason('192.0.2.1', port), `${port}`).toBe(undefined);
  });

  it.each(['0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.255', '255.255.255.255'])(
    'drops %s',
    (address) => {
      expect(reason(address, 40_000)).toBe(REFLECTED_ADDRESS);
    },
  );

  it.each(['::', 'ff02::1', 'ffff::1', '::ffff:192.0.2.1'])('drops %s', (address) => {
    expect(reason(address, 40_000, ['::1'])).toBe(REFLECTED_ADDRESS);
  });

  it.each([
    '1.0.0.0',
    '127.0.0.1',
    '223.255.255.255',
    '240.0.0.1',
    '255.255.255.254',
    '::1',
    '::2:1',
    'fe80::1',
  ])('answers %s', (address) => {
    expect(reason(address, 40_000)).toBe(undefined);
  });

  it('drops what comes from where it listens', () => {
    const listen = ['127.0.0.1', '2001:db8::1'];
    expect(reason('127.0.0.1', 5300, listen)).toBe(REFLECTED_SELF);
    expect(reason('2001:db8:0::1', 5300, listen)).toBe(REFLECTED_SELF);
    expect(reason('127.0.0.1', 5301, listen)).toBe(undefined);
    expect(reason('127.0.0.2', 5300, listen)).toBe(undefined);
  });

  it('is itself only with address and port together', () => {
    const counters = new Counters();
    const filter = new ReflectionFilter(counters);
    filter.listensOn([
      { address: '127.0.0.1', port: 5300 },
      { address: '127.0.0.2', port: 5301 },
    ]);
    const peer = new Peer();
    peer.setText('udp', 4, '127.0.0.1', 5301);
    expect(filter.isReflection(peer)).toBe(false);
    peer.setText('udp', 4, '127.0.0.2', 5301);
    expect(filter.isReflection(peer)).toBe(true);
  });

  it('takes a wildcard for all addresses of the machine', () => {
    const local = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
    const ipv4 = local.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    expect(ipv4).toContain('127.0.0.1');
    for (const address of ipv4) {
      expect(reason(address, 5300, ['0.0.0.0'])).toBe(REFLECTED_SELF);
      expect(reason(address, 5300, ['::'])).toBe(undefined);
    }
    expect(reason('198.51.100.1', 5300, ['0.0.0.0'])).toBe(undefined);
  });
});
