/**
 * Root, TLD and child without a hand: nobody tells the child's server what its parent has, it looks (ROLLOVER 3.4), nobody
 * brings a first DS, and resolvers with warm caches ask without pause. Parents are `knotd`, whose registry is told by NOTIFY
 * and has `dnssec-cds` judge, and ourselves. All kinds, and `named`: `test/long/hands-free.test.ts`.
 */
import { describe, it } from 'vitest';
import { startHandsFree } from '../support/hands-free.ts';
import { CHILD, expectSafeIn } from '../support/live-rollover.ts';
import { describeWithPeers } from '../support/peers.ts';

const PEERS = [
  ...(['knotd', 'knotc', 'dnssec-cds', 'dnssec-dsfromkey'] as const),
  ...(['unbound', 'dig'] as const),
];
const MINUTES = 60_000;

describeWithPeers(PEERS, 'rollovers with a monitor of the parent', () =>
  // They wait most of the time.
  describe.concurrent('from the first DS on', () => {
    it('go to their end below knotd', { timeout: 3 * MINUTES }, async ({ expect }) => {
      await expectSafeIn('csk, below knotd', await startHandsFree('knotd'), async (live) => {
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
      });
    });

    it('go to their end below ourselves, whom NOTIFY tells', { timeout: 3 * MINUTES }, async ({ expect }) => {
      const parts = await startHandsFree('keyturn', '    scheme: ksk-zsk');
      await expectSafeIn('ksk, below ourselves', parts, async (live) => {
        const before = live.dsTags;
        await live.roll('ksk');
        const signing = (await live.servedKeys()).filter(({ roles }) => roles.includes('key-signing'));
        expect(live.dsTags).toEqual(signing.map(({ tag }) => tag));
        expect(before).not.toEqual(live.dsTags);
        expect(live.followedAfterMs).toHaveLength(3);
      });
    });
  }),
);
