/** Mutated messages to us and to the peers; see test/interop/differential.test.ts. */
import { expect, it } from 'vitest';
import { comparePackets } from '../support/differential-packets.ts';
import { describeWithPeers } from '../support/peers.ts';

describeWithPeers(['named', 'nsd', 'knotd'], 'messages that are not as they should be, many seeds', () => {
  it.each([10, 11, 12, 13, 14])('of seed %i', async (seed) => {
    const { failures } = await comparePackets(seed, 10_000);
    expect(failures.length, `seed ${seed}\n${failures.slice(0, 10).join('\n')}`).toBe(0);
  });
});
