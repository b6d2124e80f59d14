/** Idle and slow connections beside clients who ask, with and without TLS. 11,000 of them: test/long/crowd.test.ts. */
import { expect, it } from 'vitest';
import { tryCrowd } from '../support/crowd-trial.ts';

it.each([false, true])(
  'serves everybody beside 300 idle and 60 slow connections (TLS: %s)',
  async (isTls) => {
    const tcp = '{ connections: 300, idle: 60s, memory: 1000000 }';
    const { served } = await tryCrowd({ idle: 300, slow: 60, clients: 100, isTls, tcp });
    expect(served).toBe(100);
  },
);
