/** The comparison of test/interop/differential.test.ts over a larger range of seeds: 200,000 questions. */
import { expect, it } from 'vitest';
import { runDifferential, summarize } from '../support/differential.ts';
import { describeWithPeers } from '../support/peers.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);
const SHOWN = 5;

describeWithPeers(['named', 'nsd', 'knotd'], 'the same questions to other servers, many seeds', () => {
  it.each(SEEDS)('zones of seed %i', async (seed) => {
    const run = { seed, zones: 250, questionsPerZone: 40, root: seed % 4 === 0 };
    const result = await runDifferential(run);
    process.stderr.write(`${summarize(run, result)}\n`);
    expect(result.refused.get('keyturn'), `seed ${seed}: zones that we refuse`).toEqual([]);
    const shown = result.failures.slice(0, SHOWN).join('\n\n');
    expect(result.failures.length, `seed ${seed}\n${shown}`).toBe(0);
  });
});
