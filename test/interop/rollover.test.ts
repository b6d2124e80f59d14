/**
 * The promise of the product, end to end: keys roll while resolvers with warm caches ask without pause, the parent is
 * BIND's `named` that follows our CDS by `dnssec-cds`, and no answer is ever bogus or less than validated. All kinds
 * and all cancels: `test/long/rollover.test.ts`.
 */
import { expect, it } from 'vitest';
import { CHILD, expectSafe } from '../support/live-rollover.ts';
import { describeWithPeers } from '../support/peers.ts';

const PEERS = ['named', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-cds', 'unbound', 'dig'] as const;
const MINUTES = 60_000;

describeWithPeers(PEERS, 'rollovers in real time', () => {
  it('replaces the one key of a zone, and its DS', { timeout: 3 * MINUTES }, async () => {
    await expectSafe('csk', '', async (live) => {
      const [before] = await live.servedKeys();
      await live.roll('csk');
      const after = await live.servedKeys();
      expect(after).toHaveLength(1);
      expect(after[0]!.tag).not.toBe(before!.tag);
      expect(live.dsTags).toEqual([after[0]!.tag]);
    });
  });

  it('replaces both keys, one while the other waits, and takes a start back', {
    timeout: 5 * MINUTES,
  }, async () => {
    await expectSafe('ksk with zsk, cancel', '    scheme: ksk-zsk', async (live) => {
      const before = (await live.servedKeys()).map(({ tag }) => tag).sort();
      await live.cancelAt('publish', 'ksk');
      expect((await live.servedKeys()).map(({ tag }) => tag).sort()).toEqual(before);

      live.above.isPaused = true;
      await live.command('rollover', 'start', CHILD, '--type', 'ksk');
      await live.waitForStep('request');
      await live.command('rollover', 'start', CHILD, '--type', 'zsk');
      await live.waitFor(
        'a ZSK rollover that is done',
        async () => (await live.status()).overlapping === null,
      );
      live.above.isPaused = false;
      await live.waitUntilDone();
      const after = await live.servedKeys();
      expect(after).toHaveLength(2);
      expect(after.filter(({ tag }) => before.includes(tag))).toEqual([]);
      expect(live.dsTags).toEqual(
        after.filter(({ roles }) => roles.includes('key-signing')).map(({ tag }) => tag),
      );
    });
  });
});
