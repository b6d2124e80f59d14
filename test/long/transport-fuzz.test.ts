/** 100,000 mutated requests over each transport, with an eye on memory. */
import { expect, it } from 'vitest';
import { fuzzTransports } from '../support/fuzz-transports.ts';

const REQUESTS = 100_000;
const ALLOWED_GROWTH_OCTETS = 96 << 20;

it.each(['dgram', 'batched', 'stream'] as const)(
  `stands ${REQUESTS} mutated requests over %s`,
  async (transport) => {
    // Warm: buffers, code and the allocator's own reserve.
    await fuzzTransports(transport, 2, REQUESTS / 10);
    const before = process.memoryUsage().rss;
    const counters = await fuzzTransports(transport, 1, REQUESTS);
    if (counters === undefined) return; // no batched transport on this machine: `loadLibc` says why
    expect(counters.faults).toBe(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(ALLOWED_GROWTH_OCTETS);
  },
);
