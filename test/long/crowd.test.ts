/** 10,000 idle and 1,000 slow connections, with and without TLS: 99.9 % of others are served, memory is bounded. */
import { expect, it } from 'vitest';
import { tryCrowd } from '../support/crowd-trial.ts';

const CLIENTS = 2_000;

it.each([
  ['within the limit', false, 12_000, 700],
  ['within the limit', true, 12_000, 2_500],
  ['above the limit of the default', false, 10_000, 700],
  ['above the limit of the default', true, 10_000, 2_500],
])('serves others beside them, %s (TLS: %s)', async (_case, isTls, connections, mostMiB) => {
  const tcp = `{ connections: ${connections}, idle: 10m }`;
  const { served, restMiB, crowdedMiB } = await tryCrowd({
    idle: 10_000,
    slow: 1_000,
    clients: CLIENTS,
    isTls,
    tcp,
  });
  process.stdout.write(
    `crowd, ${connections} connections, TLS ${isTls}: ${served} of ${CLIENTS} served, ` +
      `${Math.round(restMiB)} → ${Math.round(crowdedMiB)} MiB\n`,
  );
  expect(served).toBeGreaterThanOrEqual(CLIENTS * 0.999);
  expect(crowdedMiB).toBeLessThan(mostMiB);
});
