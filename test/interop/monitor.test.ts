/**
 * Rollovers without a hand: nobody tells the server what its parent has, it looks (ROLLOVER 3.4), while resolvers with
 * warm caches ask without pause. The parent is BIND's `named`, which follows our CDS by `dnssec-cds`.
 */
import { expect, it } from 'vitest';
import { CHILD, expectSafe } from '../support/live-rollover.ts';
import { describeWithPeers } from '../support/peers.ts';

const PEERS = [
  ...(['named', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-cds'] as const),
  ...(['dnssec-dsfromkey', 'unbound', 'dig'] as const),
];
const MINUTES = 60_000;

describeWithPeers(PEERS, 'rollovers with a monitor of the parent', () => {
  it('replaces a key and its DS from start to end', { timeout: 3 * MINUTES }, async () => {
    await expectSafe(
      'csk, monitored',
      '',
      async (live) => {
        const [before] = await live.servedKeys();
        const tag = `${before!.tag}`;
        expect(await live.command('parent', 'look', CHILD)).toMatch(/DS of key \d+ +on all servers/);
        const said = await live.refused('rollover', 'confirm-ds', CHILD, '--key', tag, '--gone');
        expect(said).toContain('PARENT_CONTRADICTS');
        expect(await live.refused('rollover', 'confirm-ds', CHILD, '--none')).toContain('servers have a DS');
        await live.roll('csk');
        const after = await live.servedKeys();
        expect(after).toHaveLength(1);
        expect(after[0]!.tag).not.toBe(before!.tag);
        expect(live.dsTags).toEqual([after[0]!.tag]);
      },
      'monitored',
    );
  });
});
