/** Mutated requests over real sockets: both UDP transports, and TCP. 100,000: test/long/transport-fuzz.test.ts. */
import { expect, it } from 'vitest';
import { fuzzTransports } from '../support/fuzz-transports.ts';

it.each(['dgram', 'batched', 'stream'] as const)(
  'stands 3,000 mutated requests over %s',
  async (transport) => {
    const counters = await fuzzTransports(transport, 20_261_124, 3_000);
    if (counters === undefined) return; // no batched transport on this machine: `loadLibc` says why
    expect(counters.faults).toBe(0);
  },
);
