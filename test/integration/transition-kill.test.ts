/**
 * A server that is killed while keys roll has the old or the new state when it starts again, and serves what that
 * says (reliability.md I1–I3, I6). Some kills only; 200 of them: `test/long/transition-kill.test.ts`.
 */
import { expect, it } from 'vitest';
import { KillFleet } from '../support/kill-fleet.ts';
import { describeWithPeers } from '../support/peers.ts';
import { SeededRandom } from '../support/zones.ts';

const KILLS = ['temporary state created', 'audit log written', 'staged private key written'] as const;

describeWithPeers(['delv'], 'a server that is killed in the middle of transitions', () => {
  it('goes on where it was', { timeout: 90_000 }, async () => {
    const fleet = await KillFleet.create('short', ['zsk', 'csk', 'cancelksk'], new SeededRandom(4));
    try {
      await fleet.kill({ kind: 'state replaced', count: 1, otherwise: 1, offsetMs: 0 });
      await fleet.restart();
      for (const kind of KILLS) {
        await fleet.kill({ kind, count: 2, otherwise: 1, offsetMs: 0 });
        await fleet.restart();
      }
      expect(fleet.faults).toEqual([]);
      expect(fleet.kills.filter(({ kind }) => kind !== undefined)).toHaveLength(KILLS.length + 1);
      expect(fleet.orders).toBeGreaterThan(0);
    } finally {
      await fleet.stop();
    }
  });
});
