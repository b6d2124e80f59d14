/**
 * Five minutes of transitions between all ways to deny, with changes of content between them, under load; longer than
 * every TTL of the zone at each, so that caches hold what comes from the way before and from this one.
 */
import { it } from 'vitest';
import { expectSafeSwitches } from '../support/denial-switch.ts';
import { describeWithPeers } from '../support/peers.ts';

describeWithPeers(['unbound', 'dig'], 'live switching of denial', () => {
  it('stays without a bogus answer over sixty transitions', async () => {
    await expectSafeSwitches({ rounds: 10, stayMs: 4_000, editsContent: true, lanes: 3 });
  });
});
