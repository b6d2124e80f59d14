/** One million mutated requests over `respond`, with an eye on the heap. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { FuzzTarget } from '../support/fuzz-responses.ts';
import { fuzzRespond } from '../support/fuzz-run.ts';

const ROUNDS = 10;
const REQUESTS_A_ROUND = 100_000;
/** Between the second round and the last: what the first had to learn is there by then. */
const ALLOWED_GROWTH_OCTETS = 4 << 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapOctets(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

it(`stands ${ROUNDS * REQUESTS_A_ROUND} mutated requests and does not grow`, () => {
  const target = new FuzzTarget(1);
  const heap: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fuzzRespond(target, 1_000 + round, REQUESTS_A_ROUND);
    heap.push(heapOctets());
  }
  expect(heap.at(-1)! - heap[1]!, `octets after each round: ${heap.join(', ')}`).toBeLessThan(
    ALLOWED_GROWTH_OCTETS,
  );
});
