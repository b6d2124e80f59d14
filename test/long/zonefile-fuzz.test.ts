/** 200,000 mutated zone files: a report with places, or a zone that is served; never a throw, a hang, or a leak. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { fuzzZoneFiles } from '../support/fuzz-zonefiles.ts';

const ROUNDS = 20;
const FILES_A_ROUND = 10_000;
const ALLOWED_GROWTH_OCTETS = 16 << 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it(`stands ${ROUNDS * FILES_A_ROUND} mutated zone files`, () => {
  const memory: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fuzzZoneFiles(2_000 + round, FILES_A_ROUND);
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    memory.push(heapUsed + arrayBuffers);
  }
  expect(memory.at(-1)! - memory[1]!, `octets after each round: ${memory.join(', ')}`).toBeLessThan(
    ALLOWED_GROWTH_OCTETS,
  );
});
