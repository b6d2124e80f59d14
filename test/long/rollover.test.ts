/**
 * Every kind of rollover in real time, and a cancel at every step that can be cancelled (ROLLOVER 2): resolvers with
 * warm caches ask without pause, and no answer is ever bogus or less than validated.
 * What the parent has is told by an operator, or seen by the monitor. See `test/interop/rollover.test.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CHILD, expectSafe, LiveRollover, type ParentNews } from '../support/live-rollover.ts';
import { describeWithPeers } from '../support/peers.ts';

const PEERS = [
  'named',
  'dnssec-keygen',
  'dnssec-signzone',
  'dnssec-cds',
  'dnssec-dsfromkey',
  'unbound',
  'dig',
] as const;
const SPLIT = '    scheme: ksk-zsk';

/** A rollover that runs to its end: what is asked for, and the algorithms and number of keys that remain. */
interface Kind {
  readonly title: string;
  readonly policy: string;
  readonly request: readonly [type: string, ...more: string[]];
  readonly keys: number;
  readonly algorithm: number;
}

const ED25519 = ['--to', 'ED25519'] as const;

const KINDS: readonly Kind[] = [
  { title: 'zsk', policy: SPLIT, request: ['zsk'], keys: 2, algorithm: 13 },
  { title: 'ksk, additive', policy: SPLIT, request: ['ksk'], keys: 2, algorithm: 13 },
  {
    title: 'ksk, swap',
    policy: `${SPLIT}\n    rollover: { ksk: swap }`,
    request: ['ksk'],
    keys: 2,
    algorithm: 13,
  },
  {
    title: 'ksk, double-DS',
    policy: `${SPLIT}\n    rollover: { ksk: double-ds }`,
    request: ['ksk'],
    keys: 2,
    algorithm: 13,
  },
  { title: 'csk, swap', policy: '    rollover: { ksk: swap }', request: ['csk'], keys: 1, algorithm: 13 },
  { title: 'algorithm of one key', policy: '', request: ['algorithm', ...ED25519], keys: 1, algorithm: 15 },
  {
    title: 'algorithm of two keys',
    policy: SPLIT,
    request: ['algorithm', ...ED25519],
    keys: 2,
    algorithm: 15,
  },
  {
    title: 'algorithm, liberal',
    policy: '    rollover: { algorithm: liberal }',
    request: ['algorithm', ...ED25519],
    keys: 1,
    algorithm: 15,
  },
  {
    title: 'scheme, one key to two',
    policy: '',
    request: ['scheme', '--to', 'ksk-zsk'],
    keys: 2,
    algorithm: 13,
  },
  {
    title: 'scheme, two keys to one',
    policy: SPLIT,
    request: ['scheme', '--to', 'csk'],
    keys: 1,
    algorithm: 13,
  },
];

/** Rows of ROLLOVER 2.9 that say yes: the step at which a rollover is cancelled. */
const CANCELS: readonly {
  readonly policy: string;
  readonly request: Kind['request'];
  readonly steps: string[];
}[] = [
  { policy: SPLIT, request: ['zsk'], steps: ['publish', 'switch'] },
  { policy: SPLIT, request: ['ksk'], steps: ['publish', 'request', 'soak', 'withdraw', 'drain'] },
  { policy: '', request: ['csk'], steps: ['publish', 'request', 'soak', 'withdraw', 'drain'] },
  {
    policy: '',
    request: ['algorithm', ...ED25519],
    steps: ['pre-sign', 'publish', 'request', 'soak', 'withdraw', 'drain', 'unpublish'],
  },
  { policy: '', request: ['scheme', '--to', 'ksk-zsk'], steps: ['publish', 'switch'] },
  { policy: SPLIT, request: ['scheme', '--to', 'csk'], steps: ['switch'] },
];

/** Steps that last only while the parent has not acted yet: the parent's scanner waits for the cancel. */
const PARENT_STEPS = ['request', 'withdraw'];

const NEWS: readonly ParentNews[] = ['told', 'monitored'];

describeWithPeers(PEERS, 'rollovers in real time', () =>
  describe.each(NEWS)('%s', (news) => {
    const safe = (title: string, policy: string, body: (live: LiveRollover) => Promise<void>) =>
      expectSafe(`${news}: ${title}`, policy, body, news);

    describe('to their end', () => {
      it.each(KINDS)('$title', async ({ title, policy, request, keys, algorithm }) => {
        await safe(title, policy, async (live) => {
          await live.roll(...request);
          const served = await live.servedKeys();
          expect(served.map((key) => key.algorithm)).toEqual(Array(keys).fill(algorithm));
          const signing = served.filter(({ roles }) => roles.includes('key-signing')).map(({ tag }) => tag);
          expect(live.dsTags).toEqual(signing);
          expect(await live.answered('DNSKEY')).toHaveLength(keys);
        });
      });

      it('unsigned and signed again', async () => {
        await safe('unsign, sign', '', async (live) => {
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
    });

    describe('cancelled', () => {
      const cases = CANCELS.flatMap(({ steps, ...row }) => steps.map((step) => ({ ...row, step })));
      it.each(cases)('$request at $step', async ({ policy, request, step }) => {
        await safe(`${request[0]} cancelled at ${step}`, policy, async (live) => {
          const before = (await live.servedKeys()).map(({ tag }) => tag).sort();
          await live.command('rollover', 'start', CHILD, '--type', ...request);
          if (step === 'withdraw') await live.waitForStep('soak');
          live.above.isPaused = PARENT_STEPS.includes(step);
          await live.waitForStep(step);
          await live.command('rollover', 'cancel', CHILD);
          live.above.isPaused = false;
          await live.waitUntilDone();
          expect((await live.servedKeys()).map(({ tag }) => tag).sort()).toEqual(before);
          expect(before).toEqual(expect.arrayContaining([...live.dsTags]));
        });
      });
    });

    it('are taken back before the parent has removed a DS', async () => {
      await safe('unsign cancelled at ask', '', async (live) => {
        const before = live.dsTags;
        live.above.isPaused = true;
        await live.command('zone', 'unsign', CHILD);
        await live.waitForStep('ask');
        expect(await live.answered('CDS')).toEqual(['0 0 0 00']);
        await live.command('rollover', 'cancel', CHILD);
        live.above.isPaused = false;
        await live.waitUntilDone();
        expect(live.dsTags).toEqual(before);
        expect(await live.answered('DNSKEY')).toHaveLength(1);
      });
    });

    it('are noticed when a DS fits no key', async () => {
      const live = await LiveRollover.start('', news);
      try {
        live.above.isPaused = true;
        await live.above.bring([`1234 13 2 ${'AB'.repeat(32)}`]).catch(() => undefined);
        await live.waitFor('faults', async () => live.watch.faultCount > 100);
        expect(live.watch.faults.join('\n')).toContain('SERVFAIL');
        expect(live.complaints.length).toBeGreaterThan(0);
      } finally {
        await live.stop();
      }
    });
  }),
);
