/**
 * A thread that listens on a wildcard died, again and again, where the system does not tell the addresses of its interfaces
 * (a sandbox without AF_NETLINK): the filter of reflections asked for them, and nobody caught that.
 */
import { expect, it } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { ReflectionFilter } from '../../src/transport/reflection.ts';
import { Peer } from '../../src/wire/peer.ts';

const untold = () => {
  throw new Error('uv_interface_addresses returned Unknown system error 13');
};

it('filters what it can where interfaces are not told', () => {
  const filter = new ReflectionFilter(new Counters(), untold);
  filter.listensOn([
    { address: '0.0.0.0', port: 5300 },
    { address: '192.0.2.1', port: 5300 },
  ]);
  const isReflection = (address: string) => {
    const peer = new Peer();
    peer.setText('udp', 4, address, 5300);
    return filter.isReflection(peer);
  };
  expect(['192.0.2.1', '192.0.2.2', '0.0.0.1'].map(isReflection)).toEqual([true, false, true]);
});
