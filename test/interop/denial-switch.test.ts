/**
 * The way to deny changes from any to any other in a server at work, as one epoch: no answer is ever bogus, neither to a
 * validator without caches nor to resolvers whose caches hold denials of the way before. Longer: test/long.
 */
import { it } from 'vitest';
import { expectSafeSwitches } from '../support/denial-switch.ts';
import { describeWithPeers } from '../support/peers.ts';

describeWithPeers(['unbound', 'dig'], 'live switching of denial', () => {
  it('goes through all six transitions under load without a bogus answer', async () => {
    await expectSafeSwitches({ rounds: 1, stayMs: 800, editsContent: false, lanes: 2 });
  });
});
