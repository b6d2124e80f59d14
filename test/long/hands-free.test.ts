/**
 * Root, TLD and child run by themselves (ROLLOVER 3): the child gets its first DS, replaces its keys and their algorithm,
 * and goes insecure, and nobody but servers talks to anybody. Parents are in turn `named`, `knotd` and ourselves; resolvers
 * that trust the root alone ask without pause, and no answer is ever bogus or less than validated.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PARENTS, ROOTS, startHandsFree } from '../support/hands-free.ts';
import { TLD } from '../support/hierarchy.ts';
import { CHILD, expectSafeIn, type LiveRollover } from '../support/live-rollover.ts';
import { describeWithPeers } from '../support/peers.ts';

const PEERS = [
  ...(['named', 'knotd', 'knotc', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-cds'] as const),
  ...(['dnssec-dsfromkey', 'unbound', 'dig'] as const),
];
const SPLIT = '    scheme: ksk-zsk';

const ROLLS = [
  { title: 'KSK', policy: SPLIT, request: ['ksk'], keys: 2, algorithm: 13 },
  {
    title: 'KSK by swap',
    policy: `${SPLIT}\n    rollover: { ksk: swap }`,
    request: ['ksk'],
    keys: 2,
    algorithm: 13,
  },
  {
    title: 'KSK by double-DS',
    policy: `${SPLIT}\n    rollover: { ksk: double-ds }`,
    request: ['ksk'],
    keys: 2,
    algorithm: 13,
  },
  { title: 'CSK', policy: '', request: ['csk'], keys: 1, algorithm: 13 },
  { title: 'algorithm', policy: '', request: ['algorithm', '--to', 'ED25519'], keys: 1, algorithm: 15 },
  {
    title: 'algorithm of two keys',
    policy: SPLIT,
    request: ['algorithm', '--to', 'ED25519'],
    keys: 2,
    algorithm: 15,
  },
] as const;

describeWithPeers(PEERS, 'a hierarchy without an operator', () =>
  describe.each(PARENTS)('with parents by %s', (parents) => {
    const safe = async (title: string, policy: string, body: (live: LiveRollover) => Promise<void>) =>
      expectSafeIn(`${parents}: ${title}`, await startHandsFree(parents, policy), body);

    it.each(ROLLS)('rolls $title', async ({ title, policy, request, keys, algorithm }) => {
      await safe(title, policy, async (live) => {
        const before = await live.servedKeys();
        const [type, ...more] = request;
        await live.roll(type, ...more);
        const served = await live.servedKeys();
        expect(served.map((key) => key.algorithm)).toEqual(Array(keys).fill(algorithm));
        const signing = served.filter(({ roles }) => roles.includes('key-signing')).map(({ tag }) => tag);
        expect(before.map(({ tag }) => tag)).not.toContain(signing[0]);
        expect(live.dsTags).toEqual(signing);
      });
    });

    it('goes insecure and is bootstrapped again', async () => {
      await safe('insecure, bootstrap', '', async (live) => {
        expect(live.dsTags).toHaveLength(1);
        live.watch.mustBeSecure = false;
        await live.command('zone', 'unsign', CHILD);
        await live.waitFor('an unsigned zone', async () => (await live.answered('DNSKEY')).length === 0);
        expect(live.dsTags).toEqual([]);
        await sleep(5_000);
        await live.command('zone', 'sign', CHILD);
        await live.delegate();
        expect(live.dsTags).toHaveLength(1);
      });
    });

    it('is seen to fail when a DS fits no key', async () => {
      const live = await startHandsFree(parents);
      try {
        await live.above.bring([`1234 13 2 ${'AB'.repeat(32)}`]);
        await live.waitFor('faults', async () => live.watch.faultCount > 100);
        expect(live.watch.faults.join('\n')).toContain('SERVFAIL');
        expect(live.complaints.length).toBeGreaterThan(0);
      } finally {
        await live.stop();
      }
    });
  }),
);

describeWithPeers(PEERS, 'a TLD of ours', () => {
  it.each(ROOTS)('replaces its key, which the root follows: %s', async (parents) => {
    const live = await startHandsFree(parents);
    await expectSafeIn(`${parents}: the key of the TLD`, live, async () => {
      const [before] = await live.servedKeys(TLD);
      await live.rollAbove(TLD, 'csk');
      const after = await live.servedKeys(TLD);
      expect(after).toHaveLength(1);
      expect(after[0]!.tag).not.toBe(before!.tag);
      expect(await live.tagsAtRoot(TLD)).toEqual([after[0]!.tag]);
    });
  });
});
